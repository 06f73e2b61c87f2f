/** From the options of `skein mpirun` to ranks: which programs, where, under which engine. */
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { NotSupportedError } from '@skein/base'
import { CommandError, UsageError } from '../errors.ts'
import { become, isTypeScript, noRuntime, readsTypeScript, runtimeFor } from '../runtime.mjs'
import { type Host, hostsOf, isHere, readHostfile } from './hosts.ts'
import { type EngineName, engines, type Options } from './options.ts'
import { type Plan, programsOf } from './programs.ts'

/**
 * @param rest what follows the file
 * @returns the exit code: of the first rank that failed, or 124 when time was up
 */
export async function runRanks(file: string, rest: readonly string[], options: Options): Promise<number> {
  const listed = options.hostfile === undefined ? [] : readHostfile(options.hostfile)
  const programs = programsOf(file, rest, options, lists => hostsFor(lists, listed))
  const size = programs.reduce((sum, { ranks }) => sum + ranks, 0)
  const plan: Plan = { programs, size, options }
  if (options.stdin !== undefined && Number(options.stdin) >= size) {
    throw new UsageError('mpirun', `--stdin ${options.stdin}: ranks go from 0 to ${size - 1}`)
  }
  const engine = await engineFor(plan)
  checkFolders(plan)
  if (engine !== 'threads') return (await import('./under-library.ts')).runUnderLibrary(plan, engine)
  if (programs.some(({ file }) => isTypeScript(file)) && !readsTypeScript()) {
    const runtime = runtimeFor(programs.map(({ file }) => file))
    if (!runtime) throw new CommandError('mpirun', noRuntime)
    return become(runtime.node, [...runtime.flags, ...process.argv.slice(1)])
  }
  return (await import('./on-threads.ts')).runOnThreads(plan)
}

/** Makes the folder of `--output`; that of `--wdir` must be there, on this machine. @throws UsageError */
function checkFolders({ programs, options: { output } }: Plan): void {
  for (const { wdir, hosts } of programs) {
    if (wdir === undefined || !hosts.every(isHere)) continue
    if (!existsSync(wdir)) throw new UsageError('mpirun', `--wdir ${wdir}: there is no such folder`)
    if (!statSync(wdir).isDirectory()) throw new UsageError('mpirun', `--wdir ${wdir}: it is no folder`)
  }
  if (output === undefined) return
  try {
    makeFolder(resolve(output))
  } catch (cause) {
    throw new UsageError('mpirun', `--output ${output}: the folder cannot be made: ${(cause as Error).message}`)
  }
}

/** And those above it. `mkdirSync` with `recursive` never ends where the system lets nobody make one, as in `/proc`. */
function makeFolder(path: string): void {
  if (existsSync(path)) readdirSync(path)
  else {
    makeFolder(dirname(path))
    mkdirSync(path)
  }
}

/** Those that `--host` names, with the slots that the hostfile gives them. */
function hostsFor(lists: readonly string[], listed: readonly Host[]): readonly Host[] {
  if (lists.length === 0) return listed
  const hosts = hostsOf(lists)
  const strange = listed.length > 0 && hosts.find(({ name }) => !listed.some(host => host.name === name))
  if (strange) throw new UsageError('mpirun', `--host ${strange.name}: the hostfile has no such host`)
  return hosts
}

/** @throws UsageError, NotSupportedError */
async function engineFor({ programs, options }: Plan): Promise<EngineName> {
  const { SKEIN_MPI_ENGINE: fromEnvironment } = process.env
  const asked = options.engine ?? (fromEnvironment || undefined)
  if (asked !== undefined && !engines.includes(asked as EngineName)) {
    throw new UsageError('mpirun', `SKEIN_MPI_ENGINE is '${asked}'. There are ${engines.join(', ')}.`)
  }
  const away = programs.flatMap(({ hosts }) => hosts).find(host => !isHere(host))
  if (away === undefined) return (asked as EngineName | undefined) ?? 'threads'
  if (asked === 'threads') {
    const reason = 'its ranks are threads of one process, which cannot leave this machine'
    throw new NotSupportedError('threads', `the host ${away.name}`, reason, 'Use --engine openmpi or --engine mpich')
  }
  if (asked !== undefined) return asked as EngineName
  const { launcherOf } = await import('./under-library.ts')
  const found = (['openmpi', 'mpich'] as const).find(launcherOf)
  if (found !== undefined) return found
  throw new CommandError(
    'mpirun',
    `${away.name} is another machine, and ranks reach it with Open MPI or MPICH only. Neither is here: see 'skein doctor'.`,
  )
}
