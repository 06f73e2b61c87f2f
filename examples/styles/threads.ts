/**
 * A process of the study that has kernels, bags, and plain JavaScript to compare with: `threads.ts <inputs>`. How many threads it has is in its environment,
 * SKEIN_THREADS and SKEIN_WORKERS.
 */

import { heap } from 'skein'
import { type Inputs, inMemoryOf, loadInputs } from './inputs.ts'
import { joinPlain } from './join.ts'
import { joinByBags, joinWithIndex } from './join-bags.ts'
import { joinByKernels } from './join-kernels.ts'
import { shortestPlain } from './paths.ts'
import { shortestByBags } from './paths-bags.ts'
import { shortestByKernels } from './paths-kernels.ts'
import { serve } from './serve.ts'

const solutions: { [way: string]: (inputs: Inputs) => Int32Array | Promise<Int32Array> } = {
  'paths plain': ({ network }) => shortestPlain(network),
  'paths kernels': ({ network }) => shortestByKernels(network),
  'paths bags': ({ network }) => shortestByBags(network),
  'join plain': tables => joinPlain(tables),
  'join kernels': tables => joinByKernels(tables),
  'join bags': tables => joinByBags(tables),
  'join bags, index': tables => joinWithIndex(tables),
}

// All threads see the inputs.
const inputs = inMemoryOf(loadInputs(process.argv[2]), (kind, length) => heap.array(kind, length))
await serve(async way => {
  const began = performance.now()
  const answer = await solutions[way](inputs)
  return [answer, performance.now() - began]
})
