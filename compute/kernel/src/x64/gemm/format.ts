/** What tiles make of elements. */

import type { MatrixProduct } from '../../gemm/product.ts'
import type { Stored } from '../../gemm/stored.ts'
import type { Feature, Isa } from '../run/cpu.ts'

/**
 * What tiles add up: numbers as they are, or words of four bytes, in which elements that follow one another along k lie side by side and whose products are added at once.
 *
 *     u8s8  s8u8   four bytes, those of the one operand unsigned, of the other signed (`vpdpbusd`)
 *     i16          two integers of 16 bits (`vpmaddwd`)
 *     bf16         two brain floats (`vdpbf16ps`)
 */
export type TileType = 'f32' | 'f64' | 'c64' | 'c128' | WordType
export type WordType = 'u8s8' | 's8u8' | 'i16' | 'bf16'

interface Element {
  /** Of C, and of A and B as tiles read them. */
  readonly bytes: 4 | 8 | 16
  /** Elements along k that are in it. */
  readonly group: 1 | 2 | 4
  /** Vectors that hold a vector's lanes: a complex number's parts are apart. */
  readonly parts: 1 | 2
}

export const elements: { readonly [type in TileType]: Element } = {
  f32: { bytes: 4, group: 1, parts: 1 },
  f64: { bytes: 8, group: 1, parts: 1 },
  c64: { bytes: 8, group: 1, parts: 2 },
  c128: { bytes: 16, group: 1, parts: 2 },
  u8s8: { bytes: 4, group: 4, parts: 1 },
  s8u8: { bytes: 4, group: 4, parts: 1 },
  i16: { bytes: 4, group: 2, parts: 1 },
  bf16: { bytes: 4, group: 2, parts: 1 },
}

/** Columns of a vector of C. */
export const lanesOf = (type: TileType, bits: number): number =>
  (bits / 8 / elements[type].bytes) * elements[type].parts

/** What code is made for. */
export interface Machine {
  readonly isa: Isa
  /** Beyond what all code of its kind takes for granted. */
  readonly features: ReadonlySet<Feature>
  /** It multiplies pairs of brain floats faster than numbers of f32, twice as many. */
  readonly hasFastPairs: boolean
}

/** What tiles add up. @param b how the right operand is stored */
export function tileTypeOf({ dtype, fast }: MatrixProduct, b: Stored, machine: Machine): TileType {
  const { isa, features, hasFastPairs } = machine
  if (dtype === 'f16') return 'f32'
  if (dtype === 'bf16') return fast && isa === 'avx512' && hasFastPairs ? 'bf16' : 'f32'
  if (dtype !== 'i8') return dtype
  if (isa !== 'avx512' || !features.has('avx512vnni')) return 'i16'
  return b === 'u8' ? 's8u8' : 'u8s8'
}

/** With u8s8 and s8u8, of equal signs: A is read with its upper bit turned, which adds or takes off 128, and panels of B begin with what has to be added for that. */
export const isOffset = (type: TileType, a: Stored, b: Stored): boolean =>
  (type === 'u8s8' || type === 's8u8') && a === b
