/** Skein's products of matrices that are neither f32 nor f64. Kernels know no complex numbers: these are for `gemm`. */
import type { BackendName } from 'skein'
import { gemm } from 'skein/gemm'
import type { Work } from '../harness/serve.ts'
import { type Allocate, brainBits, byteA, byteB, checksum, fill, matrixA, matrixB, type Reals } from './data.ts'
import * as skein from './skeinkernels.ts'

export function otherProduct(
  dtype: string,
  n: number,
  { backend, isFast, threads }: { backend: BackendName; isFast: boolean; threads: number },
  allocate: Allocate,
): Work | { skip: string } {
  if (dtype === 'i8') {
    const k = skein
      .bytesGemm(isFast ? { fast: true } : {})
      .on(backend)
      .with({ threads })
    const [a, b] = [fill(allocate('i8', n * n), byteA), fill(allocate('i8', n * n), byteB)]
    const c = allocate('i32', n * n)
    return { run: () => k([n, n], n, a, b, c), checksum: () => checksum(c) }
  }
  if (backend !== 'x64') return { skip: 'only machine code has it' }
  const placed = (array: ArrayBufferView) => ({ array, rowStride: n, columnStride: 1 })
  if (dtype === 'bf16') {
    const a = fill(allocate('u16', n * n), i => brainBits(matrixA(i)))
    const b = fill(allocate('u16', n * n), i => brainBits(matrixB(i)))
    const c = allocate('f32', n * n)
    const product = { dtype, m: n, n, k: n, a: placed(a), b: placed(b), c: placed(c), fast: isFast } as const
    return { run: () => gemm(product, { threads }), checksum: () => checksum(c) }
  }
  if (dtype !== 'c64' && dtype !== 'c128') return { skip: 'not written for Skein' }
  const real = dtype === 'c64' ? 'f32' : 'f64'
  const a = fill<Reals>(allocate(real, 2 * n * n), matrixA)
  const b = fill<Reals>(allocate(real, 2 * n * n), matrixB)
  const c = allocate(real, 2 * n * n)
  const product = { dtype, m: n, n, k: n, a: placed(a), b: placed(b), c: placed(c), contract: isFast } as const
  return { run: () => gemm(product, { threads }), checksum: () => checksum(c) }
}
