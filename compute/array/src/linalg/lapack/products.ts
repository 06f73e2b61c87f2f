/** Products by BLAS, which takes columns one behind the other: of rows it computes Cᵀ = Bᵀ·Aᵀ. */

import type { Run } from '../../expression/launch.ts'
import type { Reals } from '../matrix.ts'
import type { Product } from '../provider.ts'
import { type Argument, call, callBeside, letter, oneOf, zeroOf } from './calls.ts'
import type { Library } from './library.ts'

type Operand = Product['a']

/** A factor as BLAS takes it: rows one behind the other (`N`: to BLAS these are columns of the transposed matrix), or columns. */
interface Factor {
  readonly order: 'N' | 'T'
  readonly array: Reals
  readonly at: number
  readonly stride: number
}

export const multiplierOf =
  (library: Library) =>
  (product: Product): Run => ({
    now: () => {
      for (const args of callsOf(product)) call(library, ...args)
    },
    beside: async () => {
      for (const args of callsOf(product)) await callBeside(library, ...args)
    },
  })

type Call = [name: string, ...args: Argument[]]

/** One for each product of the batch. */
function* callsOf(product: Product): Generator<Call> {
  const { dtype, m, n, k, a, b, c, batch = 1 } = product
  const parts = dtype === 'c64' || dtype === 'c128' ? 2 : 1
  // The same factor for all is arranged once.
  const arranged = (x: Operand, rows: number, columns: number) => {
    const first = factorOf(x, rows, columns, parts)
    return (i: number) => (i === 0 || !x.batchStride ? first : factorOf(moved(x, i), rows, columns, parts))
  }
  const [left, right] = [arranged(a, m, k), arranged(b, k, n)]
  const to = c.array as Reals
  for (let i = 0; i < batch; i++) {
    const at = (c.offset ?? 0) + i * (c.batchStride ?? 0)
    yield callOf(left(i), right(i), { to, at, stride: c.rowStride ?? n, m, n, k, parts })
  }
}

const moved = (x: Operand, i: number): Operand => ({ ...x, offset: (x.offset ?? 0) + i * (x.batchStride ?? 0) })

interface Result {
  readonly to: Reals
  readonly at: number
  readonly stride: number
  readonly m: number
  readonly n: number
  readonly k: number
  readonly parts: 1 | 2
}

const after = (array: Reals, at: number): Reals => (at === 0 ? array : array.subarray(at))

function callOf(a: Factor, b: Factor, { to, at, stride, m, n, k, parts }: Result): Call {
  const [alpha, beta] = [oneOf(to), zeroOf(to)]
  const x = after(a.array, a.at * parts)
  const y = after(b.array, b.at * parts)
  const c = after(to, at * parts)
  const name = letter(to, parts)
  if (n === 1) {
    // A column: its elements are as far apart as rows of a factor of rows, or next to each other.
    const step = b.order === 'N' ? b.stride : 1
    const sizes = a.order === 'N' ? (['T', k, m] as const) : (['N', m, k] as const)
    return [`${name}gemv`, ...sizes, alpha, x, a.stride, y, step, beta, c, stride]
  }
  if (m === 1) {
    const step = a.order === 'N' ? 1 : a.stride
    const sizes = b.order === 'N' ? (['N', n, k] as const) : (['T', k, n] as const)
    return [`${name}gemv`, ...sizes, alpha, y, b.stride, x, step, beta, c, 1]
  }
  return [`${name}gemm`, b.order, a.order, n, m, k, alpha, y, b.stride, x, a.stride, beta, c, stride]
}

/** A matrix of any strides: as it is, where neighbours of a row or of a column are neighbours in memory, else copied. */
function factorOf(x: Operand, rows: number, columns: number, parts: 1 | 2): Factor {
  const { offset: at = 0, rowStride: down = columns, columnStride: along = 1 } = x
  const array = x.array as Reals
  if (!x.conjugate) {
    if ((along === 1 || columns === 1) && (down >= columns || rows === 1))
      return { order: 'N', array, at, stride: rows === 1 ? columns : down }
    if ((down === 1 || rows === 1) && (along >= rows || columns === 1))
      return { order: 'T', array, at, stride: columns === 1 ? rows : along }
  }
  const copy = new (array.constructor as Float64ArrayConstructor)(rows * columns * parts)
  let to = 0
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const place = (at + i * down + j * along) * parts
      copy[to++] = array[place]
      if (parts === 2) copy[to++] = x.conjugate ? -array[place + 1] : array[place + 1]
    }
  }
  return { order: 'N', array: copy, at: 0, stride: columns }
}
