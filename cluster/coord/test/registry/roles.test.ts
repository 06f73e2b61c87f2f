import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ConnectionLostError, limitsOf, listenOver, upOver } from '@skein/rpc'
import { type Simulation, simulateAsync, sleep, type World, WorldError } from '@skein/world'
import { open, type Registry, roles, type Service, type Store } from '../../src/index.ts'
import { type Doors, type Roles, rolesBy } from '../../src/registry/roles.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { simulated } from '../simulated.ts'
import { atHub, serveHub } from './places.ts'

/** Over the network of a world. Hosts are nodes, each with one interface. */
const doorsOf = (world: World): Doors => ({
  listen: (address, offer, options) =>
    new Promise((resolve, reject) => {
      const listener = listenOver(world, `${world.name}:${address.split(':').at(-1)}`, offer, {
        limits: limitsOf('test'),
        onSession: options.onSession,
        onListening: address => resolve({ address, close: async () => listener.close() }),
        onFailed: reject,
      })
    }),
  up: (to, options) => upOver(world, to, options),
})

const rolesAt = (world: World, options: Parameters<typeof atHub>[2] = {}): Roles & { registry: Registry } => {
  const registry = atHub(world, 'hub', { ttlMs: 2000, ...options })
  return { registry, ...rolesBy(doorsOf(world), registry) }
}

interface Counts {
  made: number
  answered: number
  lost: number
}

/** Calls by role while the hub and those who serve are killed and paused. Throws what was called more often than it may be. */
const judgeSeed = async (seed: number): Promise<Counts> => {
  const ran = new Map<string, number>()
  const counts: Counts = { made: 0, answered: 0, lost: 0 }
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
  if (outcome.failure) throw new Error(`seed ${seed}`, { cause: outcome.failure.error })
  assert.equal(running, 0, `seed ${seed}: calls are still waited for`)
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
  counts: Counts,
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

describe('roles', () => {
  test('whatever fails, calls are made once, or more often where that may be, and somebody answers in the end', async () => {
    const sum: Counts = { made: 0, answered: 0, lost: 0 }
    for (let seed = 1; seed <= Number(process.env.SKEIN_SEEDS ?? 6); seed++) {
      const counts = await judgeSeed(seed)
      for (const key of Object.keys(sum) as (keyof Counts)[]) sum[key] += counts[key]
    }
    // Faults there were.
    assert.ok(sum.lost > 5 && sum.answered > 500 && sum.answered + sum.lost === sum.made, JSON.stringify(sum))
  })

  /** A hub, and worlds of nodes by name. */
  const withNodes = (use: (node: (name: string) => Promise<World>, simulation: Simulation) => Promise<void>) =>
    simulated(1, async ({ store, simulation }) => {
      simulation.node('hub', world => serveHub(world, store))
      await use(name => new Promise(resolve => void simulation.node(`${name}1`, resolve)), simulation)
    })

  test('are waited for, by their versions', async () => {
    await withNodes(async node => {
      const [a, b, c] = [await node('a'), await node('b'), await node('c')]
      const it = rolesAt(c).connect<{ which(): string }>('mul@^1.2')
      const which = it.remote.which()
      await sleep(c.clock, 500)
      assert.equal(it.isUp, false)
      await rolesAt(a).listen('mul@2.0.0', { which: () => 'too new' })
      await sleep(c.clock, 500)
      const served = await rolesAt(b).listen('mul@1.3.0', { which: () => 'right' }, { metadata: { zone: 'b' } })
      assert.equal(await which, 'right')
      assert.deepEqual([served.registration.host, served.registration.metadata.zone], ['b1', 'b'])
      assert.ok(served.address.endsWith(`:${served.registration.port}`))
      it.close()
    })
  })

  test('are chosen by chance, in turn, by version, or as one says', async () => {
    await withNodes(async node => {
      const c = await node('c')
      for (const [i, version] of ['1.0.0', '1.1.0', '1.1.0', '1.0.5'].entries())
        await rolesAt(await node(`s${i}`)).listen(`mul@${version}`, { which: () => `s${i}` })
      const { connect } = rolesAt(c)
      const chosen = async (strategy: any): Promise<string[]> => {
        const it = connect<{ which(): string }>('mul@1', { strategy })
        const all: string[] = []
        for (let i = 0; i < 12; i++) {
          all.push(await it.remote.which())
          // Losing it, another is chosen.
          it.session!.close()
        }
        it.close()
        return all
      }
      assert.equal(new Set(await chosen('random')).size, 4)
      const inTurn = await chosen('round-robin')
      assert.deepEqual(new Set(inTurn.slice(0, 4)).size, 4)
      assert.deepEqual(inTurn.slice(4), inTurn.slice(0, 8))
      assert.ok(['s1', 's2'].includes((await chosen('newest'))[0]))
      const byPort = (services: readonly Service[]) =>
        services.find(({ version }) => version === '1.0.5') ?? services[0]
      assert.equal((await chosen(byPort))[0], 's3')
      for (const strategy of ['fastest', null, 5])
        assert.throws(() => connect('mul@1', { strategy } as never), { name: 'ArgumentError' })
      assert.throws(() => connect('mul@'), { name: 'ArgumentError' })
    })
  })

  test('go on elsewhere when they are closed, and leave nothing behind', async () => {
    await withNodes(async (node, simulation) => {
      const [a, b, c] = [await node('a'), await node('b'), await node('c')]
      const first = await rolesAt(a).listen('mul@1.0.0', { which: () => 'a' })
      const { connect, registry } = rolesAt(c)
      const it = connect<{ which(): string }>('mul', { onRetry: () => {} })
      assert.equal(await it.remote.which(), 'a')
      await rolesAt(b).listen('mul@1.0.0', { which: () => 'b' }, { ports: [7000, 7009] })
      await first.close()
      simulation.nodes.get('a1')!.crash()
      // It is told that the connection is lost.
      await sleep(c.clock, 100)
      assert.equal(await it.remote.which(), 'b')
      const [{ port, host }] = await registry.query('mul')
      assert.ok(port >= 7000 && port <= 7009 && host === 'b1')
      it.close()
      await registry.close()
    })
  })

  test('that cannot be registered are not served', async () => {
    await using store = await open('memory:')
    await using services = store.registry({ authorized: { mul: [] } })
    const { listen } = roles(services)
    await assert.rejects(listen('mul@1.0.0', {}), { name: 'RegistrationRefusedError' })
    for (const call of [
      () => listen('mul@1', {}),
      () => listen('mul@1.0.0', 5 as never),
      () => listen('mul@1.0.0', {}, { port: 80, ports: [1, 2] }),
    ])
      await assert.rejects(call, { name: 'ArgumentError' })
  })

  test('over sockets', async () => {
    await using store = await open('memory:')
    await using services = store.registry()
    const { listen, connect } = roles(services)
    await using served = await listen('mul@1.0.0', { times: (a: number, b: number) => a * b })
    assert.match(served.address, /^127\.0\.0\.1:/)
    using it = connect<{ times(a: number, b: number): number }>('mul@1')
    assert.equal(await it.remote.times(6, 7), 42)
  })
})
