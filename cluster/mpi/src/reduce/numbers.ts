/** Bytes of a buffer as numbers that loops can take. */

import type { NumberArray, NumberArrayClass } from '../datatype/kinds.ts'

/** The first `n` numbers of a view: the view itself, another one of its memory, or, where that is not aligned for them, a copy. */
export const numbersOf = (Class: NumberArrayClass, view: ArrayBufferView, n: number): NumberArray => {
  if (view.constructor === Class) return view as NumberArray
  const size = Class.BYTES_PER_ELEMENT
  const there = aligned(view, size, n * size)
  return new Class(there.buffer, there.byteOffset, n)
}

export const aligned = (view: ArrayBufferView, alignment: number, bytes: number): ArrayBufferView =>
  view.byteOffset % alignment === 0 ? view : new Uint8Array(view.buffer, view.byteOffset, bytes).slice()

/** Once a copy of `out` has been written, and no other view of its memory, `out` has to have it. */
export const putBack = (written: ArrayBufferView, out: ArrayBufferView): void => {
  if (written.buffer === out.buffer) return
  const { byteLength } = written
  new Uint8Array(out.buffer, out.byteOffset, byteLength).set(
    new Uint8Array(written.buffer, written.byteOffset, byteLength),
  )
}
