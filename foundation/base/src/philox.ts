/**
 * Philox 4x32-10: randomness as a pure function of a counter and a key (J. K. Salmon, M. A. Moraes, R. O. Dror and D.
 * E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11, section 4.3). There is no state to share: the number
 * at index i is the same whoever computes it, in whatever order, on however many threads. Every backend repeats what
 * is written here, word for word.
 *
 * The map from `random(seed, i)` to Philox:
 *
 *     key     = [ seed low 32 bits, seed high 32 bits ]           seed: a safe integer in 64-bit two's complement
 *     counter = [ i low 32 bits, i high 32 bits, draw, stream ]   i: likewise; draw, stream: 32 bits, 0 unless said
 *     out     = philox4x32-10(counter, key)                       four 32-bit words
 *
 *     uniform f32 = (out[0] >>> 8) * 2^-24                              [0, 1), 24 bits
 *     uniform f64 = ((out[0] >>> 5) * 2^26 + (out[1] >>> 6)) * 2^-53    [0, 1), 53 bits
 *     u32         = out[0]
 *     normal      = sqrt(-2 ln(1 - u)) cos(2 pi v)    u: uniform f64 of out[0], out[1]; v: of out[2], out[3]
 *
 * `draw` numbers the several values wanted at one index, and the retries of a rejection loop. Its last value,
 * `drawOfSplit`, is kept for deriving keys.
 */

import { ArgumentError } from './errors.ts'

/** Multipliers of the two halves of a round. */
export const philoxM0 = 0xd2511f53
export const philoxM1 = 0xcd9e8d57
/** What the key grows by between rounds (Weyl sequence): the golden ratio, and the square root of 3 less 1. */
export const philoxW0 = 0x9e3779b9
export const philoxW1 = 0xbb67ae85
export const philoxRounds = 10
/** The `draw` from which `split` derives the keys of independent streams; no draw of a program may use it. */
export const drawOfSplit = 0xffffffff

/** The high 32 bits of the 64-bit product of two 32-bit words, as a signed word. */
const multiplyHigh = (a: number, b: number): number => {
  const a0 = a & 0xffff
  const a1 = a >>> 16
  const b0 = b & 0xffff
  const b1 = b >>> 16
  const low = Math.imul(a0, b0) >>> 16
  const middle = (Math.imul(a1, b0) + low) >>> 0
  const carry = (Math.imul(a0, b1) + (middle & 0xffff)) >>> 16
  return (Math.imul(a1, b1) + (middle >>> 16) + carry) | 0
}

/**
 * Counter words may be any safe integers (taken modulo 2^32); key words must already be 32 bits, for they are added
 * to.
 */
const block = (
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  rounds: number,
  out: Uint32Array,
): void => {
  for (let round = 0; round < rounds; round++) {
    const high0 = multiplyHigh(philoxM0, c0)
    const low0 = Math.imul(philoxM0, c0)
    const high1 = multiplyHigh(philoxM1, c2)
    const low1 = Math.imul(philoxM1, c2)
    c0 = high1 ^ c1 ^ k0
    c1 = low1
    c2 = high0 ^ c3 ^ k1
    c3 = low0
    k0 = (k0 + philoxW0) | 0
    k1 = (k1 + philoxW1) | 0
  }
  out[0] = c0
  out[1] = c1
  out[2] = c2
  out[3] = c3
}

/**
 * The Philox 4x32 bijection: encrypts the four words of `counter` under the two words of `key` into `out`, which it
 * returns. Words are taken modulo 2^32. Costs about 30 ns.
 */
export const philox4x32 = (
  counter: ArrayLike<number>,
  key: ArrayLike<number>,
  out: Uint32Array = new Uint32Array(4),
  rounds: number = philoxRounds,
): Uint32Array => {
  block(counter[0]!, counter[1]!, counter[2]!, counter[3]!, key[0]! | 0, key[1]! | 0, rounds, out)
  return out
}

/** The low and the high word of a safe integer in 64-bit two's complement. */
export const lowWord = (x: number): number => x >>> 0
export const highWord = (x: number): number => Math.floor(x / 2 ** 32) >>> 0

const requireSafe = (call: string, argument: string, x: number): void => {
  if (!Number.isSafeInteger(x)) {
    throw new ArgumentError(call, argument, 'a whole number from -(2^53 - 1) to 2^53 - 1', x)
  }
}

const requireWord = (call: string, argument: string, x: number): void => {
  if (!Number.isInteger(x) || x < 0 || x > 0xffffffff) {
    throw new ArgumentError(call, argument, 'a whole number from 0 to 2^32 - 1', x)
  }
}

const words = new Uint32Array(4)
const uniform24 = (word: number): number => (word >>> 8) * 2 ** -24
const uniform53 = (high: number, low: number): number => ((high >>> 5) * 2 ** 26 + (low >>> 6)) * 2 ** -53

/** What `random(seed, i)` is in an f32 kernel: uniform on [0, 1), 24 bits. */
export const uniform32At = (seed: number, i: number, draw = 0, stream = 0): number => {
  block(i, highWord(i), draw, stream, lowWord(seed), highWord(seed), philoxRounds, words)
  return uniform24(words[0]!)
}

/** What `random(seed, i)` is in an f64 kernel: uniform on [0, 1), 53 bits. */
export const uniform64At = (seed: number, i: number, draw = 0, stream = 0): number => {
  block(i, highWord(i), draw, stream, lowWord(seed), highWord(seed), philoxRounds, words)
  return uniform53(words[0]!, words[1]!)
}

/** Arrays that `Random.fill` fills. */
export type FillableArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array

/**
 * A walk along the indices of one seed. Each call of `uniform`, `normal`, … takes the number at `position` and moves
 * on by one: call k (from 0) of `new Random(seed).uniform()` gives `uniform64At(seed, k)`, as does a kernel at index k.
 */
export class Random {
  /** Index of the next number. Set it to jump. */
  position = 0
  readonly stream: number
  #key0: number
  #key1: number

  /**
   * `seed`: a safe integer. `stream`: 0 to 2^32 - 1; streams of one seed never meet.
   * Throws ArgumentError.
   */
  constructor(seed: number, stream = 0) {
    requireSafe('new Random', 'seed', seed)
    requireWord('new Random', 'stream', stream)
    this.stream = stream
    this.#key0 = lowWord(seed)
    this.#key1 = highWord(seed)
  }

  /** The two words of the Philox key. */
  get key(): readonly [number, number] {
    return [this.#key0, this.#key1]
  }

  #block(i: number, draw: number): void {
    block(i, highWord(i), draw, this.stream, this.#key0, this.#key1, philoxRounds, words)
  }

  /** A uniform 32-bit unsigned integer. */
  u32(): number {
    this.#block(this.position++, 0)
    return words[0]!
  }

  /** Uniform on [0, 1) with 53 bits. */
  uniform(): number {
    this.#block(this.position++, 0)
    return uniform53(words[0]!, words[1]!)
  }

  /** Uniform on [0, 1) with 24 bits: exact as an f32. */
  uniform32(): number {
    this.#block(this.position++, 0)
    return uniform24(words[0]!)
  }

  /** The uniform f64 at index i, without moving. `draw`: 0 to 2^32 - 2, for several numbers at one index. */
  at(i: number, draw = 0): number {
    this.#block(i, draw)
    return uniform53(words[0]!, words[1]!)
  }

  /** Normal with mean 0 and deviation 1 (G. E. P. Box and M. E. Muller, 1958); never beyond 8.6 deviations. */
  normal(): number {
    const x = this.normalAt(this.position)
    this.position++
    return x
  }

  /** The normal number at index i, without moving. */
  normalAt(i: number, draw = 0): number {
    this.#block(i, draw)
    const u = uniform53(words[0]!, words[1]!)
    const v = uniform53(words[2]!, words[3]!)
    return Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v)
  }

  /**
   * A whole number, low <= x < high, each as likely as any other: what would favour some is rejected and drawn again
   * at the same position (D. Lemire, "Fast random integer generation in an interval", 2019). Throws ArgumentError for
   * an empty range, or one wider than 2^53 - 1.
   */
  integer(low: number, high: number): number {
    requireSafe('Random.integer', 'low', low)
    requireSafe('Random.integer', 'high', high)
    const width = high - low
    if (width < 1) throw new ArgumentError('Random.integer', 'high', `more than low, which is ${low}`, high)
    if (!Number.isSafeInteger(width)) {
      throw new ArgumentError('Random.integer', 'high', `at most 2^53 - 1 above low, which is ${low}`, high)
    }
    const i = this.position++
    if (width <= 0xffffffff) {
      const rejected = 2 ** 32 % width
      for (let draw = 0; ; draw++) {
        this.#block(i, draw)
        const word = words[0]!
        if (Math.imul(word, width) >>> 0 >= rejected) return low + (multiplyHigh(word, width) >>> 0)
      }
    }
    // 2^53 is not a multiple of the width: keep the largest multiple of it.
    const kept = 2 ** 53 - (2 ** 53 % width)
    for (let draw = 0; ; draw++) {
      this.#block(i, draw)
      const bits = (words[0]! >>> 5) * 2 ** 26 + (words[1]! >>> 6)
      if (bits < kept) return low + (bits % width)
    }
  }

  /** Puts the items in a random order, in place, each order as likely as any other (Fisher and Yates); returns them. */
  shuffle<T extends { [index: number]: unknown; readonly length: number }>(items: T): T {
    for (let last = items.length - 1; last > 0; last--) {
      const chosen = this.integer(0, last + 1)
      const item = items[last]
      items[last] = items[chosen]
      items[chosen] = item
    }
    return items
  }

  /**
   * Fills an array with the numbers at `position` and on, one index an element: floats uniform on [0, 1) (f16 of 11
   * bits), integers uniform over all their values (the low bits of u32; of out[1], out[0] for 64 bits). Returns the
   * array.
   */
  fill<T extends FillableArray>(array: T): T {
    const target = array as { [index: number]: number | bigint } & FillableArray
    const next = this.#elementOf(array)
    for (let j = 0; j < array.length; j++) target[j] = next()
    return array
  }

  #elementOf(array: FillableArray): () => number | bigint {
    if (array instanceof Float64Array) return () => this.uniform()
    if (array instanceof Float32Array) return () => this.uniform32()
    if (array instanceof BigInt64Array || array instanceof BigUint64Array) {
      return () => {
        this.#block(this.position++, 0)
        return (BigInt(words[1]!) << 32n) | BigInt(words[0]!)
      }
    }
    if (Object.prototype.toString.call(array) === '[object Float16Array]') return () => (this.u32() >>> 21) * 2 ** -11
    if (array instanceof Uint8ClampedArray) return () => this.u32() & 0xff
    if (ArrayBuffer.isView(array) && 'length' in array) return () => this.u32()
    throw new ArgumentError('Random.fill', 'array', 'a typed array', array)
  }

  /**
   * Generator number k of those that descend from this one. Its key is this one's Philox output at index k and the
   * draw kept for this, so any tree of splits gives streams that do not overlap but by the chance of two equal 64-bit
   * keys. Does not move this generator.
   */
  split(k: number): Random {
    requireSafe('Random.split', 'k', k)
    this.#block(k, drawOfSplit)
    const child = new Random(0)
    child.#key0 = words[0]!
    child.#key1 = words[1]!
    return child
  }
}
