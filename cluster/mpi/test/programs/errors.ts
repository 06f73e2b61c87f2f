/** Bad arguments: refused before anyone else hears of the call, so that all ranks go on. */

import { ArgumentError } from '@skein/base'
import {
  AttributeKey,
  allocate,
  anySource,
  band,
  bor,
  float64,
  inPlace,
  land,
  MpiError,
  max,
  Op,
  procNull,
  self,
  sum,
  world,
} from '@skein/mpi'
import { assert, fails, ok, rank, size } from './check.ts'

const x = new Float64Array(4)
fails('MPI_ERR_RANK', 'send', () => world.send(x, size))
fails('MPI_ERR_RANK', 'irecv', () => world.irecv(x, -7))
fails('MPI_ERR_TAG', 'send', () => world.send(x, 0, -1))
fails('MPI_ERR_COUNT', 'send', () => world.send({ buffer: x, offset: 2, count: 3 }, 0))
fails('MPI_ERR_BUFFER', 'sendrecv', () => world.sendrecv(x, 0, 0, x, 0, 0))
fails('MPI_ERR_BUFFER', 'recv', () => world.recv({ buffer: x, offset: 9 }, anySource))
fails('MPI_ERR_ROOT', 'bcast', () => world.bcast(x, size))
fails('MPI_ERR_ROOT', 'reduce', () => world.reduce(x, max, -1))
fails('MPI_ERR_BUFFER', 'allreduce', () => world.allreduce(x, x.subarray(1), max))
fails('MPI_ERR_COUNT', 'allgather', () => world.allgather(x, new Float64Array(4 * size + 1)))
fails('MPI_ERR_COUNT', 'allgatherv', () => world.allgatherv(x, { buffer: x, counts: [1] }))
fails('MPI_ERR_COUNT', 'alltoall', () => world.alltoall([1]))
fails('MPI_ERR_BUFFER', 'gather', () =>
  rank === 0 ? world.gather(inPlace, undefined, 0) : world.gather(inPlace, undefined, 0),
)
assert.throws(() => allocate(Array as any, 1), ArgumentError)
fails('MPI_ERR_TYPE', 'send', () => world.send({ buffer: x, type: 'double' as any }, 0))
for (const op of ['max', { name: 'max' }] as any[]) {
  fails('MPI_ERR_OP', 'allreduce', () => world.allreduce(1, op))
  fails('MPI_ERR_OP', 'iscan', () => world.iscan({ a: 1 }, op))
  fails('MPI_ERR_OP', 'reduce', () => world.reduce(1, op, 0))
  fails('MPI_ERR_OP', 'reduceScatterBlock', () => world.reduceScatterBlock(Array(size).fill(1), op))
}
fails('MPI_ERR_ARG', 'split', () => world.split(2 ** 31))
fails('MPI_ERR_ARG', 'split', () => world.split(0, -(2 ** 31)))
for (const end of ['free', 'disconnect'] as const) {
  fails('MPI_ERR_COMM', end, () => world[end]())
  assert.throws(() => self[end](), MpiError)
}
const type = float64.contiguous(2)
type.free()
fails('MPI_ERR_TYPE', 'send', () => world.send({ buffer: x, type }, 0))
const op = Op.create((a: number) => a)
op.free()
fails('MPI_ERR_OP', 'allreduce', () => world.allreduce(1, op))
const request = world.irecv(new Float64Array(1), 0, 77)
request.cancel()
request.wait()
request.free()
fails('MPI_ERR_REQUEST', 'wait', () => request.wait())
fails('MPI_ERR_REQUEST', 'test', () => request.test())
const started = world.sendInit(x, procNull)
started.free()
fails('MPI_ERR_REQUEST', 'start', () => started.start())

// An operation that the elements do not know: in each form of the call.
fails('MPI_ERR_OP', 'allreduce', () => world.allreduce(x, new Float64Array(4), band))
fails('MPI_ERR_OP', 'allreduce', () => world.allreduce(x, band))
fails('MPI_ERR_OP', 'iallreduce', () => world.iallreduce(inPlace, x, land))
fails('MPI_ERR_OP', 'reduce', () => world.reduce(x, band))
fails('MPI_ERR_OP', 'scan', () => world.scan(x, bor))
fails('MPI_ERR_OP', 'reduceScatterBlock', () => world.reduceScatterBlock(new Float64Array(size), band))
fails('MPI_ERR_OP', 'reduceScatterBlock', () => world.reduceScatterBlock(inPlace, new Float64Array(size), band))
fails('MPI_ERR_OP', 'reduceScatter', () => world.reduceScatter(new Float64Array(size), Array(size).fill(1), band))
fails('MPI_ERR_OP', 'allreduce', () => world.allreduce(1.5, band))
fails('MPI_ERR_OP', 'allreduce', () => world.allreduce({ a: 1 }, sum))

fails('MPI_ERR_TAG', 'createGroup', () => world.createGroup(world.group, -1))
fails('MPI_ERR_TAG', 'intercomm', () => world.intercomm(0, world, 1, -1))

// What was freed: also calls that ask nobody.
const freed = world.dup()
freed.name = 'freed'
const group = freed.group
freed.free()
fails('MPI_ERR_COMM', 'send', () => freed.send(x, 0))
fails('MPI_ERR_COMM', 'group', () => freed.group)
fails('MPI_ERR_COMM', 'remoteGroup', () => freed.remoteGroup)
fails('MPI_ERR_COMM', 'compare', () => world.compare(freed))
fails('MPI_ERR_COMM', 'create', () => freed.create(group))
assert.throws(() => freed.attributes.set(new AttributeKey(), 1), /freed/)

const heard: string[] = []
const comm = world.dup()
comm.name = 'mine'
comm.errorHandler = (_, error) => heard.push((error as Error).message)
if (rank === 0) comm.send(x, 1, 5)
if (rank === 1) {
  assert.throws(() => comm.recv(new Float64Array(1), 0, 5))
  assert.match(heard[0], /^recv on rank 1 of mine: /)
}
// An array, taken for a value: what came is told, and by whom.
const apart = world.dup()
const before = (rank + size - 1) % size
const sending = apart.isend(Float64Array.of(1.5, 2.5), (rank + 1) % size)
fails('MPI_ERR_TYPE', 'recv', () => apart.recv(before))
sending.wait()
const matched = apart.isend(Float64Array.of(1.5, 2.5), (rank + 1) % size)
fails('MPI_ERR_TYPE', 'mrecv', () => apart.mprobe(before).recv())
matched.wait()
const receiving = apart.irecv(before)
const other = apart.isend(Float64Array.of(1.5, 2.5), (rank + 1) % size)
fails('MPI_ERR_TYPE', 'irecv', () => receiving.wait())
other.wait()

ok('errors')
