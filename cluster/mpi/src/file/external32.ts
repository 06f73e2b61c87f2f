/** The representation external32 (MPI-4.0, 14.5.2): the kinds here have the sizes of memory in it, and the most significant byte comes first. */

import { kindOfCode, kinds } from '../datatype/kinds.ts'
import type { Root } from '../datatype/signature.ts'

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** Turns elements into external32, or back; what is left behind the last whole one stays. */
export function convertExternal32(bytes: Uint8Array, root: Root): void {
  if (!isLittleEndian || root.basics === 0) return
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = 0; at < bytes.length; ) {
    // A root of one kind is all of it at once.
    const times = root.codes.length === 1 ? Math.floor(bytes.length / root.bytes) || 1 : 1
    for (let i = 0; i < root.codes.length && at < bytes.length; i++) {
      const { size, alignment } = kinds[kindOfCode(root.codes[i])]
      const length = root.counts[i] * times * size
      swap(view.subarray(at, at + length), alignment)
      at += length
    }
  }
}

function swap(bytes: Buffer, size: number): void {
  const whole = bytes.subarray(0, bytes.length - (bytes.length % size))
  if (size === 2) whole.swap16()
  else if (size === 4) whole.swap32()
  else if (size === 8) whole.swap64()
}
