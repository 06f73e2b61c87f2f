/**
 * Where ranks find each other that have no communicator in common: ports, and names under which they are published. Both are tables in the
 * block; a port's name tells its place in the table and how often that was used.
 *
 * At a port one rank accepts and one connects. The one who connects takes the port, and says who it is and by which context both will talk; the other says
 * who it is. From then on they send each other messages, and when each has heard of the other, whoever accepted leaves the port to the next.
 */

import type { ErrorClass } from '../errors.ts'
import type { Exchange } from './exchange.ts'
import { Mismatch } from './mismatch.ts'
import * as at from './world-block.ts'

// Of a port, a line each. Ranks are numbers of the universe, one more than theirs; 0: nobody.
const isOpen = 0
const serial = 1
const acceptor = 2
/** Who has the port, to connect there. */
const taker = 3
/** The same once it has said by which context. */
const connector = 4
const context = 5

// Of a name: what is published, in bytes behind both lengths.
const serviceBytes = 0
const portBytes = 1
const textsAt = 4
const mostTextBytes = (at.nameWords - textsAt) * 4

/** Two roots that have met. */
export interface Met {
  readonly context: number
  /** Who accepts, who connects. */
  readonly roots: readonly number[]
  /** Both have heard of each other: the next may meet. */
  leave(): void
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const nameOf = (index: number, times: number): string => `skein:${index}.${times}`

const refuse = (errorClass: ErrorClass, problem: string): Mismatch => new Mismatch(errorClass, problem)

export class Meetings {
  readonly #exchange: Exchange
  readonly #c: Int32Array
  readonly #b: Uint8Array
  /** In words: the lock of both tables, then the ports, then the names. */
  readonly #lockAt: number
  readonly #portsAt: number
  readonly #namesAt: number

  constructor(exchange: Exchange) {
    this.#exchange = exchange
    const { c, b, layout } = exchange.views
    this.#c = c
    this.#b = b
    this.#lockAt = layout.meetingsAt
    this.#portsAt = this.#lockAt + at.line
    this.#namesAt = this.#portsAt + at.portsCount * at.line
  }

  /** @returns its name */
  open(): string {
    return this.#locked(() => {
      for (let index = 0; index < at.portsCount; index++) {
        const port = this.#portsAt + index * at.line
        // Whoever met there last may not have left.
        if (this.#c[port + isOpen] !== 0 || this.#c[port + taker] !== 0 || this.#c[port + acceptor] !== 0) continue
        Atomics.store(this.#c, port + isOpen, 1)
        return nameOf(index, ++this.#c[port + serial])
      }
      throw refuse('MPI_ERR_PORT', `${at.portsCount} ports are open, which is all there are: close some`)
    })
  }

  close(name: string): void {
    Atomics.store(this.#c, this.#find(name) + isOpen, 0)
    // Who waits there finds it closed.
    this.#wakeAll()
  }

  #find(name: string): number {
    const found = /^skein:(\d+)\.(\d+)$/.exec(name)
    const [index, times] = found === null ? [-1, 0] : [Number(found[1]), Number(found[2])]
    const port = this.#portsAt + index * at.line
    if (index >= 0 && index < at.portsCount && this.#isOpen(port) && this.#c[port + serial] === times) return port
    throw refuse('MPI_ERR_PORT', `there is no open port '${name}'`)
  }

  #isOpen(port: number): boolean {
    return Atomics.load(this.#c, port + isOpen) === 1
  }

  accept(name: string): Met {
    const port = this.#find(name)
    const me = this.#exchange.rank + 1
    this.#take(port, acceptor, me, name, 'accept')
    const other = (): number => Atomics.load(this.#c, port + connector)
    if (other() !== 0) this.#exchange.views.wake(other() - 1)
    this.#until(port, () => other() !== 0, name, 'accept', acceptor)
    return {
      context: this.#c[port + context],
      roots: [me - 1, other() - 1],
      leave: () => {
        for (const word of [connector, acceptor, taker]) Atomics.store(this.#c, port + word, 0)
        this.#wakeAll()
      },
    }
  }

  /** @param newContext numbers of contexts that nobody has */
  connect(name: string, newContext: () => number): Met {
    const port = this.#find(name)
    const me = this.#exchange.rank + 1
    this.#take(port, taker, me, name, 'connect')
    this.#c[port + context] = newContext()
    Atomics.store(this.#c, port + connector, me)
    const other = (): number => Atomics.load(this.#c, port + acceptor)
    if (other() !== 0) this.#exchange.views.wake(other() - 1)
    try {
      this.#until(port, () => other() !== 0, name, 'connect', connector)
    } catch (error) {
      Atomics.store(this.#c, port + taker, 0)
      throw error
    }
    return { context: this.#c[port + context], roots: [other() - 1, me - 1], leave: () => {} }
  }

  /** Writes this rank into a word of the port that is free, or becomes so. */
  #take(port: number, word: number, me: number, name: string, call: string): void {
    this.#until(port, () => Atomics.compareExchange(this.#c, port + word, 0, me) === 0, name, call, undefined)
  }

  /** Waits at the port. @param mine what to take back when it is closed meanwhile */
  #until(port: number, holds: () => boolean, name: string, call: string, mine: number | undefined): void {
    let isThere = false
    this.#exchange.waitUntil(
      () => (isThere = holds()) || !this.#isOpen(port),
      () => `waits in ${call} at port ${name}`,
    )
    if (isThere) return
    if (mine !== undefined) Atomics.store(this.#c, port + mine, 0)
    throw refuse('MPI_ERR_PORT', `the port '${name}' was closed`)
  }

  #wakeAll(): void {
    const { views } = this.#exchange
    for (let rank = 0; rank < views.layout.universe; rank++) views.wake(rank)
  }

  // Names.

  publish(service: string, portName: string): void {
    const texts = [encoder.encode(service), encoder.encode(portName)]
    if (texts[0].length + texts[1].length > mostTextBytes)
      throw refuse('MPI_ERR_SERVICE', `the names take more than ${mostTextBytes} bytes`)
    this.#locked(() => {
      if (this.#named(service) !== undefined) throw refuse('MPI_ERR_SERVICE', `'${service}' is published already`)
      const free = this.#names().find(name => this.#c[name + serviceBytes] === 0)
      if (free === undefined)
        throw refuse('MPI_ERR_SERVICE', `${at.namesCount} names are published, which is all there can be`)
      this.#c[free + serviceBytes] = texts[0].length
      this.#c[free + portBytes] = texts[1].length
      this.#b.set(texts[0], (free + textsAt) * 4)
      this.#b.set(texts[1], (free + textsAt) * 4 + texts[0].length)
    })
  }

  unpublish(service: string, portName: string): void {
    this.#locked(() => {
      const name = this.#named(service)
      if (name === undefined || this.#textsOf(name)[1] !== portName)
        throw refuse('MPI_ERR_SERVICE', `'${service}' is not published with port '${portName}'`)
      this.#c[name + serviceBytes] = 0
    })
  }

  lookup(service: string): string {
    return this.#locked(() => {
      const name = this.#named(service)
      if (name === undefined) throw refuse('MPI_ERR_NAME', `no port is published as '${service}'`)
      return this.#textsOf(name)[1]
    })
  }

  #names(): number[] {
    return Array.from({ length: at.namesCount }, (_, index) => this.#namesAt + index * at.nameWords)
  }

  #named(service: string): number | undefined {
    return this.#names().find(name => this.#c[name + serviceBytes] > 0 && this.#textsOf(name)[0] === service)
  }

  #textsOf(name: number): readonly [service: string, port: string] {
    const from = (name + textsAt) * 4
    const between = from + this.#c[name + serviceBytes]
    const text = (begin: number, end: number): string => decoder.decode(this.#b.slice(begin, end))
    return [text(from, between), text(between, between + this.#c[name + portBytes])]
  }

  /** One rank at a time; it waits for nobody meanwhile, so the others may block. */
  #locked<T>(does: () => T): T {
    const c = this.#c
    while (Atomics.compareExchange(c, this.#lockAt, 0, 1) !== 0) Atomics.wait(c, this.#lockAt, 1)
    try {
      return does()
    } finally {
      Atomics.store(c, this.#lockAt, 0)
      Atomics.notify(c, this.#lockAt, 1)
    }
  }
}
