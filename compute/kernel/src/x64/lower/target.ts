/** What code is made for, and how lanes lie in vectors. */

import type { Type } from '../../ir/ir.ts'

/** Bits of a lane: of the values it holds, or of what was compared. Below 32 they are words of a kernel that needs no more (`lanes/words.ts`). */
export type Width = 8 | 16 | 32 | 64

export const widthOf = (type: Type): 32 | 64 => (type === 'f64' || type === 'i64' ? 64 : 32)

export interface Target {
  /** `avx512`: F, VL, DQ, BW and CD; mask registers, 32 vectors. Both have FMA, BMI1, BMI2, LZCNT, POPCNT and F16C. */
  readonly isa: 'avx2' | 'avx512'
  /** Of the widest vectors that are used. */
  readonly bits: 256 | 512
}

/** Bits of a part that holds values of a width: a whole vector, or less where the lanes do not fill it. */
export const partBits = (target: Target, lanes: number, width: Width): 128 | 256 | 512 =>
  Math.max(128, Math.min(target.bits, lanes * width)) as 128 | 256 | 512

export const partCount = (target: Target, lanes: number, width: Width): number =>
  Math.ceil((lanes * width) / partBits(target, lanes, width))
