/**
 * `@skein/kernel/gemm`: products of matrices in typed arrays, as machine code (x86-64, Linux). Sums are those of the plain loop, to the bit: see `MatrixProduct`.
 *
 * @throws NotSupportedError with the reason, when it is called where machine code cannot run
 */

import { type AsyncGemmOptions, type GemmOptions, gemmAsync, gemm as multiply } from './x64/gemm/gemm.ts'
import type { MatrixProduct } from './x64/gemm/product.ts'

export type { AsyncGemmOptions, GemmOptions } from './x64/gemm/gemm.ts'
export type { Complex, MatrixProduct, MatrixType, Operand } from './x64/gemm/product.ts'

export interface Gemm {
  /** Done when it returns. @throws ArgumentError for sizes, strides and arrays that do not go together; NotSupportedError */
  (product: MatrixProduct, options?: GemmOptions): void
  /** The same on the team's threads; the caller's event loop stays free. The arrays belong to the call until the promise settles. @throws (rejects with) the same, and CancelledError */
  async(product: MatrixProduct, options?: AsyncGemmOptions): Promise<void>
}

/** C = AB, C = C + AB, or C = α·AB + β·C. */
export const gemm: Gemm = Object.assign((product: MatrixProduct, options?: GemmOptions) => multiply(product, options), {
  async: (product: MatrixProduct, options?: AsyncGemmOptions) => gemmAsync(product, options),
})
