// A service as it stands in the registry. It is written as a line of JSON, and a second line with who says so: a public key, and its signature of the first as it stands there. What is signed names the lease that the entry lives with, so what
// somebody copied is worth nothing when that lease is over.
import { ArgumentError } from '@skein/base'
import { type RefusalReason, RegistrationRefusedError } from './errors.ts'
import { type Authorized, isAuthorized, isSignedBy, type Signer } from './keys.ts'
import { normalVersion } from './names.ts'

/** Where a service is, and what it says of itself. */
export interface Service {
  /** Of its registration. */
  readonly id: string
  readonly name: string
  readonly version: string | undefined
  readonly host: string
  readonly port: number
  /** `host:port`, as `connect` takes it. */
  readonly address: string
  readonly metadata: Readonly<Record<string, unknown>>
  /** When it was registered, in milliseconds since 1970, by the clock of who did. */
  readonly since: number
  /** The public key that signed it; undefined: nobody did. */
  readonly key: string | undefined
}

export type ServiceRecord = Omit<Service, 'address' | 'key'>

const maxTextLength = 65_536
/** Before what is signed, so that it is a signature of nothing else. */
const domain = 'skein registration\n'

/** Throws ArgumentError. */
export const writeService = (call: string, service: ServiceRecord, lease: string, signer?: Signer): string => {
  const { id, name, version, host, port, metadata, since } = service
  const line = JSON.stringify({ id, name, version, host, port, metadata, since, lease })
  if (line.length > maxTextLength)
    throw new ArgumentError(call, 'metadata', `at most ${maxTextLength} characters as JSON, with the rest`, line.length)
  return signer ? `${line}\n${signer.publicKey} ${signer.sign(domain + line)}` : line
}

/** An entry of the registry, as it was found. */
export interface Found {
  readonly name: string
  readonly id: string
  readonly text: string
  readonly lease: string | undefined
}

/** Throws RegistrationRefusedError. */
export const readService = ({ name, id, text, lease }: Found, authorized?: Authorized): Service => {
  const [line, by] = text.split('\n')
  const [key, signature] = by?.split(' ') ?? []
  const refuse = (reason: RefusalReason, cause?: unknown): RegistrationRefusedError =>
    new RegistrationRefusedError(name, id, reason, key, cause === undefined ? undefined : { cause })
  // What is signed is checked even by those who take everything: a signature that is wrong says that something is.
  if (key !== undefined && !isSignedBy(domain + line, signature ?? '', key)) throw refuse('forged')
  if (authorized && key === undefined) throw refuse('unsigned')
  if (authorized && !isAuthorized(authorized, name, key!)) throw refuse('not authorized')
  let record: ServiceRecord & { readonly lease: unknown }
  try {
    record = JSON.parse(line)
  } catch (cause) {
    throw refuse('malformed', cause)
  }
  if (!isRecord(record) || record.name !== name || record.id !== id) throw refuse('malformed')
  if (record.lease !== lease) throw refuse('of another lease')
  const { version, host, port, metadata, since } = record
  return { id, name, version, host, port, address: addressOf(host, port), metadata, since, key }
}

/** Throws ArgumentError. */
export const checkHost = (call: string, host: unknown): string => {
  if (!isHost(host)) throw new ArgumentError(call, 'host', 'a name or an address by which others reach it', host)
  return host
}

/** Throws ArgumentError. */
export const checkPort = (call: string, argument: string, port: unknown): number => {
  if (!isPort(port)) throw new ArgumentError(call, argument, 'a whole number from 1 to 65535', port)
  return port
}

/** A copy, as JSON carries it. Throws ArgumentError. */
export const checkMetadata = (call: string, metadata: unknown): Record<string, unknown> => {
  try {
    const copy: unknown = JSON.parse(JSON.stringify(metadata))
    if (isObject(copy)) return copy
  } catch {}
  throw new ArgumentError(call, 'metadata', 'an object that JSON can carry', metadata)
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isHost = (value: unknown): value is string => typeof value === 'string' && /^[^\s/@[\]]{1,255}$/.test(value)
const isPort = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) > 0 && (value as number) < 65536

const isRecord = (value: unknown): value is ServiceRecord =>
  isObject(value) &&
  (value.version === undefined || normalVersion(value.version) === value.version) &&
  isHost(value.host) &&
  isPort(value.port) &&
  isObject(value.metadata) &&
  typeof value.since === 'number'

/** As `connect` takes it. */
export const addressOf = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
