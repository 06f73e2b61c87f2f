/**
 * What a command is: a row of the table in `commands.ts`. The row declares words and help with nothing loaded but itself, so
 * that `skein --help` and completion are quick; `run` imports what the work needs.
 */
import type { Command as Declaration } from 'commander'

export interface Command {
  readonly name: string
  /** One line, beginning with a verb, without a full stop. */
  readonly summary: string
  /** The heading it stands under in `skein help`. */
  readonly group: string
  /** Paragraphs under the usage line in `skein help <name>`. */
  readonly description?: string
  /** Command lines and what they do. */
  readonly examples: readonly (readonly [line: string, does: string])[]
  /** The option as declared, for one as typed: where users know it by other words. */
  readonly spelling?: (word: string) => string
  /** Adds arguments and options. */
  declare(command: Declaration): void
  /**
   * Does the work, and gives the exit code: nothing is 0.
   *
   * @param given the arguments in their order, then the options by name
   */
  run(given: Given): Promise<number | undefined>
}

export interface Given {
  readonly args: readonly (string | undefined)[]
  /** What follows the last declared argument, where it is declared to go on. */
  readonly rest: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
  /** The whole command line as declared, for commands that speak of the others. */
  readonly root: Declaration
}
