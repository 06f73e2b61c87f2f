/** What the catalogue of engines is made of. */

import type { ProgramAnswer } from './run-program.ts'

/** Ways to install, by package manager; `manual` is a sentence with an address. */
export interface Install {
  readonly apt?: string
  readonly dnf?: string
  readonly apk?: string
  readonly pacman?: string
  readonly brew?: string
  readonly winget?: string
  readonly npm?: string
  readonly pip?: string
  readonly manual?: string
}

/** What a probe found. */
export interface Finding {
  readonly present: boolean
  readonly version?: string
  /** The file that would be loaded or started. */
  readonly where?: string
  /** One line more: what is odd about it, or why it cannot be used though its files are there. */
  readonly note?: string
  /** For devices: one line each. */
  readonly devices?: readonly string[]
}

/** What a probe may ask; tests put another machine's answers in its place. */
export interface Asker {
  readonly platform: string
  /** Runs as the superuser: commands need no sudo. */
  readonly root: boolean
  program(names: readonly string[], alsoIn?: readonly string[]): string | undefined
  library(names: readonly string[]): string | undefined
  run(file: string, args: readonly string[]): Promise<ProgramAnswer>
}

export interface EngineEntry {
  readonly name: string
  readonly title: string
  readonly gives: string
  readonly without: string
  readonly install: Install
  probe(ask: Asker): Promise<Finding>
}
