/**
 * A product in a launch: with its scalars and its range, strides and sizes are numbers. The axes of the iteration space are given their parts here: along rows only a and c move, along columns only b and c,
 * along the axis that is summed over only a and b; what all three move along is a batch.
 *
 * It stays with the kernel's own code where block code could do something else: where an index is out of range, where c shares memory with an operand or has an element twice.
 */

import type { Launch } from '../../backend.ts'
import { ELEMENT_BYTES, type Element } from '../../ir/ir.ts'
import { lengthOf, type Size } from '../../launch/size.ts'
import type { MatrixProduct, Operand } from '../gemm/product.ts'
import { type Linear, LinearValues, Refusal, roundsOf } from './axes.ts'
import type { Product, Scale } from './recognise.ts'

/** Steps along an axis, and how many positions it has. */
interface Direction {
  readonly count: number
  readonly a: number
  readonly b: number
  readonly c: number
}

/** Below so many products of numbers the kernel's own code has ended before block code begins. */
const leastWork = 256

export class ProductLaunches {
  readonly #product: Product
  readonly #least: number
  readonly #values: LinearValues
  readonly #bounds: readonly (readonly [begin: number, end: number])[]
  readonly #indices: readonly number[]
  readonly #alpha: number | undefined
  readonly #beta: number | undefined

  /** @param least so many products of numbers are worth it */
  constructor(product: Product, least = leastWork) {
    this.#product = product
    this.#least = least
    const { axes, a, b, c, old, zeroed, scale } = product
    const values = new LinearValues(axes)
    this.#bounds = axes.loops.map(({ begin, end }) => [values.add(begin), values.add(end)] as const)
    const again = [...(old ? [old] : []), ...(zeroed ? [zeroed.store] : [])]
    this.#indices = [a, b, c, ...again].map(v => values.add(v.args[0]))
    this.#alpha = scale?.alpha && values.add(scale.alpha)
    this.#beta = scale?.beta && values.add(scale.beta)
    this.#values = values
  }

  /** @param addresses of the arrays' first bytes @returns the product, or why the kernel's own code is to run */
  place(launch: Launch, size: Size, addresses: readonly number[]): MatrixProduct | Refusal {
    const { axes, over, a, b, c, start, old, scale, zeroed, dtype, contract } = this.#product
    const values = this.#values
    values.begin(launch)
    const counts = [...size.counts]
    for (const [i, [begin, end]] of this.#bounds.entries()) {
      const rounds = roundsOf(axes.loops[i], values.uniform(begin), values.uniform(end))
      if (rounds === undefined) return new Refusal('the counter of a loop wraps')
      counts.push(rounds)
    }
    if (counts.includes(0)) return new Refusal('there is nothing to add up')
    const [ofA, ofB, ofC, ...again] = values.linear(launch, this.#indices)
    const skipped = new Set([over, ...(zeroed?.inner ?? [])])
    const own = counts.map((count, axis) => (zeroed?.inner.includes(axis) ? 1 : count))
    if (ofC.steps[over] !== 0) return new Refusal('the element that is written moves along the sum')
    if (old && !isSame(ofC, again[0], own)) return new Refusal('another element is read than written')
    const zeroes = zeroed && again.at(-1)!
    if (zeroed && !isSameSet(ofC, zeroes!, counts, zeroed)) return new Refusal('other elements are made 0 than written')
    for (const [load, linear] of [[a, ofA] as const, [b, ofB] as const, [c, ofC] as const]) {
      const [least, most] = extremes(linear, own)
      if (least < 0 || most >= Math.min(2147483647, lengthOf(launch, load.attr.buffer)))
        return new Refusal('an index is out of range')
    }
    const reach = (v: typeof a, linear: Linear) => {
      const [least, most] = extremes(linear, own)
      const bytes = ELEMENT_BYTES[v.attr.element as Element]
      return [addresses[v.attr.buffer] + least * bytes, addresses[v.attr.buffer] + (most + 1) * bytes] as const
    }
    const written = reach(c, ofC)
    for (const read of [reach(a, ofA), reach(b, ofB)])
      if (read[0] < written[1] && written[0] < read[1]) return new Refusal('the result shares memory with an operand')
    const directions = counts.flatMap((count, axis): Direction[] =>
      count === 1 || skipped.has(axis) ? [] : [{ count, a: ofA.steps[axis], b: ofB.steps[axis], c: ofC.steps[axis] }],
    )
    if (!isDistinct(directions)) return new Refusal('an element is written more than once')
    const parts = partsOf(directions)
    if (parts instanceof Refusal) return parts
    const { rows, columns, batch } = parts
    const k = counts[over]
    if (rows.count * columns.count * k * batch.count < this.#least) return new Refusal('it is small')
    const ofRows = { array: launch.arrays[a.attr.buffer], offset: ofA.begin }
    const ofColumns = { array: launch.arrays[b.attr.buffer], offset: ofB.begin }
    const left = { ...ofRows, rowStride: rows.a, columnStride: ofA.steps[over], batchStride: batch.a }
    const right = { ...ofColumns, rowStride: ofB.steps[over], columnStride: columns.b, batchStride: batch.b }
    const result = {
      array: launch.arrays[c.attr.buffer],
      offset: ofC.begin,
      rowStride: rows.c,
      columnStride: columns.c,
      batchStride: batch.c,
    }
    const asked: MatrixProduct = {
      dtype,
      m: rows.count,
      n: columns.count,
      k,
      batch: batch.count,
      a: left,
      b: right,
      c: result,
      contract,
      ...(scale ? { scale: this.#scale(scale) } : { start: start === 'zero' ? 'zero' : 'c' }),
    }
    return Math.abs(rows.c) < Math.abs(columns.c) ? transposed(asked) : asked
  }

  #scale({ c }: Scale): NonNullable<MatrixProduct['scale']> {
    const factor = (number: number | undefined) => (number === undefined ? 1 : this.#values.uniform(number))
    return { alpha: factor(this.#alpha), ...(c && { beta: factor(this.#beta) }) }
  }
}

/** Block code is for rows that lie one behind the other. */
const transposed = (p: MatrixProduct): MatrixProduct => ({
  ...p,
  m: p.n,
  n: p.m,
  a: turned(p.b),
  b: turned(p.a),
  c: turned(p.c),
})

const turned = (o: Operand): Operand => ({ ...o, rowStride: o.columnStride, columnStride: o.rowStride })

const isSame = (x: Linear, y: Linear, counts: readonly number[]): boolean =>
  x.begin === y.begin && counts.every((count, axis) => count === 1 || x.steps[axis] === y.steps[axis])

/** Whether the part that makes elements 0 goes over the same ones: along axes of its own, but as far. */
function isSameSet(
  c: Linear,
  zeroes: Linear,
  counts: readonly number[],
  zeroed: NonNullable<Product['zeroed']>,
): boolean {
  const { inner, outer } = zeroed
  const sorted = (linear: Linear, axes: readonly number[]) =>
    axes
      .filter(axis => counts[axis] > 1)
      .map(axis => `${linear.steps[axis]} × ${counts[axis]}`)
      .sort()
      .join()
  const shared = counts.map((count, axis) => (inner.includes(axis) || outer.includes(axis) ? 1 : count))
  return isSame(c, zeroes, shared) && sorted(c, outer) === sorted(zeroes, inner)
}

/** The least and the largest index. They are exact, so that a wrapped one is out of range. */
function extremes({ begin, steps }: Linear, counts: readonly number[]): readonly [number, number] {
  let least = begin
  let most = begin
  for (const [axis, step] of steps.entries()) {
    const way = step * (counts[axis] - 1)
    if (way < 0) least += way
    else most += way
  }
  return [least, most]
}

/** Whether all elements of c are different ones: each axis steps over all that the shorter steps reach. */
function isDistinct(directions: readonly Direction[]): boolean {
  let reached = 0
  for (const { c, count } of directions.toSorted((x, y) => Math.abs(x.c) - Math.abs(y.c))) {
    if (Math.abs(c) <= reached) return false
    reached += Math.abs(c) * (count - 1)
  }
  return true
}

interface Parts {
  readonly rows: Direction
  readonly columns: Direction
  readonly batch: Direction
}

const nothing: Direction = { count: 1, a: 0, b: 0, c: 0 }

function partsOf(directions: readonly Direction[]): Parts | Refusal {
  const ofA = directions.filter(d => d.a !== 0 && d.b === 0)
  const ofB = directions.filter(d => d.a === 0 && d.b !== 0)
  const batches = directions.filter(d => !ofA.includes(d) && !ofB.includes(d))
  const [rows, ...moreOfA] = merged(ofA)
  const [columns, ...moreOfB] = merged(ofB)
  if (rows === undefined || columns === undefined) return new Refusal('it is a matrix times a vector')
  const [batch = nothing, ...rest] = merged([...batches, ...moreOfA, ...moreOfB])
  if (rest.length > 0) return new Refusal('a batch of batches')
  return { rows, columns, batch }
}

/** Directions, the largest first; those that go on where another one ends are put together with it. */
function merged(directions: readonly Direction[]): Direction[] {
  const found: Direction[] = []
  for (const d of directions.toSorted((x, y) => Math.abs(x.c) - Math.abs(y.c))) {
    const inner = found.at(-1)
    const goesOn =
      inner && d.a === inner.a * inner.count && d.b === inner.b * inner.count && d.c === inner.c * inner.count
    if (goesOn) found[found.length - 1] = { ...inner, count: inner.count * d.count }
    else found.push(d)
  }
  return found.sort((x, y) => y.count - x.count)
}
