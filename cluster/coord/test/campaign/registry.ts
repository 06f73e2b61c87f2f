// Clients that register at a hub while networks and machines fail. When all is calm again those who live are listed, each once and where they listen, the dead are not, and who watches knows just that.
import assert from 'node:assert/strict'
import { type Simulation, simulateAsync, sleep, type World } from '@skein/world'
import type { Registration, Registry, Service, Store } from '../../src/index.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { atHub, serveHub } from '../registry/places.ts'

const ttlMs = 2000

/** A registration, and whether its process lives. */
interface Made {
  readonly registration: Registration
  /** At which it listens. */
  readonly port: number
  readonly lives: () => boolean
}

/** Runs a seed; the hub's store outlives it if that is even. Throws what is wrong. */
export const judgeRegistry = async (seed: number): Promise<{ made: number; found: number }> => {
  const keeps = seed % 2 === 0
  const made = new Map<string, Made>()
  const seen = new Map<string, Service>()
  let sum = 0
  let isJudged = false
  const clients = ['a', 'b', 'c', 'd']
  const outcome = await simulateAsync(
    seed,
    simulation => {
      let kept: Store | undefined
      simulation.node('keeper', ({ clock, chance }) => {
        kept = new MemoryStore(clock, chance)
      })
      simulation.after(1, () => {
        simulation.node('hub', world => serveHub(world, keeps ? kept! : new MemoryStore(world.clock, world.chance)))
      })
      for (const name of clients) simulation.node(name, world => client(world, simulation, made))
      simulation.node('reader', world => {
        const registry = atHub(world, 'hub', { timeoutMs: 1000 })
        void watch(registry, seen)
        void look(world, registry, count => {
          sum += count
        })
        simulation.after(40_000, async () => {
          isJudged = true
          judge(await registry.query(), made, seen)
        })
      })
      simulation.network.set({ latencyMs: [0.2, 20], cutRate: 0.1, lossRate: 0.02, streamTimeoutMs: 2000 })
      const faults = simulation.disturb({
        nodes: ['hub', ...clients],
        kinds: ['isolate', 'partition', 'one-way', 'kill', 'pause', 'clock-jump'],
        everyMs: [200, 3000],
        lastingMs: [50, 3000],
      })
      simulation.always(() => {
        const alive = [...made.values()].filter(({ registration, lives }) => lives() && !registration.signal.aborted)
        assert.equal(new Set(alive.map(({ registration }) => registration.port)).size, alive.length, 'ports differ')
      })
      simulation.after(20_000, () => {
        faults.cancel()
        simulation.calm()
      })
    },
    { forMs: 40_100 },
  )
  if (outcome.failure) throw outcome.failure.error
  assert.ok(isJudged && made.size >= clients.length)
  return { made: made.size, found: sum }
}

/** Registers at each start. */
const client = async (world: World, simulation: Simulation, made: Map<string, Made>): Promise<void> => {
  const node = simulation.nodes.get(world.name)!
  const { incarnation } = node
  const lives = (): boolean => node.incarnation === incarnation
  const used = (port: number): boolean =>
    [...made.values()].some(({ registration, lives }) => lives() && registration.port === port)
  const options = { ttlMs, timeoutMs: 1000, ports: [1000, 1015], isPortFree: (port: number) => !used(port) } as const
  const registry = atHub(world, 'hub', options)
  while (lives())
    try {
      const registration = await registry.register('web@1.0.0', { metadata: { name: world.name } })
      if (lives()) made.set(registration.id, { registration, port: registration.port, lives })
      return
    } catch (error) {
      assert.ok(/TimeoutError|LeaseNotFoundError|LeaseLostError/.test((error as Error).name), String(error))
    }
}

const watch = async (registry: Registry, seen: Map<string, Service>): Promise<void> => {
  for await (const event of registry.watch()) {
    assert.equal(event.type !== 'registered', seen.has(event.service.id))
    if (event.type === 'freed') seen.delete(event.service.id)
    else seen.set(event.service.id, event.service)
  }
}

/** Asks again and again; counts what was found. */
const look = async (world: World, registry: Registry, found: (count: number) => void): Promise<void> => {
  for (;;) {
    await sleep(world.clock, 100)
    try {
      found((await registry.query('web@1')).length)
    } catch (error) {
      assert.equal((error as Error).name, 'TimeoutError')
    }
  }
}

const judge = (
  listed: readonly Service[],
  made: ReadonlyMap<string, Made>,
  seen: ReadonlyMap<string, Service>,
): void => {
  const alive = [...made.values()].filter(({ lives }) => lives())
  for (const { registration } of alive) assert.ok(registration.isListed && !registration.signal.aborted)
  const placesOf = (all: Iterable<{ id: string; port: number }>) =>
    [...all].map(({ id, port }) => `${id} ${port}`).sort()
  assert.deepEqual(placesOf(listed), placesOf(alive.map(({ registration, port }) => ({ id: registration.id, port }))))
  assert.deepEqual(placesOf(seen.values()), placesOf(listed))
}
