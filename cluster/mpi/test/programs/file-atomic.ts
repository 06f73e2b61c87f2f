/** Atomic mode: a write is seen as a whole or not at all, even in pieces that lie apart. */

import { float64, world } from '@skein/mpi'
import { assert, list, ok, rank } from './check.ts'
import { scratch } from './scratch.ts'

const { at, end } = scratch()
const file = world.openFile(at('atomic'), 'w+')
assert.equal(file.atomicity, false)
file.setAtomicity(true)
assert.equal(file.atomicity, true)

const count = 500
const [mine, seen] = [new Float64Array(count), new Float64Array(count)]
// In one piece, and in pieces: each other element.
for (const filetype of [float64, float64.resized(0, 16)]) {
  file.setView(0, float64, filetype)
  if (rank === 0) file.writeAt(0, mine.fill(0))
  world.barrier()
  for (let turn = 0; turn < 20; turn++) {
    file.writeAt(0, mine.fill(rank * 1000 + turn))
    assert.equal(file.readAt(0, seen).count, count)
    assert.deepEqual([...new Set(list(seen))], [seen[0]])
  }
  world.barrier()
}
file.setAtomicity(false)
assert.equal(file.atomicity, false)
file.close()

end()
ok('file-atomic')
