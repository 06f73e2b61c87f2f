/**
 * What is asked of `gemm`: one product of matrices, or a batch of them of the same shape, in arrays of the caller's, described by offset and strides. Nothing here knows of machine code.
 *
 *     C = S            start 'zero'      S(i, j) = 0 + A(i, 0)·B(0, j) + A(i, 1)·B(1, j) + …
 *     C = C + S        start 'c'         the same sum, beginning with C(i, j) instead of 0
 *     C = α·S + β·C    `scale`           S from 0; without β C is α·S, and nothing is read of it
 *
 * Each element's sum runs over k in order, s = s + a·b, both operations rounded to C's type, or s = fma(a, b, s) with `contract`: what the plain loop gives, whatever blocks and threads there are.
 * α·S, β·C and their sum are rounded each, with `contract` too. Of complex numbers: re = (re + a.re·b.re) − a.im·b.im, im = (im + a.re·b.im) + a.im·b.re, each operation rounded, or two multiply-adds; α·S is
 * (α.re·S.re − α.im·S.im, α.re·S.im + α.im·S.re).
 * `i8`, bytes with a sign or without one, gives i32, modulo 2³². `bf16` and `f16` give f32: their elements are f32 exactly, and these are multiplied.
 */

export type MatrixType = 'f32' | 'f64' | 'c64' | 'c128' | 'i8' | 'bf16' | 'f16'

export type Complex = readonly [re: number, im: number]

/** Element (i, j) of product p is element `offset + p·batchStride + i·rowStride + j·columnStride` of the array. All are counted in matrix elements, of which a complex one is two of the array's. */
export interface Operand {
  /**
   * Float32Array for f32 and c64, Float64Array for f64 and c128; for i8 Int8Array or Uint8Array, of A and B each, C Int32Array; for bf16 a Uint16Array of their bits (such as BFloat16Array), C Float32Array; for f16 the same, or
   * Float16Array.
   */
  readonly array: ArrayBufferView
  /** Of element (0, 0). Default: 0 */
  readonly offset?: number
  /** Any whole numbers in A and B; those of C keep its elements apart. */
  readonly rowStride: number
  readonly columnStride: number
  /** From one product to the next; 0: all have the same (A and B alone). Default: 0 */
  readonly batchStride?: number
  /** Of complex A and B: their conjugates are multiplied. Default: false */
  readonly conjugate?: boolean
}

export interface MatrixProduct {
  /** Of A and B. C has the same, but i32 for i8, and f32 for bf16 and f16. */
  readonly dtype: MatrixType
  /** A is m × k, B is k × n, C is m × n. Any of them may be 0. */
  readonly m: number
  readonly n: number
  readonly k: number
  readonly a: Operand
  readonly b: Operand
  readonly c: Operand
  /** How many products. Default: 1 */
  readonly batch?: number
  /** What sums begin with. Default: zero */
  readonly start?: 'zero' | 'c'
  /** Instead of `start`; of all but i8. Of complex numbers x is [x, 0]. C is read if there is a `beta`, even if that is 0. */
  readonly scale?: { readonly alpha: number | Complex; readonly beta?: number | Complex }
  /** Fused multiply-add is allowed, and then used. Default: false */
  readonly contract?: boolean
  /**
   * Of bf16: where the processor multiplies pairs of them (AVX512_BF16) faster than f32, that is used; else it is `contract`. Sums are in f32, s = fma(a₂ᵢ, b₂ᵢ, fma(a₂ᵢ₊₁, b₂ᵢ₊₁, s)) in every block of k that begins at an even i, to
   * nearest even whatever mode is set; subnormal numbers count as 0, and are 0 as results. Default: false
   */
  readonly fast?: boolean
}

export interface ProductOptions {
  /** At most so many; small products are done by the calling thread alone. Default: the team's. */
  readonly threads?: number
}

export interface AsyncProductOptions extends ProductOptions {
  /** Ends the call with a CancelledError. What is in C then is nothing of use. */
  readonly signal?: AbortSignal
}
