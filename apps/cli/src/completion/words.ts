/** The words of the command line as completion needs them, read from its declaration. */
import type { Command } from 'commander'

export interface OptionWords {
  /** `-t` and `--threads`, as far as there are. */
  readonly flags: readonly string[]
  readonly about: string
  /** What its value can be: none, one of some words, a file, or something only the user knows. */
  readonly value: 'none' | 'file' | 'free' | readonly string[]
}

export interface CommandWords {
  readonly name: string
  readonly about: string
  readonly options: readonly OptionWords[]
  /** What its arguments can be: some words, or files. */
  readonly argument: 'none' | 'file' | readonly string[]
}

export function wordsOf(command: Command): CommandWords {
  const options = command.options.filter(option => !option.hidden)
  const [argument] = command.registeredArguments
  return {
    name: command.name(),
    about: command.summary(),
    options: [
      ...options.map((option): OptionWords => {
        const value =
          // A value that may be left out stands behind `=`.
          !option.required ? 'none' : (option.argChoices ?? (/file/.test(option.flags) ? 'file' : 'free'))
        return { flags: flagsOf(option), about: option.description, value }
      }),
      { flags: ['-h', '--help'], about: 'print help', value: 'none' },
    ],
    argument:
      argument === undefined
        ? 'none'
        : (argument.argChoices ?? (argument.name() === 'command' ? namesOf(command.parent!) : 'file')),
  }
}

export const namesOf = (root: Command): string[] => root.commands.map(command => command.name())

const flagsOf = ({ short, long }: { short?: string; long?: string }): string[] =>
  [short, long].filter(flag => flag !== undefined)
