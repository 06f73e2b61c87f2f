/**
 * Slabs: spans cut into equal slots, for blocks up to 64 KiB. A slab's head holds its counters and a word per slot: `taken`
 * with the block's label and owner, or the next free slot. A slab with room stands in its class's list, a full one in none. The last
 * empty slab of a class is kept, so that a loop which allocates and frees one block does not make and break it each time.
 *
 * Called under the heap's lock, and in an order that `repair` can make sense of: the slot table tells what is in use,
 * counters and lists can be made from it.
 */

import * as at from './layout.ts'
import type { Spans } from './spans.ts'

/** What was found at the address of a slot: its size and label, if it was in use. */
export interface Given {
  readonly bytes: number
  readonly label: number
}

export class Slabs {
  readonly #spans: Spans

  constructor(spans: Spans) {
    this.#spans = spans
  }

  /** The address of a slot of a class, 0 when there is no room. */
  take(k: number, label: number, owner: number): number {
    const spans = this.#spans
    let head = spans.words[at.classHeads + k] - 1
    if (head < 0) {
      head = this.#make(k)
      if (head < 0) return 0
    }
    spans.reach(head + at.slabGranules(at.classBytes[k]))
    const words = spans.words
    const start = spans.address(head)
    const w = start / 4
    const state = at.taken | (owner << at.labelBits) | label
    let slot = words[w + at.slabFree] - 1
    if (slot >= 0) {
      words[w + at.slabFree] = words[w + at.slabTable + slot]
      words[w + at.slabTable + slot] = state
    } else {
      slot = words[w + at.slabFresh]
      words[w + at.slabTable + slot] = state
      words[w + at.slabFresh] = slot + 1
    }
    if (++words[w + at.slabUsed] === words[w + at.slabSlots]) spans.unlink(at.classHeads + k, head)
    return start + words[w + at.slabData] + slot * at.classBytes[k]
  }

  #make(k: number): number {
    const spans = this.#spans
    const size = at.classBytes[k]
    const length = at.slabGranules(size)
    const head = spans.take(length, 1)
    if (head < 0) return -1
    const words = spans.words
    const w = spans.address(head) / 4
    const bytes = length * at.granuleBytes
    let slots = Math.floor((bytes - at.slabTable * 4) / (size + 4))
    while (dataOf(slots) + slots * size > bytes) slots--
    words[w + at.slabUsed] = 0
    words[w + at.slabFree] = 0
    words[w + at.slabFresh] = 0
    words[w + at.slabSlots] = slots
    words[w + at.slabSlotBytes] = size
    words[w + at.slabData] = dataOf(slots)
    this.#mark(head, k)
    spans.link(at.classHeads + k, head)
    return head
  }

  #mark(head: number, k: number): void {
    const { words } = this.#spans
    const entry = this.#spans.entry(head)
    const length = at.slabGranules(at.classBytes[k])
    for (let g = 1; g < length; g++) {
      words[entry + g * at.tableWords] = at.slabInside
      words[entry + g * at.tableWords + 1] = head
    }
    words[entry] = at.slab | (k << 8)
  }

  classOf(head: number): number {
    return (this.#spans.words[this.#spans.entry(head)] >>> 8) & 0xff
  }

  /** Frees the slot at an address in a slab. */
  give(head: number, address: number): Given | 'free already' | 'not a block' {
    const spans = this.#spans
    const k = this.classOf(head)
    spans.reach(head + at.slabGranules(at.classBytes[k]))
    const words = spans.words
    const w = spans.address(head) / 4
    const bytes = words[w + at.slabSlotBytes]
    const offset = address - spans.address(head) - words[w + at.slabData]
    const slot = offset / bytes
    if (offset < 0 || offset % bytes !== 0 || slot >= words[w + at.slabFresh]) return 'not a block'
    const state = words[w + at.slabTable + slot]
    if ((state & at.taken) === 0) return 'free already'
    words[w + at.slabTable + slot] = words[w + at.slabFree]
    words[w + at.slabFree] = slot + 1
    const used = --words[w + at.slabUsed]
    if (used === words[w + at.slabSlots] - 1) spans.link(at.classHeads + k, head)
    if (used === 0 && !spans.isAlone(at.classHeads + k, head)) this.#break(k, head)
    return { bytes, label: state & at.labelMask }
  }

  #break(k: number, head: number): void {
    const spans = this.#spans
    const length = at.slabGranules(at.classBytes[k])
    spans.unlink(at.classHeads + k, head)
    for (let g = 1; g < length; g++) spans.words[spans.entry(head + g)] = at.inside
    spans.give(head, length)
  }

  /** Breaks the empty slabs that were kept. True if there were any. */
  trim(): boolean {
    const spans = this.#spans
    let any = false
    for (let k = 0; k < at.classBytes.length; k++) {
      for (let head = spans.words[at.classHeads + k] - 1; head >= 0; ) {
        const next = spans.nextOf(head)
        spans.reach(head + 1)
        if (spans.words[spans.address(head) / 4 + at.slabUsed] === 0) {
          this.#break(k, head)
          any = true
        }
        head = next
      }
    }
    return any
  }

  /** The slot in use that holds an address, as its start and size. */
  blockAt(head: number, address: number): { address: number; bytes: number } | undefined {
    const spans = this.#spans
    const { words } = spans
    const start = spans.address(head)
    const w = start / 4
    const bytes = words[w + at.slabSlotBytes]
    const data = start + words[w + at.slabData]
    const slot = Math.floor((address - data) / bytes)
    if (!(slot >= 0 && slot < words[w + at.slabFresh])) return undefined
    if ((words[w + at.slabTable + slot] & at.taken) === 0) return undefined
    return { address: data + slot * bytes, bytes }
  }

  /** Changes the owner of the slot that holds an address, if it is in use. */
  setOwner(head: number, address: number, owner: (had: number) => number): void {
    const spans = this.#spans
    spans.reach(head + at.slabGranules(at.classBytes[this.classOf(head)]))
    const block = this.blockAt(head, address)
    if (block === undefined) return
    const { words } = spans
    const start = spans.address(head)
    const w = start / 4
    const word = w + at.slabTable + (block.address - start - words[w + at.slabData]) / block.bytes
    const state = words[word]
    words[word] = at.taken | (owner(at.ownerOf(state)) << at.labelBits) | (state & at.labelMask)
  }

  /** Tells the address of each slot that a thread owns. */
  eachOf(head: number, owner: number, onBlock: (address: number) => void): void {
    const spans = this.#spans
    spans.reach(head + at.slabGranules(at.classBytes[this.classOf(head)]))
    const { words } = spans
    const start = spans.address(head)
    const w = start / 4
    for (let slot = 0; slot < words[w + at.slabFresh]; slot++) {
      const state = words[w + at.slabTable + slot]
      if ((state & at.taken) === 0 || at.ownerOf(state) !== owner) continue
      onBlock(start + words[w + at.slabData] + slot * words[w + at.slabSlotBytes])
    }
  }

  forgetLists(): void {
    this.#spans.words.fill(0, at.classHeads, at.classHeads + at.classBytes.length)
  }

  /** Makes a slab's marks, counters and list anew from its slot table; tells each block's label and size. */
  restore(head: number, onBlock: (label: number, bytes: number) => void): void {
    const spans = this.#spans
    const k = this.classOf(head)
    spans.reach(head + at.slabGranules(at.classBytes[k]))
    const { words } = spans
    const w = spans.address(head) / 4
    let used = 0
    let free = 0
    for (let slot = words[w + at.slabFresh] - 1; slot >= 0; slot--) {
      const state = words[w + at.slabTable + slot]
      if ((state & at.taken) !== 0) {
        used++
        onBlock(state & at.labelMask, at.classBytes[k])
      } else {
        words[w + at.slabTable + slot] = free
        free = slot + 1
      }
    }
    words[w + at.slabUsed] = used
    words[w + at.slabFree] = free
    this.#mark(head, k)
    if (used < words[w + at.slabSlots]) spans.link(at.classHeads + k, head)
  }
}

/** Where slots start: after the slot table, on a line of 64 bytes. */
const dataOf = (slots: number): number => (at.slabTable * 4 + slots * 4 + 63) & ~63
