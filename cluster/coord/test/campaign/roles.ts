// Calls by role while the hub and those who serve are killed, paused and cut off. Each is made once at most, or is one that may be repeated and is answered; and when all is calm somebody answers.
import assert from 'node:assert/strict'
import { ConnectionLostError } from '@skein/rpc'
import { type Simulation, simulateAsync, sleep, type World, WorldError } from '@skein/world'
import type { Store } from '../../src/index.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { rolesAt, serveHub } from '../registry/places.ts'

export interface RoleCounts {
  made: number
  answered: number
  lost: number
}

/** Runs a seed. Throws what is wrong. */
export const judgeRoles = async (seed: number): Promise<RoleCounts> => {
  const ran = new Map<string, number>()
  const counts: RoleCounts = { made: 0, answered: 0, lost: 0 }
  let running = 0
  const outcome = await simulateAsync(
    seed,
    simulation => {
      let store: Store
      simulation.node('keeper', world => {
        store = new MemoryStore(world.clock, world.chance)
        simulation.node('hub', world => serveHub(world, store))
      })
      const servers = ['s0', 's1', 's2']
      for (const name of servers) simulation.node(name, world => void server(world, ran))
      for (const name of ['c0', 'c1'])
        simulation.node(name, async world => {
          running++
          await client(world, simulation, ran, counts)
          running--
        })
      simulation.network.set({ latencyMs: [0.2, 10], cutRate: 0.1, lossRate: 0.01, streamTimeoutMs: 2000 })
      const faults = simulation.disturb({
        nodes: ['hub', ...servers],
        kinds: ['kill', 'pause', 'isolate', 'partition', 'one-way'],
        everyMs: [50, 800],
        lastingMs: [50, 2000],
      })
      simulation.after(20_000, () => {
        faults.cancel()
        simulation.calm()
      })
      // Heartbeats alone keep no run going.
      simulation.after(44_000, () => {})
    },
    { forMs: 45_000 },
  )
  if (outcome.failure) throw outcome.failure.error
  assert.equal(running, 0, 'calls are still waited for')
  return counts
}

const server = async (world: World, ran: Map<string, number>): Promise<void> => {
  const run = async (id: string): Promise<string> => {
    ran.set(id, (ran.get(id) ?? 0) + 1)
    await sleep(world.clock, 200 * world.chance.uniform())
    return id
  }
  for (;;)
    try {
      await rolesAt(world, { timeoutMs: 1000 }).listen('mul@1.2.0', { once: run, again: run })
      return
    } catch (error) {
      assert.ok(
        error instanceof Error && !(error instanceof WorldError) && error.name !== 'ArgumentError',
        String(error),
      )
    }
}

const client = async (
  world: World,
  simulation: Simulation,
  ran: Map<string, number>,
  counts: RoleCounts,
): Promise<void> => {
  const { connect } = rolesAt(world)
  const strategy = world.chance.uniform() < 0.5 ? 'random' : 'round-robin'
  const it = connect<any>('mul@^1.1', { retry: ['again'], strategy, heartbeat: { idleMs: 2000, timeoutMs: 1000 } })
  for (let i = 0; simulation.timeMs < 25_000; i++) {
    const name = i % 2 === 0 ? 'once' : 'again'
    const id = `${world.name} ${name} ${i}`
    counts.made++
    try {
      assert.equal(await it.remote[name](id), id)
      counts.answered++
      if (name === 'once') assert.equal(ran.get(id), 1)
      else assert.ok(ran.get(id)! >= 1)
    } catch (error) {
      assert.ok(error instanceof ConnectionLostError && name === 'once', String(error))
      assert.ok((ran.get(id) ?? 0) <= (error.mayHaveRun ? 1 : 0))
      counts.lost++
      // Who is gone without a word is noticed some time after all is calm.
      assert.ok(simulation.timeMs < 28_000, 'what is calm loses nothing')
    }
    await sleep(world.clock, 100 * world.chance.uniform())
  }
  it.close()
}
