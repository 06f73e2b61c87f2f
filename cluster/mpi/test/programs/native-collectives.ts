/** Every collective on any number of ranks, blocking and as a request, against what the standard says comes out. */

import assert from 'node:assert/strict'
import { NotSupportedError } from '@skein/base'
import { root as rootOfInter } from '../../src/constants.ts'
import { doubleInt, float16, int32 } from '../../src/datatype/basic.ts'
import type { Collective, Port } from '../../src/engine.ts'
import { openNativeEngine } from '../../src/native/engine.ts'
import { max, maxloc, min, Op, sum } from '../../src/op.ts'
import { doubles, ints, newStatus, valuesOf } from './native-parts.ts'

const engine = openNativeEngine()
const { world } = engine
const { rank, size } = world
const status = newStatus()
const ranks = Array.from({ length: size }, (_, r) => r)
const total = ranks.reduce((a, b) => a + b, 0)
const last = size - 1
const zeros = (n: number) => ints(...Array(n).fill(0))

/** Runs a collective blocking, as a request, and persistent where the library has it, each on fresh buffers. */
const each = (name: string, make: () => { call: Collective; check: () => void }, port: Port = world) => {
  const blocking = make()
  port.run(blocking.call)
  blocking.check()
  const started = make()
  port.start(started.call).wait(status)
  started.check()
  try {
    const persistent = make()
    const request = port.init(persistent.call)
    request.start()
    request.wait(status)
    persistent.check()
    request.free()
  } catch (error) {
    if (!(error instanceof NotSupportedError)) throw error
    assert.match(error.message, /engine does not support MPI_\w+_init: .* does not have it/)
  }
  if (rank === 0) console.log(`ok ${name}`)
}

each('barrier', () => ({ call: { is: 'barrier' }, check: () => {} }))

each('bcast', () => {
  const part = rank === last ? ints(7, 8) : ints(0, 0)
  return { call: { is: 'bcast', part, root: last }, check: () => assert.deepEqual(valuesOf(part), [7, 8]) }
})

each('gather', () => {
  const recv = rank === 0 ? zeros(2 * size) : undefined
  const expected = ranks.flatMap(r => [r, -r])
  return {
    call: { is: 'gather', send: ints(rank, -rank), recv: recv && { ...recv, count: 2 }, root: 0 },
    check: () =>
      recv &&
      assert.deepEqual(
        valuesOf(recv).map(x => x + 0),
        expected.map(x => x + 0),
      ),
  }
})

each('gather in place', () => {
  const recv = rank === last ? ints(...ranks.map(r => (r === last ? last : -1))) : undefined
  return {
    call: { is: 'gather', send: recv ? undefined : ints(rank), recv: recv && { ...recv, count: 1 }, root: last },
    check: () => recv && assert.deepEqual(valuesOf(recv), ranks),
  }
})

const counts = ranks.map(r => r + 1)
const displs = ranks.map(r => (r * (r + 1)) / 2)
const spread = ranks.flatMap(r => Array(r + 1).fill(r))

each('gatherv', () => {
  const recv = rank === 0 ? { ...zeros(spread.length), counts, displs } : undefined
  return {
    call: { is: 'gatherv', send: ints(...Array(rank + 1).fill(rank)), recv, root: 0 },
    check: () => recv && assert.deepEqual(valuesOf(recv), spread),
  }
})

each('scatter', () => {
  const send = rank === 0 ? { ...ints(...ranks.map(r => r * 10)), count: 1 } : undefined
  const recv = ints(-1)
  return { call: { is: 'scatter', send, recv, root: 0 }, check: () => assert.deepEqual(valuesOf(recv), [rank * 10]) }
})

each('scatterv', () => {
  const send = rank === 0 ? { ...ints(...spread), counts, displs } : undefined
  const recv = zeros(rank + 1)
  return {
    call: { is: 'scatterv', send, recv, root: 0 },
    check: () => assert.deepEqual(valuesOf(recv), Array(rank + 1).fill(rank)),
  }
})

each('allgather', () => {
  const recv = zeros(size)
  const call: Collective = { is: 'allgather', send: ints(rank), recv: { ...recv, count: 1 } }
  return { call, check: () => assert.deepEqual(valuesOf(recv), ranks) }
})

each('allgather in place', () => {
  const recv = ints(...ranks.map(r => (r === rank ? r : -1)))
  return {
    call: { is: 'allgather', recv: { ...recv, count: 1 } },
    check: () => assert.deepEqual(valuesOf(recv), ranks),
  }
})

each('allgatherv', () => {
  const recv = { ...zeros(spread.length), counts, displs }
  return {
    call: { is: 'allgatherv', send: ints(...Array(rank + 1).fill(rank)), recv },
    check: () => assert.deepEqual(valuesOf(recv), spread),
  }
})

each('alltoall', () => {
  const recv = zeros(size)
  const send = { ...ints(...ranks.map(r => rank * 100 + r)), count: 1 }
  return {
    call: { is: 'alltoall', send, recv: { ...recv, count: 1 } },
    check: () =>
      assert.deepEqual(
        valuesOf(recv),
        ranks.map(r => r * 100 + rank),
      ),
  }
})

each('alltoallv', () => {
  // To rank r, r + 1 numbers.
  const send = { ...ints(...spread.map(r => rank * 100 + r)), counts, displs }
  const mine = ranks.map(r => r * (rank + 1))
  const recv = { ...zeros(size * (rank + 1)), counts: ranks.map(() => rank + 1), displs: mine }
  return {
    call: { is: 'alltoallv', send, recv },
    check: () =>
      assert.deepEqual(
        valuesOf(recv),
        ranks.flatMap(r => Array(rank + 1).fill(r * 100 + rank)),
      ),
  }
})

each('alltoallw', () => {
  const types = ranks.map(() => int32)
  const ones = ranks.map(() => 1)
  const bytes = ranks.map(r => r * 4)
  const recv = { ...zeros(size), counts: ones, displs: bytes, types }
  const send = { ...ints(...ranks.map(r => rank * 100 + r)), counts: ones, displs: bytes, types }
  return {
    call: { is: 'alltoallw', send, recv },
    check: () =>
      assert.deepEqual(
        valuesOf(recv),
        ranks.map(r => r * 100 + rank),
      ),
  }
})

each('reduce', () => {
  const recv = rank === last ? doubles(0, 0) : undefined
  return {
    call: { is: 'reduce', send: doubles(rank, 0.5), recv, op: sum, root: last },
    check: () => recv && assert.deepEqual(valuesOf(recv), [total, size / 2]),
  }
})

each('reduce in place', () => {
  const part = doubles(rank)
  const mine: { send?: typeof part; recv?: typeof part } = rank === 0 ? { recv: part } : { send: part }
  return {
    call: { is: 'reduce', ...mine, op: max, root: 0 },
    check: () => rank === 0 && assert.deepEqual(valuesOf(part), [last]),
  }
})

each('allreduce', () => {
  const recv = doubles(0)
  return {
    call: { is: 'allreduce', send: doubles(rank), recv, op: sum },
    check: () => assert.deepEqual(valuesOf(recv), [total]),
  }
})

each('allreduce in place', () => {
  const recv = ints(rank, -rank)
  return {
    call: { is: 'allreduce', recv, op: min },
    check: () =>
      assert.deepEqual(
        valuesOf(recv).map(x => x + 0),
        [0, 0 - last],
      ),
  }
})

each('maxloc', () => {
  const pair = (value: number, index: number) => {
    const view = new DataView(new ArrayBuffer(16))
    view.setFloat64(0, value, true)
    view.setInt32(8, index, true)
    return { view, count: 1, type: doubleInt }
  }
  const recv = pair(0, 0)
  return {
    call: { is: 'allreduce', send: pair(rank / 2, rank), recv, op: maxloc },
    check: () => assert.deepEqual([recv.view.getFloat64(0, true), recv.view.getInt32(8, true)], [last / 2, last]),
  }
})

each('scan', () => {
  const recv = ints(0)
  return {
    call: { is: 'scan', send: ints(rank + 1), recv, op: sum },
    check: () => assert.deepEqual(valuesOf(recv), [((rank + 1) * (rank + 2)) / 2]),
  }
})

each('exscan', () => {
  const recv = ints(-1)
  return {
    call: { is: 'exscan', send: ints(rank + 1), recv, op: sum },
    check: () => rank > 0 && assert.deepEqual(valuesOf(recv), [(rank * (rank + 1)) / 2]),
  }
})

each('reduceScatterBlock', () => {
  const recv = ints(0)
  return {
    call: { is: 'reduceScatterBlock', send: ints(...ranks.map(r => rank * r)), recv, op: sum },
    check: () => assert.deepEqual(valuesOf(recv), [total * rank]),
  }
})

each('reduceScatter', () => {
  const recv = zeros(rank + 1)
  return {
    call: { is: 'reduceScatter', send: ints(...spread), recv, counts, op: sum },
    check: () => assert.deepEqual(valuesOf(recv), Array(rank + 1).fill(rank * size)),
  }
})

// A function that depends on the order of its arguments: 2 by 2 matrices, of integers.
const first = Op.create(a => a)
const matrices = Op.createForArrays((a: Int32Array, b: Int32Array) => {
  for (let i = 0; i < b.length; i += 4) {
    const [p, q, r, s] = [b[i], b[i + 1], b[i + 2], b[i + 3]]
    b.set(
      [a[i] * p + a[i + 1] * r, a[i] * q + a[i + 1] * s, a[i + 2] * p + a[i + 3] * r, a[i + 2] * q + a[i + 3] * s],
      i,
    )
  }
})
const matrix = int32.contiguous(4)
const matrixOf = (r: number) => [1, r, 1, 1]
const expectedProduct = ranks
  .map(matrixOf)
  .reduce(([a, b, c, d], [p, q, r, s]) => [a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s])

each("a user's operation, not commutative, on arrays", () => {
  const recv = { ...zeros(4), count: 1, type: matrix }
  const send = { ...ints(...matrixOf(rank)), count: 1, type: matrix }
  return {
    call: { is: 'allreduce', send, recv, op: matrices },
    check: () => assert.deepEqual(valuesOf(recv), expectedProduct),
  }
})

each("a user's operation on elements", () => {
  const recv = ints(-1, -1)
  return {
    call: { is: 'allreduce', send: ints(rank, 5), recv, op: first },
    check: () => assert.deepEqual(valuesOf(recv), [0, 5]),
  }
})

each('a kind of elements that the library lacks', () => {
  const halves = (...values: number[]) => ({ view: Float16Array.from(values), count: values.length, type: float16 })
  const recv = halves(0, 0)
  return {
    call: { is: 'allreduce', send: halves(rank / 2, 1), recv, op: sum },
    check: () => assert.deepEqual(Array.from(recv.view), [total / 2, size]),
  }
})

if (size > 1) {
  const failing = Op.create(() => {
    throw new RangeError('a sum too far')
  })
  // Ranks that combine nothing see no exception.
  let message = ''
  try {
    world.run({ is: 'allreduce', send: ints(1), recv: ints(0), op: failing })
  } catch (error) {
    message = (error as Error).message
  }
  const someone = ints(0)
  world.run({ is: 'allreduce', send: ints(message === 'a sum too far' ? 1 : 0), recv: someone, op: max })
  assert.deepEqual(valuesOf(someone), [1])
  if (rank === 0) console.log("ok what a user's operation throws")
}

// Neighbours on a ring: the one before and the one after.
const ring = world.cart([size], [true], false)!
const before = (rank + size - 1) % size
const after = (rank + 1) % size

each(
  'neighborAllgather',
  () => {
    const recv = zeros(2)
    const call: Collective = { is: 'neighborAllgather', send: ints(rank), recv: { ...recv, count: 1 } }
    return { call, check: () => assert.deepEqual(valuesOf(recv), [before, after]) }
  },
  ring,
)

const graph = world.distGraphAdjacent({ sources: [before, after], destinations: [after, before] }, false)

each(
  'neighborAlltoallw',
  () => {
    const lists = { counts: [1, 1], displs: [0, 4], types: [int32, int32] }
    const recv = { ...zeros(2), ...lists }
    const send = { ...ints(rank * 10 + 1, rank * 10 + 2), ...lists }
    return {
      call: { is: 'neighborAlltoallw', send, recv },
      check: () => size > 2 && assert.deepEqual(valuesOf(recv), [before * 10 + 1, after * 10 + 2]),
    }
  },
  graph,
)

each(
  'neighborAlltoallv',
  () => {
    const lists = { counts: [1, 1], displs: [0, 1] }
    const recv = { ...zeros(2), ...lists }
    const call: Collective = { is: 'neighborAlltoallv', send: { ...ints(rank, rank), ...lists }, recv }
    return { call, check: () => assert.deepEqual(valuesOf(recv), [before, after]) }
  },
  graph,
)

// Between two groups: the evens and the odds.
if (size > 1) {
  const half = world.split(rank % 2, rank)!
  const inter = half.intercomm(0, world, rank % 2 === 0 ? 1 : 0, 5)
  assert.deepEqual(
    inter.remoteMembers,
    ranks.filter(r => r % 2 !== rank % 2),
  )
  each(
    'bcast between groups',
    () => {
      const part = rank === 0 ? ints(3) : ints(0)
      const root = rank % 2 === 1 ? 0 : rank === 0 ? rootOfInter : -2
      return { call: { is: 'bcast', part, root }, check: () => rank % 2 === 1 && assert.deepEqual(valuesOf(part), [3]) }
    },
    inter,
  )
}

engine.finalize()
