/**
 * Products of matrices, in batches: by block code where there is some for the dtype and the machine, else as a sum of products. Both sum in order; block code rounds each step once (a fused
 * multiply-add is twice as fast on many processors), the other twice.
 */

import { type DType, infoOf } from '../dtypes.ts'
import { providerOf } from '../linalg/choose.ts'
import type { Product } from '../linalg/provider.ts'
import { allocate } from '../memory.ts'
import { combinedIn } from '../promotion.ts'
import { broadcastStrides, type Shape, sizeOf, stridesOf } from '../shape.ts'
import { evaluating } from './evaluate.ts'
import { sumFold } from './fold.ts'

import { outerPlaces, type Runs } from './launch.ts'
import { apply, leafOf, type Node, type View } from './node.ts'
import { multiply } from './operations/arithmetic.ts'
import { reducing } from './reduce.ts'

const blockTypes: Partial<Record<DType, Product['dtype']>> = {
  float32: 'f32',
  float64: 'f64',
  complex64: 'c64',
  complex128: 'c128',
}
/** Fewer multiplications than this are done before block code has begun. */
const leastWork = 512

/**
 * C = AB for each place of the axes in front.
 * @param a of shape […, m, k] @param b of shape […, k, n], of the same dtype
 * @param batch the shape to which the axes in front are broadcast
 */
export function* multiplying(a: Node, b: Node, batch: Shape): Runs<View> {
  const [x, y] = [yield* evaluating(a), yield* evaluating(b)]
  const [m, k] = x.shape.slice(-2)
  const n = y.shape[y.shape.length - 1]
  const { dtype } = x
  const type = blockTypes[dtype]
  const shape = [...batch, m, n]
  const along = (view: View, rows: number, columns: number): View => {
    const whole = [...batch, rows, columns]
    return { ...view, shape: whole, strides: broadcastStrides(view.shape, view.strides, whole) }
  }
  const [left, right] = [along(x, m, k), along(y, k, n)]
  const isSmall = type === undefined || m * n * k < leastWork
  const multiplier = isSmall ? undefined : providerOf('multiplier', Math.min(m, n, k), infoOf(dtype).parts).multiplier()
  if (type === undefined || multiplier === undefined) return yield* bySums(left, right, batch)
  const memory = allocate(dtype, sizeOf(shape), 'matmul', 'unset')
  const c: View = { dtype, shape, strides: stridesOf(shape), offset: 0, memory }
  const views = [left, right, c]
  const rank = batch.length
  // One axis of the batch is the code's own, the others are walked through.
  const outer = Math.max(0, rank - 1)
  for (const shifts of outerPlaces(
    batch.slice(0, outer),
    views.map(v => v.strides),
  )) {
    const [aPart, bPart, cPart] = views.map((v, j) => ({
      array: v.memory.elements as unknown as ArrayBufferView,
      offset: v.offset + shifts[j],
      rowStride: v.strides[rank],
      columnStride: v.strides[rank + 1],
      ...(rank > 0 && { batchStride: v.strides[rank - 1] }),
    }))
    const product: Product = {
      dtype: type,
      m,
      n,
      k,
      a: aPart,
      b: bPart,
      c: cPart,
      contract: true,
      ...(rank > 0 && { batch: batch[rank - 1] }),
    }
    yield multiplier(product)
  }
  return c
}

/** Lanes are columns of C; each sums over k in order. */
function* bySums(x: View, y: View, batch: Shape): Runs<View> {
  const rank = batch.length
  const [m, k] = x.shape.slice(-2)
  const n = y.shape[rank + 1]
  const { dtype } = x
  const shape = [...batch, m, k, n]
  const put = (view: View, at: number): View => ({
    ...view,
    shape,
    strides: view.strides.toSpliced(at, 0, 0),
  })
  const [left, right] = [leafOf(put(x, rank + 2)), leafOf(put(y, rank))]
  for (const leaf of [left, right]) leaf.box.readers++
  const products = apply(multiply, [left, right], dtype, shape)
  const found = yield* reducing(products, [rank + 1], dtype === 'bool' ? orFold : sumFold, combinedIn(dtype), true)
  for (const leaf of [left, right]) leaf.box.readers--
  return found
}

const orFold = {
  name: 'or',
  init: () => 0,
  combine: ((b, x, y) => ({ dtype: x.dtype, v: b.op('or', 'i1', [x.v, y.v]) })) as typeof sumFold.combine,
}
