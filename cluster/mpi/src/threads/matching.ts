/**
 * Which message goes to which receive (MPI-4.0, 3.5): of the receives of a context that take a message, the one that was posted first;
 * of the messages that a receive takes, the one that came first.
 */

import type { Receiving } from './transfers.ts'

/** A message that came before anyone asked for it. */
export interface Unexpected {
  readonly source: number
  readonly tag: number
  readonly signature: number
  readonly length: number
  /** Its elements, if they came with it. */
  readonly payload: Uint8Array | undefined
  /** Where they lie in the heap; 0: the sender feeds them. */
  readonly address: number
  /** Of the sender's request, which waits; -1: it does not. */
  readonly id: number
}

/** What waits in one context. */
export class Context {
  readonly number: number
  readonly posted: Receiving[] = []
  readonly unexpected: Unexpected[] = []

  constructor(number: number) {
    this.number = number
  }

  /** The receive that is to have a message, taken out of the list. */
  receiverOf(source: number, tag: number): Receiving | undefined {
    const { posted } = this
    for (let i = 0; i < posted.length; i++) {
      if (posted[i].takes(source, tag)) return i === 0 ? posted.shift() : posted.splice(i, 1)[0]
    }
    return undefined
  }

  /** Where the first message stands that a receive from this rank (-1: any), with this tag (-1: any), would have; or -1. */
  find(source: number, tag: number): number {
    const { unexpected } = this
    for (let i = 0; i < unexpected.length; i++) {
      const message = unexpected[i]
      if ((source === -1 || message.source === source) && (tag === -1 ? message.tag >= 0 : message.tag === tag))
        return i
    }
    return -1
  }

  takeOut(index: number): Unexpected {
    return index === 0 ? this.unexpected.shift()! : this.unexpected.splice(index, 1)[0]
  }

  /** It waits no more. False: it has a message already. */
  withdraw(receiving: Receiving): boolean {
    const index = this.posted.indexOf(receiving)
    if (index >= 0) this.posted.splice(index, 1)
    return index >= 0
  }
}
