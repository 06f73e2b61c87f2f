/** Typed arrays that are copied into the heap on their way to another thread. */

import { type HeapArray, heap, type TypedArray } from '@skein/heap'
import { classOf, kindOf } from '@skein/values'
import { tally } from './tally.ts'

/** @param label for people, in statistics */
export function copyToHeap(array: TypedArray, label: string): HeapArray<TypedArray> {
  const told = tally
  const began = told === undefined ? 0 : performance.now()
  const copy = heap.array(classOf(kindOf(array)), array as ArrayLike<any>, { label })
  told?.copied(array, began)
  return copy
}
