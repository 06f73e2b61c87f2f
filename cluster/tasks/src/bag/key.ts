/**
 * Keys of items. Primitive values are equal as in a Map; arrays, plain objects and dates are equal when all in them is, whatever
 * thread they come from.
 */

import { ArgumentError } from '@skein/base'

/** Primitive, and the same for equal keys only. */
export type Canonical = string | number | bigint | boolean | null | undefined

export function canonical(key: unknown): Canonical {
  switch (typeof key) {
    case 'string':
      // What stands for objects begins with a zero character.
      return key.charCodeAt(0) === 0 ? `\0s${key}` : key
    case 'number':
    case 'bigint':
    case 'boolean':
    case 'undefined':
      return key
    case 'object':
      return key === null ? key : `\0o${spelled(key)}`
  }
  throw notAKey(key)
}

function spelled(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value === 0 ? 0 : value)
    case 'bigint':
      return `${value}n`
    case 'object':
      break
    default:
      throw notAKey(value)
  }
  if (value === null) return 'null'
  if (Array.isArray(value)) return `[${value.map(spelled).join()}]`
  if (value instanceof Date) return `@${value.getTime()}`
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) throw notAKey(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([name, part]) => `${JSON.stringify(name)}:${spelled(part)}`).join()}}`
}

const notAKey = (value: unknown): ArgumentError =>
  new ArgumentError('bag', 'a key', 'made of primitive values, dates, arrays and plain objects', value)

const floats = new Float64Array(1)
const words = new Int32Array(floats.buffer)

/** The same on every thread and machine. */
export function hashOf(key: Canonical): number {
  if (typeof key !== 'number') return hashOfText(typeof key === 'string' ? key : String(key))
  floats[0] = key === 0 ? 0 : key
  return mixed(Math.imul(basis ^ words[0], prime) ^ words[1])
}

/** FNV-1a, by characters. */
export function hashOfText(text: string): number {
  let h = basis
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), prime)
  return mixed(h)
}

const [basis, prime] = [0x811c9dc5 | 0, 0x01000193]

/** The finish of MurmurHash3: the low bits depend on all. */
function mixed(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** The natural order of keys and scores: by kind, then by value; arrays part by part. NaN comes first among numbers. */
export function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') {
    return a < b ? -1 : a > b ? 1 : a === b ? 0 : Number(!Number.isNaN(a)) - Number(!Number.isNaN(b))
  }
  const [kindA, kindB] = [kindOf(a), kindOf(b)]
  if (kindA !== kindB) return kindA < kindB ? -1 : 1
  if (kindA === 'array') {
    const [x, y] = [a, b] as unknown[][]
    for (let i = 0; i < Math.min(x.length, y.length); i++) {
      const order = compare(x[i], y[i])
      if (order !== 0) return order
    }
    return x.length - y.length
  }
  if (kindA === 'other') {
    throw new ArgumentError(
      'bag',
      'what is compared',
      'a number, a string, a date, or an array of these',
      a,
      'Say what to compare by',
    )
  }
  const [x, y] = [a, b] as string[]
  return x < y ? -1 : x > y ? 1 : 0
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'absent'
  if (typeof value === 'bigint') return 'number'
  if (typeof value !== 'object') return typeof value
  return Array.isArray(value) ? 'array' : value instanceof Date ? 'date' : 'other'
}
