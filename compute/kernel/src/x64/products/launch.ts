/**
 * A product in a launch: with its scalars and its range, strides and sizes are numbers. The axes of the iteration space are given their parts here: along rows only a and c move, along columns only b and c,
 * along the axis that is summed over only a and b; what all three move along is a batch.
 *
 * It stays with the kernel's own code where block code could do something else: where an index is out of range, where c shares memory with an operand or has an element twice.
 */

import type { Extent, Launch } from '../../backend.ts'
import type { MatrixProduct } from '../../gemm/product.ts'
import { ELEMENT_BYTES, type Element, type Value } from '../../ir/ir.ts'
import { lengthOf, type Size } from '../../launch/size.ts'
import { type Linear, LinearValues, Refusal, roundsOf } from './axes.ts'
import type { Product } from './recognise.ts'
import type { Scale } from './scale.ts'

/** Steps along an axis, and how many positions it has. */
interface Direction {
  readonly count: number
  readonly a: number
  readonly b: number
  readonly c: number
}

/** Below so many products of numbers the kernel's own code has ended before block code begins. */
const leastWork = 8000

/** Block code takes a matrix times a vector if the matrix has as many rows and columns, and neighbours in memory. */
const leastVector = 16

/** A product in arrays of which only the numbers are known, so that it holds on to none. */
export interface Plan extends Omit<MatrixProduct, 'a' | 'b' | 'c' | 'batch'> {
  readonly batch: number
  readonly a: Planned
  readonly b: Planned
  readonly c: Planned
}

interface Planned {
  readonly array: number
  readonly offset: number
  readonly rowStride: number
  readonly columnStride: number
  readonly batchStride: number
}

/** A plan in the arrays of a launch. */
export const productOf = (plan: Plan, { arrays }: Launch): MatrixProduct => ({
  ...plan,
  a: { ...plan.a, array: arrays[plan.a.array] },
  b: { ...plan.b, array: arrays[plan.b.array] },
  c: { ...plan.c, array: arrays[plan.c.array] },
})

/** An element of an array in every iteration. */
interface Access {
  /** The load or store. */
  readonly of: Value
  readonly index: Linear
}

export class ProductLaunches {
  readonly #product: Product
  readonly #least: number
  readonly #values: LinearValues
  readonly #bounds: readonly (readonly [begin: number, end: number])[]
  /** Loads and stores: a, b, c, then those that are c's again, then what is read around the sum. */
  readonly #accesses: readonly Value[]
  readonly #indices: readonly number[]
  readonly #alpha: number | undefined
  readonly #beta: number | undefined
  #last: Known | undefined

  /** @param least so many products of numbers are worth it */
  constructor(product: Product, least = leastWork) {
    this.#product = product
    this.#least = least
    const { axes, a, b, c, old, zeroed, others, scale } = product
    const values = new LinearValues(axes)
    this.#values = values
    this.#bounds = axes.loops.map(({ begin, end }) => [values.add(begin), values.add(end)] as const)
    this.#accesses = [a, b, c, ...(old ? [old] : []), ...(zeroed ? [zeroed.store] : []), ...others]
    this.#indices = this.#accesses.map(v => values.add(v.args[0]))
    this.#alpha = scale?.alpha && values.add(scale.alpha)
    this.#beta = scale?.beta && values.add(scale.beta)
  }

  /** @param addresses of the arrays' first bytes @returns the product, or why the kernel's own code is to run */
  place(launch: Launch, size: Size, addresses: readonly number[]): Plan | Refusal {
    const known = this.#last
    if (known && isAlike(known, launch, addresses)) return known.plan
    const plan = this.#place(launch, size, addresses)
    const { extents, scalars, arrays } = launch
    this.#last = { extents, scalars, lengths: arrays.map(a => a.byteLength), addresses, plan }
    return plan
  }

  #place(launch: Launch, size: Size, addresses: readonly number[]): Plan | Refusal {
    const counts = this.#counts(launch, size)
    if (counts instanceof Refusal) return counts
    const accesses = this.#values
      .linear(launch, this.#indices)
      .map((index, i): Access => ({ of: this.#accesses[i], index }))
    const refusal = this.#check(launch, accesses, counts, addresses)
    if (refusal) return refusal
    const { over, zeroed } = this.#product
    const [a, b, c] = accesses
    const directions = counts.flatMap((count, axis): Direction[] =>
      count === 1 || axis === over || zeroed?.inner.includes(axis)
        ? []
        : [{ count, a: a.index.steps[axis], b: b.index.steps[axis], c: c.index.steps[axis] }],
    )
    if (!isDistinct(directions)) return new Refusal('an element is written more than once')
    const parts = partsOf(directions)
    if (parts instanceof Refusal) return parts
    const { rows, columns, batch } = parts
    if (rows.count === 1 || columns.count === 1) {
      const [matrix, along] = columns.count === 1 ? [a, rows.a] : [b, columns.b]
      const hasNeighbours = along === 1 || matrix.index.steps[over] === 1
      const isEnough = Math.max(rows.count, columns.count) >= leastVector && counts[over] >= leastVector
      const { dtype, scale } = this.#product
      const isOfReals = (dtype === 'f32' || dtype === 'f64') && !scale
      if (!isOfReals || !hasNeighbours || !isEnough || batch.count > 1)
        return new Refusal('it is a matrix times a vector')
    }
    const work = rows.count * columns.count * batch.count * counts[over]
    return work < this.#least ? new Refusal('it is small') : this.#planned(accesses, parts, counts[over])
  }

  /** Positions along each axis. */
  #counts(launch: Launch, size: Size): readonly number[] | Refusal {
    const values = this.#values
    values.begin(launch)
    const counts = [...size.counts]
    for (const [i, [begin, end]] of this.#bounds.entries()) {
      const rounds = roundsOf(this.#product.axes.loops[i], values.uniform(begin), values.uniform(end))
      if (rounds === undefined) return new Refusal('the counter of a loop wraps')
      counts.push(rounds)
    }
    return counts.includes(0) ? new Refusal('there is nothing to add up') : counts
  }

  #check(
    launch: Launch,
    accesses: readonly Access[],
    counts: readonly number[],
    addresses: readonly number[],
  ): Refusal | undefined {
    const { over, old, zeroed } = this.#product
    const [a, b, c, ...rest] = accesses
    if (c.index.steps[over] !== 0) return new Refusal('the element that is written moves along the sum')
    const own = counts.map((count, axis) => (zeroed?.inner.includes(axis) ? 1 : count))
    if (old && !isSame(c.index, rest.shift()!.index, own)) return new Refusal('another element is read than written')
    if (zeroed && !isSameSet(c.index, rest.shift()!.index, counts, zeroed))
      return new Refusal('other elements are made 0 than written')
    const written = reachOf(c, own)
    for (const access of [c, a, b, ...rest]) {
      const { buffer } = access.of.attr
      const [least, most] = reachOf(access, own)
      if (least < 0 || most >= Math.min(2147483647, lengthOf(launch, buffer)))
        return new Refusal('an index is out of range')
      const from = (x: Access, at: number) =>
        addresses[x.of.attr.buffer] + at * ELEMENT_BYTES[x.of.attr.element as Element]
      if (access !== c && from(access, least) < from(c, written[1] + 1) && from(c, written[0]) < from(access, most + 1))
        return new Refusal('the result shares memory with what is read')
    }
    return undefined
  }

  #planned([a, b, c]: readonly Access[], { rows, columns, batch }: Parts, k: number): Plan {
    const { over, start, scale, dtype, contract } = this.#product
    const at = ({ of, index }: Access) => ({ array: of.attr.buffer as number, offset: index.begin })
    const plan: Plan = {
      dtype,
      m: rows.count,
      n: columns.count,
      k,
      batch: batch.count,
      a: { ...at(a), rowStride: rows.a, columnStride: a.index.steps[over], batchStride: batch.a },
      b: { ...at(b), rowStride: b.index.steps[over], columnStride: columns.b, batchStride: batch.b },
      c: { ...at(c), rowStride: rows.c, columnStride: columns.c, batchStride: batch.c },
      contract,
      ...(scale ? { scale: this.#scale(scale) } : { start: start === 'zero' ? 'zero' : 'c' }),
    }
    return Math.abs(rows.c) < Math.abs(columns.c) ? transposed(plan) : plan
  }

  #scale({ c }: Scale): NonNullable<MatrixProduct['scale']> {
    const factor = (number: number | undefined) => (number === undefined ? 1 : this.#values.uniform(number))
    return { alpha: factor(this.#alpha), ...(c && { beta: factor(this.#beta) }) }
  }
}

/** What a plan depends on, of the last launch. */
interface Known {
  readonly extents: readonly Extent[]
  readonly scalars: readonly (number | bigint)[]
  readonly lengths: readonly number[]
  readonly addresses: readonly number[]
  readonly plan: Plan | Refusal
}

function isAlike(known: Known, { extents, scalars, arrays }: Launch, addresses: readonly number[]): boolean {
  for (const [i, address] of addresses.entries())
    if (address !== known.addresses[i] || arrays[i].byteLength !== known.lengths[i]) return false
  for (const [i, scalar] of scalars.entries()) if (scalar !== known.scalars[i]) return false
  return extents.every(({ begin, end, step }, i) => {
    const other = known.extents[i]
    return begin === other.begin && end === other.end && step === other.step
  })
}

/** Block code is for rows that lie one behind the other. */
const transposed = (p: Plan): Plan => ({
  ...p,
  m: p.n,
  n: p.m,
  a: turned(p.b),
  b: turned(p.a),
  c: turned(p.c),
})

const turned = (o: Planned): Planned => ({ ...o, rowStride: o.columnStride, columnStride: o.rowStride })

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

/** The least and the largest index of an access. They are exact, so that a wrapped one is out of range. */
function reachOf({ index: { begin, steps } }: Access, counts: readonly number[]): readonly [number, number] {
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
  const [rows = nothing, ...moreOfA] = merged(ofA)
  const [columns = nothing, ...moreOfB] = merged(ofB)
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
