/** Linear algebra of matrices with an element that is NaN or infinite ends, in a typed error or in a result that says so. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as nd from '../src/index.ts'
import { runners } from './runners.ts'

const { linalg } = nd

type Call = (a: nd.NDArray, beside: nd.NDArray) => nd.NDArray | object
const calls: Record<string, Call> = {
  svd: a => linalg.svd(a),
  svdvals: a => linalg.svdvals(a),
  eig: a => linalg.eig(a),
  eigvals: a => linalg.eigvals(a),
  eigh: a => linalg.eigh(a),
  eigvalsh: a => linalg.eigvalsh(a),
  'eigh of two': (a, b) => linalg.eigh(a, { b }),
  schur: a => linalg.schur(a),
  hessenberg: a => linalg.hessenberg(a),
  qz: (a, b) => linalg.qz(a, b),
  expm: a => linalg.expm(a),
  logm: a => linalg.logm(a),
  sqrtm: a => linalg.sqrtm(a),
  cosm: a => linalg.cosm(a),
  sinm: a => linalg.sinm(a),
  tanm: a => linalg.tanm(a),
  coshm: a => linalg.coshm(a),
  sinhm: a => linalg.sinhm(a),
  tanhm: a => linalg.tanhm(a),
  fractionalMatrixPower: a => linalg.fractionalMatrixPower(a, 0.5),
  matrixPower: a => linalg.matrixPower(a, -3),
  cond: a => linalg.cond(a),
  pinv: a => linalg.pinv(a),
  matrixRank: a => linalg.matrixRank(a),
  matrixNorm: a => linalg.matrixNorm(a),
  'norm of order 2': a => linalg.matrixNorm(a, { ord: 2 }),
  'nuclear norm': a => linalg.matrixNorm(a, { ord: 'nuc' }),
  vectorNorm: a => linalg.vectorNorm(a),
  inv: a => linalg.inv(a),
  det: a => linalg.det(a),
  slogdet: a => linalg.slogdet(a),
  solve: (a, b) => linalg.solve(a, b),
  lstsq: (a, b) => linalg.lstsq(a, b),
  cholesky: a => linalg.cholesky(a),
  qr: a => linalg.qr(a),
  'pivoted qr': a => linalg.qr(a, { pivoting: true }),
  lu: a => linalg.lu(a),
  polar: a => linalg.polar(a),
  orth: a => linalg.orth(a),
  nullSpace: a => linalg.nullSpace(a),
  solveTriangular: (a, b) => linalg.solveTriangular(a, b),
  solveSylvester: (a, b) => linalg.solveSylvester(a, b, b),
  solveContinuousLyapunov: (a, b) => linalg.solveContinuousLyapunov(a, b),
  solveDiscreteLyapunov: (a, b) => linalg.solveDiscreteLyapunov(a, b),
  matmul: nd.matmul,
}

/** Regular, with an element of that kind below the diagonal or on it, where every function reads. */
function matrix(n: number, row: number, column: number, bad: number, dtype: nd.DType): nd.NDArray {
  const rows = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => (i === row && j === column ? bad : i === j ? 4 : 1 / (2 + i + j))),
  )
  return nd.astype(nd.asarray(rows), dtype).eval()
}

const areFinite = (x: nd.NDArray): boolean => nd.all(nd.isfinite(x)).item() as boolean
const arraysOf = (found: object): nd.NDArray[] =>
  found instanceof nd.NDArray ? [found] : Object.values(found).filter(x => x instanceof nd.NDArray)

for (const { name, skip, on } of runners) {
  describe(`matrices that are not finite on ${name}`, { skip }, () => {
    for (const [what, call] of Object.entries(calls))
      test(
        what,
        on(() => {
          for (const dtype of ['float64', 'float32', 'complex128'] as const)
            for (const bad of [Number.NaN, Infinity, -Infinity])
              for (const n of name === 'reference' ? [3] : [2, 5, 20])
                for (const [row, column] of [
                  [n - 1, 0],
                  [1, 1],
                ]) {
                  const a = matrix(n, row, column, bad, dtype)
                  let found: nd.NDArray[]
                  try {
                    found = arraysOf(call(a, matrix(n, -1, -1, 0, dtype)))
                    for (const x of found) x.eval()
                  } catch (error) {
                    assert.equal((error as Error).name, 'LinearAlgebraError')
                    continue
                  }
                  // Of infinite pivots a finite solution is right: what is divided by them is 0.
                  if (Number.isNaN(bad)) assert.ok(!found.every(areFinite), `${dtype}: ${n} × ${n}, ${row}, ${column}`)
                }
        }),
      )
  })
}
