/** The state of a generator: a key, and how many numbers have been taken. */

import { ArgumentError, drawOfSplit, highWord, philox4x32, threefry4x32 } from '@skein/base'
import type { Place } from './variate.ts'
import type { Algorithm } from './words.ts'

/** What a generator is, to be kept and taken up again; it can travel as JSON. */
export interface GeneratorState {
  readonly algorithm: Algorithm
  /** 64 bits, in decimal. */
  readonly key: string
  readonly position: string
  readonly children: number
}

const word64 = (x: bigint): bigint => BigInt.asUintN(64, x)

export function checkSeed(seed: unknown, call: string): bigint {
  if (typeof seed === 'bigint' && seed >= -(2n ** 63n) && seed < 2n ** 64n) return word64(seed)
  if (Number.isSafeInteger(seed)) return word64(BigInt(seed as number))
  throw new ArgumentError(call, 'seed', 'a whole number from -(2^53 - 1) to 2^53 - 1, or a BigInt of 64 bits', seed)
}

/**
 * A walk along the numbers of one key. Number k is a function of the key and k alone; who takes n numbers moves it on by n. @see Generator
 */
export class Stream {
  readonly algorithm: Algorithm
  readonly #key: bigint
  #position = 0n
  #children = 0

  constructor(key: bigint, algorithm: Algorithm) {
    this.#key = key
    this.algorithm = algorithm
  }

  /** Where the next number lies: how many have been taken, modulo 2^64. */
  get position(): bigint {
    return this.#position
  }

  /** Takes the places of so many numbers. */
  take(count: number): Place {
    const place = { algorithm: this.algorithm, key: this.#key, position: this.#position }
    this.#position = word64(this.#position + BigInt(count))
    return place
  }

  /** Moves on by so many numbers, back if negative, without making them. @throws ArgumentError */
  jump(count: number | bigint): this {
    if (typeof count !== 'bigint' && !Number.isSafeInteger(count))
      throw new ArgumentError('Generator.jump', 'count', 'a whole number, or a BigInt', count)
    this.#position = word64(this.#position + BigInt(count))
    return this
  }

  get state(): GeneratorState {
    const { algorithm } = this
    return { algorithm, key: String(this.#key), position: String(this.#position), children: this.#children }
  }

  /** @throws TypeError, RangeError, SyntaxError for what is no state */
  protected restore(state: GeneratorState): void {
    if (!Number.isSafeInteger(state.children) || state.children < 0) throw new RangeError('children is no count')
    this.#position = word64(BigInt(state.position))
    this.#children = state.children
  }

  /** The key of the next child: two words of the block at its number, and of a draw that no distribution takes. */
  protected nextKey(): bigint {
    const [low, high] = [Number(this.#key & 0xffffffffn), Number(this.#key >> 32n)]
    const counter = [this.#children, highWord(this.#children), drawOfSplit, 0]
    this.#children++
    const out =
      this.algorithm === 'philox' ? philox4x32(counter, [low, high]) : threefry4x32(counter, [low, high, 0, 0])
    return (BigInt(out[1]) << 32n) | BigInt(out[0])
  }
}
