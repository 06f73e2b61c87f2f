/**
 * Parts of an n-dimensional array (MPI-4.0, 5.1.3 and 5.1.4): a block of it, and what one process of a grid has of it. Either way
 * the part is a set of runs of indices along each dimension, and the type reaches over the whole array, so that the next element
 * is the next array.
 */

import { check, checkCount, checkCounts, checkLength, checkOneOf, checkPositive, checkSizes } from './check.ts'
import { bounded, type Layout, placed } from './layout.ts'

export type Order = 'C' | 'F'
export type Distribution = 'block' | 'cyclic' | 'none'

/** Indices along one dimension. */
interface Indices {
  readonly starts: readonly number[]
  readonly lengths: readonly number[]
}

/** From the dimension in which neighbours lie side by side to the outermost one: the last to the first in C's order. */
const grid = (sizes: readonly number[], indices: readonly Indices[], order: Order, of: Layout): Layout => {
  let layout = of
  let slab = of.extent
  for (let k = 0; k < sizes.length; k++) {
    const d = order === 'C' ? sizes.length - 1 - k : k
    const { starts, lengths } = indices[d]
    const inner = layout
    const row = placed(
      starts.map(start => start * slab),
      lengths,
      () => inner,
    )
    slab *= sizes[d]
    layout = bounded(0, slab, row)
  }
  return layout
}

export const subarray = (
  sizes: readonly number[],
  subsizes: readonly number[],
  starts: readonly number[],
  order: Order,
  of: Layout,
): Layout => {
  checkSizes('subarray', 'sizes', sizes)
  check(sizes.length > 0, 'subarray', 'sizes', 'of one dimension at least', sizes)
  checkSizes('subarray', 'subsizes', subsizes)
  checkCounts('subarray', 'starts', starts)
  checkLength('subarray', 'subsizes', subsizes, sizes.length, 'as many numbers as there are dimensions')
  checkLength('subarray', 'starts', starts, sizes.length, 'as many numbers as there are dimensions')
  checkOneOf('subarray', 'order', order, ['C', 'F'])
  for (let d = 0; d < sizes.length; d++) {
    check(subsizes[d] <= sizes[d], 'subarray', `subsizes[${d}]`, `at most sizes[${d}], ${sizes[d]}`, subsizes[d])
    const most = sizes[d] - subsizes[d]
    check(starts[d] <= most, 'subarray', `starts[${d}]`, `at most sizes[${d}] - subsizes[${d}], ${most}`, starts[d])
  }
  const indices = starts.map((start, d) => ({ starts: [start], lengths: [subsizes[d]] }))
  return grid(sizes, indices, order, of)
}

/** A distributed array, and whose part of it is meant. */
export interface Darray {
  /** Processes, and which one. */
  readonly size: number
  readonly rank: number
  /** Of the whole array. */
  readonly gsizes: readonly number[]
  readonly distribs: readonly Distribution[]
  /** Indices of a block; undefined: as large as it must be for a block distribution, and 1 for a cyclic one. */
  readonly dargs: readonly (number | undefined)[]
  /** Processes along each dimension. */
  readonly psizes: readonly number[]
  readonly order: Order
}

/** Process `p` of `processes` along dimension d. */
const ownedBy = (a: Darray, d: number, p: number): Indices => {
  const n = a.gsizes[d]
  const processes = a.psizes[d]
  if (a.distribs[d] === 'cyclic') {
    const block = a.dargs[d] ?? 1
    const starts: number[] = []
    for (let start = p * block; start < n; start += processes * block) starts.push(start)
    return { starts, lengths: starts.map(start => Math.min(block, n - start)) }
  }
  const block = a.dargs[d] ?? Math.ceil(n / processes)
  const start = p * block
  return start < n ? { starts: [start], lengths: [Math.min(block, n - start)] } : { starts: [], lengths: [] }
}

const checkDarray = (a: Darray): void => {
  const { size, rank, gsizes, distribs, dargs, psizes, order } = a
  checkPositive('darray', 'size', size)
  checkCount('darray', 'rank', rank)
  check(rank < size, 'darray', 'rank', `less than size, ${size}`, rank)
  checkSizes('darray', 'gsizes', gsizes)
  check(gsizes.length > 0, 'darray', 'gsizes', 'of one dimension at least', gsizes)
  checkSizes('darray', 'psizes', psizes)
  checkLength('darray', 'distribs', distribs, gsizes.length, 'as many words as there are dimensions')
  checkLength('darray', 'dargs', dargs, gsizes.length, 'as many numbers as there are dimensions')
  checkLength('darray', 'psizes', psizes, gsizes.length, 'as many numbers as there are dimensions')
  checkOneOf('darray', 'order', order, ['C', 'F'])
  const processes = psizes.reduce((a, b) => a * b, 1)
  check(processes === size, 'darray', 'psizes', `numbers whose product is size, ${size}`, psizes)
  for (let d = 0; d < gsizes.length; d++) {
    checkOneOf('darray', `distribs[${d}]`, distribs[d], ['block', 'cyclic', 'none'])
    const block = dargs[d]
    if (block !== undefined) checkPositive('darray', `dargs[${d}]`, block)
    if (distribs[d] === 'none') {
      check(psizes[d] === 1, 'darray', `psizes[${d}]`, '1, for the dimension is not distributed', psizes[d])
      check(block === undefined, 'darray', `dargs[${d}]`, 'undefined, for the dimension is not distributed', block)
    }
    if (distribs[d] === 'block' && block !== undefined) {
      const least = Math.ceil(gsizes[d] / psizes[d])
      check(block >= least, 'darray', `dargs[${d}]`, `at least ${least}, so that the blocks cover the array`, block)
    }
  }
}

export const darray = (a: Darray, of: Layout): Layout => {
  checkDarray(a)
  // The grid of processes is always in row-major order, whatever the array's is.
  const indices: Indices[] = []
  let left = a.size
  let rank = a.rank
  for (let d = 0; d < a.gsizes.length; d++) {
    left /= a.psizes[d]
    indices.push(ownedBy(a, d, Math.floor(rank / left)))
    rank %= left
  }
  return grid(a.gsizes, indices, a.order, of)
}
