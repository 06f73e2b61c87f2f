/**
 * Bytes from one place to another. `set` goes a word at a time where one side is shared, and by single bytes where both differ in alignment; what `Buffer` has
 * is libc's, in the widest registers there are.
 */

const move = Buffer.prototype.copy
/** Offsets beyond are more than every Node takes. */
const mostMoved = 2 ** 31
/** A loop over so few is over before a call has begun. */
const loopBytes = 32

/** @throws RangeError when one of them is shorter, as it is once its memory went away */
export function copy(to: Uint8Array, toAt: number, from: Uint8Array, fromAt: number, bytes: number): void {
  if (bytes <= loopBytes) {
    for (let i = 0; i < bytes; i++) to[toAt + i] = from[fromAt + i]
  } else if (toAt + bytes > mostMoved || fromAt + bytes > mostMoved) {
    to.set(from.subarray(fromAt, fromAt + bytes), toAt)
  } else if (move.call(from, to, toAt, fromAt, fromAt + bytes) !== bytes) {
    throw new RangeError(`${bytes} bytes go neither from ${fromAt} of ${from.length} nor to ${toAt} of ${to.length}`)
  }
}
