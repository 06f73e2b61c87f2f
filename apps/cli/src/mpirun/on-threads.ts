/** Ranks as threads of this process. */
import { resolve } from 'node:path'
import { inspect } from 'node:util'
import { NotSupportedError } from '@skein/base'
import { type LaunchSettings, launch, mostRanks, type Outcome } from '@skein/mpi/launch'
import { exitCode, UsageError } from '../errors.ts'
import { type Plan, threadsOfEach } from './programs.ts'
import { say, sayLate } from './say.ts'

/** @returns the exit code */
export async function runOnThreads({ programs, size, options }: Plan): Promise<number> {
  if (size > mostRanks) {
    const advice = 'Use --engine openmpi or --engine mpich'
    throw new NotSupportedError('threads', `${size} ranks`, `it has room for ${mostRanks}`, advice)
  }
  const { stdin = '0', timeout, tagOutput = false, timestampOutput = false, output } = options
  const folder = output === undefined ? undefined : resolve(output)
  enterFolder(programs.map(({ wdir }) => wdir))
  let cores: LaunchSettings['cores']
  const { mapBy, rankBy, bindTo } = options
  if (options.displayMap || [mapBy, rankBy, bindTo].some(wish => wish !== undefined)) {
    const { mapText, placeOnThreads } = await import('./placement.ts')
    const placement = placeOnThreads(size, options)
    if (placement.bound) cores = placement.on
    if (options.displayMap) console.error(mapText(programs, placement))
  }
  const threads = threadsOfEach(size)
  const { outcome, stuck } = await launch({
    programs: programs.map(({ ranks, file, args, env }) => {
      const given = [...env].filter((pair): pair is [string, string] => pair[1] !== undefined)
      return { ranks, file, args, env: { SKEIN_THREADS: threads, ...Object.fromEntries(given) } }
    }),
    form: { tag: tagOutput, timestamp: timestampOutput, folder },
    stdin: stdin === 'all' || stdin === 'none' ? stdin : Number(stdin),
    ...(timeout !== undefined && { timeoutMs: 1000 * timeout }),
    ...(cores !== undefined && { cores }),
  })
  const code = tell(outcome, size, timeout)
  if (stuck.length > 0) leave(code)
  return code
}

/** Threads of a process have one working directory. */
function enterFolder(folders: readonly (string | undefined)[]): void {
  const [folder, ...others] = new Set(folders)
  if (others.length > 0) {
    const reason = 'ranks that are threads have one working directory'
    throw new NotSupportedError(
      'threads',
      '--wdir of each program',
      reason,
      'Give all the same, or use --engine openmpi',
    )
  }
  if (folder === undefined) return
  try {
    process.chdir(folder)
  } catch (cause) {
    throw new UsageError('mpirun', `--wdir ${folder}: ${(cause as Error).message}`)
  }
}

/** Says on standard error why ranks were ended. @returns the exit code */
function tell(outcome: Outcome, size: number, timeout: number | undefined): number {
  if (outcome.is === 'done') return 0
  const others = size === 1 ? '' : '; the others were ended'
  if (outcome.is === 'late') {
    sayLate(timeout!)
    return exitCode.late
  }
  const { rank, code, thrown } = outcome
  // Who read the output has seen enough.
  if (isBrokenPipe(thrown?.error)) return 0
  if (thrown === undefined) say(`rank ${rank} of ${size} ended with exit code ${code}${others}`)
  else say(`rank ${rank} of ${size} threw${others}:\n${storyOf(thrown.error)}`)
  return code
}

/** By its stack: its class is lost on the way between threads, but not the name of that. */
function storyOf(error: unknown): string {
  if (!(error instanceof Error)) return inspect(error)
  const cause = error.cause === undefined ? '' : `\ncaused by ${storyOf(error.cause)}`
  return (error.stack ?? `${error.name}: ${error.message}`) + cause
}

const isBrokenPipe = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EPIPE' && 'syscall' in error && error.syscall === 'write'

/** Ends this process with a thread in it that waits for the system, for which `process.exit` would wait. */
function leave(code: number): never {
  // Nothing is lost: only standard error was written to here, and that is written at once.
  if (process.platform !== 'win32') process.execve?.('/bin/sh', ['sh', '-c', `exit ${code}`])
  return process.kill(process.pid, 'SIGKILL') as never
}
