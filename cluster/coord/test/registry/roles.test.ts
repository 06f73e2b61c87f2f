import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Simulation, sleep, type World } from '@skein/world'
import { open, roles, type Service } from '../../src/index.ts'
import { judgeRoles } from '../campaign/roles.ts'
import { simulated } from '../simulated.ts'
import { rolesAt, serveHub } from './places.ts'

describe('roles', () => {
  test('whatever fails, calls are made once, or more often where that may be, and somebody answers in the end', async () => {
    // 10,000 seeds: npm run fuzz -- coord roles
    const sum = { made: 0, answered: 0, lost: 0 }
    for (let seed = 1; seed <= 6; seed++) {
      const counts = await judgeRoles(seed)
      for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += counts[key]
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

    // Nobody is waited for who cannot be found.
    using wrong = connect('mul@1', { strategy: () => ({}) as never })
    await assert.rejects(wrong.remote.times(6, 7), { name: 'ConnectionLostError', mayHaveRun: false })
    assert.equal(((await wrong.closed) as Error).name, 'ArgumentError')
    using late = connect('div@1')
    const waits = late.remote.divide(6, 7)
    await services.close()
    await assert.rejects(waits, { name: 'ConnectionLostError', mayHaveRun: false })
    assert.equal(((await late.closed) as Error).name, 'RegistryClosedError')
  })
})
