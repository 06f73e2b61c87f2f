/** Ranks that ranks start: a world of their own, and an intercommunicator between both. */

import { join } from 'node:path'
import { parent, procNull, root, sum, universeSize, world } from '@skein/mpi'
import { assert, fails, ok, orEnd, rank, size } from './check.ts'

const program = join(import.meta.dirname, 'spawned.ts')
const children = 2
assert.equal(parent(), undefined)
assert.ok(universeSize() === undefined || universeSize()! > 0)

// The root's arguments count.
const at = size - 1
const spawn = () =>
  rank === at
    ? world.spawn(program, ['talk', 'two words', ''], children, { root: at, info: { ignored: true } })
    : world.spawn('', [], 1, { root: at })
const down = orEnd('spawn', spawn)
assert.deepEqual([down.isInter, down.size, down.remoteSize], [true, size, children])
assert.equal(down.group.compare(world.group), 'identical')
if (rank === 0) {
  const x = new Float64Array(20_000)
  for (let child = 0; child < children; child++) {
    assert.equal(down.recv(x, child, 1).count, 20_000)
    assert.equal(x[19_999], 19_999 + child)
    assert.deepEqual(down.recv(child, 2), { rank: child, size: children })
  }
}
down.bcast('told', rank === 0 ? root : procNull)
assert.equal(down.allreduce(rank, sum), (children * (children + 1)) / 2)
const all = down.merge(false)
assert.equal(all.rank, rank)
assert.deepEqual(
  all.allgather(all.rank),
  Array.from({ length: size + children }, (_, r) => r),
)
const ends = all.create(all.group.incl([0, all.size - 1]))
if (ends !== undefined) {
  assert.equal(ends.sendrecv('first', 1), 'last')
  ends.free()
}
all.free()
down.disconnect()
assert.equal(down.isFree, true)

// Two programs, or one twice, are one world.
const both = world.spawnMultiple([
  { program, args: ['which', 'a'], ranks: 1 },
  { program, args: ['which', 'b'], ranks: 1 },
])
const told = both.gather(undefined, rank === 0 ? root : procNull)
if (rank === 0) {
  const names = (told as unknown[]).flat(1).filter(Array.isArray) as [number | null, string][]
  assert.deepEqual(
    names.map(([, name]) => name),
    ['a', 'b'],
  )
}
both.disconnect()

fails('MPI_ERR_SPAWN', 'spawn', () => world.spawn('nowhere.ts', [], 1, { root: rank }))
fails('MPI_ERR_ARG', 'spawn', () => world.spawn(program, [], 0, { root: rank }))
fails('MPI_ERR_ARG', 'spawn', () => world.spawn(program, [], Number.NaN, { root: rank }))
fails('MPI_ERR_ARG', 'spawn', () => world.spawn(5 as never, [], 1, { root: rank }))
fails('MPI_ERR_ARG', 'spawn', () => world.spawn(program, [5 as never], 1, { root: rank }))
fails('MPI_ERR_ARG', 'spawnMultiple', () => world.spawnMultiple([], { root: rank }))
fails('MPI_ERR_ROOT', 'spawn', () => world.spawn(program, [], 1, { root: size }))
fails('MPI_ERR_COMM', 'disconnect', () => down.disconnect())

ok('spawn')
