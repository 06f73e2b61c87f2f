/** What the threads engine can be told. */

import { totalmem } from 'node:os'
import type { ResourceLimits } from 'node:worker_threads'
import { heap } from '@skein/heap'
import type { SpillOptions } from '../objects/spill-folder.ts'

export interface ThreadsOptions {
  readonly workers: number
  /** Most tasks on the board at once: a power of two up to 2^16. Default 32,768. */
  readonly slots?: number
  /** Amounts of custom resources, `gpus` and `memoryBytes`. */
  readonly resources?: { readonly [name: string]: number }
  /** Of each worker's own memory, as Node's workers have them: what lies in the shared heap does not count. */
  readonly resourceLimits?: ResourceLimits
  /**
   * Most bytes of the shared heap that may be in use, by tasks and everything else. Near it, values that nobody uses go to
   * disk. Default: what the heap can grow to, but no more than 70 % of the machine's memory.
   */
  readonly heapBytes?: number
  /** Where values go when the heap gets full; false: nowhere. */
  readonly spill?: SpillOptions | false
  /** Checks the scheduler's invariants after every event. */
  readonly validate?: boolean
}

/** Of the machine's memory, or the container's, whose limit is smaller; 0 or huge is none. */
export function defaultHeapBytes(): number {
  const constrained = process.constrainedMemory()
  const machine = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
  return Math.min(heap.limitBytes, 0.7 * machine)
}
