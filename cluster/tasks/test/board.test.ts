import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { Random } from '@skein/base'
import { start, stop } from '../src/index.ts'
import * as at from '../src/threads/board.ts'
import type { TakerStart } from './board.worker.ts'
import * as jobs from './jobs.ts'
import { seedOf } from './seed.ts'

/** The client's side of a board: slots in and out, and how often each was taken. */
class Client {
  readonly layout: at.Layout
  readonly board: SharedArrayBuffer
  readonly taken: SharedArrayBuffer
  readonly c: Int32Array
  readonly #counts: Int32Array
  readonly #random: Random
  readonly #free: number[]
  /** Slots that are out, and whether they were withdrawn. */
  readonly out = new Map<number, { withdrawn: boolean }>()
  sent = 0
  readonly ended = { ran: 0, returned: 0, lost: 0, requeued: 0 }

  constructor(workers: number, slots: number, random: Random) {
    this.layout = at.layoutOf(workers, slots)
    this.board = new SharedArrayBuffer(this.layout.bytes)
    this.taken = new SharedArrayBuffer(slots * 4)
    this.c = new Int32Array(this.board)
    this.#counts = new Int32Array(this.taken)
    this.#random = random
    this.#free = [...Array(slots).keys()]
  }

  state(slot: number): number {
    return at.slotAt(this.layout, slot) + at.slotState
  }

  /** False when no slot is free. */
  send(
    worker = this.#random.integer(0, this.layout.workers),
    queue = this.#random.uniform() < 0.3 ? at.ownQueue : at.openQueue,
  ): boolean {
    const slot = this.#free.pop()
    if (slot === undefined) return false
    const use = at.useOf(this.c[this.state(slot)])
    Atomics.store(this.c, this.state(slot), at.stateWord(at.queued, use + 1))
    this.out.set(slot, { withdrawn: false })
    at.push(this.c, this.layout, at.queueAt(this.layout, worker, queue), slot)
    this.sent++
    return true
  }

  withdraw(slot: number): boolean {
    const use = at.useOf(Atomics.load(this.c, this.state(slot)))
    const was = at.stateWord(at.queued, use)
    const won = Atomics.compareExchange(this.c, this.state(slot), was, at.stateWord(at.withdrawn, use)) === was
    if (won) this.out.get(slot)!.withdrawn = true
    return won
  }

  withdrawSome(): void {
    const slot = this.#random.integer(0, this.layout.slots)
    if (this.out.has(slot)) this.withdraw(slot)
  }

  drain(worker: number): void {
    const queue = at.queueAt(this.layout, worker, at.doneQueue)
    for (let slot = at.takeDone(this.c, this.layout, queue); slot >= 0; slot = at.takeDone(this.c, this.layout, queue))
      this.#back(slot)
  }

  #back(slot: number): void {
    const one = this.out.get(slot)
    assert(one, `slot ${slot} comes back twice`)
    const phase = at.phaseOf(Atomics.load(this.c, this.state(slot)))
    const unrun = phase === at.returned
    assert(unrun || phase === at.done || phase === at.failed, `slot ${slot} comes back in phase ${phase}`)
    assert.equal(unrun, one.withdrawn, `slot ${slot}: withdrawn, or run, and not both`)
    assert.equal(this.#counts[slot], unrun ? 0 : 1, `how often slot ${slot} was taken`)
    this.ended[unrun ? 'returned' : 'ran']++
    this.#release(slot)
  }

  #release(slot: number): void {
    Atomics.store(this.#counts, slot, 0)
    this.out.delete(slot)
    this.#free.push(slot)
  }

  reclaim(worker: number): void {
    this.drain(worker)
    const inUse = (slot: number) => this.out.has(slot)
    at.reclaim(this.c, this.layout, worker, inUse, (slot, left) => {
      if (left === 'over') {
        // It may have ended between taking a slot and counting that.
        if (at.phaseOf(this.c[this.state(slot)]) !== at.returned) Atomics.store(this.#counts, slot, 1)
        return this.#back(slot)
      }
      const { withdrawn } = this.out.get(slot)!
      assert(!withdrawn)
      this.ended[left === 'ran' ? 'lost' : 'requeued']++
      this.#release(slot)
    })
  }

  async taker(worker: number, seed: number): Promise<Worker> {
    Atomics.store(this.c, at.workerAt(worker) + at.state, at.booting)
    const { layout, board, taken } = this
    const thread = new Worker(new URL('./board.worker.ts', import.meta.url), {
      workerData: { layout, board, taken, worker, seed } satisfies TakerStart,
    })
    while (Atomics.load(this.c, at.workerAt(worker) + at.state) !== at.awake) await turn()
    return thread
  }
}

const refuse = (slot: number): never => assert.fail(`slot ${slot} is given back`)

describe('the board', () => {
  it('gives each slot to one taker, in order', () => {
    const client = new Client(2, 8, new Random(1))
    const { c, layout } = client
    const queue = at.queueAt(layout, 1, at.openQueue)
    // Heads and tails count on beyond 2^31, and uses beyond 2^15.
    c[queue] = c[queue + 16] = 2 ** 31 - 1000
    for (let round = 0; round < 40_000; round++) {
      for (let i = 0; i <= round % 8; i++) client.send(1, at.openQueue)
      assert.equal(at.lengthOf(c, queue), (round % 8) + 1)
      const order = [...client.out.keys()]
      for (const slot of order) {
        assert.equal(at.take(c, layout, queue, 0, refuse), slot)
        const word = c[client.state(slot)]
        assert.equal(at.workerOf(word), 0)
        c[client.state(slot)] = at.stateWord(at.done, at.useOf(word), 0)
        Atomics.store(new Int32Array(client.taken), slot, 1)
        at.push(c, layout, at.queueAt(layout, 0, at.doneQueue), slot)
      }
      assert.equal(at.take(c, layout, queue, 0, refuse), -1)
      client.drain(0)
      assert.equal(client.out.size, 0)
    }
  })

  it('gives a withdrawn slot back once, to whoever meets it', () => {
    const client = new Client(1, 8, new Random(1))
    const { c, layout } = client
    const queue = at.queueAt(layout, 0, at.ownQueue)
    for (let i = 0; i < 3; i++) client.send(0, at.ownQueue)
    const [first, second, third] = client.out.keys()
    assert(client.withdraw(first))
    assert(!client.withdraw(first))
    assert(client.withdraw(second))
    const back: number[] = []
    assert.equal(
      at.take(c, layout, queue, 0, slot => back.push(slot)),
      third,
    )
    assert.deepEqual(back, [first, second])
    assert(!client.withdraw(third), 'it runs')
  })

  it('passes over an entry whose slot went on without it', () => {
    const client = new Client(2, 8, new Random(1))
    const { c, layout } = client
    const queue = at.queueAt(layout, 0, at.openQueue)
    client.send(0, at.openQueue)
    const [slot] = client.out.keys()
    // A taker that is about to end has taken the slot, and has not moved the head.
    c[client.state(slot)] = at.stateWord(at.runs, 1, 1)
    const left: [number, at.Left][] = []
    at.reclaim(
      c,
      layout,
      1,
      () => true,
      (slot, how) => left.push([slot, how]),
    )
    assert.deepEqual(left, [[slot, 'ran']])
    // Meanwhile it is in use again, behind its old entry.
    c[client.state(slot)] = at.stateWord(at.queued, 2)
    at.push(c, layout, queue, slot)
    assert.equal(at.lengthOf(c, queue), 2)
    assert.equal(at.take(c, layout, queue, 0, refuse), slot)
    assert.equal(at.useOf(c[client.state(slot)]), 2)
    assert.equal(at.take(c, layout, queue, 0, refuse), -1)
  })

  const over = { done: at.done, failed: at.failed, returned: at.returned }
  for (const [name, phase] of Object.entries(over)) {
    it(`finds what a taker had in hand when it ended: ${name}, and not on its way`, () => {
      const client = new Client(2, 8, new Random(1))
      const { c, layout } = client
      client.send(0, at.openQueue)
      const [slot] = client.out.keys()
      c[client.state(slot)] = at.stateWord(phase, 1, 1)
      const left: [number, at.Left][] = []
      const give = (slot: number, how: at.Left) => left.push([slot, how])
      at.reclaim(c, layout, 0, () => true, give)
      assert.deepEqual(left, [])
      at.reclaim(c, layout, 1, () => true, give)
      assert.deepEqual(left, [[slot, 'over']])
      left.length = 0
      at.reclaim(c, layout, 1, () => false, give)
      assert.deepEqual(left, [])
    })
  }

  it('loses and doubles nothing among several takers', { timeout: 60_000 }, async t => {
    const random = new Random(seedOf(t).seed)
    const client = new Client(3, 64, random)
    t.after(() => Atomics.store(client.c, at.closing, 1))
    const threads = await Promise.all([0, 1, 2].map(worker => client.taker(worker, random.u32())))
    while (client.sent < 12_000) {
      while (client.send());
      client.withdrawSome()
      for (let worker = 0; worker < 3; worker++) client.drain(worker)
    }
    while (client.out.size > 0) for (let worker = 0; worker < 3; worker++) client.drain(worker)
    Atomics.store(client.c, at.closing, 1)
    await Promise.all(threads.map(thread => once(thread, 'exit')))
    const { ran, returned } = client.ended
    assert.equal(ran + returned, client.sent)
    assert(ran > 0 && returned > 0)
  })

  it('loses and doubles nothing when takers are killed', { timeout: 60_000 }, async t => {
    const random = new Random(seedOf(t).seed)
    const client = new Client(2, 32, random)
    t.after(() => Atomics.store(client.c, at.closing, 1))
    await client.taker(0, random.u32())
    for (let round = 0; round < 8; round++) {
      const thread = await client.taker(1, random.u32())
      const until = client.sent + 500 + random.integer(0, 500)
      let exit: Promise<unknown> | undefined
      let isGone = false
      while (!isGone) {
        while (client.send());
        client.withdrawSome()
        for (let worker = 0; worker < 2; worker++) client.drain(worker)
        if (client.sent <= until) continue
        if (exit === undefined) {
          exit = once(thread, 'exit').then(() => {
            isGone = true
          })
          thread.terminate()
        } else await turn()
      }
      client.reclaim(1)
    }
    // What is left is taken by the one that lives, but for what only the other may run.
    const alone = at.queueAt(client.layout, 1, at.ownQueue)
    while (client.out.size > at.lengthOf(client.c, alone)) client.drain(0)
    client.reclaim(1)
    assert.deepEqual([...client.out.keys()], [])
    const { ran, returned, lost, requeued } = client.ended
    assert.equal(ran + returned + lost + requeued, client.sent)
    t.diagnostic(JSON.stringify(client.ended))
    assert(ran > 0 && returned > 0)
  })
})

describe('bells', () => {
  after(() => stop())

  it('wake whoever sleeps, whenever it fell asleep', { timeout: 30_000 }, async t => {
    const random = new Random(seedOf(t).seed)
    start({ workers: 2 })
    const until = performance.now() + 1500
    while (performance.now() < until) {
      // Around the times for which both sides spin before they sleep.
      const pause = performance.now() + random.uniform() * 0.4
      while (performance.now() < pause);
      if (random.uniform() < 0.1) await new Promise(resolve => setTimeout(resolve, 1))
      assert.equal(await jobs.add(1, 2), 3)
    }
  })
})
