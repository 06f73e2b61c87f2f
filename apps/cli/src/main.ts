/** From the words typed to an exit code: finds the command, runs it, and tells an error in one message. */
import { CommanderError } from 'commander'
import { commands } from './commands.ts'
import { exitCode, UsageError } from './errors.ts'
import { bindOptional, declare } from './program.ts'
import { styleFor } from './style.ts'

/**
 * Runs one command line. Prints; never throws, and never ends the process itself.
 *
 * @param argv the words after `skein`
 * @returns 0 when all went well, 1 when the program or command failed, 2 when the command line cannot be followed; `run` gives
 *   what its program ends with
 */
export async function main(argv: readonly string[]): Promise<number> {
  let code: number = exitCode.ok
  let verbose = Boolean(process.env.SKEIN_DEBUG)
  let name = ''
  const root = declare(commands, async (command, given) => {
    name = command.name
    verbose ||= given.options.verbose === true
    code = (await command.run(given)) ?? exitCode.ok
  })
  try {
    await root.parseAsync(argv.length === 0 ? ['--help'] : bindOptional(root, argv, commands), { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCode.ok
      // Thrown before a command was chosen: the one that was being read is the first word, if that is one.
      const reading = commands.find(command => command.name === argv.find(word => !word.startsWith('-')))?.name ?? ''
      return tell(
        new UsageError(reading, error.message.replace(/^error: /, '').replace(/\n\((.*)\)\s*$/, '. $1')),
        reading,
        false,
      )
    }
    return tell(error, name, verbose)
  }
}

function tell(error: unknown, command: string, verbose: boolean): number {
  const style = styleFor(process.stderr)
  const usage = error instanceof UsageError
  const who = style('red', command === '' ? 'skein' : `skein ${command}`)
  const message = error instanceof Error ? messageOf(error) : `a value that is no error was thrown: ${String(error)}`
  console.error(`${who}: ${message}`)
  if (usage) console.error(style('dim', command === '' ? "See 'skein help'." : `See 'skein help ${command}'.`))
  else if (verbose && error instanceof Error) console.error(style('dim', storyOf(error)))
  return usage ? exitCode.usage : exitCode.failed
}

/** The message; a built-in class that says what kind of error it is goes before it. */
const messageOf = (error: Error): string =>
  /^(Error|[A-Z]\w*(Usage|Command)Error|UsageError|CommandError)$/.test(error.name) || 'code' in error
    ? error.message
    : `${error.name}: ${error.message}`

/** Stacks of an error and of what caused it, without the message told already. */
function storyOf(error: Error): string {
  const frames = (error.stack ?? '').split('\n').filter(line => /^\s+at /.test(line))
  const cause = error.cause instanceof Error ? `\ncaused by ${error.cause.message}\n${storyOf(error.cause)}` : ''
  return frames.join('\n') + cause
}
