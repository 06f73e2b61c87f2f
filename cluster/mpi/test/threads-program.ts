/** What each rank of `threads.test.ts` does: a plan that all draw from the same seed, so that everyone knows what must come. */
import assert from 'node:assert/strict'
import { parentPort, workerData } from 'node:worker_threads'
import { Random } from '@skein/base'
import { heap } from '@skein/heap'
import { byte, int32 } from '../src/datatype/basic.ts'
import type { Pending, Port } from '../src/engine.ts'
import { max, Op, sum } from '../src/op.ts'
import { Status } from '../src/status.ts'
import { openThreadsEngine } from '../src/threads/engine.ts'

const { start, rank, seed } = workerData
const { world } = openThreadsEngine(start, rank)
const random = new Random(seed)
const below = (n: number) => Math.floor(random.uniform() * n)
const sizes = [0, 1, 8, 31, 32, 33, 100, 4096, 5000, 16384, 16385, 40_000, 300_000]
const unseen = new Status()

/** Bytes that tell of whom they are. */
const fill = (bytes: Uint8Array, of: number): Uint8Array => {
  for (let i = 0; i < bytes.length; i++) bytes[i] = (of * 31 + i * 7) & 255
  return bytes
}
const buffer = (length: number, inHeap: boolean) => (inHeap ? heap.u8(length) : new Uint8Array(length))
const bytesPart = (view: Uint8Array) => ({ view, count: view.length, type: byte })

function pointToPoint(port: Port, messages: number): void {
  const plan = Array.from({ length: messages }, (_, number) => ({
    number,
    from: below(port.size),
    to: below(port.size),
    tag: below(3),
    length: sizes[below(sizes.length)],
    sentFromHeap: below(2) === 0,
    receivedInHeap: below(2) === 0,
    mode: (['standard', 'synchronous', 'buffered'] as const)[below(3)],
  }))
  const open: { pending: Pending; check: () => void }[] = []
  const sends = plan.filter(m => m.from === port.rank).map(m => ({ send: true, m }))
  const receives = plan.filter(m => m.to === port.rank).map(m => ({ send: false, m }))
  const order = (below(2) + port.rank) % 2 === 0 ? [...sends, ...receives] : [...receives, ...sends]
  for (const { send, m } of order) {
    if (send) {
      const view = fill(buffer(m.length, m.sentFromHeap), m.number)
      open.push({ pending: port.isend(m.mode, bytesPart(view), m.to, m.tag), check: () => {} })
    } else {
      const view = buffer(m.length, m.receivedInHeap)
      const pending = port.irecv(bytesPart(view), m.from, m.tag)
      open.push({ pending, check: () => assert.deepEqual(view, fill(buffer(m.length, m.receivedInHeap), m.number)) })
    }
  }
  for (const { pending, check } of open) {
    pending.wait(unseen)
    check()
  }
}

/** In the heap or not, which may differ from rank to rank. */
const ints = (values: number[]) => {
  const view = Math.random() < 0.5 ? Int32Array.from(values) : heap.i32(values)
  return { view, count: values.length, type: int32 }
}

/** One after the other of x → mx + c, modulo 31 and written as 31m + c: associative, and the order of operands shows. */
const compose = (a: number, b: number): number => {
  const [m, c, n, d] = [Math.floor(a / 31), a % 31, Math.floor(b / 31), b % 31]
  return ((m * n) % 31) * 31 + ((m * d + c) % 31)
}
const composition = Op.create(compose)

const foldOf = (rows: number[][], combine: (a: number, b: number) => number): number[] =>
  rows.reduce((found, row) => found.map((value, i) => combine(value, row[i])))

/** @param count elements: few go over the board, many from buffer to buffer */
function collectives(port: Port, count: number): void {
  const { rank: me, size } = port
  const all = Array.from({ length: size }, (_, r) => r)
  const of = (r: number) => Array.from({ length: count }, (_, i) => r * 3 + i)
  const root = below(size)
  for (const [op, combine] of [
    [sum, (a: number, b: number) => a + b],
    [max, Math.max],
    [composition, compose],
  ] as const) {
    const expected = foldOf(all.map(of), combine)
    const out = ints(new Array(count).fill(0))
    port.run({ is: 'allreduce', send: ints(of(me)), recv: out, op })
    assert.deepEqual([...out.view], expected, `allreduce ${op.name}`)
    const inPlace = ints(of(me))
    port.run({ is: 'allreduce', recv: inPlace, op })
    assert.deepEqual([...inPlace.view], expected, `allreduce ${op.name} in place`)
    const atRoot = ints(new Array(count).fill(0))
    port.run({ is: 'reduce', send: ints(of(me)), recv: me === root ? atRoot : undefined, op, root })
    if (me === root) assert.deepEqual([...atRoot.view], expected, `reduce ${op.name}`)
    const upTo = foldOf(all.slice(0, me + 1).map(of), combine)
    const scanned = ints(of(me))
    port.run({ is: 'scan', recv: scanned, op })
    assert.deepEqual([...scanned.view], upTo, `scan ${op.name}`)
  }
  const gathered = ints(new Array(count * size).fill(-1))
  gathered.count = count
  port.run({ is: 'allgather', send: ints(of(me)), recv: gathered })
  assert.deepEqual([...gathered.view], all.flatMap(of))
  const [mine, theirs] = [ints(all.flatMap(to => of(me + to))), ints(new Array(count * size).fill(-1))]
  mine.count = theirs.count = count
  port.run({ is: 'alltoall', send: mine, recv: theirs })
  assert.deepEqual(
    [...theirs.view],
    all.flatMap(from => of(from + me)),
  )
  const sends = ints(all.flatMap(to => of(me * size + to)))
  const receives = ints(new Array(count * size).fill(-1))
  sends.count = receives.count = count
  const pending = port.start({ is: 'alltoall', send: sends, recv: receives })
  const cast = ints(me === root ? of(7) : new Array(count).fill(0))
  const casting = port.start({ is: 'bcast', part: cast, root })
  casting.wait(unseen)
  pending.wait(unseen)
  assert.deepEqual([...cast.view], of(7))
  assert.deepEqual(
    [...receives.view],
    all.flatMap(from => of(from * size + me)),
  )
}

pointToPoint(world, 60)
collectives(world, 1)
collectives(world, 1 + below(400))
collectives(world, 2000 + below(40_000))
const color = below(2) + 1
const half = world.split(rank % color, -rank)!
pointToPoint(half, 20)
collectives(half, 1 + below(40))
collectives(half, 3000)
const copy = half.dup()
collectives(copy, 700)
copy.free()
world.run({ is: 'barrier' })
parentPort!.postMessage('done')
