/** Elements that lie one behind the other in two arrays, copied as bytes. */

import { infoOf } from '../dtypes.ts'
import { sameShape, sizeOf } from '../shape.ts'
import type { View } from './node.ts'

/** To copy a run takes about as long as a kernel takes for so many elements beside. */
const worthARun = 400
/** More elements are copied sooner by kernels, on all threads. */
const mostCopied = 1 << 18
/** So few runs are copied before a kernel has begun. */
const fewRuns = 8

/**
 * Copies elements to where they lie in runs as they do here, where those are few or long.
 * @returns whether it has: dtypes and shapes are the same, and runs are worth it
 */
export function copyRuns(source: View, target: View): boolean {
  const { shape, dtype } = source
  if (dtype !== target.dtype || !sameShape(shape, target.shape)) return false
  let length = 1
  let inside = shape.length
  for (; inside > 0; inside--) {
    const n = shape[inside - 1]
    if (n !== 1 && (source.strides[inside - 1] !== length || target.strides[inside - 1] !== length)) break
    length *= n
  }
  const size = sizeOf(shape)
  if (size === 0) return true
  if (size > mostCopied) return false
  if (size > fewRuns * length && length < worthARun) return false
  const { parts } = infoOf(dtype)
  const [from, to] = [source.memory.elements, target.memory.forWriting()]
  const copy = (axis: number, at: number, begin: number): void => {
    if (axis === inside) {
      to.set(from.subarray(at * parts, (at + length) * parts) as never, begin * parts)
      return
    }
    for (let i = 0; i < shape[axis]; i++)
      copy(axis + 1, at + i * source.strides[axis], begin + i * target.strides[axis])
  }
  copy(0, source.offset, target.offset)
  return true
}
