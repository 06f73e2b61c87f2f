import { ArgumentError } from '@skein/base'
import type { Chance, Clock } from '@skein/world'
import type { EtcdAddress } from './address.ts'
import type { EndpointsOptions } from './endpoints.ts'

/** PEM texts. */
export interface StoreTls {
  /** Who signed the servers' certificates. Default: the authorities that Node knows. */
  ca?: string | readonly string[]
  /** This side's own certificate, if the servers want one, and the key to it. */
  cert?: string
  key?: string
  /** The name in the servers' certificates, if it is not their host's. */
  serverName?: string
}

export interface EtcdOptions {
  clock?: Clock
  chance?: Chance
  /** With it the store speaks TLS, as with `etcds://`. */
  tls?: StoreTls
  /** Instead of those in the URL. */
  user?: string
  password?: string
  /** How long a call may take in all, with other servers asked when one fails. Default 5,000. */
  timeoutMs?: number
  /** How long a server may be silent while something is asked of it, before it is asked for a sign of life, which may take as long again. Default 5,000; etcd takes less for an attack. */
  silenceMs?: number
}

/** What the endpoints are made of. Throws ArgumentError. */
export const checkEtcdOptions = (
  address: EtcdAddress,
  options: EtcdOptions,
  clock: Clock,
  chance: Chance,
): [EtcdAddress, EndpointsOptions] => {
  const { tls, timeoutMs = 5000, silenceMs = 5000, user = address.user, password = address.password } = options
  for (const [name, value] of Object.entries({ timeoutMs, silenceMs }))
    if (!(value > 0 && Number.isFinite(value))) throw new ArgumentError('open', name, 'milliseconds above 0', value)
  for (const [name, value] of Object.entries({ user, password }))
    if (value !== undefined && typeof value !== 'string') throw new ArgumentError('open', name, 'a text', typeof value)
  if (password !== undefined && user === undefined)
    throw new ArgumentError('open', 'user', 'given with a password', user)
  if (tls !== undefined && (typeof tls !== 'object' || tls === null))
    throw new ArgumentError('open', 'tls', '{ ca, cert, key, serverName }', tls)
  const { ca, cert, key, serverName } = tls ?? {}
  if ((cert === undefined) !== (key === undefined))
    throw new ArgumentError(
      'open',
      'tls',
      'given with both cert and key, or neither',
      cert === undefined ? 'a key' : 'a cert',
    )
  const secure = {
    ...(ca !== undefined && { ca: typeof ca === 'string' ? ca : [...ca] }),
    ...(cert !== undefined && { cert, key }),
    ...(serverName !== undefined && { servername: serverName }),
  }
  const isTls = address.isTls || tls !== undefined
  return [
    { ...address, user, password },
    { clock, chance, timeoutMs, silenceMs, tls: isTls ? secure : undefined },
  ]
}
