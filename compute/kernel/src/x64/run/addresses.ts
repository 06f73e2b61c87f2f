/**
 * Where a typed array's memory is. An ArrayBuffer has memory of its own that never moves while it is attached, whether it grows or shrinks; small typed arrays that had none until now get it by being asked
 * for their buffer, since inside the engine's heap they would move. So an address is remembered by the buffer. One that has been detached, or has shrunk below a view, shows by the view's length of 0.
 *
 * Who gives an address away holds on to the array, and does not detach or shrink its buffer, until the call is over.
 */

import { heap } from '@skein/heap'
import { foreign } from '@skein/team/native'

const known = new WeakMap<ArrayBufferLike, number>()

/** 0 for a view without elements: there is nothing it may touch. */
export function addressOf(view: ArrayBufferView): number {
  if (view.byteLength === 0) return 0
  const { buffer } = view
  let address = known.get(buffer)
  if (address === undefined) known.set(buffer, (address = foreign().address(buffer)))
  return address + view.byteOffset
}

let heapOrigin: number | undefined

/** Where the heap's first byte lies. It never moves. */
export const heapAddress = (): number => (heapOrigin ??= addressOf(new Uint8Array(heap.memory.buffer)))

/** Of an array in the heap, that it has not been released is asked, too. */
export const placeOf = (array: ArrayBufferView): number =>
  heap.owns(array as Uint8Array) ? heapAddress() + heap.addressOf(array as Uint8Array) : addressOf(array)
