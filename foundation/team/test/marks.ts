/** A body of a module apart, for nested calls. */

import { heap } from '@skein/heap'

export const mark = (args: number, begin: number, end: number): void => {
  const w = heap.view(Int32Array, args, 1024)
  for (let i = begin; i < end; i++) Atomics.add(w, i, 1)
}
