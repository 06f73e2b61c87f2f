/** Transforms of real numbers, of an even length n, as complex ones of n/2 points. */

import { type ComplexType, partOf } from '../dtypes.ts'
import { evaluating } from '../expression/evaluate.ts'
import type { Runs } from '../expression/launch.ts'
import type { Node, View } from '../expression/node.ts'
import { sizeOf } from '../shape.ts'
import { inOrder, type Lines } from './lines.ts'
import type { Form, Points, Reals } from './passes.ts'
import { giveBack, takeScratch } from './plans.ts'
import { areShort, shortLines } from './real-short.ts'
import { type Along, made, pointsOf, prepared, transformLines, typeOf } from './transform.ts'
import { rows, untangle } from './untangle.ts'

function lastAxis(view: View, axis: number): View {
  const { shape, strides } = view
  if (axis === shape.length - 1) return view
  return {
    ...view,
    shape: [...shape.toSpliced(axis, 1), shape[axis]],
    strides: [...strides.toSpliced(axis, 1), strides[axis]],
  }
}

function axisBack(view: View, axis: number): View {
  const { shape, strides } = view
  const last = shape.length - 1
  if (axis === last) return view
  return {
    ...view,
    shape: shape.slice(0, -1).toSpliced(axis, 0, shape[last]),
    strides: strides.slice(0, -1).toSpliced(axis, 0, strides[last]),
  }
}

/** Reals as pairs, wherever the first one is. */
function pairsOf({ memory, offset }: View): Points {
  const elements = memory.elements as unknown as Reals
  return offset % 2 === 0 ? pairs(elements, offset / 2) : pairs(elements.subarray(offset))
}

const pairs = (array: Reals, offset = 0, form: Form = 'pairs'): Points => ({ form, arrays: [array], offset })

/** Of reals, an even number n: the first n/2 + 1 elements of their transform. */
export function* transformingReals(x: Node, dtype: ComplexType, { axis, n, scale }: Along): Runs<View> {
  const given = lastAxis(yield* evaluating(x), axis)
  const last = given.shape.length - 1
  const isLonger = given.shape[last] > n
  const cut = isLonger ? { ...given, shape: given.shape.with(last, n) } : given
  const source = prepared(cut, partOf(dtype), last, n)
  const h = n / 2
  const found = made(dtype, source.shape.with(last, h + 1))
  if (sizeOf(found.shape) === 0) return axisBack(found, axis)
  const lines: Lines = { n: h, outer: sizeOf(found.shape.slice(0, -1)), inner: 1 }
  const type = typeOf(dtype)
  if (areShort(lines)) {
    yield shortLines('apart', type, lines, pairsOf(source), pointsOf(found, 'pairs'), scale / 2)
    return axisBack(found, axis)
  }
  const scratch = takeScratch(type, n * lines.outer)
  try {
    yield* transformLines({
      ...lines,
      type,
      from: inOrder(pairsOf(source), lines),
      to: inOrder(pairs(scratch), lines),
      scale: 1,
    })
    const spectrum = found.memory.elements as unknown as Reals
    yield* untangle('apart', type, lines, rows(scratch, h), rows(spectrum, h + 1), scale / 2)
  } finally {
    giveBack([scratch])
  }
  return axisBack(found, axis)
}

/** Back from n/2 + 1 elements to an even number n of reals; those that a real signal's transform has not are not looked at. */
export function* transformingToReals(x: Node, dtype: ComplexType, { axis, n, scale }: Along): Runs<View> {
  const given = lastAxis(yield* evaluating(x), axis)
  const last = given.shape.length - 1
  const h = n / 2
  const source = prepared(given, dtype, last, h + 1)
  const found = made(partOf(dtype), source.shape.with(last, n))
  if (sizeOf(found.shape) === 0) return axisBack(found, axis)
  const lines: Lines = { n: h, outer: sizeOf(found.shape.slice(0, -1)), inner: 1 }
  const type = typeOf(dtype)
  if (areShort(lines) && source.shape[last] === h + 1) {
    yield shortLines('together', type, lines, pointsOf(source, 'pairs'), pointsOf(found, 'pairs'), scale)
    return axisBack(found, axis)
  }
  const scratch = takeScratch(type, n * lines.outer)
  try {
    const spectrum = source.memory.elements as unknown as Reals
    const step = source.shape[last]
    yield* untangle('together', type, lines, rows(spectrum, step, source.offset), rows(scratch, h), 1)
    yield* transformLines({
      ...lines,
      type,
      from: inOrder(pairs(scratch, 0, 'swapped'), lines),
      to: inOrder(pairs(found.memory.elements as unknown as Reals, 0, 'swapped'), lines),
      scale,
    })
  } finally {
    giveBack([scratch])
  }
  return axisBack(found, axis)
}
