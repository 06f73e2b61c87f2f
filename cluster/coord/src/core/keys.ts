// Keys in the order of their UTF-8 bytes, which is that of their code points.
import { ArgumentError } from '@skein/base'
import type { Range } from '../store.ts'

/** Negative, 0 or positive. Engines compare texts by units of 16 bits, which puts what is beyond U+FFFF before U+E000. */
export const compareKeys = (a: string, b: string): number => {
  const end = Math.min(a.length, b.length)
  for (let i = 0; i < end; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (x === y) continue
    const [isHighX, isHighY] = [(x & 0xf800) === 0xd800, (y & 0xf800) === 0xd800]
    return isHighX === isHighY ? x - y : isHighX ? 1 : -1
  }
  return a.length - b.length
}

/** A range by its ends: `from` is in it, `to` is not; undefined: there is no end. */
export const endsOf = (range: Range): { from: string; to: string | undefined } => {
  if ('from' in range) return { from: range.from, to: range.to }
  return { from: range.prefix, to: undefined }
}

export const isIn = (key: string, range: Range): boolean => {
  if ('prefix' in range) return key.startsWith(range.prefix)
  return compareKeys(key, range.from) >= 0 && (range.to === undefined || compareKeys(key, range.to) < 0)
}

/** Throws ArgumentError. */
export const checkKey = (call: string, key: unknown): string => {
  if (typeof key !== 'string' || key.length === 0)
    throw new ArgumentError(call, 'key', 'a text of at least one character', key)
  if (!key.isWellFormed()) throw new ArgumentError(call, 'key', 'a text without lone surrogates', key)
  return key
}

/** Of a lock, a queue and the like: a part of keys. Throws ArgumentError. */
export const checkName = (call: string, name: unknown): string => {
  if (typeof name !== 'string' || name.length === 0 || name.includes('/') || !name.isWellFormed())
    throw new ArgumentError(call, 'name', 'a text of at least one character, without / and lone surrogates', name)
  return name
}

/** Throws ArgumentError. */
export const checkRange = (call: string, range: unknown): Range => {
  const given = range as { prefix?: unknown; from?: unknown; to?: unknown } | undefined | null
  const isText = (value: unknown): boolean => typeof value === 'string'
  const isRange =
    typeof given === 'object' &&
    given !== null &&
    ('prefix' in given ? isText(given.prefix) : isText(given.from) && (given.to === undefined || isText(given.to)))
  if (!isRange) throw new ArgumentError(call, 'range', '{ prefix } or { from, to? } of texts', range)
  return range as Range
}

const encoder = new TextEncoder()

/** A value's bytes; of a text its UTF-8. Throws ArgumentError. */
export const bytesOf = (call: string, value: unknown): Uint8Array => {
  if (typeof value === 'string') return encoder.encode(value)
  if (value instanceof Uint8Array) return value
  throw new ArgumentError(call, 'value', 'a Uint8Array or a text', value)
}

/** Negative, 0 or positive: byte by byte. */
export const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
  const end = Math.min(a.length, b.length)
  for (let i = 0; i < end; i++) if (a[i] !== b[i]) return a[i] - b[i]
  return a.length - b.length
}
