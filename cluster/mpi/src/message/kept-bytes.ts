/** Bytes of the short array that was given last: to make a view of them takes longer than to copy them. */

/** Views of longer ones should not be kept for this. */
const shortBytes = 4096

export class KeptBytes {
  #view: ArrayBufferView | undefined
  #bytes: Uint8Array = new Uint8Array(0)

  /** The first `length` bytes. One that was detached has another length. */
  of(view: ArrayBufferView, length: number): Uint8Array {
    if (view === this.#view && this.#bytes.length === length) return this.#bytes
    const bytes = new Uint8Array(view.buffer, view.byteOffset, length)
    if (length > shortBytes) return bytes
    this.#view = view
    return (this.#bytes = bytes)
  }
}
