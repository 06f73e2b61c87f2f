/**
 * Uniform numbers of variates that take as many draws as chance will have it: `uniform(key, index, draw)` in [0, 1), of 53 bits. The key and the index are
 * BigInts; draws count from 0. Plain functions, compiled into the variates that call them.
 */

import { threefryParity } from '@skein/base'
import { random } from '@skein/kernel'
import type { Captured } from '@skein/kernel/compiler'
import type { Algorithm } from './words.ts'

export type Uniform = (key: bigint, index: bigint, draw: number) => number

const philoxUniform: Uniform = (key, index, draw) => random(key as never, index as never, draw)

/** What `words.ts` builds of IR for the numbers of one block, in the language of kernels. */
const threefryUniform: Uniform = (key, index, draw) => {
  const k0 = Number(BigInt.asIntN(32, key)) | 0
  const k1 = Number(BigInt.asIntN(32, key >> 32n)) | 0
  const k4 = threefryParity ^ k0 ^ k1
  let x0 = ((Number(BigInt.asIntN(32, index)) | 0) + k0) | 0
  let x1 = ((Number(BigInt.asIntN(32, index >> 32n)) | 0) + k1) | 0
  let x2 = draw | 0
  let x3 = 0
  const mix = (a: number, b: number) => {
    x0 = (x0 + x1) | 0
    x2 = (x2 + x3) | 0
    x1 = ((x1 << a) | (x1 >>> (32 - a))) ^ x0
    x3 = ((x3 << b) | (x3 >>> (32 - b))) ^ x2
  }
  const cross = (a: number, b: number) => {
    x0 = (x0 + x3) | 0
    x2 = (x2 + x1) | 0
    x3 = ((x3 << a) | (x3 >>> (32 - a))) ^ x0
    x1 = ((x1 << b) | (x1 >>> (32 - b))) ^ x2
  }
  const first = () => {
    mix(10, 26)
    cross(11, 21)
    mix(13, 27)
    cross(23, 5)
  }
  const second = () => {
    mix(6, 20)
    cross(17, 11)
    mix(25, 10)
    cross(18, 20)
  }
  const inject = (a: number, b: number, c: number, d: number) => {
    x0 = (x0 + a) | 0
    x1 = (x1 + b) | 0
    x2 = (x2 + c) | 0
    x3 = (x3 + d) | 0
  }
  first()
  inject(k1, 0, 0, k4 + 1)
  second()
  inject(0, 0, k4, k0 + 2)
  first()
  inject(0, k4, k0, k1 + 3)
  second()
  inject(k4, k0, k1, 4)
  first()
  inject(k0, k1, 0, 5)
  // Both terms are exact: 27 bits, and 26 below them.
  return (x0 >>> 5) * 7.450580596923828e-9 + (x1 >>> 6) * 1.1102230246251565e-16
}

/** What a variate names to draw numbers, of each generator, and what that names in turn. */
export const drawing: Record<Algorithm, { readonly uniform: Uniform; readonly use: () => Captured }> = {
  philox: { uniform: philoxUniform, use: () => ({ random }) },
  threefry: { uniform: threefryUniform, use: () => ({ threefryParity }) },
}
