/** Numbers as Python writes them in text, as elements of a dtype; undefined: it is none. */

import { type Complex, type DType, infoOf, isInteger } from '../dtypes.ts'

export type ReadItem = number | bigint | boolean | Complex

const words: Record<string, number> = { nan: NaN, inf: Infinity, infinity: Infinity }

function float(text: string): number | undefined {
  const x = +text
  // JavaScript takes the empty text for 0, and 0x10, 0b1, 0o7 for numbers.
  if (x === x)
    return text !== '' && !(text.charCodeAt(0) === 48 && text.charCodeAt(1) > 65 && /^0[xbo]/i.test(text))
      ? x
      : undefined
  const [, sign, word] = /^([+-]?)([a-z]+)$/.exec(text.toLowerCase()) ?? []
  if (word === undefined || !Object.hasOwn(words, word)) return undefined
  return sign === '-' ? -words[word] : words[word]
}

const part = String.raw`[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|nan|inf(?:inity)?)`
const pair = new RegExp(`^(${part})(?:([+-](?:${part.slice('[+-]?'.length)})?)j)?$|^(${part})j$`, 'i')

function complex(text: string): Complex | undefined {
  const inner = text.startsWith('(') && text.endsWith(')') ? text.slice(1, -1).trim() : text
  const found = pair.exec(inner)
  if (!found) return undefined
  const [, re, im, imaginary] = found
  if (imaginary !== undefined) return { re: 0, im: float(imaginary)! }
  const last = im === undefined ? 0 : im.length === 1 ? Number(`${im}1`) : float(im)!
  return { re: float(re)!, im: last }
}

function integer(dtype: DType): (text: string) => number | bigint | undefined {
  const { bits, kind, type } = infoOf(dtype)
  const isSigned = kind === 'signed'
  if (type === 'i64') {
    const wrap = isSigned ? BigInt.asIntN : BigInt.asUintN
    return text => {
      if (!/^[+-]?\d+$/.test(text)) return undefined
      const x = BigInt(text.startsWith('+') ? text.slice(1) : text)
      return wrap(64, x) === x ? x : undefined
    }
  }
  const [least, most] = isSigned ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1]
  return text => {
    const x = +text
    return /^[+-]?\d+$/.test(text) && x >= least && x <= most ? x : undefined
  }
}

const truths: Record<string, boolean> = { '0': false, '1': true, false: false, true: true }
const bool = (text: string): boolean | undefined => {
  const key = text.toLowerCase()
  return Object.hasOwn(truths, key) ? truths[key] : undefined
}

/** Reads a text without space around it. */
export function readerOf(dtype: DType): (text: string) => ReadItem | undefined {
  const { kind } = infoOf(dtype)
  if (kind === 'bool') return bool
  if (kind === 'complex') return complex
  return isInteger(dtype) ? integer(dtype) : float
}

/** An element as Python reads it back to the same: the fewest digits that tell it from others of the dtype. */
export function writerOf(dtype: DType): (item: ReadItem) => string {
  const real = (x: number): string => {
    if (Number.isNaN(x)) return 'nan'
    if (!Number.isFinite(x)) return x < 0 ? '-inf' : 'inf'
    if (Object.is(x, -0)) return '-0.0'
    return shortest(x, dtype)
  }
  const { kind } = infoOf(dtype)
  if (kind === 'bool') return x => (x ? '1' : '0')
  if (kind === 'float') return x => real(x as number)
  if (kind !== 'complex') return String
  return z => {
    const { re, im } = z as Complex
    const tail = real(im)
    return `(${real(re)}${/^[-+]/.test(tail) ? '' : '+'}${tail}j)`
  }
}

/** Of a float of 32 or 16 bits more digits would say nothing. */
function shortest(x: number, dtype: DType): string {
  if (dtype === 'float64' || dtype === 'complex128' || Number.isInteger(x)) return String(x)
  const round = dtype === 'float16' ? Math.f16round : Math.fround
  for (let digits = 1; digits < 10; digits++) {
    const text = String(Number(x.toPrecision(digits)))
    if (round(Number(text)) === x) return text
  }
  return String(x)
}
