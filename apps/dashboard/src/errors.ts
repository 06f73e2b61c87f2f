/** What can go wrong when a program is looked at. */

import { registerError, SkeinError } from '@skein/base'

/** The page would be open to whoever can reach the machine. */
export class TokenNeededError extends SkeinError {
  static {
    registerError(TokenNeededError, 'TokenNeededError')
  }
  declare readonly host: string

  constructor(host: string) {
    super(
      'SKEIN_TOKEN_NEEDED',
      `The dashboard on ${host} could be opened from other machines, so it needs a token of at least 16 characters. ` +
        'Give one, or stay on 127.0.0.1 and come through ssh -L.',
      { host },
    )
  }
}

/** The dashboard's address cannot be had. */
export class AddressError extends SkeinError {
  static {
    registerError(AddressError, 'AddressError')
  }
  declare readonly host: string
  declare readonly port: number

  constructor(host: string, port: number, cause: NodeJS.ErrnoException) {
    const why = cause.code === 'EADDRINUSE' ? 'another program listens there' : (cause.code ?? cause.message)
    super(
      'SKEIN_ADDRESS',
      `The dashboard cannot listen on ${host}:${port}: ${why}. Choose another port, or 0 for any.`,
      { host, port },
      { cause },
    )
  }
}

/** There is no program to look at under that number. */
export class NoProgramError extends SkeinError {
  static {
    registerError(NoProgramError, 'NoProgramError')
  }
  declare readonly pid: number

  constructor(pid: number, found: readonly number[]) {
    const others = found.length === 0 ? 'None of your programs runs tasks now' : `Yours that do: ${found.join(', ')}`
    super(
      'SKEIN_NO_PROGRAM',
      `Process ${pid} cannot be looked at: it is not there, or has run no tasks yet. ${others}.`,
      {
        pid,
      },
    )
  }
}
