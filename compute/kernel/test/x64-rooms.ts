/** Memory between pages that nobody may touch. */

import assert from 'node:assert/strict'
import { after } from 'node:test'
import { loadKoffi } from '@skein/team/koffi'
import { system } from '../src/x64/run/system.ts'

const pageBytes = 4096

/** Rooms of so many pages, each between two that cannot be touched; lent in turn, so that a view of one does not outlive its test. They are given back when the file's tests are done. */
export class Rooms {
  readonly bytes: number
  readonly #most: number
  readonly #rooms: { readonly from: number; readonly buffer: ArrayBuffer }[] = []
  #next = 0

  constructor(pages: number, most: number) {
    this.bytes = pages * pageBytes
    this.#most = most
    after(() => {
      for (const { from } of this.#rooms) system().unmap(from, this.bytes + 2 * pageBytes)
    })
  }

  #make(): void {
    const { map, view } = system()
    const mprotect = loadKoffi().load(null).func('int mprotect(int64_t, int64_t, int)')
    const from = map(this.bytes + 2 * pageBytes)
    for (const page of [from, from + pageBytes + this.bytes]) assert.equal(mprotect(page, pageBytes, 0), 0)
    this.#rooms.push({ from, buffer: view(from + pageBytes, this.bytes) })
  }

  /** So many elements right before a page that cannot be touched, or right behind one. */
  guarded<A>(
    type: new (buffer: ArrayBuffer, at: number, length: number) => A,
    elementBytes: number,
    length: number,
    atEnd: boolean,
  ): A {
    if (this.#rooms.length < this.#most) this.#make()
    const { buffer } = this.#rooms[this.#next++ % this.#rooms.length]
    return new type(buffer, atEnd ? this.bytes - length * elementBytes : 0, length)
  }
}
