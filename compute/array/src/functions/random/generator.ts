/** A generator: a seed, and a state that moves on. */

import { ArgumentError } from '@skein/base'
import { checkSeed, type GeneratorState, Stream } from '../../random/stream.ts'
import type { Algorithm } from '../../random/words.ts'

export interface GeneratorOptions {
  /** `philox`: Philox 4x32-10 (default); `threefry`: Threefry 4x32-20. */
  algorithm?: Algorithm
}

/**
 * A stream of random numbers: `new nd.random.Generator(1).normal([3])`. Number k is a function of the seed and k (J. K. Salmon et al., "Parallel random numbers:
 * as easy as 1, 2, 3", SC'11), so that neither threads nor backends nor the sizes of arrays change it: two arrays of 3 are one of 6. What a fresh generator
 * gives first is what a function gives with that `seed`.
 */
export class Generator extends Stream {
  /** `seed`: a safe integer, or a BigInt of 64 bits. @throws ArgumentError */
  constructor(seed: number | bigint, options: GeneratorOptions = {}) {
    const { algorithm = 'philox' } = options
    if (algorithm !== 'philox' && algorithm !== 'threefry')
      throw new ArgumentError('new Generator', 'algorithm', "'philox' or 'threefry'", algorithm)
    super(checkSeed(seed, 'new Generator'), algorithm)
  }

  /** One that goes on where another's `state` was taken. @throws ArgumentError */
  static from(state: GeneratorState): Generator {
    try {
      const made = new Generator(BigInt(state.key), { algorithm: state.algorithm })
      made.restore(state)
      return made
    } catch (cause) {
      throw new ArgumentError('Generator.from', 'state', "a generator's state", state, undefined, { cause })
    }
  }

  /**
   * So many generators of their own. Their keys come of this one's key and their number, the next ones each time; numbers of this generator are not taken. Streams
   * of any tree of splits are independent but for the chance of two equal keys of 64 bits. @throws ArgumentError
   */
  split(count: number): Generator[] {
    if (!Number.isSafeInteger(count) || count < 0)
      throw new ArgumentError('Generator.split', 'count', 'a whole number from 0', count)
    return Array.from({ length: count }, () => new Generator(this.nextKey(), { algorithm: this.algorithm }))
  }
}
