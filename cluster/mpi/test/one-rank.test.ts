/** What users see of communicators, on an engine of one rank. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AttributeKey } from '../src/comm/attributes.ts'
import { Intracomm } from '../src/comm/communicators.ts'
import { errorsAbort } from '../src/comm/error-handlers.ts'
import { anySource, anyTag, inPlace, procNull } from '../src/constants.ts'
import { float64 } from '../src/datatype/basic.ts'
import { MpiError } from '../src/errors.ts'
import { bor, land, max, maxloc, Op, prod, sum } from '../src/op.ts'
import { Request } from '../src/request/request.ts'
import { Status } from '../src/status.ts'
import { loopback } from './loopback.ts'

function alone() {
  const engine = loopback()
  return { comm: new Intracomm(engine.world, engine, 'world'), port: engine.world }
}

const refused = (errorClass: string, call: string, does: () => unknown) =>
  assert.throws(does, error => {
    assert.ok(error instanceof MpiError, String(error))
    assert.deepEqual([error.errorClass, error.call, error.rank, error.comm], [errorClass, call, 0, 'world'])
    return true
  })

describe('messages', () => {
  test('a buffer', () => {
    const { comm } = alone()
    comm.send(Float64Array.of(1, 2), 0, 7)
    const x = new Float64Array(4)
    const status = comm.recv(x, 0, 7)
    assert.deepEqual([...x], [1, 2, 0, 0])
    assert.deepEqual({ ...status }, { source: 0, tag: 7, bytes: 16, count: 2, isCancelled: false })
    const again = new Status()
    comm.send({ buffer: x, offset: 1, count: 1 }, 0)
    assert.equal(comm.recv({ buffer: x, offset: 3 }, anySource, anyTag, again), again)
    assert.deepEqual([...x], [1, 2, 0, 2])
  })

  test('a value, of every kind that can be cloned', () => {
    const { comm } = alone()
    const values = [
      undefined,
      null,
      1,
      'text',
      true,
      2n,
      [1, [2]],
      { a: new Map([[1, new Set([2])]]) },
      new Date(5),
      { buffer: 3 },
    ]
    for (const value of values) {
      comm.send(value, 0, 3)
      const status = new Status()
      assert.deepEqual(comm.recv(0, 3, status), value)
      assert.equal(status.count, 1)
    }
    refused('MPI_ERR_TYPE', 'send', () => comm.send(() => 1, 0))
  })

  test('in all modes, blocking, started and persistent', () => {
    const { comm, port } = alone()
    const x = Int32Array.of(5)
    const y = new Int32Array(1)
    comm.send(x, 0)
    comm.ssend(x, 0)
    comm.bsend(x, 0)
    comm.rsend(x, 0)
    for (const request of [comm.isend(x, 0), comm.issend(x, 0), comm.ibsend(x, 0), comm.irsend(x, 0)]) request.wait()
    for (const made of [comm.sendInit(x, 0), comm.ssendInit(x, 0), comm.bsendInit(x, 0), comm.rsendInit(x, 0)])
      made.start().wait()
    const modes = ['send standard', 'send synchronous', 'send buffered', 'send ready']
    assert.deepEqual(port.calls, [...modes, ...modes, ...modes])
    for (let i = 0; i < 12; i++) comm.recv(y)
  })

  test('nobody', () => {
    const { comm } = alone()
    const x = new Int32Array(1)
    comm.send(x, procNull)
    comm.isend('value', procNull).wait()
    assert.deepEqual(
      { ...comm.recv(x, procNull) },
      { source: procNull, tag: anyTag, bytes: 0, count: 0, isCancelled: false },
    )
    assert.equal(comm.recv(procNull), undefined)
    assert.equal(comm.irecv(x, procNull).wait().source, procNull)
    assert.equal(comm.sendrecv(x, procNull, 0, new Int32Array(1), procNull).source, procNull)
    assert.equal(comm.probe(procNull).source, procNull)
    assert.equal(comm.mprobe(procNull).recv(x).source, procNull)
    assert.equal(comm.sendInit(x, procNull).start().wait(), undefined)
  })

  test('at the same time', () => {
    const { comm } = alone()
    const y = new Float64Array(2)
    assert.equal(comm.sendrecv(Float64Array.of(3, 4), 0, 1, y, 0, 1).count, 2)
    assert.deepEqual([...y], [3, 4])
    assert.deepEqual(comm.sendrecv({ a: 1 }, 0, 2, 0, 2), { a: 1 })
    assert.equal(comm.sendrecvReplace(y, 0, 1, 0, 1).count, 2)
    assert.deepEqual([...y], [3, 4])
    comm.isendrecv(y, 0, 1, new Float64Array(2), 0, 1).wait()
    assert.equal(comm.isendrecv('x', 0, 2, 0, 2).wait(), 'x')
    refused('MPI_ERR_BUFFER', 'sendrecv', () => comm.sendrecv(y, 0, 1, y, 0, 1))
  })

  test('probes', () => {
    const { comm } = alone()
    assert.equal(comm.iprobe(), undefined)
    assert.equal(comm.improbe(), undefined)
    comm.send(Int16Array.of(1, 2), 0, 9)
    comm.send('value', 0, 8)
    assert.deepEqual([comm.probe(anySource, 9).tag, comm.iprobe(0, 9)?.bytes], [9, 4])
    const message = comm.mprobe(0, 9)
    assert.equal(comm.iprobe(0, 9), undefined)
    const x = new Int16Array(2)
    assert.equal(message.recv(x).count, 2)
    refused('MPI_ERR_REQUEST', 'mrecv', () => message.recv(x))
    assert.equal(comm.improbe(0, 8)?.irecv().wait(), 'value')
  })

  test('what is no rank or tag is refused', () => {
    const { comm } = alone()
    const x = new Int32Array(1)
    for (const dest of [1, -1, 0.5, Number.NaN, undefined as any, '0' as any])
      refused('MPI_ERR_RANK', 'send', () => comm.send(x, dest))
    for (const tag of [-1, 0.5, 2 ** 20 + 1, 2 ** 33]) refused('MPI_ERR_TAG', 'isend', () => comm.isend(x, 0, tag))
    refused('MPI_ERR_RANK', 'recv', () => comm.recv(x, 1))
    refused('MPI_ERR_TAG', 'irecv', () => comm.irecv(x, 0, -2))
    refused('MPI_ERR_RANK', 'probe', () => comm.probe(5))
    refused('MPI_ERR_RANK', 'recv', () => comm.recv('x' as any))
    refused('MPI_ERR_ARG', 'psendInit', () => comm.psendInit(2, x, 0))
  })

  test('other elements than were sent, and more of them', () => {
    const { comm } = alone()
    comm.send(Float64Array.of(1, 2), 0)
    refused('MPI_ERR_TRUNCATE', 'recv', () => comm.recv(new Float64Array(1)))
    comm.send(Float64Array.of(1), 0)
    refused('MPI_ERR_TYPE', 'recv', () => comm.recv(new Int32Array(2)))
    comm.send(Float64Array.of(1), 0)
    refused('MPI_ERR_TYPE', 'recv', () => comm.recv())
  })
})

describe('requests', () => {
  test('waited for, tested and awaited', async () => {
    const { comm } = alone()
    const x = new Float64Array(1)
    const request = comm.irecv(x, 0, 1)
    assert.equal(request.isActive, true)
    assert.equal(request.test(), false)
    comm.send(Float64Array.of(8), 0, 1)
    assert.equal((await request).count, 1)
    assert.equal(request.isActive, false)
    assert.equal(request.test(), true)
    assert.equal(request.wait().tag, 1)
    assert.equal(x[0], 8)
    const value = comm.irecv(0, 2)
    setImmediate(() => comm.send({ late: true }, 0, 2))
    assert.deepEqual(await value, { late: true })
    assert.equal(value.status.count, 1)
  })

  test('several', () => {
    const { comm } = alone()
    const requests = [comm.irecv(0, 1), comm.irecv(0, 2), comm.irecv(new Int32Array(1), 0, 3)] as const
    assert.equal(Request.testAll(requests), false)
    assert.equal(Request.testAny(requests), undefined)
    assert.deepEqual(Request.testSome(requests), [])
    comm.send('two', 0, 2)
    assert.equal(Request.waitAny(requests), 1)
    comm.send('one', 0, 1)
    comm.send(Int32Array.of(3), 0, 3)
    assert.deepEqual(Request.waitSome(requests), [0, 2])
    assert.equal(Request.waitAny(requests), undefined)
    const [one, two, three] = Request.waitAll(requests)
    assert.deepEqual([one, two, three.count], ['one', 'two', 1])
    assert.throws(() => Request.waitAll([1] as any), /a list of requests/)
  })

  test('values come to those that began to receive first', () => {
    const { comm } = alone()
    const first = comm.irecv(0)
    const second = comm.irecv(anySource, 5)
    comm.send('a', 0, 5)
    comm.send('b', 0, 5)
    assert.equal(second.wait(), 'b')
    assert.equal(first.wait(), 'a')
    const third = comm.irecv(0, 6)
    comm.send('c', 0, 6)
    comm.send('d', 0, 6)
    assert.equal(comm.recv(0, 6), 'd')
    assert.equal(third.wait(), 'c')
  })

  test('cancelled and freed', async () => {
    const { comm } = alone()
    const typed = comm.irecv(new Int32Array(1))
    typed.cancel()
    assert.equal(typed.wait().isCancelled, true)
    const value = comm.irecv()
    value.cancel()
    assert.equal(await value, undefined)
    assert.equal(value.status.isCancelled, true)
    const freed = comm.irecv(new Int32Array(1))
    freed.free()
    refused('MPI_ERR_REQUEST', 'wait', () => freed.wait())
    refused('MPI_ERR_REQUEST', 'cancel', () => freed.cancel())
  })

  test('persistent', async () => {
    const { comm } = alone()
    const [x, y] = [new Float64Array(1), new Float64Array(1)]
    const requests = [comm.recvInit(y, 0, 1), comm.sendInit(x, 0, 1)] as const
    for (let i = 1; i <= 3; i++) {
      x[0] = i
      Request.startAll(requests)
      refused('MPI_ERR_REQUEST', 'start', () => requests[0].start())
      Request.waitAll(requests)
      assert.equal(y[0], i)
    }
    const state = { round: 0 }
    const send = comm.sendInit(state, 0, 2)
    const recv = comm.recvInit(0, 2)
    for (state.round = 1; state.round <= 3; state.round++) {
      send.start()
      assert.deepEqual(await recv.start(), { round: state.round })
      await send
    }
  })

  test('a failure is told to whoever waits, every time', async () => {
    const { comm } = alone()
    comm.send(Float64Array.of(1, 2), 0)
    const request = comm.irecv(new Float64Array(1))
    await assert.rejects(async () => await request, MpiError)
    refused('MPI_ERR_TRUNCATE', 'recv', () => request.wait())
  })
})

describe('collectives', () => {
  const list = (x: any) => (ArrayBuffer.isView(x) ? [...(x as Float64Array)] : x)
  const forms = (comm: Intracomm, name: string, ...given: unknown[]): unknown[] => {
    const any = comm as any
    return [
      any[name](...given),
      any[`i${name}`](...given).wait(),
      any[`${name}Init`](...given)
        .start()
        .wait(),
    ].map(list)
  }
  const same = (found: unknown[], expected: unknown) => assert.deepEqual(found, [expected, expected, expected])

  test('new arrays, and values', () => {
    const { comm } = alone()
    const x = Float64Array.of(1, 2)
    for (const name of [
      'gather',
      'allgather',
      'alltoall',
      'reduce',
      'allreduce',
      'scan',
      'reduceScatterBlock',
      'gatherv',
      'allgatherv',
      'scatter',
      'bcast',
    ]) {
      same(forms(comm, name, x), [1, 2])
    }
    same(forms(comm, 'reduceScatter', x, [2], sum), [1, 2])
    same(forms(comm, 'alltoallv', { buffer: x, counts: [1] }), [1])
    same(forms(comm, 'scatterv', { buffer: x, counts: [1], displs: [1] }, 0), [2])
    same(forms(comm, 'barrier'), undefined)
    same(forms(comm, 'bcast', { a: 1 }, 0), { a: 1 })
    for (const name of ['gather', 'allgather', 'gatherv', 'allgatherv']) same(forms(comm, name, 'v'), ['v'])
    for (const name of ['scatter', 'scatterv', 'reduceScatter', 'reduceScatterBlock'])
      same(forms(comm, name, ['v']), 'v')
    for (const name of ['alltoall', 'alltoallv']) same(forms(comm, name, ['v']), ['v'])
    for (const name of ['reduce', 'allreduce', 'scan']) {
      same(forms(comm, name, 'v', sum), 'v')
      same(forms(comm, name, 5, prod), 5)
      same(forms(comm, name, true, land), true)
      same(forms(comm, name, 6, bor), 6)
      same(forms(comm, name, [3, 1], maxloc), [3, 1])
      same(
        forms(comm, name, { n: 1 }, (a: any, b: any) => ({ n: a.n + b.n })),
        { n: 1 },
      )
    }
    same(forms(comm, 'exscan', 5), undefined)
    same(forms(comm, 'exscan', 'v'), undefined)
  })

  test('into buffers, and in place', () => {
    const { comm } = alone()
    const x = Float64Array.of(1, 2)
    const into = (name: string, send: unknown, ...rest: unknown[]) => {
      const y = new Float64Array(2)
      same(forms(comm, name, send, y, ...rest), undefined)
      return [...y]
    }
    for (const name of [
      'gather',
      'scatter',
      'allgather',
      'alltoall',
      'reduce',
      'allreduce',
      'scan',
      'reduceScatterBlock',
    ]) {
      assert.deepEqual(into(name, x), [1, 2])
    }
    assert.deepEqual(into('reduceScatter', x, [2], max), [1, 2])
    assert.deepEqual(into('allreduce', { buffer: x, count: 2 }, sum), [1, 2])
    for (const name of ['gather', 'allgather', 'alltoall', 'reduce', 'allreduce', 'scan', 'reduceScatterBlock']) {
      assert.deepEqual(into(name, inPlace), [0, 0])
    }
    same(forms(comm, 'scatter', x, inPlace), undefined)
    for (const name of ['gatherv', 'allgatherv']) {
      const y = new Float64Array(3)
      same(forms(comm, name, x, { buffer: y, counts: [2], displs: [1] }, 0), undefined)
      assert.deepEqual([...y], [0, 1, 2])
    }
    const y = new Float64Array(2)
    same(forms(comm, 'alltoallv', { buffer: x, counts: [1], displs: [1] }, { buffer: y, counts: [1] }), undefined)
    same(
      forms(
        comm,
        'alltoallw',
        { buffer: x, counts: [1], types: [float64] },
        { buffer: y, counts: [1], displs: [8], types: [float64] },
      ),
      undefined,
    )
    assert.deepEqual([...y], [2, 1])
  })

  test('what cannot be is refused', () => {
    const { comm } = alone()
    const x = new Float64Array(2)
    refused('MPI_ERR_ROOT', 'bcast', () => comm.bcast(x, 1))
    refused('MPI_ERR_ROOT', 'igather', () => comm.igather(x, -1))
    refused('MPI_ERR_BUFFER', 'allreduce', () => comm.allreduce(x, x, sum))
    refused('MPI_ERR_COUNT', 'allreduce', () => comm.allreduce(x, new Float64Array(3), sum))
    refused('MPI_ERR_TYPE', 'scan', () => comm.scan(x, new Int32Array(2), sum))
    comm.allreduce(x, sum)
    refused('MPI_ERR_OP', 'reduce', () => comm.reduce(x, new Float64Array(2), bor))
    refused('MPI_ERR_OP', 'allreduce', () => comm.allreduce(x, new Float64Array(2), 'sum' as any))
    refused('MPI_ERR_BUFFER', 'allgather', () => comm.allgather(inPlace as any))
    refused('MPI_ERR_COUNT', 'gather', () => comm.gather(x, new Float64Array(1), 0))
    refused('MPI_ERR_COUNT', 'scatter', () => comm.scatter([1, 2], 0))
    refused('MPI_ERR_COUNT', 'reduceScatter', () => comm.reduceScatter(x, [3], sum))
    refused('MPI_ERR_TOPOLOGY', 'neighborAllgather', () => comm.neighborAllgather(x))
    refused('MPI_ERR_TYPE', 'gather', () => comm.gather({ buffer: x, type: float64.vector(1, 1, 2) } as any))
    const op = Op.create((a: number, b: number) => a + b)
    op.free()
    refused('MPI_ERR_OP', 'allreduce', () => comm.allreduce(1, op))
  })

  test('promises that leave the event loop free', async () => {
    const { comm } = alone()
    const received = comm.async.recv(0, 4)
    await comm.async.send('x', 0, 4)
    assert.equal(await received, 'x')
    assert.equal(await comm.async.allreduce(4, sum), 4)
    assert.deepEqual(await comm.async.allgather({ a: 1 }), [{ a: 1 }])
    comm.send(1, 0, 9)
    assert.equal((await comm.async.probe(0, 9)).tag, 9)
    assert.deepEqual(await Promise.all([comm.async.barrier(), comm.async.bcast(1)]), [undefined, 1])
  })
})

describe('communicators', () => {
  test('a name, in errors too', () => {
    const { comm } = alone()
    comm.name = 'rows'
    assert.throws(
      () => comm.send(1, 4),
      /^MpiError: send on rank 0 of rows: dest must be a rank from 0 to 0, or procNull, but it is 4/,
    )
    assert.throws(() => (comm.name = 5 as any), /the name must be a string/)
  })

  test('a freed one takes no call', () => {
    const comm = alone().comm.dup()
    comm.name = 'world'
    comm.free()
    refused('MPI_ERR_COMM', 'send', () => comm.send(1, 0))
    refused('MPI_ERR_COMM', 'recv', () => comm.recv())
    refused('MPI_ERR_COMM', 'allreduce', () => comm.allreduce(1, sum))
    refused('MPI_ERR_COMM', 'ibarrier', () => comm.ibarrier())
    refused('MPI_ERR_COMM', 'dup', () => comm.dup())
    refused('MPI_ERR_COMM', 'free', () => comm.free())
  })

  test('attributes are copied by their callbacks, and deleted by them', () => {
    const comm = alone().comm.dup()
    const told: string[] = []
    const kept = new AttributeKey<number>({
      copy: (_, value) => value + 1,
      delete: (_, value) => told.push(`kept ${value}`),
    })
    const left = new AttributeKey<number>({ delete: (_, value) => told.push(`left ${value}`) })
    const shared = new AttributeKey<object>({ copy: AttributeKey.same })
    const thing = {}
    comm.attributes.set(kept, 1)
    comm.attributes.set(left, 7)
    comm.attributes.set(shared, thing)
    const copy = comm.dup()
    assert.deepEqual(
      [copy.attributes.get(kept), copy.attributes.get(left), copy.attributes.get(shared)],
      [2, undefined, thing],
    )
    comm.attributes.set(kept, 5)
    comm.free()
    copy.free()
    assert.deepEqual(told, ['kept 1', 'kept 5', 'left 7', 'kept 2'])
    kept.free()
    assert.throws(() => copy.attributes.set(kept, 1), /not freed/)
  })

  test('error handlers', t => {
    const { comm } = alone()
    const heard: unknown[] = []
    comm.errorHandler = (_, error) => heard.push(error)
    comm.send(Float64Array.of(1, 2), 0)
    assert.throws(() => comm.recv(new Float64Array(1)), MpiError)
    assert.equal(heard.length, 1)
    comm.errorHandler = errorsAbort
    const told = t.mock.method(process.stderr, 'write', () => true)
    comm.send(Float64Array.of(1, 2), 0)
    assert.throws(() => comm.recv(new Float64Array(1)), /aborted with 1/)
    assert.equal(told.mock.callCount(), 1)
    told.mock.restore()
    assert.throws(() => (comm.errorHandler = 5 as any), /errorsThrow/)
  })

  test('made of others', () => {
    const { comm } = alone()
    assert.equal(comm.compare(comm), 'identical')
    assert.equal(comm.compare(comm.dup()), 'congruent')
    assert.equal(comm.split(undefined), undefined)
    assert.equal(comm.split(3, 1).size, 1)
    assert.equal(comm.splitType('shared').size, 1)
    assert.equal(comm.create(comm.group)?.size, 1)
    assert.equal(comm.createGroup(comm.group, 1)?.size, 1)
    refused('MPI_ERR_ARG', 'split', () => comm.split(-1))
    refused('MPI_ERR_GROUP', 'create', () => comm.create([] as any))
    refused('MPI_ERR_RANK', 'intercomm', () => comm.intercomm(1, comm, 0))
  })

  test('grids and graphs', () => {
    const { comm } = alone()
    const grid = comm.cart([1, 1], { periods: [true, false] })!
    assert.deepEqual(grid.coords(), [0, 0])
    assert.equal(grid.rankOf([5, 0]), 0)
    assert.deepEqual(grid.shift(0), { source: 0, dest: 0 })
    assert.deepEqual(grid.shift(1), { source: procNull, dest: procNull })
    assert.deepEqual(grid.sub([true, false]).dims, [1])
    assert.deepEqual(grid.neighborAllgather('x'), ['x', 'x', undefined, undefined])
    assert.deepEqual(grid.neighborAlltoall(['a', 'b', 'c', 'd']), ['b', 'a', undefined, undefined])
    assert.deepEqual(grid.dup().dims, [1, 1])
    refused('MPI_ERR_DIMS', 'cart', () => comm.cart([2]))
    refused('MPI_ERR_DIMS', 'cart', () => comm.cart([1], { periods: [true, true] }))
    assert.throws(() => grid.rankOf([0, 1]), /a place of the grid 1 × 1/)
    const graph = comm.graph([1], [0])!
    assert.deepEqual(graph.neighbors(), [0])
    refused('MPI_ERR_TOPOLOGY', 'graph', () => comm.graph([1], [1]))
    const own = comm.distGraph([[0, 0, 5]])
    assert.deepEqual(own.neighbors, { sources: [0], destinations: [0], sourceWeights: [5], destinationWeights: [5] })
    assert.deepEqual(own.neighborAllgather(7), [7])
    refused('MPI_ERR_RANK', 'distGraphAdjacent', () => comm.distGraphAdjacent({ sources: [1], destinations: [] }))
  })
})
