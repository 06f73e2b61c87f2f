// WebSockets that are asked for. Where there is a Node they are those of npm's `ws`: unlike the engine's they stop at a message that is too long, take certificates and headers, and
// say what went wrong. In pages they are the engine's.
import { ArgumentError, NotSupportedError, nodeModule } from '@skein/base'
import { RefusedError, WrongProtocolError } from '../errors.ts'
import type { Wire, WireHandlers } from '../wire.ts'
import { webSocketProblem } from './problems.ts'
import { overWebSocket, payloadLimit, type WebSocketLike } from './websocket.ts'

export interface WebSocketOptions {
  headers?: Readonly<Record<string, string>>
  tls?: object
}

/** Throws ArgumentError, NotSupportedError. */
export const connectWebSocket = <Handlers extends WireHandlers>(
  url: URL,
  { headers, tls }: WebSocketOptions,
  messageBytes: number,
  make: (wire: Wire) => Handlers,
): Handlers => {
  const peer = url.href
  if (!nodeModule('node:net')) {
    for (const [name, given] of Object.entries({ headers, tls }))
      if (given !== undefined)
        throw new ArgumentError('connect', name, 'left out: WebSockets of a page take none', given)
    if (typeof WebSocket !== 'function')
      throw new NotSupportedError('JavaScript', 'WebSocket', 'it has none', 'Give connect() a stream or a port.')
    return overWebSocket(new WebSocket(url), peer, make)
  }
  let refused: Error | undefined
  const open = async (): Promise<WebSocketLike> => {
    const { WebSocket } = await import('ws')
    const socket = new WebSocket(url, {
      ...tls,
      headers,
      maxPayload: payloadLimit(messageBytes),
      perMessageDeflate: false,
    })
    socket.on('unexpected-response', async (_, response) => {
      refused = await refusal(response, peer)
      socket.terminate()
    })
    return socket
  }
  const explain = webSocketProblem(peer, messageBytes)
  return overWebSocket(open(), peer, make, error => refused ?? explain(error))
}

/** Of what a server says, so many characters are told. */
const toldCharacters = 200

/** An HTTP server has answered that it makes no WebSocket of this. */
const refusal = async (response: import('node:http').IncomingMessage, peer: string): Promise<Error> => {
  const { statusCode = 0, statusMessage = '' } = response
  const status = `HTTP ${statusCode} ${statusMessage}`.trim()
  if (statusCode < 500 && ![401, 403, 429].includes(statusCode))
    return new WrongProtocolError(
      peer,
      `an HTTP server that makes no WebSocket of the connection (${status})`,
      'Is the path right?',
    )
  let said = ''
  response.setEncoding('utf8')
  try {
    for await (const text of response) {
      said += text
      if (said.length >= toldCharacters) break
    }
  } catch {
    // It says no more.
  }
  const isText = String(response.headers['content-type']).startsWith('text/plain')
  return new RefusedError(peer, status, isText ? said.slice(0, toldCharacters).trim() : 'no reason was given')
}
