/** Accumulating: every operation on every kind of elements, all ranks at once. */

import {
  band,
  bor,
  bxor,
  complex128,
  type Datatype,
  doubleInt,
  float64,
  int32,
  int64,
  land,
  longInt,
  lor,
  lxor,
  max,
  maxloc,
  min,
  minloc,
  noOp,
  type Op,
  prod,
  replace,
  shortInt,
  sum,
  twoInt,
  uint8,
  version,
  type Window,
  world,
} from '@skein/mpi'
import { assert, list, ok, rank, size } from './check.ts'

type Fold = (a: number, b: number) => number
const arithmetic: [Op, Fold][] = [
  [sum, (a, b) => a + b],
  [prod, (a, b) => a * b],
  [max, (a, b) => Math.max(a, b)],
  [min, (a, b) => Math.min(a, b)],
]
const bits: [Op, Fold][] = [
  [band, (a, b) => a & b],
  [bor, (a, b) => a | b],
  [bxor, (a, b) => a ^ b],
  [land, (a, b) => (a && b ? 1 : 0)],
  [lor, (a, b) => (a || b ? 1 : 0)],
  [lxor, (a, b) => (!a !== !b ? 1 : 0)],
]
const kinds = [Float64Array, Float32Array, Int32Array, Uint32Array, Int16Array, Uint16Array, Int8Array, Uint8Array]
const ranks = Array.from({ length: size }, (_, r) => r)
const n = 6
/** Small: no order of operands gives other bits. */
const value = (r: number, i: number) => ((r + 1) * (i + 2)) % 3

for (const kind of kinds as (typeof Float64Array)[]) {
  const isFloat = (kind as unknown) === Float64Array || (kind as unknown) === Float32Array
  const ops = isFloat ? arithmetic : [...arithmetic, ...bits]
  const win = world.allocateWindow(kind, n * ops.length)
  win.base.forEach((_, i) => (win.base[i] = 1 + (i % 2)))
  win.fence()
  for (const [k, [op]] of ops.entries()) {
    for (let to = 0; to < size; to++) {
      win.accumulate(
        kind.from({ length: n }, (_, i) => value(rank, i)),
        to,
        k * n,
        op,
      )
    }
  }
  win.fence()
  for (const [k, [op, fold]] of ops.entries()) {
    const expected = Array.from({ length: n }, (_, i) =>
      ranks.reduce((found, r) => kind.of(fold(found, value(r, i)))[0], 1 + ((k * n + i) % 2)),
    )
    assert.deepEqual(list(win.base.subarray(k * n, (k + 1) * n)), expected, `${op.name} of ${kind.name}`)
  }
  win.fence({ noSucceed: true })
  win.free()
}

// Numbers of 64 bits.
const big = world.allocateWindow(BigInt64Array, 4)
big.lockAll()
big.accumulate(BigInt64Array.of(2n ** 40n, 5n), 0, 0)
const tickets = Array.from({ length: 5 }, () => big.fetchAndOp(1n, 0, 2))
big.unlockAll()
world.barrier()
assert.equal(new Set(world.allgather(tickets).flat()).size, 5 * size)
if (rank === 0) {
  big.lock(0)
  assert.deepEqual([...big.base], [BigInt(size) * 2n ** 40n, 5n * BigInt(size), 5n * BigInt(size), 0n])
  big.unlock(0)
}
world.barrier()
big.free()

// Sums while others add: element by element none is lost.
for (const kind of [Float64Array, Int32Array] as (typeof Float64Array)[]) {
  const win = world.allocateWindow(kind, 1000)
  const ones = new kind(1000).fill(1)
  const old = new kind(1000)
  win.lockAll()
  for (let i = 0; i < 20; i++) {
    win.accumulate(ones, i % size)
    win.getAccumulate(ones, old, i % size)
    win.flush(i % size)
    assert.ok(old.every(x => x >= 1 + 2 * Math.floor(i / size)))
  }
  win.unlockAll()
  world.barrier()
  win.lock(rank)
  const rounds = Array.from({ length: 20 }, (_, i) => i).filter(i => i % size === rank).length
  assert.ok(win.base.every(x => x === 2 * rounds * size))
  win.unlock(rank)
  world.barrier()
  win.free()
}

// What was there comes back; with noOp nothing changes.
const win = world.allocateWindow(Int32Array, 40)
win.base.forEach((_, i) => (win.base[i] = rank * 100 + i))
const next = (rank + 1) % size
const old = new Int32Array(4)
win.fence()
win.getAccumulate(Int32Array.of(1, 2, 3, 4), old, next, 8, replace)
win.fence()
assert.deepEqual(
  list(old),
  [8, 9, 10, 11].map(i => next * 100 + i),
)
assert.deepEqual(list(win.base.subarray(8, 12)), [1, 2, 3, 4])
win.getAccumulate(undefined, old, next, 8, noOp)
win.fence()
assert.deepEqual(list(old), [1, 2, 3, 4])
assert.deepEqual(list(win.base.subarray(8, 12)), [1, 2, 3, 4])

// With types that have gaps, on both sides.
const even = int32.vector(4, 1, 2)
win.accumulate({ buffer: Int32Array.of(10, -1, 20, -1, 30, -1, 40), count: 1, type: even }, next, 20, sum, {
  count: 1,
  type: even,
})
win.fence({ noSucceed: true })
assert.deepEqual(
  [20, 21, 22, 24, 26, 27].map(i => win.base[i] - rank * 100),
  [30, 21, 42, 54, 66, 27],
)
win.free()

// One element of any kind, by fetchAndOp.
const single = world.window(new DataView(new ArrayBuffer(64)))
const view = new DataView(new ArrayBuffer(16))
const result = new DataView(new ArrayBuffer(16))
view.setFloat64(0, 2.5, true)
single.lock(next, 'exclusive')
single.fetchAndOp({ buffer: view, count: 1, type: float64 }, { buffer: result, count: 1, type: float64 }, next, 0, sum)
single.fetchAndOp({ buffer: view, count: 1, type: uint8 }, { buffer: result, count: 1, type: uint8 }, next, 8, bor)
single.flush(next)
single.fetchAndOp({ buffer: view, count: 1, type: float64 }, { buffer: result, count: 1, type: float64 }, next, 0, sum)
single.unlock(next)
assert.equal(result.getFloat64(0, true), 2.5)
world.barrier()
single.lock(rank)
assert.equal(single.base.getFloat64(0, true), 5)
single.unlock(rank)
world.barrier()
single.free()

// Pairs and complex numbers.
function pairs(type: Datatype, op: Op, fill: (view: DataView, from: number) => void, check: (view: DataView) => void) {
  const bytes = 2 * type.extent
  const mine = new DataView(new ArrayBuffer(bytes))
  const windows: Window<Uint8Array>[] = [world.allocateWindow(Uint8Array, bytes, { dispUnit: type.extent })]
  // Open MPI combines pairs with a gap in windows that it allocates alone.
  const { engine } = version()
  if (engine !== 'openmpi' || type.size === type.extent) {
    windows.push(world.window(new Uint8Array(bytes), { dispUnit: type.extent }))
  }
  fill(mine, rank)
  for (const win of windows) {
    const view = new DataView(win.base.buffer, win.base.byteOffset, bytes)
    fill(view, -1)
    win.fence()
    for (let to = 0; to < size; to++) win.accumulate({ buffer: mine, count: 2, type }, to, 0, op)
    win.fence({ noSucceed: true })
    check(view)
    win.free()
  }
}
pairs(
  twoInt,
  maxloc,
  (view, from) =>
    [0, 1].forEach(
      i => (view.setInt32(8 * i, from < 0 ? -9 : 7 + i * from, true), view.setInt32(8 * i + 4, from, true)),
    ),
  view => {
    assert.deepEqual([view.getInt32(0, true), view.getInt32(4, true)], [7, 0])
    assert.deepEqual([view.getInt32(8, true), view.getInt32(12, true)], [7 + size - 1, size - 1])
  },
)
pairs(
  doubleInt,
  minloc,
  (view, from) =>
    [0, 1].forEach(
      i => (view.setFloat64(16 * i, from < 0 ? 99 : 7.5 - i * from, true), view.setInt32(16 * i + 8, from, true)),
    ),
  view => {
    assert.deepEqual([view.getFloat64(0, true), view.getInt32(8, true)], [7.5, 0])
    assert.deepEqual([view.getFloat64(16, true), view.getInt32(24, true)], [7.5 - (size - 1), size - 1])
  },
)
pairs(
  longInt,
  maxloc,
  (view, from) =>
    [0, 1].forEach(i => (view.setBigInt64(16 * i, BigInt(from + i), true), view.setInt32(16 * i + 8, from, true))),
  view => assert.deepEqual([view.getBigInt64(16, true), view.getInt32(24, true)], [BigInt(size), size - 1]),
)
pairs(
  shortInt,
  maxloc,
  (view, from) => [0, 1].forEach(i => (view.setInt16(8 * i, from + i, true), view.setInt32(8 * i + 4, from, true))),
  view => assert.deepEqual([view.getInt16(8, true), view.getInt32(12, true)], [size, size - 1]),
)
pairs(
  complex128,
  sum,
  (view, from) =>
    [0, 1].forEach(
      i => (view.setFloat64(16 * i, from < 0 ? 0 : 1 + i, true), view.setFloat64(16 * i + 8, from < 0 ? 0 : -1, true)),
    ),
  view => assert.deepEqual([view.getFloat64(16, true), view.getFloat64(24, true)], [2 * size, -size]),
)
pairs(
  int64,
  replace,
  (view, from) => [0, 1].forEach(i => view.setBigInt64(8 * i, from < 0 ? 0n : 42n, true)),
  view => assert.equal(view.getBigInt64(8, true), 42n),
)
ok('window-accumulate')
