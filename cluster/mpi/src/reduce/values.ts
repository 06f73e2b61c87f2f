/** Combining values, of the object forms: numbers, bigints, booleans and strings by MPI's ops, all else by those of users. */

import { ArgumentError } from '@skein/base'
import type { Op, OpName } from '../op.ts'

type Scalar = number | bigint | boolean

/** `a op b`, `a` of the lower ranks. */
export const reduceValues = (op: Op, a: unknown, b: unknown): unknown => {
  if (op.name === 'user') {
    if (op.combine !== undefined) return op.combine(a, b)
    throw new ArgumentError(
      'reduce',
      'op',
      'one made with Op.create, for values that are no typed arrays',
      'one for arrays',
    )
  }
  if (op.name === 'replace') return b
  if (op.name === 'noOp') return a
  if (op.name === 'maxloc' || op.name === 'minloc') return locate(op.name, a, b)
  const combine = byName[op.name]
  const kind = typeof a
  const isKnown = kind === typeof b && takes[op.name].includes(kind)
  if (!isKnown) throw refusal(op.name, takes[op.name], kind === typeof b ? a : [a, b])
  return combine(a as never, b as never)
}

const refusal = (name: OpName, taken: readonly string[], found: unknown): ArgumentError => {
  const expected = `two of ${taken.map(kind => `${kind}s`).join(', or two of ')}, for ${name}`
  return new ArgumentError('reduce', 'what is combined', expected, found, 'Combine other values with Op.create')
}

const ordered = ['number', 'bigint', 'string']
const logical = ['boolean', 'number', 'bigint']
const bits = ['number', 'bigint', 'boolean']

const takes: Readonly<Record<Exclude<OpName, 'maxloc' | 'minloc' | 'replace' | 'noOp'>, readonly string[]>> = {
  sum: ['number', 'bigint'],
  prod: ['number', 'bigint'],
  max: ordered,
  min: ordered,
  land: logical,
  lor: logical,
  lxor: logical,
  band: bits,
  bor: bits,
  bxor: bits,
}

/** As the kind that was given: 1 of a true number. */
const truth = (holds: boolean, like: Scalar): Scalar =>
  typeof like === 'boolean' ? holds : typeof like === 'bigint' ? BigInt(holds) : Number(holds)

/** Whole numbers beyond 32 bits keep their bits, which `&` on numbers would drop. */
const bitwise =
  (small: (a: number, b: number) => number, big: (a: bigint, b: bigint) => bigint, name: OpName) =>
  (a: Scalar, b: Scalar): Scalar => {
    if (typeof a === 'bigint') return big(a, b as bigint)
    if (typeof a === 'boolean') return small(Number(a), Number(b)) !== 0
    const [x, y] = [a, b as number]
    if ((x | 0) === x && (y | 0) === y) return small(x, y)
    if (Number.isSafeInteger(x) && Number.isSafeInteger(y)) return Number(big(BigInt(x), BigInt(y)))
    throw refusal(name, ['whole number', 'bigint'], Number.isSafeInteger(x) ? y : x)
  }

const largest = (a: any, b: any): unknown => (typeof a === 'number' ? Math.max(a, b) : a > b ? a : b)
const least = (a: any, b: any): unknown => (typeof a === 'number' ? Math.min(a, b) : a < b ? a : b)

const byName: Readonly<Record<keyof typeof takes, (a: any, b: any) => unknown>> = {
  sum: (a, b) => a + b,
  prod: (a, b) => a * b,
  max: largest,
  min: least,
  land: (a, b) => truth(Boolean(a) && Boolean(b), a),
  lor: (a, b) => truth(Boolean(a) || Boolean(b), a),
  lxor: (a, b) => truth(Boolean(a) !== Boolean(b), a),
  band: bitwise(
    (a, b) => a & b,
    (a, b) => a & b,
    'band',
  ),
  bor: bitwise(
    (a, b) => a | b,
    (a, b) => a | b,
    'bor',
  ),
  bxor: bitwise(
    (a, b) => a ^ b,
    (a, b) => a ^ b,
    'bxor',
  ),
}

const isPair = (x: unknown): x is [number | bigint | string, number] =>
  Array.isArray(x) && x.length === 2 && ordered.includes(typeof x[0]) && typeof x[1] === 'number'

const locate = (name: 'maxloc' | 'minloc', a: unknown, b: unknown): unknown => {
  if (!isPair(a) || !isPair(b) || typeof a[0] !== typeof b[0])
    throw refusal(name, ['[value, index] pair'], isPair(a) ? b : a)
  const isBetter = name === 'maxloc' ? b[0] > a[0] : b[0] < a[0]
  return isBetter || (a[0] === b[0] && b[1] < a[1]) ? b : a
}
