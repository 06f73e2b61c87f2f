/** Sums of products of rows of two arrays of floats, whose elements lie one behind the other: a kernel that is found without what it takes to look at a tree. */

import { infoOf } from '../dtypes.ts'
import { allocate } from '../memory.ts'
import { type Access, accessOf, accessText, addLaunchScalars, Composer } from './compose.ts'
import { combinationOf, sumFold } from './fold.ts'
import { launchOf } from './launch.ts'
import type { View } from './node.ts'
import { programOf } from './programs.ts'

/** Shorter ones are not worth a row of lanes. */
const leastLength = 32

/**
 * One sum for each row, of real floats, and not of nothing.
 * @param x of shape [rows, n] @param y the same, or [n]: the same row for all
 * @returns [rows]; undefined: they are not such
 */
export function rowProducts(x: View, y: View): View | undefined {
  const { dtype } = x
  const [rows, n] = x.shape
  const yStrides = y.shape.length === 1 ? [0, y.strides[0]] : y.strides
  if (infoOf(dtype).kind !== 'float' || rows === 0 || n < leastLength) return undefined
  if (x.strides[1] !== 1 || yStrides[1] !== 1) return undefined
  const accesses = [accessOf(dtype, x.strides, x.offset), accessOf(dtype, yStrides, y.offset)]
  const program = programOf(`row-products-${dtype}:${accesses.map(accessText).join()}`, () => ({
    ir: compose(accesses),
    combination: combinationOf(sumFold, dtype),
  }))
  const scalars: (number | bigint)[] = []
  addLaunchScalars(accesses[0], x.strides, x.offset, scalars)
  addLaunchScalars(accesses[1], yStrides, y.offset, scalars)
  const memory = allocate(dtype, rows, 'vecdot', 'unset')
  launchOf(program, [rows, n], [x.memory.elements, y.memory.elements], scalars, memory.elements as never).now()
  return { dtype, shape: [rows], strides: [1], offset: 0, memory }
}

function compose(accesses: readonly Access[]) {
  const c = new Composer()
  const indices = [c.index(0), c.index(1)]
  const [x, y] = accesses.map(access => {
    const buffer = c.buffer(infoOf(access.dtype).element)
    return c.load(access.dtype, buffer, c.place(access, indices))
  })
  return { ...c.finish('rowProducts', 2, c.b.mul(x.v, y.v)), yields: infoOf(accesses[0].dtype).type }
}
