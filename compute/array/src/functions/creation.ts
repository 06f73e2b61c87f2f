/** Functions that make arrays. Of JavaScript's numbers they are float64 unless a dtype is named. */

import { ArgumentError } from '@skein/base'
import { type DType, dtypeOfElements, dtypes, type Elements, infoOf, isDType } from '../dtypes.ts'
import { ShapeError, shapeText } from '../errors.ts'
import { runAll } from '../expression/launch.ts'
import { filling } from '../expression/sequence.ts'
import { allocate, type Memory } from '../memory.ts'
import { arrayOf, NDArray } from '../ndarray.ts'
import { promote, strong } from '../promotion.ts'
import { checkShape, type Shape, sizeOf, stridesOf } from '../shape.ts'
import { astype } from './astype.ts'
import { checkDevice, type Device } from './device.ts'
import { fromElements, isComplexNumber, type Operand, scalarNode, weakOf } from './operands.ts'

export interface CreationOptions<D extends DType = DType> {
  dtype?: D
  /** Where elements are to be: `cpu`. */
  device?: Device
}

export type Nested = number | bigint | boolean | { re: number; im: number } | NDArray | readonly Nested[]

export function checkDType(dtype: unknown, call: string): asserts dtype is DType {
  if (!isDType(dtype)) throw new ArgumentError(call, 'dtype', `one of ${dtypes.join(', ')}`, dtype)
}

/** A new array, of zeros unless all of it will be written, and its memory to be filled. */
export function fresh<D extends DType>(
  dtype: D,
  shape: Shape,
  call: string,
  content: 'zeros' | 'unset' = 'zeros',
): { array: NDArray<D>; memory: Memory } {
  const memory = allocate(dtype, sizeOf(shape), call, content)
  return { array: arrayOf<D>({ dtype, shape, strides: stridesOf(shape), offset: 0, memory }), memory }
}

const dtypeIn = <D extends DType>(options: CreationOptions<D> | undefined, call: string, usual: DType): D => {
  const dtype = options?.dtype ?? usual
  checkDType(dtype, call)
  if (options?.device !== undefined) checkDevice(options.device, call)
  return dtype as D
}

export function zeros<D extends DType = 'float64'>(shape: number | Shape, options?: CreationOptions<D>): NDArray<D> {
  return fresh(dtypeIn<D>(options, 'zeros', 'float64'), checkShape(shape, 'zeros'), 'zeros').array
}

export function ones<D extends DType = 'float64'>(shape: number | Shape, options?: CreationOptions<D>): NDArray<D> {
  return filled(checkShape(shape, 'ones'), 1, dtypeIn<D>(options, 'ones', 'float64'), 'ones')
}

/** Of undefined elements: zeros, as it is. */
export function empty<D extends DType = 'float64'>(shape: number | Shape, options?: CreationOptions<D>): NDArray<D> {
  return fresh(dtypeIn<D>(options, 'empty', 'float64'), checkShape(shape, 'empty'), 'empty').array
}

/** Of one value. The dtype is that of the value: float64 for numbers. */
export function full<D extends DType = DType>(
  shape: number | Shape,
  value: number | bigint | boolean | { re: number; im: number },
  options?: CreationOptions<D>,
): NDArray<D> {
  const weak = weakOf(value)
  if (weak === undefined) throw new ArgumentError('full', 'value', 'a number', value)
  return filled(checkShape(shape, 'full'), value, dtypeIn<D>(options, 'full', strong[weak]), 'full')
}

function filled<D extends DType>(shape: Shape, value: Nested, dtype: D, call: string): NDArray<D> {
  const { array, memory } = fresh(dtype, shape, call, 'unset')
  const node = scalarNode(value as number, dtype, call, 'value')
  if (node.is !== 'scalar') return array
  const { elements } = memory
  if (infoOf(dtype).kind === 'complex') {
    for (let k = 0; k < elements.length; k += 2) {
      elements[k] = node.value
      elements[k + 1] = node.imaginary
    }
  } else elements.fill(node.value)
  return array
}

const like =
  (make: (shape: Shape, dtype: DType) => NDArray) =>
  <D extends DType>(x: NDArray, options?: CreationOptions<D>): NDArray<D> =>
    make(x.shape, dtypeIn(options, 'like', x.dtype)) as NDArray<D>

/** Zeros of another array's shape, and of its dtype unless one is named. */
export const zerosLike = like((shape, dtype) => zeros(shape, { dtype }))
export const onesLike = like((shape, dtype) => ones(shape, { dtype }))
export const emptyLike = like((shape, dtype) => empty(shape, { dtype }))
export const fullLike = <D extends DType>(x: NDArray, value: number | bigint | boolean, options?: CreationOptions<D>) =>
  full(x.shape, value, { dtype: dtypeIn<D>(options, 'fullLike', x.dtype) })

/** From `start`, by `step`, while below `stop` (above, for a negative step). With one argument from 0. */
export function arange<D extends DType = 'float64'>(
  start: number,
  stop?: number | null,
  step = 1,
  options?: CreationOptions<D>,
): NDArray<D> {
  const [from, to] = stop === undefined || stop === null ? [0, start] : [start, stop]
  for (const [name, x] of [
    ['start', from],
    ['stop', to],
    ['step', step],
  ] as const)
    if (typeof x !== 'number' || !Number.isFinite(x)) throw new ArgumentError('arange', name, 'a finite number', x)
  if (step === 0) throw new ArgumentError('arange', 'step', 'a number other than 0', step)
  const [length] = checkShape(Math.max(0, Math.ceil((to - from) / step)), 'arange')
  return sequence(dtypeIn<D>(options, 'arange', 'float64'), length, from, step, 'arange')
}

/** `count` numbers from `start` to `stop`, evenly apart; `endpoint: false` leaves `stop` out. */
export function linspace<D extends DType = 'float64'>(
  start: number,
  stop: number,
  count = 50,
  options: CreationOptions<D> & { endpoint?: boolean } = {},
): NDArray<D> {
  for (const [name, x] of [
    ['start', start],
    ['stop', stop],
  ] as const)
    if (typeof x !== 'number') throw new ArgumentError('linspace', name, 'a number', x)
  const [length] = checkShape(count, 'linspace')
  const { endpoint = true } = options
  const intervals = endpoint ? length - 1 : length
  const step = (stop - start) / intervals
  const dtype = dtypeIn<D>(options, 'linspace', 'float64')
  const made = sequence(dtype, length, start, length > 1 ? step : 0, 'linspace')
  // Rounding must not miss the end.
  if (endpoint && length > 1)
    made.view.memory.elements[(length - 1) * infoOf(dtype).parts] =
      infoOf(dtype).type === 'i64' ? BigInt(Math.trunc(stop)) : stop
  return made
}

/** start + k · step for each k, computed as float64. */
function sequence<D extends DType>(dtype: D, length: number, start: number, step: number, call: string): NDArray<D> {
  const { array, memory } = fresh(dtype, [length], call, 'unset')
  if (length > 0) runAll(filling(dtype, memory, length, start, step))
  return array
}

/** Ones on a diagonal: the main one, or the k-th above it. */
export function eye<D extends DType = 'float64'>(
  rows: number,
  cols: number | null = rows,
  options: CreationOptions<D> & { k?: number } = {},
): NDArray<D> {
  const shape = checkShape([rows, cols ?? rows], 'eye')
  const { k = 0 } = options
  if (!Number.isSafeInteger(k)) throw new ArgumentError('eye', 'k', 'a whole number', k)
  const dtype = dtypeIn<D>(options, 'eye', 'float64')
  const { array, memory } = fresh(dtype, shape, 'eye')
  const { parts, type } = infoOf(dtype)
  for (let r = Math.max(0, -k); r < shape[0] && r + k < shape[1]; r++)
    memory.elements[(r * shape[1] + r + k) * parts] = type === 'i64' ? 1n : 1
  return array
}

/**
 * An array of what is given: a typed array, shared and not copied; nested lists; a number. With another dtype it is converted.
 * @throws ShapeError where lists of one level differ in length
 */
export function asarray<D extends DType = DType>(
  x: Operand | Nested | Iterable<number>,
  options: CreationOptions<D> & { copy?: boolean } = {},
): NDArray<D> {
  const { copy } = options
  if (options.dtype !== undefined) checkDType(options.dtype, 'asarray')
  if (options.device !== undefined) checkDevice(options.device, 'asarray')
  const shared = x instanceof NDArray ? x : fromElements(x)
  if (shared) {
    const dtype = options.dtype ?? shared.dtype
    if (dtype === shared.dtype && copy !== true) return shared as NDArray<D>
    if (copy === false)
      throw new ArgumentError('asarray', 'copy', `true or left out, to convert ${shared.dtype} to ${dtype}`, copy)
    return astype(shared, dtype, { copy: true }) as NDArray<D>
  }
  if (copy === false) throw new ArgumentError('asarray', 'copy', 'true or left out for lists', copy)
  const isIterable = typeof x === 'object' && x !== null && !Array.isArray(x) && Symbol.iterator in x
  return fromLists<D>((isIterable ? [...(x as Iterable<number>)] : x) as Nested, options.dtype)
}

/** Of lists in lists. */
const mostLevels = 500

function fromLists<D extends DType>(lists: Nested, asked: D | undefined): NDArray<D> {
  const shape: number[] = []
  for (let x: unknown = lists; ; x = (x as unknown[])[0]) {
    if (x instanceof NDArray) shape.push(...x.shape)
    else if (Array.isArray(x)) {
      shape.push(x.length)
      if (shape.length > mostLevels)
        throw new ArgumentError('asarray', 'x', `lists in at most ${mostLevels} levels`, 'more', 'Is one in itself?')
      if (x.length > 0) continue
    }
    break
  }
  checkShape(shape, 'asarray')
  let met: DType | undefined
  const flat: (number | bigint | boolean | { re: number; im: number })[] = []
  const visit = (x: unknown, axis: number): void => {
    if (x instanceof NDArray) {
      if (shapeText(x.shape) !== shapeText(shape.slice(axis))) throw uneven(x.shape, shape.slice(axis))
      met = met === undefined ? x.dtype : promote(met, x.dtype)
      flat.push(...([x.toList()].flat(Number.POSITIVE_INFINITY) as number[]))
    } else if (Array.isArray(x)) {
      if (axis >= shape.length || x.length !== shape[axis]) throw uneven([x.length], shape.slice(axis))
      for (const y of x) visit(y, axis + 1)
    } else {
      const weak = weakOf(x)
      if (weak === undefined)
        throw new ArgumentError('asarray', 'x', 'a typed array, an array, a number, or nested lists of numbers', x)
      if (axis !== shape.length) throw uneven([], shape.slice(axis))
      met = met === undefined ? strong[weak] : promote(met, strong[weak])
      flat.push(x as number)
    }
  }
  visit(lists, 0)
  const dtype = (asked ?? met ?? 'float64') as D
  const tooLarge = asked === undefined && dtype === 'int64' ? flat.find(x => !isInt64(x)) : undefined
  if (tooLarge !== undefined)
    throw new ArgumentError('asarray', 'x', 'numbers that int64 holds', tooLarge, 'Name the dtype: uint64, or float64.')
  const { array, memory } = fresh(dtype, shape, 'asarray')
  write(memory.elements, dtype, flat)
  return array
}

const uneven = (found: Shape, expected: Shape): ShapeError =>
  new ShapeError(
    'asarray',
    `lists of one level have different shapes: ${shapeText(found)} where the first has ${shapeText(expected)}.`,
    [found, expected],
  )

function write(elements: Elements, dtype: DType, flat: readonly unknown[]): void {
  const { kind, type, parts } = infoOf(dtype)
  for (const [k, x] of flat.entries()) {
    if (kind === 'complex') {
      elements[2 * k] = isComplexNumber(x) ? x.re : Number(x)
      elements[2 * k + 1] = isComplexNumber(x) ? x.im : 0
    } else if (isComplexNumber(x)) throw new ArgumentError('asarray', 'x', `real numbers, for ${dtype}`, x)
    else if (kind === 'bool') elements[k] = x ? 1 : 0
    else if (type === 'i64') elements[k * parts] = typeof x === 'bigint' ? x : bigOf(Number(x), kind === 'unsigned')
    else elements[k] = Number(x)
  }
}

const isInt64 = (x: unknown): boolean => typeof x !== 'bigint' || BigInt.asIntN(64, x) === x

/** As `astype` converts floats: NaN to 0, what is infinite to the last number. */
function bigOf(x: number, isUnsigned: boolean): bigint {
  if (Number.isFinite(x)) return BigInt(Math.trunc(x))
  if (Number.isNaN(x)) return 0n
  return x > 0 ? (isUnsigned ? 2n ** 64n - 1n : 2n ** 63n - 1n) : isUnsigned ? 0n : -(2n ** 63n)
}

/** Inverse of `toTypedArray`: elements in C order with a shape, shared and not copied; pairs of numbers with a complex dtype. */
export function fromTypedArray<D extends DType = DType>(
  elements: ArrayBufferView,
  shape: number | Shape,
  options: CreationOptions<D> = {},
): NDArray<D> {
  const found = fromElements(elements)
  if (!found) throw new ArgumentError('fromTypedArray', 'elements', 'a typed array', elements)
  const dtype = dtypeIn<D>(options, 'fromTypedArray', found.dtype)
  const { Elements, parts } = infoOf(dtype)
  if (dtypeOfElements(elements) !== dtypeOfElements(new Elements(0)))
    throw new ArgumentError('fromTypedArray', 'elements', `a ${Elements.name}, for ${dtype}`, elements)
  const checked = checkShape(shape, 'fromTypedArray')
  const { memory } = found.view
  if (sizeOf(checked) * parts !== memory.elements.length)
    throw new ShapeError(
      'fromTypedArray',
      `${memory.elements.length} numbers are not what the shape ${shapeText(checked)} of ${dtype} takes.`,
      [checked],
    )
  return arrayOf<D>({ dtype, shape: checked, strides: stridesOf(checked), offset: 0, memory })
}
