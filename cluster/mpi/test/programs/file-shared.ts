/** The pointer that all ranks share: who comes next goes on behind the last, or all go in order. */

import { readFileSync } from 'node:fs'
import { int32, world } from '@skein/mpi'
import { assert, fails, list, ok, rank, size } from './check.ts'
import { scratch } from './scratch.ts'

const { at, end } = scratch()
const ranks = Array.from({ length: size }, (_, r) => r)
const onDisk = (name: string) => [...new Int32Array(new Uint8Array(readFileSync(at(name))).buffer)]
const records = 8
const length = 5

const file = world.openFile(at('log'), 'w+')
file.setView(0, int32)
assert.equal(file.positionShared, 0)
world.barrier()
// Records come in some order, each in one piece, none over another.
for (let i = 0; i < records; i++) file.writeShared(new Int32Array(length).fill(rank * 100 + i))
world.barrier()
assert.equal(file.positionShared, size * records * length)
file.sync()
const log = onDisk('log')
assert.equal(log.length, size * records * length)
const heads = log.filter((_, i) => i % length === 0)
log.forEach((value, i) => assert.equal(value, heads[Math.floor(i / length)]))
// Those of one rank are in the order it wrote them.
for (const r of ranks) {
  assert.deepEqual(
    heads.filter(head => Math.floor(head / 100) === r),
    Array.from({ length: records }, (_, i) => r * 100 + i),
  )
}

// Each record is read once.
file.seekShared(0)
assert.equal(file.positionShared, 0)
world.barrier()
const seen: number[] = []
const record = new Int32Array(length)
for (let i = 0; i < records; i++) {
  assert.equal(file.readShared(record).count, length)
  seen.push(record[0])
}
assert.deepEqual(
  world
    .allgather(seen)
    .flat()
    .sort((a, b) => a - b),
  heads.slice().sort((a, b) => a - b),
)
assert.equal(file.readShared(record).count, 0)
assert.equal(file.position, 0)
file.close()

// In order: rank r writes r + 1.
const ordered = world.openFile(at('ordered'), 'w+')
ordered.setView(0, int32)
const mine = new Int32Array(rank + 1).fill(rank)
assert.equal(ordered.writeOrdered(mine).count, rank + 1)
ordered.writeOrderedBegin(mine)
assert.equal(ordered.writeOrderedEnd().count, rank + 1)
const once = ranks.flatMap(r => new Array<number>(r + 1).fill(r))
assert.equal(ordered.positionShared, 2 * once.length)
world.barrier()
ordered.sync()
assert.deepEqual(onDisk('ordered'), [...once, ...once])
ordered.seekShared(-once.length, 'current')
assert.equal(ordered.positionShared, once.length)
world.barrier()
ordered.seekShared(-2 * once.length, 'end')
assert.equal(ordered.positionShared, 0)
world.barrier()
const back = new Int32Array(rank + 1).fill(-1)
assert.equal(ordered.readOrdered(back).count, rank + 1)
assert.deepEqual(list(back), list(mine))
back.fill(-1)
ordered.readOrderedBegin(back)
assert.equal(ordered.readOrderedEnd().count, rank + 1)
assert.deepEqual(list(back), list(mine))

// Requests; the shared pointer moves when they start.
ordered.seekShared(0)
const write = ordered.iwriteShared(Int32Array.of(rank, rank))
assert.equal(write.wait().count, 2)
world.barrier()
assert.equal(ordered.positionShared, 2 * size)
world.barrier()
ordered.sync()
ordered.seekShared(0)
const pair = new Int32Array(2)
assert.equal((await ordered.ireadShared(pair)).count, 2)
assert.equal(pair[0], pair[1])
const pairs = world.allgather(pair[0])
assert.deepEqual([...pairs].sort(), ranks)
fails('MPI_ERR_ARG', 'seekShared', () => ordered.seekShared(-1))
ordered.close()

// A sequential file has no other pointer.
const tape = world.openFile(at('tape'), ['create', 'wronly', 'sequential'])
fails('MPI_ERR_UNSUPPORTED_OPERATION', 'write', () => tape.write(mine))
fails('MPI_ERR_UNSUPPORTED_OPERATION', 'writeAt', () => tape.writeAt(0, mine))
fails('MPI_ERR_UNSUPPORTED_OPERATION', 'seek', () => tape.seek(0))
tape.writeOrdered(mine)
tape.close()
assert.deepEqual(onDisk('tape'), once)

end()
ok('file-shared')
