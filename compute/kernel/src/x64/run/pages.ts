/**
 * Pages of machine code: written, then made executable, never both at once. A program has a mapping of its own, since one that others share could not be written again while they
 * run; the rest of its last page is filled with an instruction that stops.
 */

import { InternalError } from '@skein/base'
import { system } from './system.ts'

/** int3: what is jumped to by mistake ends in a fault that says where. */
const stop = 0xcc

let mapped = 0

/** Bytes of code pages that this thread has mapped and not given back. */
export const mappedBytes = (): number => mapped

export class CodePages implements Disposable {
  readonly address: number
  /** Whole pages. */
  readonly bytes: number
  /** Calls under way that may outlive `dispose`. */
  #users = 0
  #isDisposed = false
  #isMapped = true

  /** @throws NotSupportedError where the system gives no pages */
  constructor(code: Uint8Array) {
    const { pageBytes, map, copy, makeExecutable, unmap } = system()
    this.bytes = Math.max(1, Math.ceil(code.length / pageBytes)) * pageBytes
    const image = new Uint8Array(this.bytes).fill(stop)
    image.set(code)
    this.address = map(this.bytes)
    try {
      copy(this.address, image)
      makeExecutable(this.address, this.bytes)
    } catch (error) {
      unmap(this.address, this.bytes)
      throw error
    }
    mapped += this.bytes
  }

  /** Whether an address is in this code. */
  has(address: number): boolean {
    return address >= this.address && address < this.address + this.bytes
  }

  /** Keeps the pages through a call that does not end before others run. To be followed by `release`. */
  hold(): void {
    if (!this.#isMapped) throw new InternalError('code is held before it is freed')
    this.#users++
  }

  release(): void {
    if (this.#users === 0) throw new InternalError('code is released as often as it was held')
    this.#users--
    if (this.#isDisposed && this.#users === 0) this.#unmap()
  }

  /** Frees the pages, once no call holds them. */
  dispose(): void {
    this.#isDisposed = true
    if (this.#users === 0) this.#unmap()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #unmap(): void {
    if (!this.#isMapped) return
    this.#isMapped = false
    mapped -= this.bytes
    system().unmap(this.address, this.bytes)
  }
}
