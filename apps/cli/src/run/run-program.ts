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
  /** A port, 0 for any. */
  dashboard?: number
  report?: string
  watch?: boolean
}

/** @returns the program's exit code, unless this process has become the program */
export function runProgram(file: string, args: readonly string[], settings: RunSettings): Promise<number> {
  checkFile('run', file)
  const preloaded: string[] = []
  if (settings.trace !== undefined) preloaded.push(new URL('./record-trace.ts', import.meta.url).href)
  if (settings.dashboard !== undefined) preloaded.push(import.meta.resolve('@skein/dashboard/attach'))
  if (settings.report !== undefined) preloaded.push(import.meta.resolve('@skein/dashboard/record-report'))
  const runtime = runtimeFor([file, ...preloaded.map(url => fileURLToPath(url))])
  if (!runtime) throw new CommandError('run', noRuntime)
  const env = { ...process.env }
  if (settings.threads !== undefined) env.SKEIN_THREADS = String(settings.threads)
  if (settings.heapMax !== undefined) env.SKEIN_HEAP_MAX = String(settings.heapMax)
  const flags = [...runtime.flags]
  if (settings.watch) flags.push('--watch')
  if (settings.trace !== undefined) env.SKEIN_TRACE = resolve(settings.trace)
  if (settings.dashboard !== undefined) env.SKEIN_DASHBOARD = String(settings.dashboard)
  if (settings.report !== undefined) env.SKEIN_REPORT = resolve(settings.report)
  for (const url of preloaded) flags.push('--import', url)
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
