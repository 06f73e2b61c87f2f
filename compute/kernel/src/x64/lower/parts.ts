/**
 * Between values of 32 and of 64 bits: parts of the one as halves of the other's. Where lanes are too few to fill a vector with 32 bits each, a part of these has as many lanes as one of 64 bits, and half its length.
 */

import type { Operand, Register } from '../encode/operands.ts'
import { type Code, view } from '../machine/code.ts'
import type { LaneContext } from './lane-code.ts'

type VectorBits = 128 | 256 | 512

/** Writes an instruction that makes a vector. */
export function make(code: Code, bits: VectorBits, name: string, ...operands: Operand[]): Register {
  const to = code.register(bits)
  code.vector(name, [to, ...operands])
  return to
}

/** Bits of a vector that has a lane of 32 for each lane of a vector of 64. */
const halfBits = (c: LaneContext): 128 | 256 => (c.bits(64) / 2) as 128 | 256

const isWhole = (c: LaneContext): boolean => c.bits(32) < c.bits(64)

/** The lanes of 32 bits, of some parts, that belong to part p of 64. */
export function half(c: LaneContext, p: number, part: (p: number) => Register): Register {
  if (isWhole(c)) return part(p)
  const both = part(p >> 1)
  return (p & 1) === 0 ? view(both, halfBits(c)) : upperHalf(c, both)
}

function upperHalf(c: LaneContext, both: Register): Register {
  if (both.bits === 512) return make(c.code, 256, 'vextractf64x4', both, 1)
  return make(c.code, 128, c.target.isa === 'avx512' ? 'vextractf32x4' : 'vextractf128', both, 1)
}

/** Part p of 32 bits, from the halves that parts of 64 bits become. */
export function join(c: LaneContext, p: number, narrowed: (p: number) => Register): Register {
  if (isWhole(c)) return narrowed(p)
  const low = narrowed(2 * p)
  const high = narrowed(2 * p + 1)
  const bits = c.bits(32)
  const name = bits === 512 ? 'vinsertf64x4' : c.target.isa === 'avx512' ? 'vinsertf32x4' : 'vinsertf128'
  return make(c.code, bits, name, view(low, bits), high, 1)
}

/** Part p of 32 bits: the low words of parts of 64 bits. */
export function lowWords(c: LaneContext, p: number, part: (p: number) => Register): Register {
  const { code } = c
  const isMasked = c.target.isa === 'avx512'
  const bits = c.bits(32)
  if (isWhole(c)) {
    const wide = part(p)
    if (isMasked) return make(code, bits, 'vpmovqd', wide)
    return make(code, bits, 'vshufps', view(wide, bits), upperHalf(c, wide), evenWords)
  }
  const low = part(2 * p)
  const high = part(2 * p + 1)
  if (isMasked) {
    const words = Int32Array.from({ length: bits / 32 }, (_, i) => 2 * i)
    const index = code.constantRegister(new Uint8Array(words.buffer), bits)
    const to = make(code, bits, 'vmovaps', low)
    code.vector('vpermt2d', [to, index, high])
    return to
  }
  // Even words of both, in each half of 128 bits; then the quarters in order.
  const crossed = make(code, bits, 'vshufps', low, high, evenWords)
  return make(code, bits, 'vpermpd', crossed, quartersCrossed)
}

const evenWords = 0x88
/** 0, 2, 1, 3. */
const quartersCrossed = 0xd8
