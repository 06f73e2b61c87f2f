/**
 * `@skein/kernel/gemm`: products of matrices in typed arrays, as machine code (x86-64, Linux), elsewhere on WebAssembly. Sums are those of the plain loop, to the bit: see `MatrixProduct`.
 *
 * @throws NotSupportedError with the reason, for types that WebAssembly has no code for, where machine code cannot run
 */

import type { AsyncProductOptions, MatrixProduct, ProductOptions } from './gemm/product.ts'
import * as wasm from './wasm/gemm/gemm.ts'
import * as x64 from './x64/gemm/gemm.ts'
import { refusal } from './x64/run/cpu.ts'

export type { Complex, MatrixProduct, MatrixType, Operand } from './gemm/product.ts'

export interface GemmOptions extends ProductOptions {
  /** Which code does it. Default: machine code where that can run, else WebAssembly, which has code for f32, f64, c64 and c128 */
  readonly backend?: 'x64' | 'wasm'
}

export interface AsyncGemmOptions extends GemmOptions, AsyncProductOptions {}

export interface Gemm {
  /** Done when it returns. @throws ArgumentError for sizes, strides and arrays that do not go together; NotSupportedError */
  (product: MatrixProduct, options?: GemmOptions): void
  /** The same on the team's threads; the caller's event loop stays free. The arrays belong to the call until the promise settles. @throws (rejects with) the same, and CancelledError */
  async(product: MatrixProduct, options?: AsyncGemmOptions): Promise<void>
}

let usual: 'x64' | 'wasm' | undefined

const isOnWasm = ({ backend }: GemmOptions): boolean =>
  (backend ?? (usual ??= refusal() === undefined ? 'x64' : 'wasm')) === 'wasm'

/** C = AB, C = C + AB, or C = α·AB + β·C. */
export const gemm: Gemm = Object.assign(
  (product: MatrixProduct, options: GemmOptions = {}) =>
    isOnWasm(options) ? wasm.gemm(product, options) : x64.gemm(product, options),
  {
    async: (product: MatrixProduct, options: AsyncGemmOptions = {}) =>
      isOnWasm(options) ? wasm.gemmAsync(product, options) : x64.gemmAsync(product, options),
  },
)
