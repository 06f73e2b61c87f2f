// Who may register: Ed25519 keys (RFC 8032). Private keys are PEM (PKCS #8), as OpenSSL writes them; public keys are the 32 bytes in base64url, as in a JWK (RFC 8037). A private key signs and goes nowhere else: neither
// to a store nor to a hub.
import type { KeyObject } from 'node:crypto'
import { nodeModule } from '@skein/base'
import { KeyFormatError } from './errors.ts'
import { checkName } from './names.ts'

export interface KeyPair {
  /** 43 characters. */
  readonly publicKey: string
  /** PEM. Keep it to yourself. */
  readonly privateKey: string
}

/** Public keys that may register, by the name of the service; those of `*` may register any. */
export type Authorized = Readonly<Record<string, readonly string[]>>

/** What signs. */
export interface Signer {
  readonly publicKey: string
  sign(text: string): string
}

const crypto = () => nodeModule<typeof import('node:crypto')>('node:crypto')!

export const generateKeys = (): KeyPair => {
  const { privateKey, publicKey } = crypto().generateKeyPairSync('ed25519')
  return { publicKey: textOf(publicKey), privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string }
}

/** Throws KeyFormatError. */
export const signerOf = (privateKey: string): Signer => {
  let key: KeyObject
  try {
    key = crypto().createPrivateKey(privateKey)
  } catch (cause) {
    throw new KeyFormatError('A private key', 'Ed25519 in PEM', { cause })
  }
  if (key.asymmetricKeyType !== 'ed25519') throw new KeyFormatError('A private key', 'Ed25519 in PEM')
  return {
    publicKey: textOf(crypto().createPublicKey(key)),
    sign: text => crypto().sign(null, Buffer.from(text), key).toString('base64url'),
  }
}

/** Whether the signature is that of the text by the key. Bytes have one way to be written, so that nobody makes another signature of one. */
export const isSignedBy = (text: string, signature: string, publicKey: string): boolean => {
  if (!isPlain(signature) || !isPlain(publicKey)) return false
  try {
    const key = crypto().createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' })
    return crypto().verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'))
  } catch {
    return false
  }
}

/** Whether the key may register the name. */
export const isAuthorized = (authorized: Authorized, name: string, publicKey: string): boolean =>
  [name, '*'].some(listed => Object.hasOwn(authorized, listed) && authorized[listed].includes(publicKey))

/** A copy that nobody changes. Throws KeyFormatError, ArgumentError. */
export const checkAuthorized = (call: string, authorized: unknown): Authorized => {
  if (typeof authorized !== 'object' || authorized === null)
    throw new KeyFormatError('authorized', 'an object of lists of public keys')
  const entries = Object.entries(authorized).map(([name, keys]) => {
    checkName(call, 'authorized', name)
    if (!Array.isArray(keys)) throw new KeyFormatError(`authorized.${name}`, 'a list of public keys')
    return [name, keys.map(key => checkPublicKey(`A key of ${name}`, key))]
  })
  return Object.fromEntries(entries)
}

/**
 * Reads lines of `name key`, with anything behind it for people; `#` begins a comment. A name may have several lines. Throws KeyFormatError, ArgumentError.
 */
export const parseAuthorized = (text: string): Authorized => {
  const authorized = new Map<string, string[]>()
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const [name, key] = line.replace(/#.*/, '').trim().split(/\s+/)
    if (name === '') continue
    checkName('parseAuthorized', `line ${i + 1}`, name)
    const keys = authorized.get(name) ?? []
    keys.push(checkPublicKey(`The second word of line ${i + 1}`, key))
    authorized.set(name, keys)
  }
  return Object.fromEntries(authorized)
}

/** The last character of base64url has bits that say nothing. */
const isPlain = (text: string): boolean => Buffer.from(text, 'base64url').toString('base64url') === text

const checkPublicKey = (what: string, key: unknown): string => {
  if (typeof key !== 'string' || !/^[\w-]{43}$/.test(key) || !isPlain(key))
    throw new KeyFormatError(what, 'an Ed25519 public key, 43 characters of base64url')
  return key
}

const textOf = (publicKey: KeyObject): string => publicKey.export({ format: 'jwk' }).x!
