/** Code for small matrices of one shape: random shapes and strides, between pages that nobody may touch, against plain loops. */

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Random } from '@skein/base'
import { Assembler } from '../src/x64/encode/assembler.ts'
import { gemm } from '../src/x64/gemm/gemm.ts'
import { SmallEmitter, type SmallShape, smallArgs } from '../src/x64/gemm/small.ts'
import { addressOf } from '../src/x64/run/addresses.ts'
import { Rooms } from './x64-rooms.ts'
import { noX64, Page } from './x64-run.ts'
import { targets } from './x64-targets.ts'

const skip = noX64 ?? false
const random = new Random(31)
const below = (n: number) => Math.floor(random.uniform() * n)
const rooms = new Rooms(40, 3)

type Reals = Float32Array | Float64Array
interface Matrix {
  readonly offset: number
  readonly row: number
  readonly column: number
  readonly batch: number
  readonly length: number
}

/** Places for `batch` matrices: strides with gaps, rows from behind, or columns one behind the other; not one element more than these take. */
function matrix(rows: number, columns: number, batch: number, kind: 'any' | 'rows'): Matrix {
  const isTurned = kind === 'any' && below(3) === 0
  const gap = below(3)
  const [row, column] = isTurned ? [1, rows + gap] : [columns + gap, 1]
  const span = (rows - 1) * row + (columns - 1) * column + 1
  const between = span + below(4)
  const length = (batch - 1) * between + span
  const isUpsideDown = below(4) === 0
  return isUpsideDown
    ? { offset: (rows - 1) * row, row: -row, column, batch: between, length }
    : { offset: 0, row, column, batch: between, length }
}

const at = ({ offset, row, column, batch }: Matrix, p: number, i: number, j: number) =>
  offset + p * batch + i * row + j * column

it('any shape', { skip }, () => {
  const isas = [...new Set(targets().map(({ isa }) => isa))]
  for (let round = 0; round < 120; round++) {
    const type = round % 2 ? 'f64' : 'f32'
    const Type: Float64ArrayConstructor = type === 'f32' ? (Float32Array as never) : Float64Array
    const bytes = Type.BYTES_PER_ELEMENT
    const most = round % 3 ? 20 : 70
    const [m, n, k, batch] = [1 + below(most), 1 + below(most), 1 + below(most), 1 + below(3)]
    const contract = below(2) === 0
    const scale = (['none', 'alpha', 'alpha and beta'] as const)[below(3)]
    const start = scale === 'none' && below(2) === 0 ? 'c' : 'zero'
    const round32 = type === 'f32' ? Math.fround : (x: number) => x
    // Small whole numbers are added up without rounding, fused or not.
    const value = contract ? () => below(17) - 8 : () => round32(random.uniform() - 0.5)
    const [forA, forB, forC] = [matrix(m, k, batch, 'any'), matrix(k, n, batch, 'rows'), matrix(m, n, batch, 'rows')]
    const atEnd = below(2) === 0
    const [a, b, c] = [forA, forB, forC].map(({ length }): Reals => {
      const array = rooms.guarded(Type, bytes, length, atEnd)
      for (let i = 0; i < length; i++) array[i] = value()
      return array
    })
    const [alpha, beta] = [value(), value()]
    const expected = c.slice()
    for (let p = 0; p < batch; p++)
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          const to = at(forC, p, i, j)
          let s = start === 'c' ? c[to] : 0
          for (let q = 0; q < k; q++) s = round32(s + round32(a[at(forA, p, i, q)] * b[at(forB, p, q, j)]))
          if (scale !== 'none') s = round32(alpha * s)
          if (scale === 'alpha and beta') s = round32(s + round32(beta * c[to]))
          expected[to] = s
        }
    const before = c.slice()
    for (const isa of isas) {
      const shape: SmallShape = {
        ...{ isa, type, m, n, k, start, scale, contract },
        ...{ aRow: forA.row * bytes, aColumn: forA.column * bytes, bRow: forB.row * bytes, cRow: forC.row * bytes },
      }
      const code = new Assembler()
      new SmallEmitter(code, shape).emit()
      const page = new Page(code.finish().bytes)
      const args = new BigInt64Array(smallArgs.bytes / 8)
      for (const [i, x] of [a, b, c].entries()) args[i] = BigInt(addressOf(x) + [forA, forB, forC][i].offset * bytes)
      for (const [i, x] of [forA, forB, forC].entries()) args[3 + i] = BigInt(x.batch * bytes)
      new Type(args.buffer, smallArgs.alpha, 1)[0] = alpha
      new Type(args.buffer, smallArgs.beta, 1)[0] = beta
      c.set(before)
      page.at(0, 4)(addressOf(args), 0, batch, 0)
      page.dispose()
      assert.deepEqual(c, expected, `round ${round}: ${JSON.stringify(shape)}`)
    }
  }
})

it('a shape that comes often gets code, and the results stay what they were', { skip }, () => {
  const [m, n, k] = [7, 11, 5]
  const [a, b] = [m * k, k * n].map(length => Float64Array.from({ length }, () => random.uniform() - 0.5))
  const multiply = (isTurned: boolean): Float64Array => {
    const c = new Float64Array(m * n)
    gemm({
      ...{ dtype: 'f64', m, n, k },
      a: { array: a, rowStride: k, columnStride: 1 },
      b: { array: b, rowStride: n, columnStride: 1 },
      c: { array: c, rowStride: isTurned ? 1 : n, columnStride: isTurned ? m : 1 },
    })
    return c
  }
  const [first, turned] = [multiply(false), multiply(true)]
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) assert.equal(turned[j * m + i], first[i * n + j])
  for (let times = 0; times < 200; times++) assert.deepEqual(multiply(false), first)
})
