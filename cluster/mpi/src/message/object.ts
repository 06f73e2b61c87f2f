/** Values as bytes, and back: what a structured clone keeps. */

import { pack as packValue, unpack } from '@skein/values'
import { object } from '../datatype/basic.ts'
import type { Part } from '../engine.ts'
import { MpiError } from '../errors.ts'
import { Elements } from './part.ts'
import type { Caller } from './refusal.ts'

/**
 * The bytes of a value, until the next one is packed: for calls that block.
 *
 * @throws MpiError of a value that cannot be cloned: a function, a promise
 */
export function packNow(caller: Caller, call: string, value: unknown): Uint8Array {
  try {
    return packValue(value, call)
  } catch (cause) {
    const problem = `the value cannot be sent: ${(cause as Error).message}`
    throw new MpiError('MPI_ERR_TYPE', { call, rank: caller.rank, comm: caller.name }, problem, { cause })
  }
}

/** The same in memory of their own. */
export const pack = (caller: Caller, call: string, value: unknown): Uint8Array => packNow(caller, call, value).slice()

/** Bytes of values, or numbers about them: no typed receive takes them. */
export const packedPart = (bytes: ArrayBufferView): Part => new Elements(bytes, bytes.byteLength, object)

export { unpack }
