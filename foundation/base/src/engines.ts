/**
 * Which engines and devices are present, and how to get the absent ones. An engine is something real behind an
 * interface of Skein's that has an embedded default: a GPU, an MPI library, a BLAS, a cluster. A probe looks for
 * files first and starts a program only if there is one to start; it never throws, and none waits longer than its
 * limit.
 */

import { catalogue } from './engine-catalogue.ts'
import type { Asker, Finding, Install } from './engine-entry.ts'
import { findLibrary, findProgram } from './library.ts'
import { runProgram } from './run-program.ts'

export interface Engine extends Finding {
  /** A stable identifier: `cuda`, `openmpi`. */
  readonly name: string
  readonly title: string
  /** What Skein does with it. */
  readonly gives: string
  /** What serves where it is absent. */
  readonly without: string
  readonly install: Install
  /** The command to type on this machine, or the sentence to follow. */
  readonly get: string
}

const theProcess = (globalThis as { process?: { platform?: string; getuid?(): number } }).process

type Manager = Exclude<keyof Install, 'npm' | 'pip' | 'manual'>
const managersOf = (platform: string): readonly Manager[] =>
  platform === 'linux' ? ['apt', 'dnf', 'apk', 'pacman'] : platform === 'darwin' ? ['brew'] : ['winget']
const programOf: { readonly [manager in Manager]: string } = {
  apt: 'apt-get',
  dnf: 'dnf',
  apk: 'apk',
  pacman: 'pacman',
  brew: 'brew',
  winget: 'winget',
}

/** The one line of `install` that fits a machine: its own package manager's, else npm's or pip's, else the sentence. */
export const howToGet = (install: Install, ask: Pick<Asker, 'platform' | 'root' | 'program'>): string => {
  const offered = managersOf(ask.platform).filter(manager => install[manager] !== undefined)
  const manager = offered.find(candidate => ask.program([programOf[candidate]]) !== undefined)
  const command = manager === undefined ? undefined : install[manager]
  const likely = offered[0] && install[offered[0]]
  const chosen = command ?? install.npm ?? install.pip ?? install.manual ?? likely ?? 'not available on this system'
  return ask.root ? chosen.replace(/^sudo /, '') : chosen
}

export interface ProbeOptions {
  /** Names to probe; all unless given. */
  readonly only?: readonly string[]
  /** Limit for each program asked; 5000 unless given. */
  readonly timeoutMs?: number
}

const realAsker = (timeoutMs: number): Asker => ({
  platform: theProcess?.platform ?? 'browser',
  root: theProcess?.getuid?.() === 0,
  program: findProgram,
  library: names => findLibrary(names),
  run: (file, args) => runProgram(file, args, timeoutMs),
})

/** Probes every engine of the catalogue, side by side. Takes as long as the slowest program asked. Never rejects. */
export const probeEngines = (
  options: ProbeOptions = {},
  ask = realAsker(options.timeoutMs ?? 5000),
): Promise<Engine[]> => {
  const wanted = catalogue.filter(entry => options.only === undefined || options.only.includes(entry.name))
  return Promise.all(
    wanted.map(async ({ probe, ...entry }) => {
      let finding: Finding
      try {
        finding = await probe(ask)
      } catch (error) {
        finding = { present: false, note: `looking for it failed: ${(error as Error)?.message ?? error}` }
      }
      return { ...entry, ...finding, get: howToGet(entry.install, ask) }
    }),
  )
}

/** Names of all engines known, for messages and completion. */
export const engineNames = (): string[] => catalogue.map(entry => entry.name)
