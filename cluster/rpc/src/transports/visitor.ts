// Who connects to a server, and whether they may.
import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import type { PeerCertificate, TLSSocket } from 'node:tls'

/** Somebody has connected. */
export interface ConnectionRequest {
  /** Address and port of the other end. */
  readonly peer: string
  /** With TLS, the certificate of the other end, if it was asked for one (`tls.requestCert`) and has shown it. */
  readonly certificate: PeerCertificate | undefined
  /** Whether somebody has signed the certificate whom `tls.ca` names. */
  readonly isTrusted: boolean
  /** Of a WebSocket: where the page comes from that asks: `https://example.com`. Programs that are no browser say none, or what they like. */
  readonly origin?: string
  /** Of a WebSocket, with what follows a `?`. */
  readonly path?: string
  /** Of a WebSocket. */
  readonly headers?: IncomingHttpHeaders
}

/** True: it may. A text: why not. */
export type Verify = (request: ConnectionRequest) => boolean | string | Promise<boolean | string>

export const peerOf = (socket: Socket, address: string): string =>
  socket.remoteAddress === undefined ? address : `${socket.remoteAddress}:${socket.remotePort}`

/** What is known of the other end of a socket. */
export const visitorOn = (socket: Socket | TLSSocket, peer: string): ConnectionRequest => {
  const shown = 'getPeerCertificate' in socket ? socket.getPeerCertificate() : undefined
  return {
    peer,
    certificate: shown && Object.keys(shown).length > 0 ? shown : undefined,
    isTrusted: 'authorized' in socket && socket.authorized,
  }
}

/** Why it may not connect; undefined: it may. Rejects with what `verify` throws. */
export const refusalBy = async (verify: Verify, request: ConnectionRequest): Promise<string | undefined> => {
  const verdict = await verify(request)
  if (verdict === true) return undefined
  return typeof verdict === 'string' ? verdict : 'it may not connect'
}
