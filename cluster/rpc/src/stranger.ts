// Who is at the other end, if it is nobody who says `methods` first: by the first bytes of what it says instead.
import { WrongProtocolError } from './errors.ts'

/** Of what a stranger says, so much is told. */
const toldBytes = 60

const kinds: readonly [openings: readonly string[], found: string, advice: string][] = [
  [['HTTP/'], 'an HTTP server', 'Its WebSockets would be at a ws: address.'],
  [
    ['GET ', 'HEAD ', 'POST ', 'PUT ', 'PATCH ', 'DELETE ', 'OPTIONS ', 'CONNECT ', 'PRI '],
    'a client that speaks HTTP',
    'Listen at a ws: address for WebSockets.',
  ],
  // A record of an alert; of a handshake (RFC 8446, 5.1).
  [['\x15\x03'], 'a server that speaks TLS', 'Connect to tls: (or wss:).'],
  [['\x16\x03'], 'a client that speaks TLS', 'Listen at tls: (or wss:), or let it connect without.'],
  [['SSH-'], 'an SSH server', 'Is the port right?'],
]

/** What is wrong with the first bytes of a connection: undefined if they may be a line of JSON. */
export const stranger = (peer: string, bytes: Uint8Array): WrongProtocolError | undefined => {
  const first = bytes[0]
  if (first === 0x7b || first === 0x20 || (first >= 9 && first <= 13)) return undefined
  const text = String.fromCharCode(...bytes.subarray(0, toldBytes))
  for (const [openings, found, advice] of kinds)
    if (openings.some(opening => text.startsWith(opening))) {
      const line = /^[\x20-\x7e]+/.exec(text)?.[0]
      return new WrongProtocolError(peer, line === undefined ? found : `${found} (${line})`, advice)
    }
  return new WrongProtocolError(peer, `something that says ${JSON.stringify(text)}`, 'Is the port right?')
}

/** What is said comes back. */
export const echo = (peer: string): WrongProtocolError =>
  new WrongProtocolError(peer, 'an echo: what is said there comes back', 'Is the port right?')
