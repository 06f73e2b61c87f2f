/** What goes wrong with files: errors that name the file, the call and the rank. */

import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { NotSupportedError } from '@skein/base'
import {
  byte,
  type Datatype,
  deleteFile,
  errorsThrow,
  float32,
  float64,
  int32,
  MpiError,
  version,
  world,
} from '@skein/mpi'
import { assert, fails, ok, rank, size } from './check.ts'
import { scratch } from './scratch.ts'

const { at, end } = scratch()
const x = Float64Array.of(1, 2, 3)
if (rank === 0) {
  writeFileSync(at('there'), 'x'.repeat(24))
  mkdirSync(at('folder'))
}
world.barrier()

// Opening: all fail.
const open = (errorClass: any, path: any, mode: any) => fails(errorClass, 'openFile', () => world.openFile(path, mode))
open('MPI_ERR_NO_SUCH_FILE', at('absent'), 'r')
open('MPI_ERR_NO_SUCH_FILE', at('absent'), ['rdwr'])
open('MPI_ERR_NO_SUCH_FILE', at('nowhere/file'), 'w')
open('MPI_ERR_FILE_EXISTS', at('there'), 'wx')
open('MPI_ERR_BAD_FILE', at('there/file'), 'w+')
open('MPI_ERR_BAD_FILE', at('folder'), 'r+')
for (const path of ['', 'a\0b', 7, undefined, null, new URL('http://x/y')]) open('MPI_ERR_BAD_FILE', path, 'r')
const modes = ['', 'q', 'rw', 7, null, [], ['rdonly', 'wronly'], ['create'], ['rdonly', 'create'], ['rdonly', 'excl']]
for (const mode of [...modes, ['rdwr', 'sequential'], ['rdonly', 'fast'], ['rdonly', undefined]])
  open('MPI_ERR_AMODE', at('there'), mode)
fails('MPI_ERR_INFO', 'openFile', () => world.openFile(at('there'), 'r', { info: 'x' as any }))
fails('MPI_ERR_INFO_VALUE', 'openFile', () => world.openFile(at('there'), 'r', { info: { key: {} as any } }))
assert.throws(
  () => world.openFile(at('absent'), 'r'),
  error =>
    error instanceof MpiError && error.message.startsWith(`openFile on rank ${rank} of ${at('absent')} of world: `),
)
if (rank === 0) {
  fails('MPI_ERR_NO_SUCH_FILE', 'deleteFile', () => deleteFile(at('absent')))
  fails('MPI_ERR_BAD_FILE', 'deleteFile', () => deleteFile(''))
}
// Root may do what others may not.
if (process.getuid?.() !== 0) {
  if (rank === 0) chmodSync(at('there'), 0o000)
  world.barrier()
  open('MPI_ERR_ACCESS', at('there'), 'r')
  world.barrier()
  if (rank === 0) chmodSync(at('there'), 0o644)
  world.barrier()
}

// Reading and writing.
const file = world.openFile(at('there'), 'r')
fails('MPI_ERR_READ_ONLY', 'writeAt', () => file.writeAt(0, x))
fails('MPI_ERR_READ_ONLY', 'iwriteShared', () => file.iwriteShared(x))
fails('MPI_ERR_READ_ONLY', 'setSize', () => file.setSize(0))
fails('MPI_ERR_READ_ONLY', 'preallocate', () => file.preallocate(100))
for (const offset of [-1, 0.5, Number.NaN, Infinity, 2 ** 60, '1' as any, undefined])
  fails('MPI_ERR_ARG', 'readAt', () => file.readAt(offset, x))
fails('MPI_ERR_BUFFER', 'read', () => file.read([1] as any))
fails('MPI_ERR_BUFFER', 'iread', () => file.iread(undefined as any))
fails('MPI_ERR_COUNT', 'read', () => file.read({ buffer: x, count: 4 }))
fails('MPI_ERR_BUFFER', 'ireadAt', () => file.ireadAt(0, new Uint8Array(new ArrayBuffer(8, { maxByteLength: 16 }))))
fails('MPI_ERR_ARG', 'seek', () => file.seek(1, 'here' as any))
fails('MPI_ERR_ARG', 'seek', () => file.seek(Number.NaN, 'end'))
fails('MPI_ERR_ARG', 'byteOffset', () => file.byteOffset(-1))
fails('MPI_ERR_ARG', 'setAtomicity', () => file.setAtomicity(1 as any))

// Views.
const view = (errorClass: any, ...args: any[]) =>
  fails(errorClass, 'setView', () => file.setView(...(args as [number, Datatype, Datatype])))
view('MPI_ERR_ARG', -8, byte)
view('MPI_ERR_ARG', 0.5, byte)
view('MPI_ERR_TYPE', 0, 'byte')
view('MPI_ERR_TYPE', 0, float64, int32)
view('MPI_ERR_TYPE', 0, float64, float32.contiguous(2))
view('MPI_ERR_TYPE', 0, float64, float64.hindexed([1, 1], [16, 0]))
view('MPI_ERR_TYPE', 0, float64, float64.hindexed([1, 1], [-8, 8]))
view('MPI_ERR_TYPE', 0, float64, float64.resized(0, -16))
view('MPI_ERR_TYPE', 0, float64.contiguous(0), float64)
view('MPI_ERR_UNSUPPORTED_DATAREP', 0, float64, float64, { datarep: 'morse' })
const freed = float64.contiguous(2)
freed.free()
view('MPI_ERR_TYPE', 0, freed)
file.setView(0, float64)
fails('MPI_ERR_COUNT', 'readAt', () => file.readAt(0, new DataView(new ArrayBuffer(12))))
fails('MPI_ERR_TYPE', 'readAt', () => file.readAt(0, new Int32Array(4)))
assert.equal(file.readAt(0, new DataView(new ArrayBuffer(16))).count, 16)
// Far behind the end there is nothing, and farther there are no numbers.
assert.equal(file.readAt(2 ** 40, x).count, 0)
assert.equal(file.readAtAll(2 ** 45, x).count, 0)
fails('MPI_ERR_ARG', 'readAt', () => file.readAt(2 ** 51, x))
fails('MPI_ERR_ARG', 'ireadAtAll', () => file.ireadAtAll(Number.MAX_SAFE_INTEGER, x))
file.setView(2 ** 40, float64)
assert.equal(file.read(x).count, 0)
file.setView(0, float64, float64.contiguous(0))
fails('MPI_ERR_COUNT', 'read', () => file.read(x))
assert.equal(file.read(new Float64Array(0)).count, 0)
file.close()

// Closed.
for (const [call, does] of [
  ['read', () => file.read(x)],
  ['iwriteAt', () => file.iwriteAt(0, x)],
  ['seek', () => file.seek(0)],
  ['position', () => file.position],
  ['size', () => file.size],
  ['setView', () => file.setView()],
  ['close', () => file.close()],
] as const)
  fails('MPI_ERR_FILE', call, does)
file[Symbol.dispose]()

const out = world.openFile(at('out'), 'w')
fails('MPI_ERR_ACCESS', 'read', () => out.read(x))
fails('MPI_ERR_ACCESS', 'readOrderedBegin', () => out.readOrderedBegin(x))
const heard: string[] = []
out.errorHandler = (which, error) => {
  assert.equal(which, out)
  heard.push((error as Error).message)
}
fails('MPI_ERR_ARG', 'seek', () => out.seek(-7, 'end'))
assert.match(heard[0], /^seek on rank \d of .*out of world: /)
out.errorHandler = errorsThrow
assert.throws(() => (out.errorHandler = 7 as any), /errorHandler/)
out.close()

// Atomic mode, where there is none.
if (version().engine === 'openmpi') {
  const loose = world.openFile(at('out'), 'r+')
  assert.throws(() => loose.setAtomicity(true), NotSupportedError)
  assert.equal(loose.atomicity, false)
  loose.setAtomicity(false)
  loose.close()
}

// A file that is removed stays, for those that have it open.
const removed = world.openFile(at('removed'), 'w+')
world.barrier()
if (rank === 0) deleteFile(at('removed'))
world.barrier()
removed.writeAt(rank * 24, x)
const back = new Float64Array(3)
assert.equal(removed.readAt(rank * 24, back).count, 3)
assert.deepEqual([...back], [1, 2, 3])
removed.close()
open('MPI_ERR_NO_SUCH_FILE', at('removed'), 'r')

// A write that leads beyond what the file system can hold.
if (version().engine === 'threads') {
  const far = world.openFile(at('far'), 'w')
  fails('MPI_ERR_IO', 'writeAt', () => far.writeAt(2 ** 52, x))
  assert.equal(far.size, 0)
  far.seek(2 ** 52)
  fails('MPI_ERR_IO', 'write', () => far.write(x))
  far.close()
}

// A device that is full, which Linux has.
if (process.platform === 'linux') {
  const full = world.openFile('/dev/full', ['wronly'])
  fails(['MPI_ERR_NO_SPACE', 'MPI_ERR_IO'], 'writeAt', () => full.writeAt(0, x))
  fails(['MPI_ERR_NO_SPACE', 'MPI_ERR_IO'], 'iwriteAt', () => full.iwriteAt(0, x).wait())
  fails(['MPI_ERR_NO_SPACE', 'MPI_ERR_IO'], 'iwriteAtAll', () => full.iwriteAtAll(0, x).wait())
  fails(['MPI_ERR_NO_SPACE', 'MPI_ERR_IO'], 'writeShared', () => full.writeShared(x))
  if (version().engine === 'threads') {
    // Written together, or each for itself: all hear of it.
    for (const filetype of [
      float64.contiguous(8).resized(0, 64 * size),
      float64.contiguous(8).resized(0, 65 * 8 * size),
    ]) {
      full.setView(64 * rank, float64, filetype)
      fails(['MPI_ERR_NO_SPACE', 'MPI_ERR_IO'], 'writeAtAll', () => full.writeAtAll(0, new Float64Array(80_000)))
      fails('MPI_ERR_NO_SPACE', 'iwriteAtAll', () => full.iwriteAtAll(0, x).wait())
    }
  }
  full.close()
}

// Ranks that do not agree.
if (size > 1) {
  const torn = world.openFile(at('torn'), 'w+')
  fails('MPI_ERR_NOT_SAME', 'setSize', () => torn.setSize(rank))
  fails('MPI_ERR_NOT_SAME', 'preallocate', () => torn.preallocate(1000 + rank))
  fails('MPI_ERR_NOT_SAME', 'seekShared', () => torn.seekShared(rank))
  fails('MPI_ERR_NOT_SAME', 'setView', () => torn.setView(0, rank === 0 ? byte : float64))
  fails('MPI_ERR_NOT_SAME', 'setView', () =>
    torn.setView(0, byte, byte, { datarep: rank === 0 ? 'native' : 'external32' }),
  )
  assert.equal(torn.size, 0)
  torn.close()
  fails('MPI_ERR_NOT_SAME', 'openFile', () => world.openFile(at('out'), rank === 0 ? 'r' : 'r+'))
}

// What was refused has done nothing.
assert.equal(readFileSync(at('there'), 'utf8'), 'x'.repeat(24))
end()
ok('file-errors')
