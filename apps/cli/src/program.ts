/** The command line as declared: the table of commands as a tree that parses, helps and suggests. */
import { readFileSync } from 'node:fs'
import { Command as Declaration, type Option } from 'commander'
import type { Command, Given } from './command.ts'
import { hasColours, styleFor } from './style.ts'

/** The package's version. */
export const version = (): string =>
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version

/**
 * Builds the tree. Nothing in it ends the process: what commander would exit with is thrown.
 *
 * @param chosen is told which command was asked for, with what
 */
export function declare(
  commands: readonly Command[],
  chosen: (command: Command, given: Given) => Promise<void>,
): Declaration {
  const style = styleFor(process.stdout)
  const root = new Declaration('skein')
    .description('Plain TypeScript functions on every SIMD lane and every core.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .enablePositionalOptions()
    .exitOverride()
    .configureHelp({
      styleTitle: text => style('bold', text),
      subcommandTerm: sub => sub.name(),
    })
    .configureOutput({ outputError: () => {}, getOutHasColors: () => hasColours(process.stdout) })
  root.usage('<command> [options]')
  for (const command of commands) {
    const sub = root.command(command.name).summary(command.summary)
    sub.description((command.description ?? `${command.summary}.`).replace(/(?<!\n)\n(?!\n)/g, ' '))
    sub.helpGroup(`${command.group}:`)
    command.declare(sub)
    sub.option('--verbose', 'show where an error comes from')
    sub.addHelpText('after', () => examplesOf(command, style))
    const declared = sub.registeredArguments
    sub.action(async (...handed: unknown[]) => {
      const args = handed.slice(0, declared.length)
      const rest = declared.at(-1)?.variadic ? (args.pop() as string[]) : []
      await chosen(command, { args: args as string[], rest, options: sub.opts(), root })
    })
  }
  root.addHelpText('after', "\n'skein help <command>' says more about one.")
  return root
}

/**
 * The words as the parser wants them, up to the first that is no option: `spelling` is another's way to say an option, and an option
 * whose value may be left out takes it behind `=` only. `--dashboard main.ts` names a program, not a port: the parser would take the
 * next word, so it is given an empty value instead.
 */
export function bindOptional(root: Declaration, argv: readonly string[], commands: readonly Command[] = []): string[] {
  const [name, ...words] = argv
  const declared = root.commands.find(command => command.name() === name)?.options ?? []
  return [name, ...bindWords(declared, words, commands.find(command => command.name === name)?.spelling)]
}

/** The same for the words behind a command. */
export function bindWords(
  declared: readonly Option[],
  given: readonly string[],
  spelling = (word: string): string => word,
): string[] {
  const words = [...given]
  for (let i = 0; i < words.length && words[i].startsWith('-') && words[i] !== '--'; i++) {
    words[i] = spelling(words[i])
    const option = declared.find(({ short, long }) => words[i] === short || words[i] === long)
    if (option?.required) i++
    else if (option?.optional) words[i] = `${words[i]}=`
  }
  return words
}

function examplesOf(command: Command, style: ReturnType<typeof styleFor>): string {
  if (command.examples.length === 0) return ''
  const width = Math.max(...command.examples.map(([line]) => line.length))
  const lines = command.examples.map(([line, does]) => `  ${line.padEnd(width)}  ${style('dim', does)}`)
  return `\n${style('bold', 'Examples:')}\n${lines.join('\n')}`
}
