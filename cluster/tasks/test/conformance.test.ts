/** What every engine must do. Another is given to `conform` the same way. */
import { availableParallelism } from 'node:os'
import { conform } from './conformance.ts'

const oneThread = 'all runs on one thread, and a worker cannot be lost alone'
// Two on any machine: some tasks wait for what others do.
conform('threads', { engine: 'threads', workers: Math.max(2, availableParallelism()) })
conform('inline', { engine: 'inline' }, { crashes: oneThread, blocking: 'what blocks, blocks everything' })
conform('inline with three workers', { engine: 'inline', workers: 3 }, { crashes: oneThread, blocking: oneThread })
