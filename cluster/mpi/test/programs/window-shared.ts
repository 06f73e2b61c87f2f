/** Shared windows: each rank has the arrays of the others, to read and write them directly. */

import { procNull, sum, world } from '@skein/mpi'
import { assert, fails, list, ok, rank, size } from './check.ts'

const node = world.splitType('shared')
assert.equal(node.size, size)

// Of different lengths; that of the last rank is empty, if there are others.
const lengthOf = (r: number) => (r === size - 1 && size > 1 ? 0 : 3 + r)
for (const isContiguous of [true, false]) {
  const win = node.allocateSharedWindow(Int32Array, lengthOf(rank), { isContiguous })
  assert.deepEqual([win.base.length, win.flavor], [lengthOf(rank), 'shared'])
  assert.ok(win.base.every(x => x === 0))
  win.fence()
  win.base.fill(rank + 1)
  win.fence({ noSucceed: true })
  for (let r = 0; r < size; r++) assert.deepEqual(list(win.shared(r)), new Array(lengthOf(r)).fill(r + 1))
  assert.deepEqual(list(win.shared(procNull)), new Array(lengthOf(0)).fill(1))
  node.barrier()

  // What is stored is seen by who reads directly, and by who gets.
  win.lockAll()
  if (lengthOf(rank) > 0) win.base[0] = 100 + rank
  win.sync()
  node.barrier()
  win.sync()
  const got = new Int32Array(1)
  for (let r = 0; r < size; r++) {
    if (lengthOf(r) === 0) continue
    assert.equal(win.shared(r)[0], 100 + r)
    win.get(got, r)
    win.flush(r)
    assert.equal(got[0], 100 + r)
  }
  node.barrier()
  win.accumulate(Int32Array.of(1), 0, 1, sum)
  win.unlockAll()
  node.barrier()
  assert.equal(win.shared(0)[1], 1 + size)
  if (isContiguous && size > 2) {
    // One array after another.
    const [first, second] = [win.shared(0), win.shared(1)]
    if (first.buffer === second.buffer) assert.equal(second.byteOffset - first.byteOffset, first.byteLength)
  }
  node.barrier()
  win.free()
}

// Bytes of odd lengths.
const bytes = node.allocateSharedWindow(Uint8Array, 5 + rank)
bytes.base.fill(rank)
bytes.fence()
for (let r = 0; r < size; r++) assert.deepEqual(list(bytes.shared(r)), new Array(5 + r).fill(r))
fails('MPI_ERR_RANK', 'shared', () => bytes.shared(size))
bytes.fence({ noSucceed: true })
bytes.free()

const other = world.allocateWindow(Int32Array, 1)
fails('MPI_ERR_RMA_FLAVOR', 'shared', () => other.shared(0))
other.free()
node.free()

// Nobody frees this one: the end of all ranks does.
const left = world.allocateWindow(Float64Array, 4)
left.lockAll()
left.put(Float64Array.of(1), 0)
left.unlockAll()

ok('window-shared')
