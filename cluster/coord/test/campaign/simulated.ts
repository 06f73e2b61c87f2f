// Clients of a store that is on another node, on a network and machines that fail. What they were told must be what one store can have told them; locks, elections and semaphores keep
// their promise at every moment; watches tell everything once.
import assert from 'node:assert/strict'
import { type SimulatedNode, type Simulation, simulateAsync, sleep, type World } from '@skein/world'
import type { Operation } from '../../../../testing/src/consistency/history.ts'
import { checkLinearizable } from '../../../../testing/src/consistency/linearizable.ts'
import { type MapInput, type RegisterOutput, registers } from '../../../../testing/src/consistency/models.ts'
import {
  campaign,
  type Entry,
  type Held,
  lock,
  open,
  readLock,
  type Store,
  semaphore,
  type WatchBatch,
} from '../../src/index.ts'
import { reach, serve } from '../served.ts'

/** What one seed came to. */
export interface Judged {
  readonly events: number
  /** Calls of which the history is, and those whose outcome nobody knows. */
  readonly operations: number
  readonly unknown: number
  /** How often a lock, a lead or a permit was held; batches that watches have told. */
  readonly held: number
  readonly told: number
}

interface Recorded {
  process: string
  input: MapInput
  output: RegisterOutput | undefined
  begin: number
  end: number
}

const clients = 4
const keys = ['a', 'b', 'c']
const decoder = new TextDecoder()

/** Runs a seed for so long; throws what is wrong, with all that is needed to say so. */
export const judgeSeed = async (seed: number, forMs = 20_000): Promise<Judged> => {
  const history: Recorded[] = []
  const watched: { batches: WatchBatch[]; from: number }[] = []
  const counts = { held: 0, told: 0 }
  let whole: WatchBatch[] = []
  const outcome = await simulateAsync(
    seed,
    simulation => {
      const holders = new Holders()
      let store: Store
      const server = simulation.node('store', async world => {
        store = await open('memory:', { clock: world.clock })
        serve(world, store)
      })
      for (let i = 0; i < clients; i++)
        simulation.node(`client ${i}`, world => client(world, { simulation, history, holders, watched, counts }))
      simulation.network.set({ latencyMs: [0.2, 20], cutRate: 0.1, lossRate: 0.02, streamTimeoutMs: 3000 })
      const names = Array.from({ length: clients }, (_, i) => `client ${i}`)
      simulation.disturb({ nodes: names, everyMs: [200, 2500], lastingMs: [50, 4000] })
      // Its memory is gone when the store's node dies: it is paused, and its clock drifts.
      pauseNowAndThen(simulation, server)
      simulation.always(() => holders.check())
      simulation.after(forMs - 1, async () => {
        whole = await everything(store)
      })
    },
    { forMs },
  )
  if (outcome.failure) throw outcome.failure.error
  const verdict = checkLinearizable(registers(), history as Operation<MapInput, RegisterOutput>[])
  assert.equal(verdict.linearizable, true, `seed ${seed}: the history of ${history.length} calls has no order`)
  for (const { batches, from } of watched) {
    counts.told += batches.length
    const last = batches.at(-1)?.revision ?? from - 1
    const told = whole.filter(({ revision }) => revision >= from && revision <= last)
    assert.deepEqual(batches.map(bare), told.map(bare), `seed ${seed}: a watch from ${from} missed something`)
  }
  const unknown = history.filter(({ end }) => end === Number.POSITIVE_INFINITY).length
  return { events: outcome.events, operations: history.length, unknown, ...counts }
}

const bare = ({ revision, events }: WatchBatch) => [revision, events.map(e => (e.type === 'put' ? e.entry.key : e.key))]

const everything = async (store: Store): Promise<WatchBatch[]> => {
  const last = await store.revision()
  const batches: WatchBatch[] = []
  if (last === 0) return batches
  for await (const batch of store.watch({ prefix: '' }, { from: 1 })) {
    batches.push(batch)
    if (batch.revision === last) break
  }
  return batches
}

/** Whether the process that a node runs now still lives: what one does after its death does not count. */
const livesOf = (simulation: Simulation, name: string): (() => boolean) => {
  const node = simulation.nodes.get(name)!
  const { incarnation } = node
  return () => node.incarnation === incarnation
}

/** Who believes that it holds what. */
class Holders {
  private readonly all = new Map<string, Set<{ held: Held; lives: () => boolean; isReader: boolean }>>()
  private readonly tokens = new Map<string, number>()

  add(what: string, held: Held, lives: () => boolean, isReader = false): () => void {
    const holder = { held, lives, isReader }
    let holders = this.all.get(what)
    if (!holders) this.all.set(what, (holders = new Set()))
    holders.add(holder)
    if (!isReader && what !== 'permits') {
      const before = this.tokens.get(what) ?? 0
      assert.ok(held.token > before, `${what}: token ${held.token} comes after ${before}`)
      this.tokens.set(what, held.token)
    }
    return () => void holders.delete(holder)
  }

  check(): void {
    for (const [what, holders] of this.all) {
      for (const holder of holders) if (!holder.lives() || holder.held.signal.aborted) holders.delete(holder)
      const most = what === 'permits' ? 2 : 1
      const writers = [...holders].filter(({ isReader }) => !isReader).length
      if (writers > most || (writers > 0 && writers < holders.size))
        throw new Error(`${what}: ${writers} hold it, and ${holders.size - writers} read`)
    }
  }
}

const pauseNowAndThen = (simulation: Simulation, node: SimulatedNode): void => {
  const wait = 500 + 6000 * simulation.chance.uniform()
  simulation.after(wait, () => {
    node.driftClock(Math.round((2 * simulation.chance.uniform() - 1) * 1000))
    node.pause()
    simulation.after(2500 * simulation.chance.uniform(), () => {
      node.resume()
      pauseNowAndThen(simulation, node)
    })
  })
}

interface Shared {
  readonly simulation: Simulation
  readonly history: Recorded[]
  readonly holders: Holders
  readonly watched: { batches: WatchBatch[]; from: number }[]
  readonly counts: { held: number; told: number }
}

/** How a call may end that has nothing to do with whether the store is right. */
const expected = new Set([
  'ConnectionLostError',
  'LeaseLostError',
  'LeaseNotFoundError',
  'CancelledError',
  'WorldError',
])

/** Connects, does this and that until the connection is lost, and connects again. */
const client = async (world: World, shared: Shared): Promise<void> => {
  const lives = livesOf(shared.simulation, world.name)
  while (lives()) {
    try {
      await using store = await reach(world, 'store')
      const visit = new Visit(world, store, shared, lives)
      await Promise.all([visit.calls(), visit.holds(), visit.watches()])
    } catch (error) {
      if (!expected.has((error as Error).name)) throw error
    }
    await sleep(world.clock, 20 + 200 * world.chance.uniform())
  }
}

/** What a client does on one connection. */
class Visit {
  private readonly world: World
  private readonly store: Store
  private readonly shared: Shared
  private readonly lives: () => boolean

  constructor(world: World, store: Store, shared: Shared, lives: () => boolean) {
    this.world = world
    this.store = store
    this.shared = shared
    this.lives = lives
  }

  /** Reads, writes, and compares and sets, until a call is lost. */
  async calls(): Promise<void> {
    const { chance } = this.world
    for (;;) {
      await this.pause(100)
      const key = keys[chance.integer(0, keys.length)]
      const value = chance.integer(0, 1000)
      const kind = chance.integer(0, 3)
      if (kind === 0) await this.record({ op: 'read', key }, async () => numberOf(await this.store.get(key)))
      else if (kind === 1)
        await this.record({ op: 'write', key, value }, async () => {
          await this.store.put(key, String(value))
          return value
        })
      else {
        const entry = await this.store.get(key)
        const compared = { key, target: 'modified', is: '=', value: entry?.modified ?? 0 } as const
        await this.record({ op: 'cas', key, from: numberOf(entry), to: value }, async () => {
          const { succeeded } = await this.store.transact({
            if: [compared],
            do: [{ op: 'put', key, value: String(value) }],
          })
          // That the number is as it was says less than that nobody has written: a refusal tells nothing.
          return succeeded || undefined
        })
      }
    }
  }

  /** Stands in one line after another. */
  async holds(): Promise<void> {
    const { chance } = this.world
    const options = { ttlMs: 500 + 1000 * chance.uniform() }
    for (;;) {
      await this.pause(200)
      const kind = chance.integer(0, 4)
      const what = ['lock', 'lock', 'lead', 'permits'][kind]
      const held = await [
        () => lock(this.store, 'x', options),
        () => readLock(this.store, 'x', options),
        () => campaign(this.store, 'x', options),
        () => semaphore(this.store, 'x', 2, options),
      ][kind]()
      if (!this.lives()) return
      const leave = this.shared.holders.add(what, held, this.lives, kind === 1)
      this.shared.counts.held++
      await this.pause(300)
      leave()
      await held.release()
    }
  }

  /** Notes what it is told from some revision on. */
  async watches(): Promise<void> {
    const from = Math.max(1, (await this.store.revision()) - this.world.chance.integer(0, 20))
    const watched = { batches: [] as WatchBatch[], from }
    this.shared.watched.push(watched)
    for await (const batch of this.store.watch({ prefix: '' }, { from })) watched.batches.push(batch)
  }

  private pause(mostMs: number): Promise<void> {
    return sleep(this.world.clock, mostMs * this.world.chance.uniform())
  }

  /** A refused compare-and-set is left out: see `calls`. */
  private async record(input: MapInput, run: () => Promise<RegisterOutput | undefined>): Promise<void> {
    const { simulation, history } = this.shared
    // Who was not answered asks for nothing more: after it another client speaks.
    const process = `${this.world.name}, call ${history.length}`
    const operation: Recorded = {
      process,
      input,
      output: undefined,
      begin: simulation.timeMs,
      end: Number.POSITIVE_INFINITY,
    }
    history.push(operation)
    operation.output = await run()
    if (operation.output === undefined) history.splice(history.indexOf(operation), 1)
    else operation.end = simulation.timeMs
  }
}

const numberOf = (entry: Entry | undefined): number | null => (entry ? Number(decoder.decode(entry.value)) : null)
