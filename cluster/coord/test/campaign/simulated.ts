// Clients of a store that is on another node, on a network and machines that fail. What they were told must be what one store can have told them; locks, elections and semaphores keep
// their promise at every moment; watches tell everything once.
import assert from 'node:assert/strict'
import { exploreAsync, type SimulatedNode, type Simulation, sleep, type World } from '@skein/world'
import type { MapInput, RegisterOutput } from '../../../../testing/src/consistency/models.ts'
import { type Held, open, type Store } from '../../src/index.ts'
import { reach, serve } from '../served.ts'
import { bare, everything, judgeHistory, judgeWatches, type Told, type Watched } from './judge.ts'
import { expected, permits, type Recorder, Visit } from './visit.ts'

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
  readonly process: string
  readonly input: MapInput
  output: RegisterOutput | undefined
  readonly begin: number
  end: number
}

const clients = Array.from({ length: 4 }, (_, i) => `client ${i}`)

/** Runs a seed for so long; throws a SeedError with the story of what is wrong. */
export const judgeSeed = async (seed: number, forMs = 20_000): Promise<Judged> => {
  let record = new Record()
  const { events } = await exploreAsync(
    simulation => {
      record = new Record()
      program(simulation, record, forMs)
    },
    { from: seed, seeds: 1, checkEvery: 0, forMs, shrink: { maxRuns: 1000 } },
  )
  const { history, watches, held } = record
  return {
    events,
    operations: history.length,
    unknown: history.filter(({ end }) => end === Number.POSITIVE_INFINITY).length,
    held,
    told: watches.reduce((sum, { told }) => sum + told.length, 0),
  }
}

const program = (simulation: Simulation, record: Record, forMs: number): void => {
  let store: Store
  const server = simulation.node('store', async world => {
    store = await open('memory:', { clock: world.clock })
    serve(world, store)
  })
  for (const name of clients) simulation.node(name, world => client(world, simulation, record))
  simulation.network.set({ latencyMs: [0.2, 20], cutRate: 0.1, lossRate: 0.02, streamTimeoutMs: 3000 })
  simulation.disturb({ nodes: clients, everyMs: [200, 2500], lastingMs: [50, 4000] })
  // Its memory is gone when the store's node dies: it is paused, and its clock drifts.
  pauseNowAndThen(simulation, server)
  simulation.always(() => record.check())
  let whole: Told[] = []
  simulation.after(forMs - 1, async () => {
    whole = await everything(store)
  })
  simulation.atEnd(() => {
    judgeHistory(record.history)
    judgeWatches(record.watches, whole)
  })
}

/** What all clients were told, and who believes that it holds what. */
class Record {
  readonly history: Recorded[] = []
  readonly watches: Watched[] = []
  held = 0
  private readonly holders = new Map<string, Set<{ held: Held; lives: () => boolean; isReader: boolean }>>()
  private readonly tokens = new Map<string, number>()

  of(simulation: Simulation, world: World, lives: () => boolean): Recorder {
    return {
      call: input => {
        // Who was not answered asks for nothing more: after it another client speaks.
        const process = `${world.name}, call ${this.history.length}`
        const begin = simulation.timeMs
        const call: Recorded = { process, input, output: undefined, begin, end: Number.POSITIVE_INFINITY }
        this.history.push(call)
        return {
          ok: output => {
            call.output = output
            call.end = simulation.timeMs
          },
          none: () => void this.history.splice(this.history.indexOf(call), 1),
        }
      },
      holds: (what, held, isReader) => {
        world.note(`holds the ${what} ${isReader ? 'to read ' : ''}with token ${held.token}`)
        const leave = this.hold(what, held, lives, isReader)
        return () => {
          world.note(`leaves the ${what}`)
          leave()
        }
      },
      watches: from => {
        const told: Told[] = []
        this.watches.push({ from, told })
        return batch => void told.push(bare(batch))
      },
    }
  }

  /** Throws if more hold something than may. */
  check(): void {
    for (const [what, holders] of this.holders) {
      for (const holder of holders) if (!holder.lives() || holder.held.signal.aborted) holders.delete(holder)
      const most = what === 'permits' ? permits : 1
      const writers = [...holders].filter(({ isReader }) => !isReader).length
      if (writers > most || (writers > 0 && writers < holders.size))
        throw new Error(`${what}: ${writers} hold it, and ${holders.size - writers} read`)
    }
  }

  private hold(what: string, held: Held, lives: () => boolean, isReader: boolean): () => void {
    const holder = { held, lives, isReader }
    let holders = this.holders.get(what)
    if (!holders) this.holders.set(what, (holders = new Set()))
    if (lives()) {
      holders.add(holder)
      this.held++
    }
    if (lives() && !isReader && what !== 'permits') {
      const before = this.tokens.get(what) ?? 0
      assert.ok(held.token > before, `${what}: token ${held.token} comes after ${before}`)
      this.tokens.set(what, held.token)
    }
    return () => void holders.delete(holder)
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

/** Connects, does this and that until the connection is lost, and connects again. */
const client = async (world: World, simulation: Simulation, record: Record): Promise<void> => {
  const node = simulation.nodes.get(world.name)!
  const { incarnation } = node
  // What a process does after its death does not count.
  const lives = (): boolean => node.incarnation === incarnation
  while (lives()) {
    try {
      await using store = await reach(world, 'store')
      const does = (step: string): boolean => simulation.maybe(`${world.name} ${step}`, 1)
      await new Visit(store, record.of(simulation, world, lives), world, { does }).run()
    } catch (error) {
      if (!expected.has((error as Error).name)) throw error
    }
    await sleep(world.clock, 20 + 200 * world.chance.uniform())
  }
}
