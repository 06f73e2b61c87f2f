/** The command's own errors. Whatever else is thrown while a command runs is told by its message. */
import { registerError, SkeinError } from '@skein/base'

export const exitCode = {
  ok: 0,
  /** What was started did not succeed. */
  failed: 1,
  /** The command line asks for something that there is not: nothing was started. */
  usage: 2,
  /** Time was up: as `timeout` of the shell ends. */
  late: 124,
  /** What the command had was lost while it ran, and it was ended: EX_TEMPFAIL of sysexits.h. */
  lost: 75,
} as const

/** The command line cannot be followed: an unknown word, a file that is not there, a value that does not fit. */
export class UsageError extends SkeinError {
  static {
    registerError(UsageError, 'UsageError')
  }
  declare readonly command: string

  /** @param command as typed: `run`, or '' for `skein` itself */
  constructor(command: string, message: string) {
    super('SKEIN_USAGE', message, { command })
  }
}

/** A command was started and could not do its work. */
export class CommandError extends SkeinError {
  static {
    registerError(CommandError, 'CommandError')
  }
  declare readonly command: string

  constructor(command: string, message: string, options?: ErrorOptions) {
    super('SKEIN_COMMAND', message, { command }, options)
  }
}
