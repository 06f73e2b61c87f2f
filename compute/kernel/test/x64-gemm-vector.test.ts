/** A matrix times a vector: sizes and strides by chance, between pages that nobody may touch, against plain loops. */

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Random } from '@skein/base'
import type { MatrixProduct } from '../src/gemm/product.ts'
import { gemm } from '../src/x64/gemm/gemm.ts'
import { Rooms } from './x64-rooms.ts'
import { noX64 } from './x64-run.ts'
import { targets } from './x64-targets.ts'

process.env.SKEIN_THREADS ??= '3'

const skip = noX64 ?? false
const seed = Number(process.env.SEED ?? 51)
const random = new Random(seed)
const below = (n: number) => Math.floor(random.uniform() * n)
const rooms = new Rooms(40, 3)

type Reals = Float32Array | Float64Array

it(`y = Mx and y = xᵀM, seed ${seed}`, { skip }, () => {
  const isas = [...new Set(targets().map(({ isa }) => isa))]
  for (let round = 0; round < 160; round++) {
    const dtype = round % 2 ? 'f64' : 'f32'
    const Type: Float64ArrayConstructor = dtype === 'f32' ? (Float32Array as never) : Float64Array
    const bytes = Type.BYTES_PER_ELEMENT
    const [rows, k] = [1 + below(round % 5 ? 90 : 9), 1 + below(round % 7 ? 60 : 300)]
    const contract = below(2) === 0
    const rounded = dtype === 'f32' ? Math.fround : (x: number) => x
    // Small whole numbers are added up without rounding, fused or not.
    const value = contract ? () => below(17) - 8 : () => rounded(random.uniform() - 0.5)
    const isTurned = below(2) === 0
    const gap = below(3)
    const [row, column] = isTurned ? [1, rows + gap] : [k + gap, 1]
    const [xStride, yStride] = [below(4) ? 1 : 1 + below(3), below(4) ? 1 : 1 + below(3)]
    const scale = below(4) ? undefined : { alpha: value(), ...(below(2) && { beta: value() }) }
    const start: 'zero' | 'c' = below(2) ? 'c' : 'zero'
    const atEnd = below(2) === 0
    const [matrix, x, y] = [
      (rows - 1) * row + (k - 1) * column + 1,
      (k - 1) * xStride + 1,
      (rows - 1) * yStride + 1,
    ].map((length): Reals => {
      const array = rooms.guarded(Type, bytes, length, atEnd)
      for (let i = 0; i < length; i++) array[i] = value()
      return array
    })
    const expected = y.slice()
    for (let i = 0; i < rows; i++) {
      let s = start === 'c' && !scale ? y[i * yStride] : 0
      for (let q = 0; q < k; q++) s = rounded(s + rounded(matrix[i * row + q * column] * x[q * xStride]))
      if (scale) s = rounded(scale.alpha * s)
      if (scale?.beta !== undefined) s = rounded(s + rounded(scale.beta * y[i * yStride]))
      expected[i * yStride] = s
    }
    const before = y.slice()
    const common: Pick<MatrixProduct, 'dtype' | 'k' | 'contract' | 'scale' | 'start'> = {
      ...{ dtype, k, contract },
      ...(scale ? { scale } : { start }),
    }
    const products: MatrixProduct[] = [
      {
        ...common,
        ...{ m: rows, n: 1 },
        a: { array: matrix, rowStride: row, columnStride: column },
        b: { array: x, rowStride: xStride, columnStride: 1 },
        c: { array: y, rowStride: yStride, columnStride: 1 },
      },
      {
        ...common,
        ...{ m: 1, n: rows },
        a: { array: x, rowStride: 1, columnStride: xStride },
        b: { array: matrix, rowStride: column, columnStride: row },
        c: { array: y, rowStride: 1, columnStride: yStride },
      },
    ]
    for (const isa of isas)
      for (const product of products) {
        y.set(before)
        gemm(product, {}, { isa })
        const { m, n } = product
        assert.deepEqual(y, expected, `round ${round}: ${isa} ${dtype} ${m} × ${k} × ${n} ${JSON.stringify(common)}`)
      }
  }
})

for (const dtype of ['f32', 'f64'] as const)
  it(`on all threads, ${dtype}`, { skip }, () => {
    const Type: Float64ArrayConstructor = dtype === 'f32' ? (Float32Array as never) : Float64Array
    const [rows, k] = [1030, 517]
    const [matrix, x] = [rows * k, k].map(length => Type.from({ length }, () => below(17) - 8))
    for (const isTurned of [false, true])
      for (const start of ['zero', 'c'] as const) {
        const [row, column] = isTurned ? [1, rows] : [k, 1]
        const y = Type.from({ length: rows }, (_, i) => i)
        const expected = y.map((old, i) => {
          let s = start === 'c' ? old : 0
          for (let q = 0; q < k; q++) s += matrix[i * row + q * column] * x[q]
          return s
        })
        gemm({
          ...{ dtype, m: rows, n: 1, k, start },
          a: { array: matrix, rowStride: row, columnStride: column },
          b: { array: x, rowStride: 1, columnStride: 1 },
          c: { array: y, rowStride: 1, columnStride: 1 },
        })
        assert.deepEqual(y, expected)
      }
  })
