/** Bad calls on windows: each is refused before anyone else hears of it, and names window, rank and call. */

import {
  float64,
  Group,
  int32,
  MpiError,
  max,
  maxloc,
  noOp,
  Op,
  procNull,
  Request,
  replace,
  sum,
  uint8,
  version,
  world,
} from '@skein/mpi'
import { assert, fails, ok, rank, size } from './check.ts'

const next = (rank + 1) % size
const x = new Float64Array(4)
const one = new Float64Array(1)

// Making one.
fails('MPI_ERR_BUFFER', 'window', () => world.window('memory' as any))
fails('MPI_ERR_BUFFER', 'window', () => world.window(new Float64Array(new ArrayBuffer(8, { maxByteLength: 16 }))))
fails('MPI_ERR_DISP', 'window', () => world.window(x, { dispUnit: 0 }))
fails('MPI_ERR_DISP', 'window', () => world.window(x, { dispUnit: 1.5 }))
fails('MPI_ERR_INFO', 'window', () => world.window(x, { info: 'fast' as any }))
fails('MPI_ERR_SIZE', 'allocateWindow', () => world.allocateWindow(Float64Array, -1))
fails('MPI_ERR_SIZE', 'allocateWindow', () => world.allocateWindow(Float64Array, Number.NaN))
fails('MPI_ERR_SIZE', 'allocateWindow', () => world.allocateWindow(Float64Array, 2 ** 53))
fails('MPI_ERR_TYPE', 'allocateWindow', () => world.allocateWindow(Array as any, 1))
fails('MPI_ERR_TYPE', 'allocateSharedWindow', () => world.allocateSharedWindow(DataView as any, 1))
fails('MPI_ERR_ARG', 'allocateSharedWindow', () =>
  world.allocateSharedWindow(Float64Array, 1, { isContiguous: 'yes' as any }),
)

const win = world.window(new Float64Array(10))
win.name = 'mine'

// Outside of epochs, and in those of others.
const outside: [string, () => unknown][] = [
  ['put', () => win.put(one, next)],
  ['get', () => win.get(one, next)],
  ['accumulate', () => win.accumulate(one, next)],
  ['getAccumulate', () => win.getAccumulate(one, x.subarray(0, 1), next)],
  ['fetchAndOp', () => win.fetchAndOp(one, x.subarray(0, 1), next)],
  ['rput', () => win.rput(one, next)],
  ['flush', () => win.flush(next)],
  ['flushLocal', () => win.flushLocal(next)],
  ['flushAll', () => win.flushAll()],
  ['flushLocalAll', () => win.flushLocalAll()],
  ['sync', () => win.sync()],
  ['unlock', () => win.unlock(next)],
  ['unlockAll', () => win.unlockAll()],
  ['complete', () => win.complete()],
  ['wait', () => win.wait()],
  ['test', () => win.test()],
]
for (const [call, does] of outside) fails('MPI_ERR_RMA_SYNC', call, does)
assert.throws(
  () => win.put(one, next),
  (error: unknown) =>
    error instanceof MpiError &&
    error.message === `put on rank ${rank} of mine: there is no epoch: begin one by fence, start or lock`,
)

win.lock(next)
fails('MPI_ERR_RMA_SYNC', 'lock', () => win.lock(next))
fails('MPI_ERR_RMA_SYNC', 'lockAll', () => win.lockAll())
fails('MPI_ERR_RMA_SYNC', 'fence', () => win.fence())
fails('MPI_ERR_RMA_SYNC', 'start', () => win.start(world.group))
fails('MPI_ERR_RMA_SYNC', 'free', () => win.free())
if (size > 1) fails('MPI_ERR_RMA_SYNC', 'put', () => win.put(one, rank))
if (size > 1) fails('MPI_ERR_RMA_SYNC', 'unlock', () => win.unlock(rank))
if (size > 1) fails('MPI_ERR_RMA_SYNC', 'flush', () => win.flush(rank))
fails('MPI_ERR_RMA_SYNC', 'unlockAll', () => win.unlockAll())

// Ranks, places and counts.
fails('MPI_ERR_RANK', 'put', () => win.put(one, size))
fails('MPI_ERR_RANK', 'put', () => win.put(one, -7))
fails('MPI_ERR_RANK', 'put', () => win.put(one, Number.NaN))
fails('MPI_ERR_RANK', 'lock', () => win.lock(size))
fails('MPI_ERR_RANK', 'flush', () => win.flush(procNull))
fails('MPI_ERR_RMA_RANGE', 'put', () => win.put(one, next, 10))
fails('MPI_ERR_RMA_RANGE', 'get', () => win.get(x, next, 7))
fails('MPI_ERR_RMA_RANGE', 'put', () => win.put(one, next, -1))
fails('MPI_ERR_RMA_RANGE', 'put', () => win.put(one, next, 2 ** 53 - 1))
fails('MPI_ERR_DISP', 'put', () => win.put(one, next, 0.5))
fails('MPI_ERR_DISP', 'put', () => win.put(one, next, Number.NaN))
fails('MPI_ERR_RMA_RANGE', 'accumulate', () =>
  win.accumulate(x, next, 0, sum, { type: float64.vector(4, 1, 4), count: 1 }),
)
fails('MPI_ERR_RMA_RANGE', 'put', () => win.put(one, next, 0, { type: float64.hindexed([1], [-8]), count: 1 }))
fails('MPI_ERR_COUNT', 'put', () => win.put(x, next, 0, { count: 3 }))
fails('MPI_ERR_COUNT', 'put', () => win.put(x, next, 0, { count: -1 }))
fails('MPI_ERR_COUNT', 'put', () => win.put(x, next, 0, { type: float64.contiguous(3) }))
fails('MPI_ERR_TYPE', 'put', () => win.put(x, next, 0, { type: int32 }))
fails('MPI_ERR_TYPE', 'put', () => win.put(x, next, 0, { type: 'float64' as any }))
fails('MPI_ERR_BUFFER', 'put', () => win.put([1, 2] as any, next))
fails('MPI_ERR_COUNT', 'put', () => win.put({ buffer: x, offset: 2, count: 3 }, next))
const type = float64.contiguous(1)
type.free()
fails('MPI_ERR_TYPE', 'put', () => win.put(x, next, 0, { type }))

// Operations.
const user = Op.create((a: number, b: number) => a + b)
fails('MPI_ERR_OP', 'accumulate', () => win.accumulate(one, next, 0, user))
fails('MPI_ERR_OP', 'accumulate', () => win.accumulate(one, next, 0, noOp))
fails('MPI_ERR_OP', 'accumulate', () => win.accumulate(one, next, 0, maxloc))
fails('MPI_ERR_OP', 'accumulate', () => win.accumulate(one, next, 0, 'sum' as any))
fails('MPI_ERR_OP', 'getAccumulate', () => win.getAccumulate(one, x.subarray(0, 1), next, 0, user))
fails('MPI_ERR_TYPE', 'accumulate', () => win.accumulate(one, next, 0, max, { type: uint8 }))
fails('MPI_ERR_COUNT', 'getAccumulate', () => win.getAccumulate(one, x, next, 0, max))
fails('MPI_ERR_BUFFER', 'getAccumulate', () => win.getAccumulate(undefined, x, next, 0, max))
fails('MPI_ERR_COUNT', 'fetchAndOp', () => win.fetchAndOp(x, x.slice(), next))
fails('MPI_ERR_TYPE', 'fetchAndOp', () => win.fetchAndOp(1n as any, next))
fails('MPI_ERR_TYPE', 'fetchAndOp', () => win.fetchAndOp('one' as any, next))
fails('MPI_ERR_TYPE', 'compareAndSwap', () => win.compareAndSwap(1, 2, next))
fails('MPI_ERR_TYPE', 'compareAndSwap', () => win.compareAndSwap(one, one.slice(), one.slice(), next))
assert.equal(win.fetchAndOp(Number.NaN, next, 0, replace), 0)
win.unlock(next)
world.barrier()

// Nobody's window takes anything, and gives nothing, in any epoch.
win.put(one, procNull, 1e9)
win.get(one, procNull)
win.accumulate(one, procNull)
Request.waitAll([win.rput(one, procNull), win.rget(one, procNull)])
assert.equal(win.compareAndSwap(1, 5, procNull), 5)

// Promises and kinds of locks.
fails('MPI_ERR_LOCKTYPE', 'lock', () => win.lock(0, 'both' as any))
fails('MPI_ERR_ASSERT', 'lock', () => win.lock(0, 'shared', { noPut: true } as any))
fails('MPI_ERR_ASSERT', 'fence', () => win.fence({ noSuccess: true } as any))
fails('MPI_ERR_ASSERT', 'fence', () => win.fence({ noPut: 1 } as any))
fails('MPI_ERR_ASSERT', 'fence', () => win.fence('noPut' as any))
fails('MPI_ERR_GROUP', 'start', () => win.start([0] as any))
fails('MPI_ERR_GROUP', 'post', () => win.post('all' as any))
if (size > 1) {
  const own = world.split(rank)
  const alone = own.allocateWindow(Int32Array, 1)
  assert.throws(
    () => alone.post(world.group),
    /^MpiError: post on rank 0 of world split \d+ window: group must be a subset/,
  )
  // A window outlives its communicator.
  own.free()
  alone.fence()
  alone.put(Int32Array.of(3), 0)
  alone.fence({ noSucceed: true })
  assert.equal(alone.base[0], 3)
  alone.free()
}

// Epochs of fences and groups.
win.fence()
win.put(one, next)
fails('MPI_ERR_RMA_SYNC', 'lock', () => win.lock(next))
fails('MPI_ERR_RMA_SYNC', 'post', () => win.post(world.group))
fails('MPI_ERR_RMA_SYNC', 'flush', () => win.flush(next))
fails('MPI_ERR_RMA_SYNC', 'rget', () => win.rget(one, next))
fails('MPI_ERR_RMA_SYNC', 'fetchAndOp', () => win.fetchAndOp(1, next))
fails('MPI_ERR_RMA_SYNC', 'free', () => win.free())
fails('MPI_ERR_RMA_SYNC', 'fence', () => win.fence({ noPrecede: true }))
win.fence()
win.lock(next)
win.unlock(next)
world.barrier()
win.post(world.group.incl([(rank + size - 1) % size]))
fails('MPI_ERR_RMA_SYNC', 'post', () => win.post(Group.empty))
fails('MPI_ERR_RMA_SYNC', 'fence', () => win.fence())
fails('MPI_ERR_RMA_SYNC', 'free', () => win.free())
win.start(world.group.incl([next]))
if (size > 1) fails('MPI_ERR_RMA_SYNC', 'put', () => win.put(one, rank))
fails('MPI_ERR_RMA_SYNC', 'start', () => win.start(Group.empty))
win.complete()
win.wait()

// An error handler hears of what fails in the engine, and a window that is freed is no more.
const heard: string[] = []
win.errorHandler = (window, error) => heard.push(`${window.name}: ${(error as Error).message}`)
assert.throws(() => (win.errorHandler = 'loud' as any), /error handler|handler/)
world.barrier()
win.free()
for (const [call, does] of outside) fails('MPI_ERR_WIN', call, does)
fails('MPI_ERR_WIN', 'free', () => win.free())
fails('MPI_ERR_WIN', 'base', () => win.base)
fails('MPI_ERR_WIN', 'fence', () => win.fence())
assert.ok(win.isFree)
// Memory that a library allocated is gone with its window, and arrays over it are empty; memory that lies nowhere is none.
const kept = world.allocateWindow(Uint8Array, 100)
const array = kept.base
kept.free()
if (version().engine !== 'threads') assert.equal(array.length, 0)
for (const empty of [
  world.allocateWindow(Float64Array, 0),
  world.allocateSharedWindow(Float64Array, 0),
  world.window(),
]) {
  empty.fence()
  fails('MPI_ERR_RMA_RANGE', 'put', () => empty.put(uint8Of(1), next))
  empty.put(uint8Of(0), next)
  empty.fence({ noSucceed: true })
  empty.free()
}
function uint8Of(length: number): Uint8Array {
  return new Uint8Array(length)
}

// A buffer that goes away under its window: only on threads somebody looks.
if (version().engine === 'threads' && size > 1) {
  const gone = new Float64Array(4)
  const over = world.window(gone)
  if (rank === 0) structuredClone(gone, { transfer: [gone.buffer] })
  world.barrier()
  if (rank === 1) {
    over.lock(0)
    over.put(Float64Array.of(1), 0)
    assert.throws(() => over.unlock(0), /MpiError: unlock on rank 1 of .*: rank 0 says of its memory: /)
    over.lock(0, 'exclusive')
    over.unlock(0)
  }
  world.barrier()
  over.free()
}
{
  using scoped = world.allocateWindow(Uint8Array, 3)
  assert.equal(scoped.model === 'unified' || scoped.model === 'separate', true)
}

ok('window-errors')
