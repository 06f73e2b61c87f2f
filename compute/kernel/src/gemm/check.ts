/** Whether a product can be done as it is asked for: sizes, arrays, places in them, and that C meets neither A nor B. */

import { ArgumentError } from '@skein/base'
import type { Complex, MatrixProduct, MatrixType, Operand } from './product.ts'
import { isComplex, type Stored, storedBytes } from './stored.ts'

/** Typed arrays by name, and what elements they hold. */
type Arrays = { readonly [array: string]: Stored }

const f32: Arrays = { Float32Array: 'f32' }
const f64: Arrays = { Float64Array: 'f64' }
const c64: Arrays = { Float32Array: 'c64' }
const c128: Arrays = { Float64Array: 'c128' }

/** What A and B may be stored in, and C. */
const storage: { readonly [type in MatrixType]: readonly [factors: Arrays, result: Arrays] } = {
  f32: [f32, f32],
  f64: [f64, f64],
  c64: [c64, c64],
  c128: [c128, c128],
  i8: [
    {
      Int8Array: 'i8',
      Uint8Array: 'u8',
      Uint8ClampedArray: 'u8',
    },
    { Int32Array: 'i32' },
  ],
  bf16: [{ Uint16Array: 'bf16' }, f32],
  f16: [{ Uint16Array: 'f16', Float16Array: 'f16' }, f32],
}

/** An operand whose elements are all in its array. */
export interface Placed {
  readonly array: ArrayBufferView
  readonly stored: Stored
  /** In bytes: of element (0, 0) from the array's first byte, and from one to the next. */
  readonly offset: number
  readonly rowStride: number
  readonly columnStride: number
  readonly batchStride: number
  readonly elementBytes: number
  /** In bytes: the first that it takes of its buffer, and the first behind it. */
  readonly from: number
  readonly to: number
}

export interface Checked {
  readonly batch: number
  readonly a: Placed
  readonly b: Placed
  readonly c: Placed
}

const mostSize = 2 ** 31 - 1

const refuse = (argument: string, expected: string, found: unknown, advice?: string): never => {
  throw new ArgumentError('gemm', argument, expected, found, advice)
}

/** @throws ArgumentError. Undefined where there is nothing to do: C has no element. */
export function check(product: MatrixProduct): Checked | undefined {
  const { dtype, m, n, k, batch = 1, start = 'zero', scale } = product
  if (!Object.hasOwn(storage, dtype)) refuse('dtype', Object.keys(storage).join(', '), dtype)
  if (!isSize(m)) refuse('m', 'a whole number from 0 to 2^31 - 1', m)
  if (!isSize(n)) refuse('n', 'a whole number from 0 to 2^31 - 1', n)
  if (!isSize(k)) refuse('k', 'a whole number from 0 to 2^31 - 1', k)
  if (!isSize(batch)) refuse('batch', 'a whole number from 0 to 2^31 - 1', batch)
  if (start !== 'zero' && start !== 'c') refuse('start', "'zero' or 'c'", start)
  if (scale !== undefined) {
    if (dtype === 'i8') refuse('scale', 'absent with i8', scale, 'It is there for numbers with fractions')
    const expected = isComplex(dtype) ? 'a number, or [re, im]' : 'a number'
    if (!isFactor(scale.alpha, dtype)) refuse('scale.alpha', expected, scale.alpha)
    if (scale.beta !== undefined && !isFactor(scale.beta, dtype)) refuse('scale.beta', expected, scale.beta)
    if (product.start === 'c') refuse('start', 'absent where there is a scale', product.start, 'Give a beta of 1')
  }
  if (product.fast && dtype !== 'bf16') refuse('fast', 'absent or false but for bf16', product.fast)
  const [factors, result] = storage[dtype]
  const a = placed('a', product.a, factors, m, k, batch)
  const b = placed('b', product.b, factors, k, n, batch)
  const c = placed('c', product.c, result, m, n, batch)
  for (const name of ['a', 'b', 'c'] as const) {
    const { conjugate } = product[name]
    if (conjugate && (name === 'c' || !isComplex(dtype)))
      refuse(`${name}.conjugate`, 'absent or false but for complex a and b', conjugate)
  }
  if (m === 0 || n === 0 || batch === 0) return undefined
  keepsApart(product, c, batch)
  if (k > 0) {
    if (meet(a, c, [m, k], [m, n], batch)) refuseToMeet('a')
    if (meet(b, c, [k, n], [m, n], batch)) refuseToMeet('b')
  }
  return { batch, a, b, c }
}

const isSize = (x: unknown): x is number => Number.isInteger(x) && (x as number) >= 0 && (x as number) <= mostSize

const isFactor = (x: number | Complex, dtype: MatrixType): boolean =>
  typeof x === 'number' ||
  (isComplex(dtype) && Array.isArray(x) && x.length === 2 && x.every(part => typeof part === 'number'))

const refuseToMeet = (name: string): never =>
  refuse('c', `apart from ${name}`, 'in the same memory', `Multiply a copy of ${name}, or into another array`)

function placed(name: string, operand: Operand, arrays: Arrays, rows: number, columns: number, batch: number): Placed {
  if (typeof operand !== 'object' || operand === null)
    refuse(name, 'an operand: array, rowStride, columnStride', operand)
  const { array, offset = 0, rowStride, columnStride, batchStride = 0 } = operand
  const kind = ArrayBuffer.isView(array) ? (array as unknown as Float32Array)[Symbol.toStringTag] : ''
  if (!Object.hasOwn(arrays, kind)) refuse(`${name}.array`, `a ${Object.keys(arrays).join(' or ')}`, array)
  const stored = arrays[kind]
  const elementBytes = storedBytes[stored]
  if (!Number.isSafeInteger(offset)) refuse(`${name}.offset`, 'a whole number', offset)
  if (!Number.isSafeInteger(rowStride)) refuse(`${name}.rowStride`, 'a whole number', rowStride)
  if (!Number.isSafeInteger(columnStride)) refuse(`${name}.columnStride`, 'a whole number', columnStride)
  if (!Number.isSafeInteger(batchStride)) refuse(`${name}.batchStride`, 'a whole number', batchStride)
  let first = offset
  let last = offset
  if (rows > 0 && columns > 0 && batch > 0) {
    for (let d = 0; d < 3; d++) {
      const reach =
        d === 0 ? rowStride * (rows - 1) : d === 1 ? columnStride * (columns - 1) : batchStride * (batch - 1)
      if (reach < 0) first += reach
      else last += reach
    }
    const length = Math.floor(array.byteLength / elementBytes)
    if (!(first >= 0 && last < length)) {
      const found = `used from ${first} to ${last}`
      refuse(name, `within its array, elements 0 to ${length - 1}`, found, 'Look at its offset, strides and sizes')
    }
  }
  const origin = array.byteOffset
  return {
    array,
    stored,
    offset: offset * elementBytes,
    rowStride: rowStride * elementBytes,
    columnStride: columnStride * elementBytes,
    batchStride: batchStride * elementBytes,
    elementBytes,
    from: origin + first * elementBytes,
    to: origin + (last + 1) * elementBytes,
  }
}

/** Strides and counts, the smallest stride first. */
const dimensions = (
  { rowStride, columnStride, batchStride }: Placed,
  rows: number,
  columns: number,
  batch: number,
): [stride: number, count: number][] =>
  [
    [Math.abs(rowStride), rows] as [number, number],
    [Math.abs(columnStride), columns] as [number, number],
    [Math.abs(batchStride), batch] as [number, number],
  ]
    .filter(([, count]) => count > 1)
    .sort(([a], [b]) => a - b)

/** No two of C's elements may be the same. Strides are looked at as nested: none may step into what a smaller one spans. */
function keepsApart({ m, n, c }: MatrixProduct, placed: Placed, batch: number): void {
  let reach = 0
  for (const [stride, count] of dimensions(placed, m, n, batch)) {
    if (stride < reach + placed.elementBytes) {
      const { rowStride, columnStride, batchStride = 0 } = c
      const found = `row ${rowStride}, column ${columnStride}, batch ${batchStride} for ${m} × ${n} elements`
      refuse('c', 'an operand whose strides keep its elements apart', found)
    }
    reach += stride * (count - 1)
  }
}

/**
 * Whether two operands may have an element in common. Parts of one matrix, of the same strides, are compared as rectangles, so that blocks of it can be multiplied into others;
 * anything else by the memory they span.
 */
function meet(x: Placed, y: Placed, xSize: readonly number[], ySize: readonly number[], batch: number): boolean {
  if (x.array.buffer !== y.array.buffer || x.from >= y.to || y.from >= x.to) return false
  const isSame = x.rowStride === y.rowStride && x.columnStride === y.columnStride
  if (!isSame || batch > 1 || x.rowStride <= 0 || x.columnStride <= 0) return true
  const isRowLarger = x.rowStride > x.columnStride
  const [large, small] = isRowLarger ? [x.rowStride, x.columnStride] : [x.columnStride, x.rowStride]
  if (large % small !== 0) return true
  // Elements of each along the large stride and along the small one.
  const [xAlong, xAcross] = isRowLarger ? xSize : [xSize[1], xSize[0]]
  const [yAlong, yAcross] = isRowLarger ? ySize : [ySize[1], ySize[0]]
  const distance = y.from - x.from
  const across = ((distance % large) + large) % large
  const along = (distance - across) / large
  const spans = (at: number, xCount: number, yCount: number) => at < xCount && at + yCount > 0
  // What lies across is counted from x's column; y may begin left of it, which is a line further.
  const isWithin = (count: number) => count * small <= large
  if (!isWithin(xAcross) || !isWithin(yAcross) || across % small !== 0) return true
  const columns = across / small
  const line = large / small
  return (
    (spans(along, xAlong, yAlong) && spans(columns, xAcross, yAcross)) ||
    (spans(along + 1, xAlong, yAlong) && spans(columns - line, xAcross, yAcross))
  )
}
