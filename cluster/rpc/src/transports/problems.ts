// What goes wrong on sockets, in words that say what was asked, what was found and what to do.
import { WorldError, worldError } from '@skein/world'
import { MalformedMessageError, TlsError, WrongProtocolError } from '../errors.ts'

type Coded = Error & { readonly code?: string; readonly reason?: string }

/** By the codes of OpenSSL and of Node. */
const certificateProblems: readonly [codes: RegExp, found: string, advice: string][] = [
  [
    /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?)$/,
    'its certificate is signed by nobody who is trusted here',
    'Give who has signed it as tls.ca.',
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    'its certificate is for another host',
    'Connect to a name that it is for, or give tls.servername.',
  ],
  [/^CERT_HAS_EXPIRED$/, 'its certificate has expired', 'Renew it; or is the clock right?'],
  [/^CERT_NOT_YET_VALID$/, 'its certificate is not valid yet', 'Is the clock right?'],
  [
    /^(CERT_|CRL_|UNABLE_TO_|INVALID_|HOSTNAME_)/,
    'its certificate is not accepted',
    'Renew it, or give who has signed it as tls.ca.',
  ],
  [/PEER_DID_NOT_RETURN_A_CERTIFICATE$/, 'it has shown no certificate', 'Give it one as tls.cert and tls.key.'],
  [/ALERT_CERTIFICATE_REQUIRED$/, 'it wants a certificate', 'Give one as tls.cert and tls.key.'],
  [
    /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED|CERTIFICATE_REVOKED|UNSUPPORTED_CERTIFICATE)$/,
    'it does not accept the certificate that it was shown',
    'Is it signed by somebody whom the other side trusts (tls.ca there), and is it valid?',
  ],
]

const isPlain = /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNKNOWN_PROTOCOL|RECORD_LAYER_FAILURE/

/** What TLS says of itself stands in the message where the code is that of the operation which it has ended. */
const codeOf = ({ code = '', message }: Coded): string => {
  const said = code === 'EPROTO' ? /SSL routines:[^:]*:([^:]+)/.exec(message) : null
  return said ? `ERR_SSL_${said[1].toUpperCase().replaceAll(' ', '_')}` : code
}

/** Of a stream of bytes. */
export const socketProblem =
  (peer: string) =>
  (error: Coded): Error => {
    const code = codeOf(error)
    const cause = { cause: error }
    for (const [codes, found, advice] of certificateProblems)
      if (codes.test(code))
        return new TlsError(peer, code, `${found} (${error.reason ?? error.message})`, advice, cause)
    if (code === 'ERR_SSL_HTTP_REQUEST')
      return new WrongProtocolError(
        peer,
        'a client that speaks HTTP without TLS',
        'Let it connect to https: or wss:.',
        cause,
      )
    if (isPlain.test(code))
      return new WrongProtocolError(
        peer,
        'something that speaks no TLS',
        'Leave TLS out on both sides, or on none.',
        cause,
      )
    if (code.startsWith('HPE_'))
      return new WrongProtocolError(
        peer,
        'no HTTP server',
        'Does it listen at a ws: address, or with TLS (wss:)?',
        cause,
      )
    if (code.startsWith('ERR_SSL_') || code === 'EPROTO')
      return new TlsError(
        peer,
        code,
        error.reason ?? error.message,
        'Do both sides have versions and ciphers in common?',
        cause,
      )
    // Of the operating system.
    if (/^E[A-Z0-9]+$/.test(code)) return worldError(error, `connect to ${peer}`, 'refused')
    return new WorldError('reset', `use the connection to ${peer}`, { cause: error, found: error.message })
  }

/** Of a WebSocket of `ws`. */
export const webSocketProblem =
  (peer: string, messageBytes: number) =>
  (error: Coded): Error => {
    if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH')
      return new MalformedMessageError('a message', `of ${messageBytes} bytes at most`, 'longer', { cause: error })
    if (error.code?.startsWith('WS_ERR_'))
      return new MalformedMessageError('a WebSocket frame', 'as RFC 6455 has it', error.message, { cause: error })
    return socketProblem(peer)(error)
  }
