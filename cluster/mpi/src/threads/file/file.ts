/**
 * A file of ranks that are threads. Each opens it for itself; the shared pointer is a word of the heap, of 64 bits. Transfers are done when they are
 * called, collective ones by each rank for itself: they wait for nobody, but for those of the shared pointer that go in order.
 */

import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, unlinkSync } from 'node:fs'
import { getSystemErrorName } from 'node:util'
import { heap } from '@skein/heap'
import { byte, float64 } from '../../datatype/basic.ts'
import { countIn, gather, scatterInto } from '../../datatype/packing.ts'
import type { Part, Pending, Port } from '../../engine.ts'
import { type ErrorClass, MpiError } from '../../errors.ts'
import { convertExternal32 } from '../../file/external32.ts'
import { fileFlags } from '../../file/mode.ts'
import type { FileFlag, FilePort, FileView, Transfer, Whence } from '../../file/port.ts'
import { classOf, errnoOf, named } from '../../file/system-errors.ts'
import { FileMap } from '../../file/view.ts'
import type { Hints } from '../../info.ts'
import { Elements } from '../../message/part.ts'
import type { Caller } from '../../message/refusal.ts'
import type { Status } from '../../status.ts'
import { bytesOf } from '../transfers.ts'
import type { Views } from '../views.ts'
import { fileLocks, fileLocksCount, lineBytes } from '../world-block.ts'
import { FileLock } from './lock.ts'
import { RunFile } from './runs.ts'
import { OtherFailed, Together } from './together.ts'

const directoryErrno = -21

export const deleteFile = (path: string, caller: Caller): void => {
  try {
    unlinkSync(path)
  } catch (error) {
    throw named(error, 'deleteFile', caller)
  }
}

export class ThreadFile implements FilePort, Caller {
  /** Kept, not heeded. */
  hints: Hints
  readonly rank: number
  readonly name: string
  readonly #path: string
  readonly #flags: readonly FileFlag[]
  /** Of its own: collectives of the file are apart from those of the communicator. */
  readonly #port: Port
  readonly #file: RunFile
  readonly #together: Together
  readonly #lock: FileLock
  /** Where the shared pointer lies, in etypes. */
  readonly #sharedAt: number
  readonly #shared: BigInt64Array
  #view: FileView = { displacement: 0, etype: byte, filetype: byte, datarep: 'native' }
  #map = new FileMap(this.#view)
  /** The rank's own pointer, in etypes. */
  #pointer = 0
  #isAtomic = false
  /** Of a transfer that has begun. */
  #half: Pending | undefined

  constructor(comm: Port, views: Views, path: string, flags: readonly FileFlag[], hints: Hints, name: string) {
    this.rank = comm.rank
    this.name = name
    this.#path = path
    this.#flags = flags
    this.hints = hints
    this.#port = comm.dup()
    const fd = this.#openAll()
    const stat = fstatSync(fd)
    // Ranks that have the same file open find the same word, whichever way they came to it.
    this.#lock = new FileLock(views.c, fileLocks + (stat.ino % fileLocksCount))
    const isSeekable = stat.isFile() || stat.isBlockDevice() || !flags.includes('sequential')
    this.#file = new RunFile(path, fd, this.#lock, isSeekable, !flags.includes('wronly'))
    this.#together = new Together(this.#port, this.#file)
    const start = flags.includes('append') ? stat.size : 0
    this.#pointer = start
    this.#sharedAt = this.#first('openFile', () => heap.allocate(lineBytes, { align: lineBytes, label: 'mpi' }))
    this.#shared = heap.view(BigInt64Array, this.#sharedAt, 1)
    if (this.rank === 0) Atomics.store(this.#shared, 0, BigInt(start))
    this.#port.run({ is: 'barrier' })
  }

  // Opening.

  /** All open the file, or none. The first makes it. */
  #openAll(): number {
    const call = 'openFile'
    const flags = this.#flags
    const bits = flags.reduce((sum, flag) => sum + 2 ** fileFlags.indexOf(flag), 0)
    try {
      this.#same(call, 'mode', bits)
      const access = flags.includes('rdonly')
        ? constants.O_RDONLY
        : flags.includes('wronly')
          ? constants.O_WRONLY
          : constants.O_RDWR
      const made = (flags.includes('create') ? constants.O_CREAT : 0) | (flags.includes('excl') ? constants.O_EXCL : 0)
      let fd = -1
      const open = (extra: number) =>
        errnoOf(() => {
          fd = openSync(this.#path, access | extra, 0o666)
        })
      const isDirectory = () => (fd >= 0 && fstatSync(fd).isDirectory() ? directoryErrno : 0)
      let errno = this.rank === 0 ? open(made) || isDirectory() : 0
      const first = this.#everyone(errno)[0]
      if (this.rank > 0 && first === 0) errno = open(0)
      const all = first === 0 ? this.#everyone(errno) : [first]
      const failed = all.findIndex(each => each !== 0)
      if (failed < 0) return fd
      if (fd >= 0) closeSync(fd)
      throw this.#systemError(call, all[failed], failed)
    } catch (error) {
      this.#port.free()
      throw error
    }
  }

  #systemError(call: string, errno: number, rank: number): MpiError {
    const code = getSystemErrorName(errno)
    const problem = `${code} for ${this.#path}${rank === this.rank ? '' : `, as rank ${rank} was told`}`
    return this.#error(classOf(code), call, problem)
  }

  #error(errorClass: ErrorClass, call: string, problem: string): MpiError {
    return new MpiError(errorClass, { call, rank: this.rank, comm: this.name }, problem)
  }

  // What ranks agree on.

  /** What each says, by rank. */
  #everyone(said: number): Float64Array {
    const all = new Float64Array(this.#port.size)
    const send = new Elements(Float64Array.of(said), 1, float64)
    this.#port.run({ is: 'allgather', send, recv: new Elements(all, 1, float64) })
    return all
  }

  /** What the first rank finds. @throws MpiError on all of them where it fails */
  #first(call: string, find: () => number): number {
    const said = new Float64Array(2)
    if (this.rank === 0) said[0] = errnoOf(() => (said[1] = find()))
    this.#port.run({ is: 'bcast', part: new Elements(said, 2, float64), root: 0 })
    if (said[0] !== 0) throw this.#systemError(call, said[0], 0)
    return said[1]
  }

  #same(call: string, argument: string, value: number): void {
    const all = this.#everyone(value)
    const other = all.findIndex(each => each !== value)
    if (other < 0) return
    throw this.#error(
      'MPI_ERR_NOT_SAME',
      call,
      `${argument} must be the same on all ranks, but is not on rank ${other}`,
    )
  }

  // Transfers.

  run(transfer: Transfer, status: Status): void {
    tell(status, this.#transfer(transfer, true), transfer.part)
  }

  /** Done at once: a request that is waited for could not let the event loop do it. */
  start(transfer: Transfer): Pending {
    try {
      return new Done(this.#transfer(transfer), transfer.part)
    } catch (error) {
      return new Done(0, transfer.part, error)
    }
  }

  begin(transfer: Transfer): void {
    this.#half = this.start(transfer)
  }

  end(_transfer: Transfer, status: Status): void {
    this.#half!.wait(status)
  }

  /** @returns bytes */
  #transfer(transfer: Transfer, isBlocking = false): number {
    const { call, is, part } = transfer
    const at = this.#place(transfer) * this.#view.etype.size
    const bytes = part.count * part.type.size
    // Others may write: all take part.
    if (bytes === 0 && !(isBlocking && transfer.isCollective)) return 0
    try {
      const isTogether = isBlocking && transfer.isCollective && !this.#isAtomic
      const does = () => (is === 'read' ? this.#read(at, part) : this.#write(at, part, isTogether))
      const done = this.#isAtomic ? this.#lock.alone(does) : does()
      // Behind what there was.
      if (transfer.place === 'individual') this.#pointer -= Math.floor((bytes - done) / this.#view.etype.size)
      return done
    } catch (error) {
      if (error instanceof OtherFailed) throw this.#error('MPI_ERR_IO', call, 'another rank could not write its share')
      throw named(error, call, this)
    }
  }

  /** Where it begins, in etypes; the pointer it begins at moves on. */
  #place({ place, isCollective, offset, part }: Transfer): number {
    const etypes = (part.count * part.type.size) / this.#view.etype.size
    if (place === 'explicit') return offset
    if (place === 'individual') {
      this.#pointer += etypes
      return this.#pointer - etypes
    }
    if (!isCollective) return Number(Atomics.add(this.#shared, 0, BigInt(etypes)))
    const all = this.#everyone(etypes)
    const total = all.reduce((a, b) => a + b)
    const base = this.#first('seekShared', () => Number(Atomics.add(this.#shared, 0, BigInt(total))))
    return all.subarray(0, this.rank).reduce((a, b) => a + b, base)
  }

  #read(at: number, part: Part): number {
    const { type } = part
    const flat = type.isContiguous ? bytesOf(part) : new Uint8Array(part.count * type.size)
    const done = this.#file.read(this.#map, at, flat)
    if (this.#view.datarep === 'external32') convertExternal32(flat.subarray(0, done), type.layout.root)
    if (!type.isContiguous) scatterInto(flat.subarray(0, done), part.view, type)
    return done
  }

  #write(at: number, part: Part, isTogether: boolean): number {
    const { type } = part
    const isConverted = this.#view.datarep === 'external32'
    const flat = type.isContiguous && !isConverted ? bytesOf(part) : gather(part.view, part.count, type)
    if (isConverted) convertExternal32(flat, type.layout.root)
    if (!isTogether || !this.#together.write(this.#map, at, flat)) this.#file.write(this.#map, at, flat)
    return flat.length
  }

  // Pointers.

  seek(place: 'individual' | 'shared', offset: number, whence: Whence): void {
    const call = place === 'shared' ? 'seekShared' : 'seek'
    const from = () =>
      whence === 'set' ? 0 : whence === 'current' ? this.position(place) : this.#map.etypesBefore(this.size())
    if (place === 'individual') {
      this.#pointer = this.#checked(call, from() + offset)
      return
    }
    this.#same(call, 'offset', offset)
    const target = this.#first(call, () => {
      const sum = from() + offset
      if (sum >= 0) Atomics.store(this.#shared, 0, BigInt(sum))
      return sum
    })
    this.#checked(call, target)
  }

  #checked(call: string, offset: number): number {
    if (offset >= 0) return offset
    throw this.#error('MPI_ERR_ARG', call, `it leads ${-offset} etypes before the begin of the view`)
  }

  position(place: 'individual' | 'shared'): number {
    return place === 'individual' ? this.#pointer : Number(Atomics.load(this.#shared, 0))
  }

  setHints(hints: Hints): void {
    this.hints = new Map([...this.hints, ...hints])
  }

  setView(view: FileView, hints: Hints): void {
    this.setHints(hints)
    this.#same('setView', 'the extent of the etype', view.etype.extent)
    this.#same('setView', 'datarep', ['native', 'internal', 'external32'].indexOf(view.datarep))
    this.#view = view
    this.#map = new FileMap(view)
    this.#pointer = 0
    if (this.rank === 0) Atomics.store(this.#shared, 0, 0n)
    this.#port.run({ is: 'barrier' })
  }

  // The file as a whole.

  size(): number {
    try {
      return fstatSync(this.#file.fd).size
    } catch (error) {
      throw named(error, 'size', this)
    }
  }

  setSize(bytes: number): void {
    this.#same('setSize', 'bytes', bytes)
    this.#first('setSize', () => {
      ftruncateSync(this.#file.fd, bytes)
      return 0
    })
  }

  preallocate(bytes: number): void {
    this.#same('preallocate', 'bytes', bytes)
    this.#first('preallocate', () => {
      this.#lock.alone(() => this.#fill(bytes))
      return 0
    })
  }

  /** Writes zeros behind the end, and what is there anew where it has no blocks of the device yet. */
  #fill(bytes: number): void {
    const { size, blocks } = fstatSync(this.#file.fd)
    const from = blocks * 512 >= Math.min(size, bytes) || this.#flags.includes('wronly') ? size : 0
    const piece = new Uint8Array(2 ** 20)
    for (let at = from; at < bytes; at += piece.length) {
      const length = Math.min(piece.length, bytes - at)
      const n = at < size ? this.#file.readRun(piece, 0, length, at) : 0
      piece.fill(0, n)
      this.#file.writeRun(piece, 0, length, at)
    }
  }

  setAtomicity(isAtomic: boolean): void {
    this.#same('setAtomicity', 'isAtomic', isAtomic ? 1 : 0)
    this.#isAtomic = isAtomic
  }

  sync(): void {
    this.#port.run({ is: 'barrier' })
    this.#first('sync', () => {
      fsyncSync(this.#file.fd)
      return 0
    })
  }

  close(): void {
    // Nobody uses the shared pointer any more.
    this.#port.run({ is: 'barrier' })
    this.#together.close()
    if (this.rank === 0) heap.free(this.#sharedAt)
    this.#file.close()
    try {
      if (!this.#flags.includes('deleteOnClose')) return
      this.#port.run({ is: 'barrier' })
      this.#first('close', () => {
        unlinkSync(this.#path)
        return 0
      })
    } finally {
      this.#port.free()
    }
  }
}

function tell(status: Status, bytes: number, { type }: Part): void {
  status.source = status.tag = -1
  status.bytes = bytes
  status.count = countIn(bytes, type)
  status.isCancelled = false
}

/** A transfer that is over. */
class Done implements Pending {
  readonly #bytes: number
  readonly #part: Part
  readonly #error: unknown

  constructor(bytes: number, part: Part, error?: unknown) {
    this.#bytes = bytes
    this.#part = part
    this.#error = error
  }

  test(status: Status): boolean {
    this.wait(status)
    return true
  }

  wait(status: Status): void {
    tell(status, this.#bytes, this.#part)
    if (this.#error !== undefined) throw this.#error
  }

  cancel(): void {}
  free(): void {}
}
