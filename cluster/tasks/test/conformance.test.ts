/** What every engine must do. Another is given to `conform` the same way. */
import { conform } from './conformance.ts'

const oneThread = 'all runs on one thread, and a worker cannot be lost alone'
conform('threads', { engine: 'threads' })
conform('inline', { engine: 'inline' }, { crashes: oneThread, blocking: 'what blocks, blocks everything' })
conform('inline with three workers', { engine: 'inline', workers: 3 }, { crashes: oneThread, blocking: oneThread })
