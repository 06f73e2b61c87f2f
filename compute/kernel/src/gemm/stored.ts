/** How elements of matrices are stored. */

/** Elements in memory. */
export type Stored = 'f32' | 'f64' | 'c64' | 'c128' | 'i32' | 'i8' | 'u8' | 'bf16' | 'f16'

export const storedBytes: { readonly [stored in Stored]: 1 | 2 | 4 | 8 | 16 } = {
  f32: 4,
  f64: 8,
  c64: 8,
  c128: 16,
  i32: 4,
  i8: 1,
  u8: 1,
  bf16: 2,
  f16: 2,
}

export const isComplex = (type: string): type is 'c64' | 'c128' => type === 'c64' || type === 'c128'
