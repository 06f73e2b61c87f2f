/** A module that cannot be imported on a worker. */
import { isMainThread } from 'node:worker_threads'
import { task } from '../../src/index.ts'

if (!isMainThread) throw new RangeError('no window on this thread')
export const never = task(import.meta, 'never', () => 1)
