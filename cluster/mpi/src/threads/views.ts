/** A rank's views of the block, and how ranks wake each other. */

import { heap } from '@skein/heap'
import * as at from './world-block.ts'

export class Views {
  readonly layout: at.Layout
  readonly c: Int32Array
  readonly f: Float64Array
  readonly b: Uint8Array
  readonly rank: number
  /** Its line, in words. */
  readonly me: number

  constructor(start: at.WorldStart, rank: number) {
    this.layout = at.layoutOf(start)
    const { address, words } = this.layout
    this.c = heap.view(Int32Array, address, words)
    this.f = heap.view(Float64Array, address, words / 2)
    this.b = heap.view(Uint8Array, address, words * 4)
    this.rank = rank
    this.me = at.rankAt(this.layout, rank)
  }

  /** Wakes a rank if it sleeps, for what was put there before. */
  wake(rank: number): void {
    const { c } = this
    const r = at.rankAt(this.layout, rank)
    if (Atomics.load(c, r + at.sleeps) === 0 || Atomics.exchange(c, r + at.sleeps, 0) === 0) return
    Atomics.add(c, r + at.bell, 1)
    Atomics.notify(c, r + at.bell)
  }
}
