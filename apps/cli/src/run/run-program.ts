/** Starting a program: which Node, which flags, which environment. */
import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CommandError, UsageError } from '../errors.ts'
import { become, noRuntime, runtimeFor } from '../runtime.mjs'

export interface RunSettings {
  threads?: number
  heapMax?: number
  trace?: string
  watch?: boolean
}

/** @returns the program's exit code, unless this process has become the program */
export function runProgram(file: string, args: readonly string[], settings: RunSettings): Promise<number> {
  checkFile('run', file)
  const recorder = fileURLToPath(new URL('./record-trace.ts', import.meta.url))
  const runtime = runtimeFor(settings.trace === undefined ? [file] : [file, recorder])
  if (!runtime) throw new CommandError('run', noRuntime)
  const env = { ...process.env }
  if (settings.threads !== undefined) env.SKEIN_THREADS = String(settings.threads)
  if (settings.heapMax !== undefined) env.SKEIN_HEAP_MAX = String(settings.heapMax)
  const flags = [...runtime.flags]
  if (settings.watch) flags.push('--watch')
  if (settings.trace !== undefined) {
    env.SKEIN_TRACE = resolve(settings.trace)
    flags.push('--import', new URL('./record-trace.ts', import.meta.url).href)
  }
  return become(runtime.node, [...flags, file, ...args], env)
}

/** @throws UsageError when there is no such file, with the one that was probably meant */
export function checkFile(command: string, file: string): void {
  if (existsSync(file)) {
    if (statSync(file).isFile()) return
    throw new UsageError(
      command,
      `${file} is not a file. Name the program to run, as ${file.replace(/[/\\]+$/, '')}/main.ts.`,
    )
  }
  const ending = ['.ts', '.mts', '.js', '.mjs', '/main.ts', '/index.ts'].find(end => existsSync(file + end))
  throw new UsageError(command, `there is no file ${file}.${ending ? ` There is ${file}${ending}.` : ''}`)
}
