/** Ranks as processes under Open MPI or MPICH, started by that library's own launcher. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { getCompileCacheDir } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { findProgram, NotSupportedError } from '@skein/base'
import { packInUse } from '@skein/base/pack'
import { diesWithParent } from '../dies-with-parent.ts'
import { CommandError, exitCode } from '../errors.ts'
import { endBy, noRuntime, runtimeFor } from '../runtime.mjs'
import { type Family, families, type LibraryName, type Words } from './families.ts'
import { isHere } from './hosts.ts'
import { readBy } from './placement.ts'
import { type Plan, threadsOfEach } from './programs.ts'
import { sayLate } from './say.ts'

/** The path of a library's launcher, if it is here. */
export function launcherOf(name: LibraryName): string | undefined {
  const { launchers, version } = families[name]
  for (const launcher of launchers) {
    const file = findProgram([launcher], ['/usr/lib64/openmpi/bin', '/usr/lib64/mpich/bin', '/opt/homebrew/bin'])
    if (file === undefined) continue
    // Both call theirs mpirun; which one answers is in its version text.
    if (launcher !== 'mpirun') return file
    const { stdout, stderr } = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: 10_000 })
    if (version.test(`${stdout}${stderr}`)) return file
  }
  return undefined
}

/** @returns the launcher's exit code, or 124 when time was up */
export async function runUnderLibrary(plan: Plan, name: LibraryName): Promise<number> {
  const family = families[name]
  const launcher = launcherOf(name)
  if (launcher === undefined) {
    throw new CommandError(
      'mpirun',
      `${family.title} is not here: 'skein doctor' says how to get it. Without it ranks are threads.`,
    )
  }
  const words = wordsFor(plan, name)
  await family.check(plan.programs.flatMap(({ hosts }) => hosts.filter(host => !isHere(host))))
  const { stdin, timeout, output } = plan.options
  const folder = output === undefined ? undefined : resolve(output)
  if (folder !== undefined)
    for (let rank = 0; rank < plan.size; rank++) mkdirSync(join(folder, `rank.${rank}`), { recursive: true })
  const [file, ...args] = [...diesWithParent(), launcher, ...words]
  // Open MPI's ranks print to a terminal, and would colour what goes to a file.
  const plain = process.env.FORCE_COLOR === undefined && (folder !== undefined || !process.stdout.isTTY)
  const env = {
    ...family.env,
    ...(isLocal(plan) && family.envHere),
    ...process.env,
    ...(isLocal(plan) && { ...compileCache(), SKEIN_THREADS: threadsOfEach(plan.size) }),
    ...(plain && { NODE_DISABLE_COLORS: '1' }),
    SKEIN_MPI_ENGINE: name,
  }
  const ended = await follow(file, args, env, stdin === 'none' ? 'ignore' : 'inherit', timeout)
  if (folder !== undefined) family.tidy?.(folder)
  if (!ended.isLate) return ended.code
  sayLate(timeout!)
  return exitCode.late
}

/** The whole command line of the library's launcher. */
export function wordsFor(plan: Plan, name: LibraryName): string[] {
  const { programs, options } = plan
  const family: Family = families[name]
  const runtime = runtimeFor(programs.map(({ file }) => file))
  if (!runtime) throw new CommandError('mpirun', noRuntime)
  const take = (option: string, words: Words): readonly string[] => {
    if (typeof words !== 'string') return words
    throw new NotSupportedError(name, option, words)
  }
  const hosts = programs.flatMap(program => program.hosts)
  const user = hosts.find(host => host.user !== undefined)
  if (user) {
    const reason = 'skein mpirun does not hand it on'
    throw new NotSupportedError(name, `user= of the host ${user.name}`, reason, 'Say it in ~/.ssh/config: User …')
  }
  const alike = new Set(programs.map(({ hosts }) => family.hosts(hosts).join(' '))).size === 1
  if (!alike && !family.hostsOfEach) {
    throw new NotSupportedError(name, '--host of each program', 'its launcher has one list of hosts for all')
  }
  const { mapBy, rankBy, bindTo, tagOutput, timestampOutput, output, stdin = '0', displayMap } = options
  for (const [option, text] of Object.entries({ '--map-by': mapBy, '--rank-by': rankBy, '--bind-to': bindTo }))
    if (text !== undefined) readBy(option, text, family.places)
  const all = [
    ...family.always,
    ...(alike ? family.hosts(programs[0].hosts) : []),
    ...(mapBy === undefined ? [] : take(`--map-by ${mapBy}`, family.mapBy(mapBy))),
    ...(rankBy === undefined ? [] : take(`--rank-by ${rankBy}`, family.rankBy(rankBy))),
    ...(bindTo === undefined ? [] : family.bindTo(bindTo)),
    ...(tagOutput ? family.tag : []),
    ...(timestampOutput ? take('--timestamp-output', family.timestamp) : []),
    ...(output === undefined ? [] : family.output(resolve(output))),
    ...(stdin === '0' || stdin === 'none' ? [] : take(`--stdin ${stdin}`, family.stdin(stdin))),
    ...(displayMap ? take('--display-map', family.displayMap) : []),
  ]
  const each = programs.map(({ ranks, file, args, env, wdir, hosts }) => [
    ...family.ranks(ranks),
    ...(alike ? [] : family.hosts(hosts)),
    ...[...env].flatMap(([variable, value]) => family.variable(variable, value)),
    ...(wdir === undefined ? [] : family.wdir(resolve(wdir))),
    // Elsewhere there may be no such program.
    ...(isLocal(plan) ? diesWithParent() : []),
    runtime.node,
    ...runtime.flags,
    ...(isLocal(plan) ? ['--import', preloaded()] : []),
    file,
    ...args,
  ])
  return [...all, ...each.flatMap((words, i) => (i === 0 ? words : [':', ...words]))]
}

/** What ranks load first: they have their modules from the pack that this command has its own from. */
function preloaded(): string {
  const module = import.meta.resolve('@skein/mpi/preload-native')
  const pack = packInUse()
  return pack === undefined ? module : `${module}?${new URLSearchParams({ pack })}`
}

/** Without it each rank would compile each file anew, and drop its types: half a second for four ranks on two cores. */
function compileCache(): Record<string, string> {
  const used = getCompileCacheDir?.()
  return used === undefined || process.env.NODE_COMPILE_CACHE !== undefined ? {} : { NODE_COMPILE_CACHE: dirname(used) }
}

const isLocal = ({ programs }: Plan): boolean => programs.every(({ hosts }) => hosts.every(isHere))

/** How long the launcher has to end its ranks before it is ended by force, and they with it. */
const mostEndingMs = 1000
const handed = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP'] as const

/** Runs the launcher with this process's streams, hands signals on, and ends as it ends: by the signal that ended it, if one did. */
function follow(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  stdin: 'inherit' | 'ignore',
  timeout: number | undefined,
): Promise<{ code: number; isLate: boolean }> {
  const child = spawn(file, args, { stdio: [stdin, 'inherit', 'inherit'], env })
  // At a terminal Ctrl-C reaches the launcher too: handing it on would make it two, which it takes for impatience.
  const shared: readonly string[] = process.stdin.isTTY ? ['SIGINT', 'SIGQUIT'] : []
  let came: NodeJS.Signals | undefined
  const hand = (signal: NodeJS.Signals): void => {
    came = signal
    if (!shared.includes(signal)) child.kill(signal)
  }
  for (const signal of handed) process.on(signal, hand)
  let isLate = false
  let timer: NodeJS.Timeout | undefined
  const stop = (): void => {
    isLate = true
    child.kill('SIGTERM')
    timer = setTimeout(() => child.kill('SIGKILL'), mostEndingMs)
  }
  if (timeout !== undefined) timer = setTimeout(stop, 1000 * timeout)
  return new Promise((done, fail) => {
    child.on('error', fail)
    child.on('exit', (code, own) => {
      clearTimeout(timer)
      for (const name of handed) process.off(name, hand)
      // Launchers end with codes of their own when they are told to.
      const signal = came ?? own ?? undefined
      if (signal === undefined || isLate) return done({ code: code ?? exitCode.failed, isLate })
      done(endBy(signal).then(code => ({ code, isLate })))
    })
  })
}
