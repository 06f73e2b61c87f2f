/** Skein's own algorithms, on every machine. */

import type { BackendName } from '@skein/kernel/compiler'
import { gemm } from '@skein/kernel/gemm'
import { backendNow } from '../../expression/programs.ts'
import type { Product, Provider } from '../provider.ts'
import { factorCholesky } from './cholesky.ts'
import { eigen, hessenberg, schur } from './eigen.ts'
import { factorLU, solveLU } from './lu.ts'
import { factorQR, formQ, upperOf } from './qr.ts'
import { qz } from './qz.ts'
import { singularValues } from './singular-values.ts'
import { symmetricEigen } from './symmetric-eigen.ts'
import { solveTriangular } from './triangular.ts'

const multiplyOn = (backend: 'x64' | 'wasm') => (product: Product) => ({
  now: () => gemm(product, { backend }),
  beside: () => gemm.async(product, { backend }),
})
const multipliers = { x64: multiplyOn('x64'), wasm: multiplyOn('wasm'), reference: undefined }

export const own: Provider = {
  name: 'own',
  multiplier: () => multipliers[backendNow().name as BackendName],
  cholesky: factorCholesky,
  lu(a) {
    const { pivots, singular } = factorLU(a)
    return { matrix: a, pivots, singular, line: 'column', solve: b => solveLU(a, pivots, b) }
  },
  solveTriangular,
  qr(a) {
    const reflections = factorQR(a)
    return {
      writeR: r => r.array.set(upperOf(a, r.rows).array, r.at * r.parts),
      writeQ: q => q.array.set(formQ(reflections, q.columns).array, q.at * q.parts),
    }
  },
  symmetricEigen,
  singularValues,
  eigen,
  schur,
  hessenberg,
  qz,
}
