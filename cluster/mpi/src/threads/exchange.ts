/**
 * Point to point: a rank's side of every channel. It sends, and hands what comes to whoever waits for it.
 *
 * A message up to the eager limit is written into the channel and is over. A longer one is offered, and whoever receives it decides: elements that lie in the
 * heap it takes from there; else, if its own buffer lies there, it asks for them to be written into it; else it asks for them in pieces.
 */

import { availableParallelism } from 'node:os'
import { heap } from '@skein/heap'
import { pause } from '@skein/team/cores'
import { copy } from '../copy.ts'
import * as ch from './channel.ts'
import { loadGiveWay, sleepsBefore } from './give-way.ts'
import { AllHoldings } from './holdings.ts'
import { Context, type Unexpected } from './matching.ts'
import { Mismatch, mismatch } from './mismatch.ts'
import { Standstill } from './standstill.ts'
import type { Receiving, Sending } from './transfers.ts'
import type { Views } from './views.ts'
import * as at from './world-block.ts'

/** Elements in the heap are worth an offer from here on; others are copied twice in any case. */
const eagerHeapBytes = 4096
const eagerBytes = 16384
/** A piece of a message that is fed: small enough that both sides copy at the same time. */
const pieceBytes = 32768

/** What waits for room in a channel: true once it is written. */
type Waiting = () => boolean

/** A collective under way. */
export interface Driven {
  readonly isDone: boolean
  /** Goes on as far as it can: true when it is over. */
  advance(): boolean
}

/** How often it looks for news before it sleeps: hardly, where ranks share a core. */
const looksAlone = 20_000
const looksCrowded = 5
/** The same where it gives way at each look. */
const looksYielding = 200
const firstLooksAlone = 400

export class Exchange {
  readonly views: Views
  readonly rank: number
  /** By rank; of ranks that it may talk to. */
  readonly #out: ch.Outbox[] = []
  readonly #in: ch.Inbox[] = []
  /** The same, one after the other. */
  #inboxes: ch.Inbox[] = []
  /** Of each rank, which one of that number. */
  readonly #generations: number[] = []
  readonly #contexts: (Context | undefined)[] = []
  /** By the number that the other side answers with. */
  readonly #open: (Sending | Receiving | undefined)[] = []
  readonly #freeIds: number[] = []
  /** By rank, what waits for room on the way to it. */
  readonly #waiting: Waiting[][]
  #waitingCount = 0
  #looks: number
  /** Ranks share cores. */
  readonly #isCrowded: boolean
  /** How often a call looks for one thing before it waits here, serving everyone: whoever shares its core cannot bring it meanwhile. */
  readonly firstLooks: number
  #sleeps = 0
  /** Undefined: it only looks and sleeps. */
  #giveWay: (() => void) | undefined
  /** Of all communicators of this rank. */
  readonly holdings: AllHoldings = new AllHoldings(this)
  readonly #standstill: Standstill
  /** Collectives under way. */
  #driven: Driven[] = []

  /** @param members of its world */
  constructor(views: Views, members: readonly number[]) {
    this.views = views
    this.rank = views.rank
    this.#standstill = new Standstill(views)
    this.#waiting = Array.from({ length: views.layout.universe }, () => [])
    this.#isCrowded = members.length > availableParallelism()
    this.#looks = this.#isCrowded ? looksCrowded : looksAlone
    this.firstLooks = this.#isCrowded ? 1 : firstLooksAlone
    for (const member of members) this.reach(member)
  }

  /** May talk to a rank from now on. Messages that it has sent before wait in its channel. */
  reach(rank: number): void {
    const { c, layout } = this.views
    const generation = Atomics.load(c, at.rankAt(layout, rank) + at.generation)
    if (this.#generations[rank] === generation) return
    this.#generations[rank] = generation
    this.#out[rank] = new ch.Outbox(this.views, rank)
    this.#inboxes = this.#inboxes.filter(({ from }) => from !== rank)
    this.#inboxes.push((this.#in[rank] = new ch.Inbox(this.views, rank)))
  }

  context(number: number): Context {
    return (this.#contexts[number] ??= new Context(number))
  }

  /** Nothing waits there. */
  isEmpty(number: number): boolean {
    const context = this.#contexts[number]
    return context === undefined || (context.posted.length === 0 && context.unexpected.length === 0)
  }

  /** Nothing comes there any more. */
  forget(number: number): void {
    this.#contexts[number] = undefined
  }

  // Sending.

  send(sending: Sending): void {
    const { to } = sending
    if (this.#waiting[to].length > 0 || !this.#write(sending)) this.#wait(to, () => this.#write(sending))
  }

  /** False: there is no room. */
  #write(sending: Sending): boolean {
    const out = this.#out[sending.to]
    const slot = out.slot()
    if (slot < 0) return false
    const { bytes, isSync } = sending
    const { length } = bytes
    const { c, f } = this.views
    const address = length > eagerHeapBytes && heap.owns(bytes) ? heap.addressOf(bytes) : 0
    const isOffer = address > 0 || length > Math.min(eagerBytes, out.mostBytes)
    if (!isOffer && !out.put(slot, bytes, 0, length)) return false
    const isAwaited = isOffer || isSync
    c[slot + ch.kind] = isOffer ? ch.kinds.offer : isSync ? ch.kinds.eagerSync : ch.kinds.eager
    c[slot + ch.context] = sending.context
    c[slot + ch.tag] = sending.tag
    c[slot + ch.signature] = sending.signature
    c[slot + ch.id] = isAwaited ? this.#number(sending) : -1
    f[(slot + ch.bytes) >> 1] = length
    if (isOffer) f[(slot + ch.body) >> 1] = address
    out.publish(slot)
    if (!isAwaited) sending.finish()
    return true
  }

  /** The other side answers to this number. */
  #number(transfer: Sending | Receiving): number {
    const id = this.#freeIds.pop() ?? this.#open.length
    this.#open[id] = transfer
    transfer.id = id
    return id
  }

  #close(id: number): Sending | Receiving {
    const transfer = this.#open[id]!
    this.#open[id] = undefined
    this.#freeIds.push(id)
    transfer.finish()
    return transfer
  }

  #wait(to: number, write: Waiting): void {
    if (this.#waiting[to].length === 0) this.#out[to].wantsRoom(true)
    this.#waiting[to].push(write)
    this.#waitingCount++
  }

  /** Writes what waits, as far as there is room. */
  #flush(): boolean {
    let any = false
    for (let to = 0; to < this.#waiting.length; to++) {
      const waiting = this.#waiting[to]
      while (waiting.length > 0 && waiting[0]()) {
        waiting.shift()
        this.#waitingCount--
        any = true
        if (waiting.length === 0) this.#out[to].wantsRoom(false)
      }
    }
    return any
  }

  /** Says something about a message to the one at its other end. */
  #answer(to: number, kind: number, id: number, address = 0, askedBy = -1): void {
    const write = () => {
      const slot = this.#out[to].slot()
      if (slot < 0) return false
      const { c, f } = this.views
      c[slot + ch.kind] = kind
      c[slot + ch.id] = id
      f[(slot + ch.body) >> 1] = address
      c[slot + ch.askedBy] = askedBy
      this.#out[to].publish(slot)
      return true
    }
    if (this.#waiting[to].length > 0 || !write()) this.#wait(to, write)
  }

  /** Sends elements in pieces, to the receive of this number. */
  #feed(sending: Sending, askedBy: number): void {
    const { to, bytes } = sending
    const out = this.#out[to]
    const most = Math.min(pieceBytes, out.mostBytes >> 1)
    let sent = 0
    const write = () => {
      while (sent < bytes.length) {
        const slot = out.slot()
        const length = Math.min(most, bytes.length - sent)
        if (slot < 0 || !out.put(slot, bytes, sent, length)) return false
        const { c, f } = this.views
        c[slot + ch.kind] = ch.kinds.piece
        c[slot + ch.id] = askedBy
        f[(slot + ch.bytes) >> 1] = length
        out.publish(slot)
        sent += length
      }
      this.#close(sending.id)
      return true
    }
    if (this.#waiting[to].length > 0 || !write()) this.#wait(to, write)
  }

  // Receiving.

  receive(receiving: Receiving, context: Context): void {
    const index = context.unexpected.length === 0 ? -1 : context.find(receiving.from, receiving.tag)
    if (index < 0) context.posted.push(receiving)
    else this.accept(receiving, context.takeOut(index))
  }

  /** A receive gets a message that was there before it. */
  accept(receiving: Receiving, message: Unexpected): void {
    const { payload, source, id } = message
    this.#match(receiving, source, message.tag, message.signature, message.length)
    if (payload === undefined) return this.#take(receiving, source, message.address, id)
    if (receiving.error === undefined) copy(receiving.bytes, 0, payload, 0, payload.length)
    receiving.finish()
    if (id >= 0) this.#answer(source, ch.kinds.done, id)
  }

  #match(receiving: Receiving, source: number, tag: number, signature: number, length: number): void {
    receiving.match(source, tag, length)
    if (!receiving.suits(signature, length)) {
      receiving.error = mismatch(signature, receiving.signature)
    } else if (length > receiving.bytes.length) {
      receiving.error = new Mismatch(
        'MPI_ERR_TRUNCATE',
        `${length} bytes came, and there is room for ${receiving.bytes.length}`,
      )
    }
  }

  /** Gets the elements of an offered message. */
  #take(receiving: Receiving, source: number, address: number, id: number): void {
    const { bytes, length } = receiving
    if (receiving.error === undefined && address === 0) {
      const here = heap.owns(bytes) ? heap.addressOf(bytes) : 0
      return this.#answer(source, ch.kinds.ask, id, here, this.#number(receiving))
    }
    if (receiving.error === undefined) copy(bytes, 0, heap.view(Uint8Array, address, length), 0, length)
    receiving.finish()
    this.#answer(source, ch.kinds.done, id)
  }

  // Progress.

  /** Takes what has come, and writes what waited for room: true when there was something. */
  poll(): boolean {
    let any = this.#waitingCount > 0 && this.#flush()
    const inboxes = this.#inboxes
    for (let i = 0; i < inboxes.length; i++) any = this.#empty(inboxes[i]) || any
    if (any && this.#driven.length > 0) this.#advance()
    return any
  }

  /** It goes on whenever something has come, until it is over. */
  drive(driven: Driven): void {
    if (!driven.isDone) this.#driven.push(driven)
  }

  /** One that goes on may finish what another waits for, of the same rank. */
  #advance(): void {
    const under = this.#driven
    this.#driven = []
    const left = under.filter(driven => !driven.advance())
    this.#driven = [...left, ...this.#driven]
  }

  #pollOthers(than: number): boolean {
    let any = this.#waitingCount > 0 && this.#flush()
    const inboxes = this.#inboxes
    for (let i = 0; i < inboxes.length; i++) if (inboxes[i].from !== than) any = this.#empty(inboxes[i]) || any
    // A look that finds nothing more would not see that these can go on.
    if (any && this.#driven.length > 0) this.#advance()
    return any
  }

  /** Takes all that has come from one rank. */
  #empty(inbox: ch.Inbox): boolean {
    let slot = inbox.peek()
    if (slot < 0) return false
    for (; slot >= 0; slot = inbox.peek()) this.#handle(inbox, slot)
    return true
  }

  #handle(inbox: ch.Inbox, slot: number): void {
    const { c, f } = this.views
    const { from } = inbox
    const id = c[slot + ch.id]
    const length = f[(slot + ch.bytes) >> 1]
    switch (c[slot + ch.kind]) {
      case ch.kinds.eager:
      case ch.kinds.eagerSync:
        return this.#arrive(inbox, slot, id, length)
      case ch.kinds.offer:
        return this.#offered(inbox, slot, id, length)
      case ch.kinds.ask: {
        const sending = this.#open[id] as Sending
        const address = f[(slot + ch.body) >> 1]
        const askedBy = c[slot + ch.askedBy]
        inbox.take(0)
        if (address === 0) return this.#feed(sending, askedBy)
        const { bytes } = sending
        copy(heap.view(Uint8Array, address, bytes.length), 0, bytes, 0, bytes.length)
        this.#close(id)
        return this.#answer(from, ch.kinds.done, askedBy)
      }
      case ch.kinds.piece: {
        const receiving = this.#open[id] as Receiving
        inbox.copyTo(slot, receiving.bytes, receiving.arrived, length)
        inbox.take(length)
        receiving.arrived += length
        if (receiving.arrived === receiving.length) this.#close(id)
        return
      }
      default:
        inbox.take(0)
        this.#close(id)
    }
  }

  #arrive(inbox: ch.Inbox, slot: number, id: number, length: number): void {
    const { c } = this.views
    const context = this.context(c[slot + ch.context])
    const tag = c[slot + ch.tag]
    const signature = c[slot + ch.signature]
    const receiving = context.receiverOf(inbox.from, tag)
    if (receiving === undefined) {
      const payload = new Uint8Array(length)
      inbox.copyTo(slot, payload, 0, length)
      inbox.take(length)
      context.unexpected.push({ source: inbox.from, tag, signature, length, payload, address: 0, id })
      return
    }
    this.#match(receiving, inbox.from, tag, signature, length)
    if (receiving.error === undefined) inbox.copyTo(slot, receiving.bytes, 0, length)
    inbox.take(length)
    receiving.finish()
    if (id >= 0) this.#answer(inbox.from, ch.kinds.done, id)
  }

  #offered(inbox: ch.Inbox, slot: number, id: number, length: number): void {
    const { c, f } = this.views
    const context = this.context(c[slot + ch.context])
    const tag = c[slot + ch.tag]
    const signature = c[slot + ch.signature]
    const address = f[(slot + ch.body) >> 1]
    const source = inbox.from
    inbox.take(0)
    const receiving = context.receiverOf(source, tag)
    if (receiving === undefined) {
      context.unexpected.push({ source, tag, signature, length, payload: undefined, address, id })
      return
    }
    this.#match(receiving, source, tag, signature, length)
    this.#take(receiving, source, address, id)
  }

  /**
   * Receives from one rank without making an object, if what comes next from it is short and for this receive. For a receive before which none is posted in its
   * context, when nothing unexpected is there either.
   *
   * @returns bytes that came; -1: it has to be received as any other
   */
  takeDirect(from: number, context: number, tag: number, signature: number, bytes: Uint8Array): number {
    const inbox = this.#in[from]
    const { c } = this.views
    for (let looks = 0; looks < this.#looks; looks++) {
      const slot = inbox.peek()
      if (slot >= 0) {
        if (c[slot + ch.kind] !== ch.kinds.eager || c[slot + ch.context] !== context || c[slot + ch.tag] !== tag)
          return -1
        const length = this.views.f[(slot + ch.bytes) >> 1]
        const found = c[slot + ch.signature]
        if (length > bytes.length || (found !== signature && found !== 0 && signature !== 0)) return -1
        inbox.copyTo(slot, bytes, 0, length)
        inbox.take(length)
        return length
      }
      // Others are served as well, but a message that comes from this one meanwhile must not become an unexpected one.
      if ((looks & 7) === 7 && this.#pollOthers(from)) return -1
      this.#rest()
    }
    return -1
  }

  /** The same for sending: false when it is long, or there is no room. */
  putDirect(to: number, context: number, tag: number, signature: number, bytes: Uint8Array): boolean {
    const { length } = bytes
    if (length > eagerHeapBytes || this.#waitingCount > 0) return false
    const out = this.#out[to]
    const slot = out.slot()
    if (slot < 0 || !out.put(slot, bytes, 0, length)) return false
    const { c, f } = this.views
    c[slot + ch.kind] = ch.kinds.eager
    c[slot + ch.context] = context
    c[slot + ch.tag] = tag
    c[slot + ch.signature] = signature
    c[slot + ch.id] = -1
    f[(slot + ch.bytes) >> 1] = length
    out.publish(slot)
    return true
  }

  /**
   * Serves everyone until the condition holds. Once it has held it is not asked again: it may take what it waits for, which is there once.
   *
   * @param describe what it waits for, should that be for ever
   * @param most how often it looks before it sleeps, at most
   * @throws DeadlockError
   */
  waitUntil(holds: () => boolean, describe: () => string, most = this.#looks): void {
    for (let looks = 0; !holds(); ) {
      if (this.poll()) looks = 0
      else if (looks++ < Math.min(most, this.#looks)) this.#rest()
      else if (this.#sleep(holds, describe)) return
      else looks = 0
    }
  }

  #rest(): void {
    if (this.#giveWay === undefined) pause()
    else this.#giveWay()
  }

  /** Sleeps until someone brings something. True: the condition held before. */
  #sleep(holds: () => boolean, describe: () => string): boolean {
    const { c, me } = this.views
    if (this.#isCrowded && ++this.#sleeps === sleepsBefore) {
      this.#giveWay = loadGiveWay(this.rank)
      if (this.#giveWay !== undefined) this.#looks = looksYielding
    }
    for (let hasSlept = false; ; hasSlept = true) {
      const seen = Atomics.load(c, me + at.bell)
      Atomics.store(c, me + at.sleeps, 1)
      // What came before that store woke nobody.
      const hasCome = this.poll()
      const isOver = !hasCome && holds()
      const outcome = hasCome || isOver ? 'ok' : Atomics.wait(c, me + at.bell, seen, this.#standstill.napMs)
      Atomics.store(c, me + at.sleeps, 0)
      if (outcome !== 'timed-out') {
        if (hasSlept) this.#standstill.check()
        this.#standstill.awake()
        return isOver
      }
      this.#standstill.slept(describe)
    }
  }

  /** Sleeps until someone brings something, or so long, while the event loop turns. */
  async awaken(mostMs: number): Promise<void> {
    const { c, me } = this.views
    const seen = Atomics.load(c, me + at.bell)
    Atomics.store(c, me + at.sleeps, 1)
    // What came before that store woke nobody.
    if (this.poll()) {
      Atomics.store(c, me + at.sleeps, 0)
      return
    }
    const waiting = Atomics.waitAsync(c, me + at.bell, seen, mostMs)
    if (!waiting.async) return
    await new Promise<void>(go => {
      // The wait does not keep the event loop going by itself.
      const timer = setTimeout(go, mostMs)
      void waiting.value.then(() => {
        clearTimeout(timer)
        go()
      })
    })
    Atomics.store(c, me + at.sleeps, 0)
  }

  /** Whether another rank's thread has ended. */
  hasEnded(rank: number): boolean {
    const { c, layout } = this.views
    return Atomics.load(c, at.rankAt(layout, rank) + at.state) === at.ended
  }

  /** The rank's thread ends. */
  ended(): void {
    this.holdings.releaseAll()
    this.#standstill.ended()
  }
}
