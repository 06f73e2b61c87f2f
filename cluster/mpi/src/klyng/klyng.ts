/**
 * klyng's six functions, over the ranks of this program: what was written for klyng runs under `skein mpirun`, Open MPI and MPICH.
 *
 *     import klyng from 'skein/mpi/klyng'
 *
 *     klyng.init(() => {
 *       if (klyng.rank() === 0) klyng.send({ to: 1, data: 'hello', subject: 'greeting' })
 *       if (klyng.rank() === 1) console.log(klyng.recv({ from: 0, subject: 'greeting' }))
 *       klyng.end()
 *     })
 *
 * Source: klyng 1.0.5, "API Documentation". What differs: data is whatever structured clone takes, JSON or not, and may be false, null or empty; and `end` waits for the other
 * ranks, so that the last messages are not lost.
 */

import { ArgumentError } from '@skein/base'
import type { Intracomm } from '../comm/communicators.ts'
import { anySource } from '../constants.ts'
import { finalize } from '../environment.ts'
import { Status } from '../status.ts'
import { world } from '../world.ts'

export interface OutgoingMessage {
  readonly to: number
  readonly data: unknown
  /** What the receiver may ask for: compared as `===` does. */
  readonly subject?: unknown
}

/** What is left out may be anything. */
export interface Criteria {
  /** -1: any rank. */
  readonly from?: number
  /** `'-1'`: any subject. */
  readonly subject?: unknown
}

type Arrived = readonly [from: number, subject: unknown, data: unknown]

/** Its messages are apart from those of other calls on `world`. */
let comm: Intracomm | undefined
/** What came while something else was waited for, in the order it came. */
const queue: Arrived[] = []

/** Starts the program. All ranks call it. */
export function init(main: () => unknown): void {
  if (typeof main !== 'function') throw new ArgumentError('klyng.init', 'the program', 'a function', main)
  if (comm !== undefined) throw new ArgumentError('klyng.init', 'the program', 'the only one of the process', main)
  comm = world.dup()
  comm.name = 'klyng'
  // What it throws later, as an asynchronous function, ends the rank as well.
  void main()
}

/** How many ranks there are. */
export const size = (): number => world.size

/** Which one this is, from 0. */
export const rank = (): number => world.rank

/**
 * Sends data to a rank, and goes on at once.
 *
 * @throws ArgumentError without `to` or `data`; MpiError for a rank that there is not, or data that cannot be sent
 */
export function send(message: OutgoingMessage): void {
  const on = opened('klyng.send')
  if (message?.to === undefined) throw new ArgumentError('klyng.send', 'to', 'the rank to send to', message?.to)
  if (message.data === undefined) throw new ArgumentError('klyng.send', 'data', 'what to send', undefined)
  // A copy: two ranks that send to each other before they receive must not wait for each other.
  on.bsend([message.subject, message.data], message.to)
}

/** Waits for a message that meets the criteria; its data. Others that come meanwhile stay for later calls. */
export function recv(criteria: Criteria = {}): any {
  const on = opened('klyng.recv')
  if (criteria === null || typeof criteria !== 'object')
    throw new ArgumentError('klyng.recv', 'the criteria', 'an object', criteria)
  const { from = anySource, subject } = criteria
  const suits = ([source, other]: Arrived): boolean =>
    (from === anySource || from === source) && (subject === undefined || subject === '-1' || subject === other)
  const index = queue.findIndex(suits)
  if (index >= 0) return queue.splice(index, 1)[0][2]
  const status = new Status()
  for (;;) {
    const [other, data] = on.recv(from, 0, status)
    const arrived: Arrived = [status.source, other, data]
    if (suits(arrived)) return data
    queue.push(arrived)
  }
}

/** The program is over: waits for the other ranks, and ends this one. */
export function end(): never {
  opened('klyng.end')
  finalize()
  process.exit(0)
}

function opened(call: string): Intracomm {
  if (comm !== undefined) return comm
  throw new ArgumentError(call, 'the program', 'started by klyng.init', undefined, 'Call it in what init is given')
}

export default { init, size, rank, send, recv, end }
