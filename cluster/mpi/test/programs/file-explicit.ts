/** Reading and writing at offsets, and files as a whole. */

import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { byte, deleteFile, float64, int32, Status, version, world } from '@skein/mpi'
import { assert, list, numbered, ok, rank, size } from './check.ts'
import { scratch } from './scratch.ts'

const { at, end } = scratch()
const ranks = Array.from({ length: size }, (_, r) => r)
const count = 100
const bytes = 8 * count
const onDisk = (name: string) => {
  const data = readFileSync(at(name))
  return Array.from(new Float64Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.length)))
}
const whole = ranks.flatMap(r => list(numbered(r, count)))

// Each its own share, one after another and all at once.
const file = world.openFile(at('a'), 'w+')
assert.equal(file.size, 0)
assert.equal(file.path, at('a'))
assert.deepEqual([file.group.size, file.group.rank], [size, rank])
assert.deepEqual([...file.flags].sort(), ['create', 'rdwr'])
world.barrier()
const mine = numbered(rank, count)
const status = file.writeAt(rank * bytes, mine)
assert.deepEqual({ ...status }, { source: -1, tag: -1, bytes, count, isCancelled: false })
file.sync()
assert.equal(file.size, size * bytes)
assert.deepEqual(onDisk('a'), whole)

const next = (rank + 1) % size
const other = new Float64Array(count)
const again = new Status()
assert.equal(file.readAt(next * bytes, other, again), again)
assert.deepEqual(list(other), list(numbered(next, count)))
assert.equal(again.count, count)
other.fill(0)
assert.equal(file.readAtAll(rank * bytes, other).count, count)
assert.deepEqual(list(other), list(mine))
world.barrier()
// Each half of the buffer from another place, and the buffer in all its forms.
assert.equal(file.readAt(next * bytes + 8, { buffer: other, offset: 10, count: 2 }).count, 2)
assert.deepEqual(list(other.subarray(9, 13)), [rank * 1000 + 9, next * 1000 + 1, next * 1000 + 2, rank * 1000 + 12])
const raw = new DataView(new ArrayBuffer(16))
assert.equal(file.readAt(8, raw).bytes, 16)
assert.deepEqual([raw.getFloat64(0, true), raw.getFloat64(8, true)], [1, 2])
assert.equal(file.readAt(8, raw.buffer).count, 16)
world.barrier()

// Elements with gaps in memory are side by side in the file.
const every = float64.vector(count / 2, 1, 2)
file.writeAtAll(rank * bytes, { buffer: mine, count: 1, type: every })
file.sync()
assert.deepEqual(
  onDisk('a').slice(next * count, next * count + 4),
  [0, 2, 4, 6].map(i => next * 1000 + i),
)
other.fill(-1)
assert.equal(file.readAt(rank * bytes, { buffer: other, count: 1, type: every }).count, 1)
assert.deepEqual(list(other.subarray(0, 5)), [mine[0], -1, mine[2], -1, mine[4]])
world.barrier()

// Past the end there is nothing; across it, a part.
assert.equal(file.readAt(size * bytes, other).count, 0)
assert.equal(file.readAt(size * bytes + 10_000, other).bytes, 0)
const short = file.readAt(size * bytes - 20, other)
assert.deepEqual([short.bytes, short.count], [20, undefined])
assert.equal(file.readAt(0, new Float64Array(0)).count, 0)
assert.equal(file.writeAt(0, { buffer: mine, count: 0 }).count, 0)
assert.equal(file.readAtAll(rank === 0 ? size * bytes - 8 : size * bytes, other).count, rank === 0 ? 1 : 0)

// Sizes. What is added is zero.
const resized = (bytes: number) => {
  assert.equal(file.size, bytes)
  world.barrier()
}
world.barrier()
file.setSize(12)
resized(12)
file.preallocate(1000)
resized(1000)
file.preallocate(10)
resized(1000)
file.sync()
assert.equal(statSync(at('a')).size, 1000)
assert.deepEqual([...readFileSync(at('a')).subarray(12)], new Array(988).fill(0))
world.barrier()
file.setSize(0)
assert.equal(file.size, 0)
world.barrier()
// A hole is zeros.
if (rank === size - 1) file.writeAt(5000, Uint8Array.of(7))
file.sync()
assert.equal(file.size, 5001)
const hole = new Uint8Array(10).fill(9)
assert.equal(file.readAt(4995, hole).count, 6)
assert.deepEqual(list(hole), [0, 0, 0, 0, 0, 7, 9, 9, 9, 9])
assert.equal(file.byteOffset(17), 17)
assert.deepEqual({ ...file.view }, { displacement: 0, etype: byte, filetype: byte, datarep: 'native' })
file.close()
assert.equal(file.isClosed, true)
assert.equal(existsSync(at('a')), true)

// How it is opened. A file that is there keeps what it holds, but for `w`.
world.barrier()
if (rank === 0) writeFileSync(at('b'), 'abcdef')
world.barrier()
const read = world.openFile(pathToFileURL(at('b')))
assert.deepEqual(read.flags, ['rdonly'])
const letters = new Uint8Array(6)
assert.equal(read.readAtAll(0, letters).count, 6)
assert.equal(Buffer.from(letters).toString(), 'abcdef')
read.close()
const both = world.openFile(at('b'), 'r+')
if (rank === 0) both.writeAt(1, Buffer.from('XY'))
both.close()
assert.equal(readFileSync(at('b'), 'utf8'), 'aXYdef')
const flagged = world.openFile(at('b'), ['wronly', 'create'], { info: { access_style: 'write_once' } })
if (rank === 0) flagged.writeAt(0, Buffer.from('Z'))
flagged.setInfo({ cb_buffer_size: 65536 })
flagged.setInfo({})
assert.equal(flagged.typeExtent(float64), 8)
if (version().engine === 'threads') {
  assert.deepEqual(Object.fromEntries(flagged.info), { access_style: 'write_once', cb_buffer_size: '65536' })
}
// A library tells of those it heeds.
for (const [key, value] of flagged.info) assert.deepEqual([typeof key, typeof value], ['string', 'string'])
flagged.close()
assert.equal(readFileSync(at('b'), 'utf8'), 'ZXYdef')
const end2 = world.openFile(at('b'), 'a+')
assert.equal(end2.position, 6)
assert.equal(end2.positionShared, 6)
end2.close()
world.openFile(at('b'), 'w').close()
assert.equal(readFileSync(at('b')).length, 0)
world.openFile(at('c'), 'wx').close()
assert.equal(existsSync(at('c')), true)
const gone = world.openFile(at('d'), ['rdwr', 'create', 'deleteOnClose', 'uniqueOpen'])
assert.equal(existsSync(at('d')), true)
gone.close()
assert.equal(existsSync(at('d')), false)
world.barrier()
if (rank === 0) deleteFile(at('c'))
world.barrier()
assert.equal(existsSync(at('c')), false)

// Several files at a time, of several communicators.
const half = world.split(rank % 2)
const [one, two] = [half.openFile(at(`half${rank % 2}`), 'w+'), world.openFile(at('whole'), 'w+')]
one.writeAtAll(half.rank * 4, Int32Array.of(rank))
two.writeAtAll(rank * 4, { buffer: Int32Array.of(0, rank), offset: 1, type: int32 })
one.close()
two.close()
world.barrier()
const ints = (name: string) => [...new Int32Array(new Uint8Array(readFileSync(at(name))).buffer)]
assert.deepEqual(ints('whole'), ranks)
assert.deepEqual(
  ints(`half${rank % 2}`),
  ranks.filter(r => r % 2 === rank % 2),
)
half.free()

end()
ok('file-explicit')
