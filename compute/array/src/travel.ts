/** How arrays travel to tasks, actors and ranks, and back: as their parts. Large ones lie in the shared heap, and arrive as views of the same elements. */

import { registerTravel } from '@skein/base'
import type { Elements } from './dtypes.ts'
import { arrayOfParts, type Parts, toParts } from './functions/buffers.ts'
import { Memory } from './memory.ts'
import { NDArray } from './ndarray.ts'

/** Arrays of one message that shared elements share them again, so that a change by one is seen by what reads the other later. */
const memories = new WeakMap<object, Memory>()

function memoryOf(elements: Elements): Memory {
  let memory = memories.get(elements)
  if (!memory) memories.set(elements, (memory = new Memory(elements)))
  return memory
}

registerTravel<NDArray>(NDArray, {
  name: 'NDArray',
  module: 'skein/array',
  toData: toParts,
  fromData: (parts: Parts) => arrayOfParts(parts, memoryOf),
})
