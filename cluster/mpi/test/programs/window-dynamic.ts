/** Dynamic windows: memory comes and goes, and whoever has it tells the others where it lies. */

import { allocate, sum, version, world } from '@skein/mpi'
import { assert, fails, list, numbered, ok, rank, size } from './check.ts'

const next = (rank + 1) % size
const before = (rank + size - 1) % size
const win = world.dynamicWindow()
assert.deepEqual([win.flavor, win.sizeBytes, win.dispUnit, win.base.length], ['dynamic', 0, 1, 0])

// An ordinary array, and one that the engine allocated.
for (const array of [new Float64Array(20), allocate(Float64Array, 20)]) {
  const disp = win.attach(array)
  const theirs = world.allgather(disp)
  win.fence()
  win.put(numbered(rank, 4), next, theirs[next] + 8 * 3)
  win.fence()
  assert.deepEqual(list(array.subarray(3, 7)), list(numbered(before, 4)))
  for (let to = 0; to < size; to++) win.accumulate(Float64Array.of(1), to, theirs[to], sum)
  win.fence({ noSucceed: true })
  assert.equal(array[0], size)
  const got = new Float64Array(2)
  win.lock(next)
  win.get(got, next, theirs[next] + 8 * 3)
  win.unlock(next)
  assert.deepEqual(list(got), list(numbered(rank, 2)))
  world.barrier()
  win.detach(array, disp)
}

// Several at once, which go in another order than they came.
const arrays = [3, 5, 7].map(length => new Int32Array(length * 16))
const disps = arrays.map(array => win.attach(array))
const all = world.allgather(disps)
win.fence()
for (const [i, disp] of all[next].entries()) win.put(Int32Array.of(rank, i), next, disp + 4 * i)
win.fence()
for (const [i, array] of arrays.entries()) assert.deepEqual(list(array.subarray(i, i + 2)), [before, i])
win.fence({ noSucceed: true })
win.detach(arrays[1], disps[1])
world.barrier()
win.lockAll()
win.put(Int32Array.of(-1), next, all[next][2])
if (version().engine === 'threads') {
  // A library does not look.
  fails('MPI_ERR_RMA_RANGE', 'put', () => win.put(Int32Array.of(1), next, all[next][1]))
  fails('MPI_ERR_RMA_RANGE', 'get', () => win.get(new Int32Array(1), next, all[next][0] + 4 * arrays[0].length))
  fails('MPI_ERR_RMA_ATTACH', 'attach', () => win.attach(arrays[0].subarray(2)))
  fails('MPI_ERR_RMA_ATTACH', 'detach', () => win.detach(arrays[1], disps[1]))
}
win.unlockAll()
world.barrier()
win.lock(rank)
assert.equal(arrays[2][0], -1)
win.unlock(rank)
win.detach(arrays[2], disps[2])
win.detach(arrays[0], disps[0])

fails('MPI_ERR_BASE', 'attach', () => win.attach(new Int32Array(0)))
fails('MPI_ERR_BASE', 'attach', () => win.attach([1] as any))
world.barrier()
win.free()
const other = world.allocateWindow(Int32Array, 1)
fails('MPI_ERR_RMA_FLAVOR', 'attach', () => other.attach(new Int32Array(1)))
other.free()

ok('window-dynamic')
