/** Signals through recursive filters. */

import { ArgumentError } from '@skein/base'
import { kernel } from '@skein/kernel'
import { ShapeError, shapeText } from '../../errors.ts'
import { runOf } from '../../expression/plain.ts'
import type { NDArray } from '../../ndarray.ts'
import { type Shape, sizeOf } from '../../shape.ts'
import { astype } from '../astype.ts'
import { computed, scratch } from '../computing.ts'
import { asarray, type Nested } from '../creation.ts'
import { multiply, subtract } from '../elementwise.ts'
import { concat } from '../joining.ts'
import type { Operand } from '../operands.ts'
import { elementsOf } from '../placing.ts'
import { broadcastTo, flip, reshape } from '../shaping.ts'
import { listOf, type Signals, signalsOf, spanOf } from './lines.ts'

type Reals = Float32Array | Float64Array

/** Direct form II transposed. A lane is a signal; its state is `order` numbers, the last of which stays 0. */
const throughCoefficients = kernel(
  (
    l,
    n: number,
    inner: number,
    lines: number,
    order: number,
    b: Float64Array,
    a: Float64Array,
    state: Float64Array,
    from: Reals,
    to: Reals,
  ) => {
    const outer = (l / inner) | 0
    let at = outer * n * inner + (l - outer * inner)
    for (let i = 0; i < n; i++) {
      const x = from[at] * 1
      const y = b[0] * x + state[l]
      for (let k = 1; k < order; k++) state[(k - 1) * lines + l] = state[k * lines + l] + b[k] * x - a[k] * y
      to[at] = y
      at += inner
    }
  },
  { name: 'lfilter' },
)

/** The same, one section after the other. */
const throughSections = kernel(
  (
    l,
    n: number,
    inner: number,
    lines: number,
    sections: number,
    sos: Float64Array,
    state: Float64Array,
    from: Reals,
    to: Reals,
  ) => {
    const outer = (l / inner) | 0
    let at = outer * n * inner + (l - outer * inner)
    for (let i = 0; i < n; i++) {
      let x = from[at] / 1 + 0 * sos[0]
      for (let s = 0; s < sections; s++) {
        const first = 2 * s * lines + l
        const y = sos[6 * s] * x + state[first]
        state[first] = sos[6 * s + 1] * x - sos[6 * s + 4] * y + state[first + lines]
        state[first + lines] = sos[6 * s + 2] * x - sos[6 * s + 5] * y
        x = y
      }
      to[at] = x
      at += inner
    }
  },
  { name: 'sosfilt' },
)

interface Ba {
  readonly b: Float64Array
  readonly a: Float64Array
}

/** Of one length, a[0] = 1. */
function normalized(b: Operand | Nested, a: Operand | Nested, call: string): Ba {
  const [above, below] = [listOf(b, call, 'b'), listOf(a, call, 'a')]
  if (below[0] === 0) throw new ArgumentError(call, 'a', 'a list whose first number is not 0', below[0])
  const length = Math.max(above.length, below.length)
  const wide = (x: Float64Array) => Float64Array.from({ length }, (_, k) => (x[k] ?? 0) / below[0])
  return { b: wide(above), a: wide(below) }
}

function sectionsIn(sos: Operand | Nested, call: string): Float64Array {
  const array = asarray(sos as Nested)
  if (array.ndim !== 2 || array.shape[1] !== 6 || array.shape[0] === 0)
    throw new ShapeError(
      call,
      `sections must be of shape [n, 6], not ${shapeText(array.shape)}.`,
      [array.shape],
      'b0 b1 b2 a0 a1 a2 each.',
    )
  const list = (elementsOf(astype(array, 'float64')) as unknown as Float64Array).slice()
  for (let s = 0; s < list.length; s += 6)
    if (list[s + 3] !== 1) throw new ArgumentError(call, 'sos', 'sections whose fourth number, a0, is 1', list[s + 3])
  return list
}

/** States of all signals, given with the axis along which they stand; missing ones are 0. @param width of a signal's state */
function statesOf(zi: Operand | Nested | undefined, shape: Shape, width: number, call: string): Float64Array {
  if (zi === undefined) return new Float64Array(width * (sizeOf(shape) / shape[0]))
  const array = asarray(zi as Nested)
  if (String(array.shape) !== String(shape))
    throw new ShapeError(call, `the state must be of shape ${shapeText(shape)}, not ${shapeText(array.shape)}.`, [
      array.shape,
      shape,
    ])
  return (elementsOf(astype(array, 'float64')) as unknown as Float64Array).slice()
}

/** A signal's state at the beginning stands along the first axis; the other signals behind it. */
function stateShape({ array, axis }: Signals, ...state: number[]): Shape {
  return [...state, ...array.shape.toSpliced(axis, 1)]
}

export interface FilterOptions {
  /** Along which the signal is. Default −1. */
  axis?: number
}

const linesIn = ({ outer, inner }: Signals) => outer * inner

function filtered(s: Signals, { b, a }: Ba, state: Float64Array): NDArray {
  const { array, n, inner } = s
  const lines = linesIn(s)
  return computed(array.dtype, array.shape, [array], function* ([from], to) {
    const own = scratch('float64', b.length * lines) as Float64Array
    own.set(state)
    yield runOf(throughCoefficients, lines, n, inner, lines, b.length, b, a, own, from as Reals, to as Reals)
  })
}

function filteredBySections(s: Signals, sos: Float64Array, state: Float64Array): NDArray {
  const { array, n, inner } = s
  const lines = linesIn(s)
  return computed(array.dtype, array.shape, [array], function* ([from], to) {
    const own = scratch('float64', state.length) as Float64Array
    own.set(state)
    yield runOf(throughSections, lines, n, inner, lines, sos.length / 6, sos, own, from as Reals, to as Reals)
  })
}

/**
 * a[0]·y[n] = Σ b[k]·x[n − k] − Σ a[k]·y[n − k]: a signal through a filter. Sums are in float64.
 * @param options.zi the filter's state at the beginning, of shape [max(a, b) − 1, other axes]; default zeros
 * @returns of x's shape; of float32 and float16 float32, else float64
 * @throws ShapeError, DTypeError, ArgumentError
 */
export function lfilter(
  b: Operand | Nested,
  a: Operand | Nested,
  x: Operand | Nested,
  { axis = -1, zi }: FilterOptions & { zi?: Operand | Nested } = {},
): NDArray {
  const coefficients = normalized(b, a, 'lfilter')
  const s = signalsOf(x, axis, 'lfilter')
  const order = coefficients.b.length - 1
  return filtered(
    s,
    coefficients,
    order === 0 ? new Float64Array(0) : statesOf(zi, stateShape(s, order), order, 'lfilter'),
  )
}

/** The same by sections of second order, which stay exact where coefficients do not. @param options.zi of shape [sections, 2, other axes] */
export function sosfilt(
  sos: Operand | Nested,
  x: Operand | Nested,
  { axis = -1, zi }: FilterOptions & { zi?: Operand | Nested } = {},
): NDArray {
  const sections = sectionsIn(sos, 'sosfilt')
  const s = signalsOf(x, axis, 'sosfilt')
  const count = sections.length / 6
  const shape = stateShape(s, count, 2)
  const state = zi === undefined ? new Float64Array(2 * count * linesIn(s)) : statesOf(zi, shape, 2 * count, 'sosfilt')
  return filteredBySections(s, sections, state)
}

function steadyState({ b, a }: Ba, call: string): Float64Array {
  const order = b.length - 1
  let [above, below] = [0, 0]
  for (let k = 1; k <= order; k++) above += b[k] - a[k] * b[0]
  for (let k = 0; k <= order; k++) below += a[k]
  if (Math.abs(below) < 1e-300)
    throw new ArgumentError(call, 'a', 'one without a pole at 1, where it does not come to rest', Array.from(a))
  const zi = new Float64Array(order)
  let [asum, csum] = [1, 0]
  for (let k = 0; k < order; k++) {
    if (k === 0) zi[0] = above / below
    else {
      asum += a[k]
      csum += b[k] - a[k] * b[0]
      zi[k] = asum * zi[0] - csum
    }
  }
  return zi
}

/** The state in which a filter is when it has seen ones for ever. */
export const lfilterZi = (b: Operand | Nested, a: Operand | Nested): NDArray<'float64'> =>
  asarray(steadyState(normalized(b, a, 'lfilterZi'), 'lfilterZi')) as NDArray<'float64'>

function steadySections(sos: Float64Array, call: string): Float64Array {
  const zi = new Float64Array(sos.length / 3)
  let gain = 1
  for (let s = 0; s < sos.length / 6; s++) {
    const [b, a] = [sos.slice(6 * s, 6 * s + 3), sos.slice(6 * s + 3, 6 * s + 6)]
    zi.set(
      steadyState({ b, a }, call).map(z => z * gain),
      2 * s,
    )
    gain *= (b[0] + b[1] + b[2]) / (a[0] + a[1] + a[2])
  }
  return zi
}

/** The same of sections: [n, 2]. */
export function sosfiltZi(sos: Operand | Nested): NDArray<'float64'> {
  const sections = sectionsIn(sos, 'sosfiltZi')
  return reshape(asarray(steadySections(sections, 'sosfiltZi')), [sections.length / 6, 2]) as NDArray<'float64'>
}

export interface BothWaysOptions extends FilterOptions {
  /** How the signal goes on at its ends: turned about the last sample (`odd`, the default), mirrored (`even`), as it is (`constant`), or not at all (`none`). */
  padtype?: 'odd' | 'even' | 'constant' | 'none'
  /** So many samples. Default three times the filter's length. */
  padlen?: number
}

/** @param edge the usual number of samples */
function prolonged(
  s: Signals,
  { padtype = 'odd', padlen }: BothWaysOptions,
  usual: number,
  call: string,
): { x: NDArray; edge: number } {
  const { array, axis, n } = s
  if (!['odd', 'even', 'constant', 'none'].includes(padtype))
    throw new ArgumentError(call, 'padtype', "'odd', 'even', 'constant' or 'none'", padtype)
  const edge = padtype === 'none' ? 0 : (padlen ?? usual)
  if (!Number.isSafeInteger(edge) || edge < 0) throw new ArgumentError(call, 'padlen', 'a whole number from 0', padlen)
  if (n <= edge)
    throw new ShapeError(
      call,
      `a signal of ${n} samples is too short for ${edge} more at each end.`,
      [array.shape],
      'Name a smaller padlen.',
    )
  if (edge === 0) return { x: array, edge }
  const [first, last] = [spanOf(array, axis, 0, 1), spanOf(array, axis, n - 1, n)]
  const [begin, end] = [
    flip(spanOf(array, axis, 1, edge + 1), axis),
    flip(spanOf(array, axis, n - edge - 1, n - 1), axis),
  ]
  const beyond = (outermost: NDArray, mirror: NDArray) =>
    padtype === 'odd'
      ? subtract(multiply(outermost, 2), mirror)
      : padtype === 'even'
        ? mirror
        : broadcastTo(outermost, mirror.shape)
  return { x: concat([beyond(first, begin), array, beyond(last, end)], { axis }), edge }
}

/** Forwards and backwards, so that nothing comes late; each time from the state of its first sample. */
function bothWays(s: Signals, x: NDArray, edge: number, once: (y: NDArray, first: NDArray) => NDArray): NDArray {
  const { axis } = s
  const firstOf = (y: NDArray) => spanOf(y, axis, 0, 1)
  const there = flip(once(x, firstOf(x)), axis)
  const back = flip(once(there, firstOf(there)), axis)
  return edge === 0 ? back : spanOf(back, axis, edge, back.shape[axis] - edge)
}

/** State times first samples. */
const startedBy = (zi: Float64Array, first: NDArray, lines: number): Float64Array => {
  const values = elementsOf(astype(first, 'float64', { copy: false })) as unknown as Float64Array
  return Float64Array.from({ length: zi.length * lines }, (_, k) => zi[Math.floor(k / lines)] * values[k % lines])
}

/**
 * A signal through a filter forwards and backwards: its phase stays, its gain is squared.
 * @throws ShapeError for a signal that is not longer than `padlen`
 */
export function filtfilt(
  b: Operand | Nested,
  a: Operand | Nested,
  x: Operand | Nested,
  options: BothWaysOptions = {},
): NDArray {
  const call = 'filtfilt'
  const coefficients = normalized(b, a, call)
  const s = signalsOf(x, options.axis ?? -1, call)
  const { x: long, edge } = prolonged(s, options, 3 * coefficients.b.length, call)
  const zi = steadyState(coefficients, call)
  return bothWays(s, long, edge, (y, first) =>
    filtered(signalsOf(y, s.axis, call), coefficients, startedBy(zi, first, linesIn(s))),
  )
}

/** The same by sections of second order. */
export function sosfiltfilt(sos: Operand | Nested, x: Operand | Nested, options: BothWaysOptions = {}): NDArray {
  const call = 'sosfiltfilt'
  const sections = sectionsIn(sos, call)
  const s = signalsOf(x, options.axis ?? -1, call)
  const count = sections.length / 6
  // Zeros at the end of a section make it shorter.
  const short = Math.min(
    ...[2, 5].map(k => Array.from({ length: count }, (_, i) => sections[6 * i + k]).filter(v => v === 0).length),
  )
  const { x: long, edge } = prolonged(s, options, 3 * (2 * count + 1 - short), call)
  const zi = steadySections(sections, call)
  return bothWays(s, long, edge, (y, first) =>
    filteredBySections(signalsOf(y, s.axis, call), sections, startedBy(zi, first, linesIn(s))),
  )
}
