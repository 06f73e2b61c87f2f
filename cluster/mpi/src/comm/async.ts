/** `comm.async`: calls that leave the event loop free. Each is the call that starts the same, which makes progress from then on whether or not it is awaited. */

import type { Request } from '../request/request.ts'
import type { Status } from '../status.ts'
import type { CollectiveCalls } from './collectives.ts'
import type { Collectives } from './forms.ts'
import type { Message } from './message.ts'

type Started = Collectives<'started'>
type Messages = Pick<
  CollectiveCalls,
  'isend' | 'issend' | 'ibsend' | 'irsend' | 'irecv' | 'isendrecv' | 'isendrecvReplace'
>

class AsyncCallsOf {
  readonly comm: CollectiveCalls

  constructor(comm: CollectiveCalls) {
    this.comm = comm
  }

  /** A message is there. */
  probe(source?: number, tag?: number): Request<Status> {
    return this.comm.probing(source, tag).begin()
  }

  /** A message is there, and taken out of the queue. */
  mprobe(source?: number, tag?: number): Request<Message> {
    return this.comm.mprobing(source, tag).begin()
  }
}

/** `recv` of `async` is `irecv` of the communicator, and so on. */
export type AsyncCalls = AsyncCallsOf &
  Started & { [K in keyof Messages as K extends `i${infer Name}` ? Name : never]: Messages[K] }

const names = [
  ...['send', 'ssend', 'bsend', 'rsend', 'recv', 'sendrecv', 'sendrecvReplace'],
  ...['barrier', 'bcast', 'gather', 'gatherv', 'scatter', 'scatterv', 'allgather', 'allgatherv'],
  ...[
    'alltoall',
    'alltoallv',
    'alltoallw',
    'reduce',
    'allreduce',
    'scan',
    'exscan',
    'reduceScatter',
    'reduceScatterBlock',
  ],
  ...['neighborAllgather', 'neighborAllgatherv', 'neighborAlltoall', 'neighborAlltoallv', 'neighborAlltoallw'],
]
for (const name of names) {
  const started = `i${name}`
  ;(AsyncCallsOf.prototype as any)[name] = function (this: AsyncCallsOf, ...given: unknown[]) {
    return (this.comm as any)[started](...given).begin()
  }
}

export const AsyncCalls = AsyncCallsOf as unknown as new (comm: CollectiveCalls) => AsyncCalls
