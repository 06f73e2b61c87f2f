/** The generators as IR: four random words of a counter and a key. `@skein/base` says what they are, and has them in plain code. */

import {
  philoxM0,
  philoxM1,
  philoxRounds,
  philoxW0,
  philoxW1,
  threefryParity,
  threefryRotations,
  threefryRounds,
} from '@skein/base'
import type { Builder, Value } from '@skein/kernel/compiler'

export type Algorithm = 'philox' | 'threefry'

/** Of the key [key low, key high] and the counter [index low, index high, draw, 0]. */
export function wordsOf(
  b: Builder,
  algorithm: Algorithm,
  key: readonly [Value, Value],
  counter: readonly [Value, Value, Value, Value],
): Value[] {
  return algorithm === 'philox' ? philox(b, key, counter) : threefry(b, key, counter)
}

const word = (b: Builder, x: number) => b.const('i32', x | 0)

function philox(b: Builder, [key0, key1]: readonly Value[], counter: readonly Value[]): Value[] {
  let [k0, k1] = [key0, key1]
  let [c0, c1, c2, c3] = counter
  const [m0, m1] = [word(b, philoxM0), word(b, philoxM1)]
  for (let round = 0; round < philoxRounds; round++) {
    const [high0, low0] = [b.mulhu(c0, m0), b.mul(c0, m0)]
    const [high1, low1] = [b.mulhu(c2, m1), b.mul(c2, m1)]
    ;[c0, c1, c2, c3] = [b.xor(b.xor(high1, c1), k0), low1, b.xor(b.xor(high0, c3), k1), low0]
    k0 = b.add(k0, word(b, philoxW0))
    k1 = b.add(k1, word(b, philoxW1))
  }
  return [c0, c1, c2, c3]
}

function threefry(b: Builder, [key0, key1]: readonly Value[], counter: readonly Value[]): Value[] {
  const zero = word(b, 0)
  const keys = [key0, key1, zero, zero, b.xor(b.xor(word(b, threefryParity), key0), key1)]
  const x = counter.map((c, k) => b.add(c, keys[k]))
  const turn = (v: Value, by: number) => b.or(b.shl(v, word(b, by)), b.ushr(v, word(b, 32 - by)))
  for (let round = 0; round < threefryRounds; round++) {
    const rotations = threefryRotations[round % 8]
    const pairs = round % 2 === 0 ? [1, 3] : [3, 1]
    for (const [k, other] of pairs.entries()) {
      x[2 * k] = b.add(x[2 * k], x[other])
      x[other] = b.xor(turn(x[other], rotations[k]), x[2 * k])
    }
    if (round % 4 !== 3) continue
    const r = (round + 1) / 4
    for (let k = 0; k < 4; k++) x[k] = b.add(x[k], keys[(r + k) % 5])
    x[3] = b.add(x[3], word(b, r))
  }
  return x
}

/** 53 bits of two words as a float64 in [0, 1). */
export function uniformOf(b: Builder, high: Value, low: Value): Value {
  const top = b.cvt('sitof', b.ushr(high, word(b, 5)), 'f64')
  const rest = b.cvt('sitof', b.ushr(low, word(b, 6)), 'f64')
  return b.mul(b.add(b.mul(top, b.const('f64', 2 ** 26)), rest), b.const('f64', 2 ** -53))
}
