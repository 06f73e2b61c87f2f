/**
 * Reading and writing. Each call fills as much of the buffer as the file holds, and says in the status how much that was. Offsets and pointers count
 * etypes of the view, which are bytes until `setView`.
 */

import { checkKept, type Data, partOf } from '../message/part.ts'
import { refusal } from '../message/refusal.ts'
import { Request } from '../request/request.ts'
import { Status } from '../status.ts'
import type { Part } from '../transfer.ts'
import { FileBase } from './base.ts'
import type { Place, Transfer } from './port.ts'

type Kind = Pick<Transfer, 'is' | 'place' | 'isCollective'>

const kind = (is: Kind['is'], place: Place, isCollective = false): Kind => ({ is, place, isCollective })

const kinds = {
  readAt: kind('read', 'explicit'),
  readAtAll: kind('read', 'explicit', true),
  writeAt: kind('write', 'explicit'),
  writeAtAll: kind('write', 'explicit', true),
  read: kind('read', 'individual'),
  readAll: kind('read', 'individual', true),
  write: kind('write', 'individual'),
  writeAll: kind('write', 'individual', true),
  readShared: kind('read', 'shared'),
  readOrdered: kind('read', 'shared', true),
  writeShared: kind('write', 'shared'),
  writeOrdered: kind('write', 'shared', true),
}
type Name = keyof typeof kinds

export abstract class FileTransfers extends FileBase {
  /** Reads from an offset on. */
  readAt(offset: number, buffer: Data, status?: Status): Status {
    return this.#run('readAt', buffer, status, offset)
  }

  /** The same of all ranks, each with its own offset and buffer. */
  readAtAll(offset: number, buffer: Data, status?: Status): Status {
    return this.#run('readAtAll', buffer, status, offset)
  }

  writeAt(offset: number, buffer: Data, status?: Status): Status {
    return this.#run('writeAt', buffer, status, offset)
  }

  writeAtAll(offset: number, buffer: Data, status?: Status): Status {
    return this.#run('writeAtAll', buffer, status, offset)
  }

  /** Reads from the rank's own pointer on, which moves on behind it. */
  read(buffer: Data, status?: Status): Status {
    return this.#run('read', buffer, status)
  }

  readAll(buffer: Data, status?: Status): Status {
    return this.#run('readAll', buffer, status)
  }

  write(buffer: Data, status?: Status): Status {
    return this.#run('write', buffer, status)
  }

  writeAll(buffer: Data, status?: Status): Status {
    return this.#run('writeAll', buffer, status)
  }

  /** Reads from the pointer on that all ranks share: whoever comes next reads what is behind. Their views must be the same. */
  readShared(buffer: Data, status?: Status): Status {
    return this.#run('readShared', buffer, status)
  }

  /** All ranks, each behind those before it. */
  readOrdered(buffer: Data, status?: Status): Status {
    return this.#run('readOrdered', buffer, status)
  }

  writeShared(buffer: Data, status?: Status): Status {
    return this.#run('writeShared', buffer, status)
  }

  writeOrdered(buffer: Data, status?: Status): Status {
    return this.#run('writeOrdered', buffer, status)
  }

  ireadAt(offset: number, buffer: Data): Request<Status> {
    return this.#start('ireadAt', 'readAt', buffer, offset)
  }

  ireadAtAll(offset: number, buffer: Data): Request<Status> {
    return this.#start('ireadAtAll', 'readAtAll', buffer, offset)
  }

  iwriteAt(offset: number, buffer: Data): Request<Status> {
    return this.#start('iwriteAt', 'writeAt', buffer, offset)
  }

  iwriteAtAll(offset: number, buffer: Data): Request<Status> {
    return this.#start('iwriteAtAll', 'writeAtAll', buffer, offset)
  }

  /** The pointer moves at once. */
  iread(buffer: Data): Request<Status> {
    return this.#start('iread', 'read', buffer)
  }

  ireadAll(buffer: Data): Request<Status> {
    return this.#start('ireadAll', 'readAll', buffer)
  }

  iwrite(buffer: Data): Request<Status> {
    return this.#start('iwrite', 'write', buffer)
  }

  iwriteAll(buffer: Data): Request<Status> {
    return this.#start('iwriteAll', 'writeAll', buffer)
  }

  ireadShared(buffer: Data): Request<Status> {
    return this.#start('ireadShared', 'readShared', buffer)
  }

  iwriteShared(buffer: Data): Request<Status> {
    return this.#start('iwriteShared', 'writeShared', buffer)
  }

  // Collective transfers in two halves, of which a file has one at a time: between them the buffer belongs to the file.

  readAtAllBegin(offset: number, buffer: Data): void {
    this.#begin('readAtAllBegin', 'readAtAll', buffer, offset)
  }

  readAtAllEnd(status?: Status): Status {
    return this.#end('readAtAllEnd', 'readAtAll', status)
  }

  writeAtAllBegin(offset: number, buffer: Data): void {
    this.#begin('writeAtAllBegin', 'writeAtAll', buffer, offset)
  }

  writeAtAllEnd(status?: Status): Status {
    return this.#end('writeAtAllEnd', 'writeAtAll', status)
  }

  readAllBegin(buffer: Data): void {
    this.#begin('readAllBegin', 'readAll', buffer)
  }

  readAllEnd(status?: Status): Status {
    return this.#end('readAllEnd', 'readAll', status)
  }

  writeAllBegin(buffer: Data): void {
    this.#begin('writeAllBegin', 'writeAll', buffer)
  }

  writeAllEnd(status?: Status): Status {
    return this.#end('writeAllEnd', 'writeAll', status)
  }

  readOrderedBegin(buffer: Data): void {
    this.#begin('readOrderedBegin', 'readOrdered', buffer)
  }

  readOrderedEnd(status?: Status): Status {
    return this.#end('readOrderedEnd', 'readOrdered', status)
  }

  writeOrderedBegin(buffer: Data): void {
    this.#begin('writeOrderedBegin', 'writeOrdered', buffer)
  }

  writeOrderedEnd(status?: Status): Status {
    return this.#end('writeOrderedEnd', 'writeOrdered', status)
  }

  #run(name: Name, buffer: Data, status = new Status(), offset?: number): Status {
    const port = this.open(name)
    const transfer = this.#transfer(name, name, buffer, offset)
    this.engine(() => port.run(transfer, status))
    return status
  }

  #start(call: string, name: Name, buffer: Data, offset?: number): Request<Status> {
    const port = this.open(call)
    const transfer = this.#transfer(call, name, buffer, offset)
    checkKept(this, call, transfer.part.view)
    return new Request(
      this,
      call,
      this.engine(() => port.start(transfer)),
      true,
      new Status(),
    )
  }

  #begin(call: string, name: Name, buffer: Data, offset?: number): void {
    const port = this.open(call)
    if (this.half !== undefined)
      throw this.error('MPI_ERR_OTHER', call, `${this.half.call} has begun and must be ended first`)
    const transfer = this.#transfer(call, name, buffer, offset)
    checkKept(this, call, transfer.part.view)
    this.engine(() => port.begin(transfer))
    this.half = transfer
  }

  #end(call: string, name: Name, status = new Status()): Status {
    const port = this.open(call)
    const half = this.half
    if (half?.call !== `${name}Begin`)
      throw this.error('MPI_ERR_OTHER', call, `${half === undefined ? 'nothing' : half.call} has begun`)
    this.half = undefined
    this.engine(() => port.end({ ...half, call }, status))
    return status
  }

  #transfer(call: string, name: Name, buffer: Data, given: number | undefined): Transfer {
    const { is, place, isCollective } = kinds[name]
    const { flags } = this
    if (is === 'read' && flags.includes('wronly'))
      throw this.error('MPI_ERR_ACCESS', call, 'the file was opened for writing alone')
    if (is === 'write' && flags.includes('rdonly'))
      throw this.error('MPI_ERR_READ_ONLY', call, 'the file was opened for reading alone')
    if (place !== 'shared' && flags.includes('sequential')) {
      const problem = 'a file that was opened as sequential has only its shared pointer'
      throw this.error('MPI_ERR_UNSUPPORTED_OPERATION', call, problem)
    }
    const offset = place === 'explicit' ? this.checkedOffset(call, 'offset', given) : 0
    const part = partOf(this, call, 'buffer', buffer)
    this.#checkElements(call, part)
    if (place === 'explicit') this.#checkReach(call, offset, part)
    return { call, is, place, isCollective, offset, part }
  }

  /** What is transferred are whole etypes. */
  #checkElements(call: string, { count, type }: Part): void {
    const { etype, filetype } = this.shown
    const bytes = count * type.size
    if (bytes === 0) return
    if (filetype.size === 0)
      throw refusal(this, call, 'MPI_ERR_COUNT', 'count of buffer', '0, as the view shows nothing of the file', count)
    if (bytes % etype.size !== 0) {
      const expected = `a whole number of ${etype}, the etype of the view`
      throw refusal(this, call, 'MPI_ERR_COUNT', 'count of buffer', expected, `${count} of ${type}`)
    }
    if (etype.signature === 0 || type.signature === 0 || etype.signature === type.signature) return
    throw refusal(this, call, 'MPI_ERR_TYPE', 'type of buffer', `of ${etype}, the etype of the view`, String(type))
  }

  /** Bytes of a file are counted by numbers that a float holds. */
  #checkReach(call: string, offset: number, { count, type }: Part): void {
    const last = this.map.byteOf(offset * this.shown.etype.size + count * type.size)
    if (Number.isSafeInteger(last)) return
    throw refusal(this, call, 'MPI_ERR_ARG', 'offset', 'of a byte below 2^53', offset)
  }
}
