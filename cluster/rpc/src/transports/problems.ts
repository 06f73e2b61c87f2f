// What goes wrong on sockets, in words that say what was asked, what was found and what to do.
import { worldError } from '@skein/world'
import { MalformedMessageError, WrongProtocolError } from '../errors.ts'

type Coded = Error & { readonly code?: string }

/** Of a stream of bytes. */
export const socketProblem =
  (peer: string) =>
  (error: Coded): Error => {
    const { code = '' } = error
    if (code.startsWith('HPE_') || code === 'ERR_SSL_HTTP_REQUEST')
      return new WrongProtocolError(peer, 'no HTTP server', 'Is it one without WebSocket, or behind TLS (wss:)?', {
        cause: error,
      })
    return worldError(error, `connect to ${peer}`, 'refused')
  }

/** Of a WebSocket of `ws`. */
export const webSocketProblem =
  (peer: string, messageBytes: number) =>
  (error: Coded): Error => {
    if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH')
      return new MalformedMessageError('a message', `of ${messageBytes} bytes at most`, 'longer', { cause: error })
    if (error.code?.startsWith('WS_ERR_') || error instanceof RangeError)
      return new MalformedMessageError('a WebSocket frame', 'as RFC 6455 has it', error.message, { cause: error })
    return socketProblem(peer)(error)
  }
