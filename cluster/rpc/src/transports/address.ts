// Where a connection leads: `host:port`, `unix:path`, `tls:host:port`, `ws://host:port/path`, `wss://host:port/path`.
import { ArgumentError } from '@skein/base'
import { parseAddress } from '@skein/world'

export type Place =
  /** `at` is what Node's net and tls take. */
  { readonly kind: 'plain' | 'tls'; readonly at: object } | { readonly kind: 'ws' | 'wss'; readonly url: URL }

/** Throws ArgumentError. */
export const placeAt = (call: string, address: string): Place => {
  if (typeof address === 'string' && address.startsWith('tls:'))
    return { kind: 'tls', at: parseAddress(call, address.slice(4)) }
  if (typeof address !== 'string' || !/^wss?:/.test(address)) return { kind: 'plain', at: parseAddress(call, address) }
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url === undefined || !address.includes('://') || url.hash !== '' || url.username !== '' || url.password !== '')
    throw new ArgumentError(
      call,
      'address',
      'ws://host:port/path or wss://host:port/path, without a user and a #',
      address,
    )
  return { kind: url.protocol === 'ws:' ? 'ws' : 'wss', url }
}
