import { registerError, SkeinError } from '@skein/base'

export type WorldErrorKind =
  | 'address in use'
  | 'no such host'
  | 'refused'
  | 'unreachable'
  | 'reset'
  | 'not permitted'
  | 'disk full'
  | 'disk failed'
  | 'no such file'
  | 'closed'

const advice: Record<WorldErrorKind, string> = {
  'address in use': 'Choose another port, or 0 for any free one.',
  'no such host': 'Check the name.',
  refused: 'Nobody listens there: is the other side started, and is the port right?',
  unreachable: 'Check the network between the two.',
  reset: 'The other side ended or broke the connection off.',
  'not permitted': 'Check the permissions of the file or port.',
  'disk full': 'Make room, and try again.',
  'disk failed': 'What was written since the last sync may be lost; read the file anew.',
  'no such file': 'Check the name.',
  closed: 'It was closed before; open another.',
}

/** Network or storage did not do what was asked. */
export class WorldError extends SkeinError {
  static {
    registerError(WorldError, 'WorldError')
  }
  declare readonly kind: WorldErrorKind
  /** What was asked for: `connect to 10.0.0.1:2379`, `write 512 bytes to log`. */
  declare readonly asked: string

  constructor(kind: WorldErrorKind, asked: string, options?: ErrorOptions & { found?: string }) {
    const found = options?.found === undefined ? '' : ` (${options.found})`
    super('SKEIN_WORLD', `Could not ${asked}: ${kind}${found}. ${advice[kind]}`, { kind, asked }, options)
  }
}
