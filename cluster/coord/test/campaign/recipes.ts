// What is built on a store, by clients that die, pause and are cut off from it: queues give each item to one, counters count each addition, and nobody begins or ends alone what several begin and end together.
import assert from 'node:assert/strict'
import { type Simulation, simulateAsync, sleep, type World } from '@skein/world'
import { type Claim, Coordinator, type Inside, open, type Store, type WatchBatch } from '../../src/index.ts'
import { reach, serve } from '../served.ts'
import { expected } from './visit.ts'

/** What one seed came to. */
export interface RecipesJudged {
  readonly events: number
  readonly items: number
  readonly taken: number
  readonly claimed: number
  readonly added: number
  readonly rounds: number
  /** Calls whose outcome nobody knows. */
  readonly unknown: number
}

const clients = 4
/** Of the double barrier; the other one waits for the next round. */
const together = 3
const ttlMs = 1500

/** Calls of one kind: those that were acknowledged, and those of which nobody knows. */
class Calls<T> {
  readonly acknowledged: T[] = []
  readonly unknown = new Set<object>()

  async make(run: () => Promise<T>): Promise<T> {
    const call = {}
    this.unknown.add(call)
    const value = await run()
    this.unknown.delete(call)
    this.acknowledged.push(value)
    return value
  }
}

/** One client at the double barrier. */
interface Meeting {
  readonly who: string
  /** When it has left, was rejected, or was found to have died. */
  endedMs: number
  inside: Inside | undefined
  leaves: boolean
}

class Record {
  readonly simulation: Simulation
  readonly puts = new Calls<string>()
  readonly takes = new Calls<string>()
  readonly dones = new Calls<string>()
  readonly adds = new Calls<number>()
  /** Claims by item, as their holders believe. */
  private readonly claims = new Map<string, { claim: Claim<string>; lives: () => boolean }>()
  readonly visits: Meeting[] = []
  claimed = 0

  constructor(simulation: Simulation) {
    this.simulation = simulation
  }

  claim(claim: Claim<string>, lives: () => boolean): void {
    const other = this.claims.get(claim.value)
    assert.ok(
      !other?.lives() || other.claim.signal.aborted || other.claim === claim,
      `${claim.value} is claimed by two at ${this.simulation.timeMs} ms`,
    )
    this.claims.set(claim.value, { claim, lives })
    this.claimed++
  }

  unclaim(claim: Claim<string>): void {
    this.claims.delete(claim.value)
  }
}

/** Runs a seed for so long; throws what is wrong, with all that is needed to say so. */
export const judgeRecipes = async (seed: number, forMs = 20_000): Promise<RecipesJudged> => {
  let record!: Record
  let inner!: Store
  const end = { queued: [] as string[], jobs: [] as string[], count: 0, batches: [] as WatchBatch[], isThere: false }
  const outcome = await simulateAsync(
    seed,
    simulation => {
      record = new Record(simulation)
      simulation.node('store', async world => {
        inner = await open('memory:', { clock: world.clock, chance: world.chance })
        serve(world, inner)
      })
      const names = Array.from({ length: clients }, (_, i) => `client ${i}`)
      for (const name of names) simulation.node(name, world => client(world, record))
      simulation.network.set({ latencyMs: [0.2, 20], cutRate: 0.1, lossRate: 0.02, streamTimeoutMs: 3000 })
      simulation.disturb({ nodes: names, everyMs: [200, 2500], lastingMs: [50, 3000] })
      simulation.after(forMs - 1, async () => {
        const valuesOf = async (queue: string): Promise<string[]> =>
          (await inner.range({ prefix: `skein/queues/${queue}/items/` })).entries.map(entry =>
            JSON.parse(new TextDecoder().decode(entry.value)),
          )
        Object.assign(end, {
          queued: await valuesOf('items'),
          jobs: await valuesOf('jobs'),
          count: await new Coordinator(inner).counter('x').get(),
          batches: await itemsOf(inner),
          isThere: true,
        })
      })
    },
    { forMs },
  )
  if (outcome.failure) throw outcome.failure.error
  assert.ok(end.isThere)
  const { puts, takes, dones, adds, visits } = record

  // Each item is taken once, or is still there; of those that nobody was told of taking, at most as many are missing as such calls could take.
  const once = (what: string, values: readonly unknown[]): void =>
    assert.equal(new Set(values).size, values.length, `${what} is given twice`)
  once('an item', [...takes.acknowledged, ...end.queued])
  once('a job', [...dones.acknowledged, ...end.jobs])
  const missing = (kind: string, there: readonly string[]): string[] => {
    const known = new Set(there)
    return puts.acknowledged.filter(item => item.startsWith(kind) && !known.has(item))
  }
  const lostItems = missing('item', [...takes.acknowledged, ...end.queued])
  const lostJobs = missing('job', [...dones.acknowledged, ...end.jobs])
  assert.ok(lostItems.length <= takes.unknown.size, `items are lost: ${lostItems}`)
  assert.ok(lostJobs.length <= dones.unknown.size, `jobs are lost: ${lostJobs}`)

  once('a sum', adds.acknowledged)
  assert.ok(end.count >= adds.acknowledged.length, `${end.count} of ${adds.acknowledged.length} additions count`)
  assert.ok(end.count <= adds.acknowledged.length + adds.unknown.size)

  const rounds = new Set(visits.map(({ inside }) => inside?.round ?? 0))
  checkOrder(end.batches)
  const unknown = puts.unknown.size + takes.unknown.size + dones.unknown.size + adds.unknown.size
  return {
    events: outcome.events,
    items: puts.acknowledged.length,
    taken: takes.acknowledged.length,
    claimed: record.claimed,
    added: adds.acknowledged.length,
    rounds: rounds.size - 1,
    unknown,
  }
}

const itemsPrefix = 'skein/queues/items/items/'

const itemsOf = async (store: Store): Promise<WatchBatch[]> => {
  const batches: WatchBatch[] = []
  const { revision } = await store.put(`${itemsPrefix}~`, 'the end')
  for await (const batch of store.watch({ prefix: itemsPrefix }, { from: 1 })) {
    if (batch.revision === revision) break
    batches.push(batch)
  }
  return batches
}

/** Items of one priority are numbered as they come: who takes one has left none before it. */
const checkOrder = (batches: readonly WatchBatch[]): void => {
  const there = new Set<string>()
  for (const { events, revision } of batches) {
    const taken: string[] = []
    for (const event of events) {
      const key = event.type === 'put' ? event.entry.key : event.key
      if (event.type === 'put') there.add(key)
      else taken.push(key)
    }
    for (const key of taken) there.delete(key)
    const first = [...there].sort()[0]
    for (const key of taken) assert.ok(!(first < key), `at revision ${revision} ${key} is taken before ${first}`)
  }
}

/** Connects, does all of it until the connection is lost, and connects again. */
const client = async (world: World, record: Record): Promise<void> => {
  const node = record.simulation.nodes.get(world.name)!
  const { incarnation } = node
  const lives = (): boolean => node.incarnation === incarnation
  while (lives()) {
    try {
      await using remote = await reach(world, 'store')
      const visit = new Visit(world, new Coordinator(remote), record, lives)
      await Promise.all([visit.puts(), visit.takes(), visit.claims(), visit.adds(), visit.meets()])
    } catch (error) {
      if (!expected.has((error as Error).name)) throw error
    }
    await sleep(world.clock, 20 + 200 * world.chance.uniform())
  }
}

/** What a client does on one connection. */
class Visit {
  private readonly world: World
  private readonly c: Coordinator
  private readonly record: Record
  private readonly lives: () => boolean

  constructor(world: World, c: Coordinator, record: Record, lives: () => boolean) {
    this.world = world
    this.c = c
    this.record = record
    this.lives = lives
  }

  async puts(): Promise<void> {
    const { puts } = this.record
    for (const [items, jobs] = [this.c.queue<string>('items'), this.c.queue<string>('jobs')]; ; ) {
      await this.pause(300)
      const number = puts.acknowledged.length + puts.unknown.size
      const kind = number % 2 === 0 ? 'item' : 'job'
      const item = `${kind} ${number} of ${this.world.name} at ${this.record.simulation.timeMs}`
      const priority = this.world.chance.integer(0, 3)
      await puts.make(async () => {
        await (kind === 'item' ? items.put(item) : jobs.put(item, { priority }))
        return item
      })
    }
  }

  async takes(): Promise<void> {
    for (const queue = this.c.queue<string>('items'); ; ) {
      await this.pause(100)
      await this.record.takes.make(() => queue.take())
    }
  }

  async claims(): Promise<void> {
    const { record } = this
    for (const queue = this.c.queue<string>('jobs', { ttlMs }); ; ) {
      await this.pause(100)
      const claim = await queue.claim()
      if (!this.lives()) return
      record.claim(claim, this.lives)
      await this.pause(400)
      if (this.world.chance.integer(0, 4) === 0) {
        record.unclaim(claim)
        await claim.release()
        continue
      }
      await record.dones.make(async () => {
        record.unclaim(claim)
        await claim.done()
        return claim.value
      })
    }
  }

  async adds(): Promise<void> {
    for (const counter = this.c.counter('x'); ; ) {
      await this.pause(200)
      await this.record.adds.make(() => counter.add())
    }
  }

  /** Begins and ends with others. */
  async meets(): Promise<void> {
    const { simulation, visits } = this.record
    const who = this.world.name
    for (const visit of visits) if (visit.who === who) visit.endedMs = Math.min(visit.endedMs, simulation.timeMs)
    for (const barrier = this.c.doubleBarrier('x', { count: together, ttlMs }); ; ) {
      await this.pause(200)
      const visit: Meeting = { who, endedMs: Number.POSITIVE_INFINITY, inside: undefined, leaves: false }
      visits.push(visit)
      try {
        const inside = await barrier.enter()
        if (!this.lives()) return
        visit.inside = inside
        const isOf = (other: Meeting) => other.inside?.round === inside.round
        assert.ok(visits.filter(isOf).length <= together)
        // Of those that came, and did not die or were rejected so long ago that their leases are over, there are enough.
        const came = visits.filter(
          other => isOf(other) || (!other.inside && other.endedMs > simulation.timeMs - 4 * ttlMs),
        )
        assert.ok(came.length >= together, `${came.length} begin a round of ${together}`)
        await this.pause(300)
        visit.leaves = true
        await inside.leave()
        if (!this.lives()) return
        const stays = visits.find(
          other => isOf(other) && !other.leaves && other.endedMs > simulation.timeMs && !other.inside!.signal.aborted,
        )
        assert.equal(stays, undefined, `${who} has left round ${inside.round}, and ${stays?.who} has not`)
      } finally {
        if (this.lives()) visit.endedMs = simulation.timeMs
      }
    }
  }

  private pause(mostMs: number): Promise<void> {
    return sleep(this.world.clock, mostMs * this.world.chance.uniform())
  }
}
