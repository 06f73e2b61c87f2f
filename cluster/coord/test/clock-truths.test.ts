// What is known of clocks, shown: each fault that a clock is there to prevent happens without it, and not with it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Clock, type Simulation, simulate, simulateAsync, sleep, type World } from '@skein/world'
import type { Operation } from '../../../testing/src/consistency/history.ts'
import { checkFinalSet } from '../../../testing/src/consistency/invariants.ts'
import { checkLinearizable } from '../../../testing/src/consistency/linearizable.ts'
import { type RegisterInput, type RegisterOutput, register } from '../../../testing/src/consistency/models.ts'
import { HybridClock, IntervalClock, siblings, VectorClock, type VectorStamp } from '../src/index.ts'

const skewMs = 250
const names = ['a', 'b', 'c']

const offsetOf = (simulation: Simulation) => ({
  clockOffsetMs: Math.round((2 * simulation.chance.uniform() - 1) * skewMs),
})

/** A register with versions by time: clients read and write at the latest that it can be now, and wait for the commit, or do not. */
const timedRegister = async (seed: number, waits: boolean): Promise<boolean> => {
  const versions: { atMs: number; value: number }[] = []
  const history: Operation<RegisterInput, RegisterOutput>[] = []
  const outcome = await simulateAsync(
    seed,
    simulation => {
      let values = 0
      for (const process of names)
        simulation.node(
          process,
          async world => {
            const clock = new IntervalClock({ clock: world.clock, errorMs: skewMs })
            for (let i = 0; i < 8; i++) {
              await sleep(world.clock, 100 * world.chance.uniform())
              const begin = simulation.timeMs
              const stamp = clock.now()
              const isWrite = world.chance.uniform() < 0.5
              const value = ++values
              if (isWrite) versions.push({ atMs: stamp.latest, value })
              if (waits) await clock.commitWait(stamp)
              const read = versions.filter(({ atMs }) => atMs <= stamp.latest).sort((a, b) => b.atMs - a.atMs)[0]
              history.push({
                process,
                input: isWrite ? { op: 'write', value } : { op: 'read' },
                output: isWrite ? true : (read?.value ?? null),
                begin,
                end: simulation.timeMs,
              })
            }
          },
          offsetOf(simulation),
        )
    },
    { forMs: 1e5 },
  )
  if (outcome.failure) throw outcome.failure.error
  assert.equal(history.length, 24)
  const { linearizable } = checkLinearizable(register(), history)
  assert.notEqual(linearizable, 'unknown')
  return linearizable === true
}

test('without commit wait the interval clock breaks external consistency, and with it it holds', async () => {
  let broken = 0
  for (let seed = 0; seed < 30; seed++) {
    assert.equal(await timedRegister(seed, true), true, `seed ${seed}`)
    if (!(await timedRegister(seed, false))) broken++
  }
  assert.ok(broken > 10, `${broken} of 30 are not linearizable`)
})

/** Each node changes what it has received; the change has to be later than that. Counts those that are not. */
const changes = (seed: number, stamper: (clock: Clock) => (heard: number) => number): number => {
  let wrong = 0
  const outcome = simulate(seed, simulation => {
    for (const [i, name] of names.entries())
      simulation.node(
        name,
        world => {
          const stampAfter = stamper(world.clock)
          const change = (heard: number): void => {
            const stamp = stampAfter(heard)
            if (stamp <= heard) wrong++
            if (simulation.timeMs < 500)
              box.send(`${names[(i + 1) % names.length]}:1`, new Uint8Array(new Float64Array([stamp]).buffer))
          }
          const box = world.network.mailbox(`${name}:1`, {
            received: message => change(new DataView(message.buffer, message.byteOffset).getFloat64(0, true)),
          })
          if (i === 0) change(0)
        },
        offsetOf(simulation),
      )
  })
  if (outcome.failure) throw outcome.failure.error
  return wrong
}

test('wall clocks that are wrong put effects before their causes, and hybrid clocks do not', () => {
  const byWall = (clock: Clock) => () => clock.wallMs()
  const byHybrid = (clock: Clock) => {
    const hybrid = new HybridClock({ clock })
    // As one number: exact to a quarter of a counter's step.
    return (heard: number) => {
      const { wallMs, counter } = hybrid.observe({ wallMs: Math.floor(heard), counter: (heard % 1) * 4096 })
      return wallMs + counter / 4096
    }
  }
  let wrong = 0
  for (let seed = 0; seed < 20; seed++) {
    wrong += changes(seed, byWall)
    assert.equal(changes(seed, byHybrid), 0, `seed ${seed}`)
  }
  assert.ok(wrong > 100, `${wrong} effects came before their causes`)
})

interface Version {
  readonly value: string
  readonly stamp: VectorStamp
  readonly wallMs: number
}

/** Two replicas of one value, each taking writes while they are parted; then each hears what the other has. Returns which acknowledged writes are missing from a read of both, in the end. */
const replicas = (seed: number, keep: (clock: VectorClock, versions: Version[]) => Version[]): readonly string[] => {
  const history: Operation<{ op: 'add'; value: string } | { op: 'read' }, string[] | boolean>[] = []
  const kept = new Map<string, Version[]>()
  const outcome = simulate(seed, simulation => {
    const both = ['a', 'b']
    simulation.network.partition([['a'], ['b']])
    simulation.after(200, () => simulation.network.heal())
    const boot = ({ name, clock: wall, network }: World): void => {
      const clock = new VectorClock(name)
      let versions: Version[] = []
      const take = (version: Version): void => {
        versions = keep(clock, [...versions, version])
        kept.set(name, versions)
      }
      const box = network.mailbox(`${name}:1`, {
        received: message => {
          const { value, stamp, wallMs } = JSON.parse(new TextDecoder().decode(message))
          take({ value, stamp: new Map(stamp), wallMs })
        },
      })
      const value = `from ${name}`
      const begin = simulation.timeMs
      take({ value, stamp: clock.now(), wallMs: wall.wallMs() })
      history.push({ process: name, input: { op: 'add', value }, output: true, begin, end: begin })
      wall.after(300, () => {
        for (const { value, stamp, wallMs } of versions)
          for (const other of both)
            if (other !== name)
              box.send(`${other}:1`, new TextEncoder().encode(JSON.stringify({ value, stamp: [...stamp], wallMs })))
      })
    }
    for (const name of both) simulation.node(name, boot, offsetOf(simulation))
    simulation.after(1000, () => {
      const found = kept.get('a')!.map(({ value }) => value)
      assert.deepEqual(new Set(kept.get('b')!.map(({ value }) => value)), new Set(found))
      history.push({ process: 'a', input: { op: 'read' }, output: found, begin: 1000, end: 1001 })
    })
  })
  if (outcome.failure) throw outcome.failure.error
  return checkFinalSet(history)
}

test('last-write-wins loses a write under a partition; with vector clocks both are kept, until somebody who has seen them replaces them', () => {
  const lastWins = (_: VectorClock, versions: Version[]) => [versions.reduce((a, b) => (b.wallMs > a.wallMs ? b : a))]
  const keepAll = (clock: VectorClock, versions: Version[]) => siblings(clock, versions, ({ stamp }) => stamp)
  for (let seed = 0; seed < 10; seed++) {
    const lost = replicas(seed, lastWins)
    assert.equal(lost.length, 1)
    assert.match(lost[0], /is lost/)
    assert.deepEqual(replicas(seed, keepAll), [])
  }
  const [a, b] = [new VectorClock('a'), new VectorClock('b')]
  const [x, y] = [a.now(), b.now()]
  b.observe(x)
  const merged = b.now()
  assert.deepEqual(
    siblings(b, [x, y, merged, y, merged], stamp => stamp),
    [merged],
  )
})
