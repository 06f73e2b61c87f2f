/** What an operation on elements is. */

import type { Builder } from '@skein/kernel/compiler'
import type { DType } from '../dtypes.ts'
import type { Lane } from './lanes.ts'

/** In which dtypes an operation computes, and what it gives. */
export interface Signature {
  /** What operands are converted to, one by one. */
  readonly operands: readonly DType[]
  readonly result: DType
}

export interface Operation {
  /** As the function is called that makes it; with its parameters, if it has any: what code it becomes depends on this alone, beside the dtypes. */
  readonly name: string
  /** @param dtypes of the operands, after numbers took those of arrays. @throws DTypeError */
  readonly signature: (dtypes: readonly DType[]) => Signature
  /** @param operands of the dtypes of `signature` @returns a value of the result's dtype */
  readonly lower: (b: Builder, operands: readonly Lane[], signature: Signature) => Lane
  /** The same on numbers (or BigInts) of JavaScript, if storing in the result's typed array makes it exact for all dtypes but complex ones. */
  readonly js?: (x: any, y: any) => number | bigint
}
