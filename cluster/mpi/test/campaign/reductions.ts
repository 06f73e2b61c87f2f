/**
 * Operations on integers, whose results are the same in any grouping of operands. Those of users: maps x → mx + c one after the other, which do
 * not commute, in one number of 32 bits (m and c of 16) or in a pair of them; and a + b + ab, which does.
 */

import type { Draft } from './draft.ts'
import type { Entry } from './memory.ts'
import { arrayKinds, basicOf, integerKinds, pairEntry, twoIntEntry } from './types.ts'

/** By number in the interpreters. */
export const opNames = [
  ...(['sum', 'prod', 'max', 'min', 'land', 'lor', 'lxor', 'band', 'bor', 'bxor', 'maxloc', 'minloc'] as const),
  ...(['after', 'afterArrays', 'mingle', 'afterPairs'] as const),
]

export const after = (a: number, b: number): number => {
  const [m, c, n, d] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff]
  return ((Math.imul(m, n) << 16) | ((Math.imul(n, c) + d) & 0xffff)) >>> 0
}

export const mingle = (a: number, b: number): number => (a + b + Math.imul(a, b)) >>> 0

export interface DrawnOp {
  readonly number: number
  readonly entry: Entry
  /** A function of two numbers. */
  readonly isForValues: boolean
}

export function drawOp({ c }: Draft): DrawnOp {
  const number = c.below(opNames.length)
  const name = opNames[number]
  const entry = name.endsWith('loc')
    ? twoIntEntry
    : name === 'afterPairs'
      ? pairEntry
      : number >= 12
        ? basicOf('uint32')
        : basicOf(c.pick(integerKinds))
  return { number, entry, isForValues: name === 'after' || name === 'mingle' }
}

type Words = BigInt64Array | Uint32Array
const truth = (x: bigint): bigint => (x === 0n ? 0n : 1n)

const onIntegers: { readonly [name: string]: (a: bigint, b: bigint) => bigint } = {
  sum: (a, b) => a + b,
  prod: (a, b) => a * b,
  max: (a, b) => (a > b ? a : b),
  min: (a, b) => (a < b ? a : b),
  land: (a, b) => truth(a) & truth(b),
  lor: (a, b) => truth(a) | truth(b),
  lxor: (a, b) => truth(a) ^ truth(b),
  band: (a, b) => a & b,
  bor: (a, b) => a | b,
  bxor: (a, b) => a ^ b,
}

const arrays = {
  ...{ int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, int32: Int32Array },
  ...{ uint32: Uint32Array, int64: BigInt64Array, uint64: BigUint64Array },
}

/** Two runs of elements to one, `a` of the lower ranks. */
export function applyOp(number: number, entry: Entry, a: Uint8Array, b: Uint8Array): Uint8Array {
  const name = opNames[number]
  const kind = entry.index < arrayKinds.length ? arrayKinds[entry.index] : 'int32'
  const view = (bytes: Uint8Array, Kind: new (buffer: ArrayBuffer) => Words) => new Kind(bytes.slice().buffer)
  if (name === 'after' || name === 'afterArrays' || name === 'mingle') {
    const f = name === 'mingle' ? mingle : after
    const [x, y] = [a, b].map(bytes => view(bytes, Uint32Array) as Uint32Array)
    return new Uint8Array(Uint32Array.from(x, (value, i) => f(value, y[i])).buffer)
  }
  if (name === 'afterPairs') {
    const [x, y] = [a, b].map(bytes => view(bytes, Uint32Array) as Uint32Array)
    for (let i = 0; i < x.length; i += 2) {
      y[i + 1] += Math.imul(y[i], x[i + 1])
      y[i] = Math.imul(x[i], y[i])
    }
    return new Uint8Array(y.buffer)
  }
  if (name === 'maxloc' || name === 'minloc') {
    const [x, y] = [a, b].map(bytes => new Int32Array(bytes.slice().buffer))
    for (let i = 0; i < x.length; i += 2) {
      const isBetter = name === 'maxloc' ? x[i] > y[i] : x[i] < y[i]
      if (isBetter) [y[i], y[i + 1]] = [x[i], x[i + 1]]
      else if (x[i] === y[i]) y[i + 1] = Math.min(x[i + 1], y[i + 1])
    }
    return new Uint8Array(y.buffer)
  }
  const Kind = (arrays as any)[kind] as any
  const [x, y] = [a, b].map(bytes => new Kind(bytes.slice().buffer))
  const isBig = kind === 'int64' || kind === 'uint64'
  for (let i = 0; i < x.length; i++) {
    const result = onIntegers[name](BigInt(x[i]), BigInt(y[i]))
    y[i] = isBig ? result : Number(BigInt.asIntN(32, result))
  }
  return new Uint8Array(y.buffer)
}
