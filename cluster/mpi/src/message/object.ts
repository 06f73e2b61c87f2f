/**
 * Values as bytes, and back (`@skein/values`). Short values lie one behind another in slabs: a message costs a view, and neither a buffer of its own nor a
 * copy. The bytes are the caller's, for as long as it refers to them: even a blocking call makes progress for others, who may pack meanwhile.
 */

import { NotCloneableError, PackBuffer, packInto, pack as packValue, unpack } from '@skein/values'
import { object } from '../datatype/basic.ts'
import type { Part } from '../engine.ts'
import { MpiError } from '../errors.ts'
import { Elements } from './part.ts'
import type { Caller } from './refusal.ts'

const slabBytes = 1 << 16
/** After a value of so many bytes the next is expected to be large too, and is packed elsewhere: a slab would grow under it, step by step. */
const largeBytes = 1 << 13

let slab: PackBuffer | undefined
let used = 0
let lastBytes = 0

/** @throws MpiError of a value that cannot be sent, a function or a promise, with the path to it */
export function pack(caller: Caller, call: string, value: unknown): Uint8Array {
  try {
    const bytes = lastBytes < largeBytes ? packShort(call, value) : packValue(value, call).slice()
    lastBytes = bytes.length
    return bytes
  } catch (error) {
    if (!(error instanceof NotCloneableError)) throw error
    const problem = `${error.path} is ${error.kind}, which cannot be sent. ${error.advice}`
    throw new MpiError('MPI_ERR_TYPE', { call, rank: caller.rank, comm: caller.name }, problem, { cause: error })
  }
}

function packShort(call: string, value: unknown): Uint8Array {
  // A getter of the value may send something itself: it finds no slab, and begins another.
  const mine = slab ?? new PackBuffer(slabBytes)
  const from = slab === undefined ? 0 : used
  slab = undefined
  const end = packInto(mine, value, from, call)
  used = (end + 7) & ~7
  if (mine.bytes.length - used >= largeBytes && mine.bytes.length === slabBytes) slab = mine
  return new Uint8Array(mine.bytes.buffer, from, end - from)
}

export { unpack }

/** Bytes of values, or numbers about them: no typed receive takes them. */
export const packedPart = (bytes: ArrayBufferView): Part => new Elements(bytes, bytes.byteLength, object)
