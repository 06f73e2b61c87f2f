/** Ranks of `threads.test.ts` that wait for ever: what each fails with goes to the test. */
import { parentPort, workerData } from 'node:worker_threads'
import { byte, float64, int64 } from '../src/datatype/basic.ts'
import { sum } from '../src/op.ts'
import { Request } from '../src/request/request.ts'
import { Status } from '../src/status.ts'
import { openThreadsEngine } from '../src/threads/engine.ts'

const { start, rank, kind } = workerData
const { world } = openThreadsEngine(start, rank)
const part = { view: new Uint8Array(8), count: 8, type: byte }
const number = (length = 1) => ({ view: new Float64Array(length), count: 1, type: float64 })
const whole = (length = 1) => ({ view: new BigInt64Array(length), count: 1, type: int64 })

const owner = { rank, name: 'world', failed: (error: unknown) => error }
const receive = (source: number, tag: number) =>
  new Request(owner, 'irecv', world.irecv(part, source, tag), true, new Status())

/** What rank 0 does, and what the others do. */
const kinds: Record<string, [() => void, () => void]> = {
  circle: [
    () => world.recv(part, 1, 5, new Status()),
    () => world.recv(part, (rank + 1) % start.size, 5, new Status()),
  ],
  ended: [() => world.recv(part, 1, -1, new Status()), () => {}],
  any: [
    () => Request.waitAny([receive(1, 5), receive(-1, 6)]),
    () => Request.waitSome([receive(0, 7), receive((rank + 1) % start.size, 8)]),
  ],
  unreceived: [() => world.send('synchronous', part, 1, 9), () => world.run({ is: 'barrier' })],
  making: [() => world.split(0, 0), () => world.recv(part, 0, 5, new Status())],
  mismatched: [
    () => world.run({ is: 'barrier' }),
    () => world.run({ is: 'allreduce', send: number(), recv: number(), op: sum }),
  ],
  otherType: [
    () => world.run({ is: 'allgather', send: number(), recv: number(2) }),
    () => world.run({ is: 'allgather', send: whole(), recv: whole(2) }),
  ],
}

try {
  kinds[kind][rank === 0 ? 0 : 1]()
  parentPort!.postMessage({ rank, error: undefined })
} catch (error) {
  parentPort!.postMessage({ rank, error: `${(error as Error).name}: ${(error as Error).message}` })
}
