/**
 * Words of 32 and of 64 bits as kernels sort them: what is done to one is said here for each width, and compiled into the kernels that are made of it. Keys are those of keys.ts, whose
 * order is that of unsigned numbers.
 */

import { type DType, infoOf } from '../dtypes.ts'
import type { Order } from './keys.ts'

/** Elements of 32 or 64 bits as the words they are stored as. */
export type Words = Uint32Array | BigUint64Array

/** What kernels are told of an order: bits to be turned in each word. */
export interface Turned {
  readonly sign: number | bigint
  readonly flip: number | bigint
}

export function turnedIn({ dtype, descending }: Order): Turned {
  const { kind, bits } = infoOf(dtype)
  if (bits === 64) return { sign: kind === 'unsigned' ? 0n : -(2n ** 63n), flip: descending ? -1n : 0n }
  return { sign: kind === 'unsigned' ? 0 : -(2 ** 31), flip: descending ? -1 : 0 }
}

type Word = any

/** A word's key; of floats NaN is the largest. */
export interface Coding {
  readonly keyOf: (w: Word, sign: Word, flip: Word) => Word
  readonly wordOf: (key: Word, sign: Word, flip: Word) => Word
  /** A digit of how much larger a key is than another: of its bits from `shift` on those that `mask` has. */
  readonly digitOf: (key: Word, low: Word, shift: number, mask: number) => number
}

const digitOf32: Coding['digitOf'] = (key, low, shift, mask) => ((key - low) >>> shift) & mask
const digitOf64: Coding['digitOf'] = (key: bigint, low: bigint, shift, mask) =>
  Number((BigInt.asUintN(64, key - low) >> BigInt(shift)) & BigInt(mask)) | 0

const whole32: Coding = {
  digitOf: digitOf32,
  keyOf: (w, sign, flip) => (w ^ sign ^ flip) >>> 0,
  wordOf: (key, sign, flip) => (key ^ sign ^ flip) >>> 0,
}

const float32: Coding = {
  digitOf: digitOf32,
  keyOf: (w, sign, flip) => ((w & 0x7fffffff) > 0x7f800000 ? 0xffffffff : (w ^ ((w >> 31) | sign) ^ flip) >>> 0),
  wordOf: (key, sign, flip) =>
    key === 0xffffffff ? 0x7fc00000 : ((key ^ flip) | 0) < 0 ? (key ^ flip ^ sign) >>> 0 : ~(key ^ flip) >>> 0,
}

const whole64: Coding = {
  digitOf: digitOf64,
  keyOf: (w: bigint, sign: bigint, flip: bigint) => BigInt.asUintN(64, w ^ sign ^ flip),
  wordOf: (key: bigint, sign: bigint, flip: bigint) => BigInt.asUintN(64, key ^ sign ^ flip),
}

const float64: Coding = {
  digitOf: digitOf64,
  keyOf: (w: bigint, sign: bigint, flip: bigint) =>
    (w & 0x7fffffffffffffffn) > 0x7ff0000000000000n
      ? 0xffffffffffffffffn
      : BigInt.asUintN(64, w ^ ((BigInt.asIntN(64, w) >> 63n) | sign) ^ flip),
  wordOf: (key: bigint, sign: bigint, flip: bigint) =>
    key === 0xffffffffffffffffn
      ? 0x7ff8000000000000n
      : BigInt.asIntN(64, key ^ flip) < 0n
        ? BigInt.asUintN(64, key ^ flip ^ sign)
        : BigInt.asUintN(64, ~(key ^ flip)),
}

export function codingOf(dtype: DType): Coding {
  const { kind, bits } = infoOf(dtype)
  if (bits === 64) return kind === 'float' ? float64 : whole64
  return kind === 'float' ? float32 : whole32
}
