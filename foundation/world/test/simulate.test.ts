import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  DivergenceError,
  EndlessError,
  explore,
  exploreAsync,
  NotSimulatedError,
  type Outcome,
  type Program,
  printed,
  SeedError,
  type Simulation,
  simulate,
  simulateAsync,
  sleep,
} from '../src/index.ts'
import { bytes, text } from './text.ts'

const well = (outcome: Outcome): Outcome => {
  if (outcome.failure) throw outcome.failure.error
  return outcome
}

/** A client asks a server to count, again and again until it is answered; unless the server knows what it has counted, it counts some twice. */
const counting =
  (knows: boolean): Program =>
  simulation => {
    let counted = 0
    let asked = 0
    simulation.rough()
    simulation.node('server', world => {
      const seen = new Set<string>()
      const box = world.network.mailbox('server:1', {
        received: (message, from) => {
          if (!knows || !seen.has(text(message))) counted++
          seen.add(text(message))
          box.send(from, message)
        },
      })
    })
    simulation.node('client', world => {
      const waiting = new Map<string, () => void>()
      const box = world.network.mailbox('client:1', { received: message => waiting.get(text(message))?.() })
      simulation.steps('increments', 20, [10, 100], i => {
        asked++
        const message = `increment ${i}`
        const send = (): void => {
          box.send('server:1', bytes(message))
          const timer = world.clock.after(300, send)
          waiting.set(message, () => timer.cancel())
        }
        send()
      })
    })
    simulation.atEnd(() => assert.equal(counted, asked))
  }

describe('one run', () => {
  test('the same seed gives the same run, another seed another', () => {
    const [first, second, other] = [7, 7, 8].map(seed => well(simulate(seed, counting(true), { story: true })))
    assert.deepEqual(first, second)
    assert.notEqual(first.digest, other.digest)
    assert.ok(first.events > 40)
  })

  test('telling the story, or listing disturbances, changes nothing', () => {
    const plain = simulate(3, counting(true))
    for (const options of [{ story: true }, { record: true }])
      assert.equal(simulate(3, counting(true), options).digest, plain.digest)
    assert.equal(plain.story.length, 0)
    assert.equal(plain.disturbances.length, 0)
  })

  test('it ends when nothing is left but what goes on in the background', () => {
    const outcome = simulate(1, simulation => {
      simulation.disturb()
      simulation.node('a', ({ clock }) => {
        const again = (): void => void clock.after(10, again, { background: true })
        again()
        clock.after(100, () => {})
      })
    })
    assert.equal(outcome.failure, undefined)
    assert.equal(outcome.timeMs, 100)
  })

  test('it ends when the time is over', () => {
    const outcome = simulate(
      1,
      simulation => {
        simulation.node('a', ({ clock }) => {
          const again = (): void => void clock.after(10, again)
          again()
        })
      },
      { forMs: 1000 },
    )
    assert.equal(outcome.failure, undefined)
    assert.ok(outcome.timeMs <= 1000 && outcome.timeMs > 980)
  })

  test('one that keeps itself busy is ended', () => {
    const outcome = simulate(
      1,
      simulation => {
        simulation.node('a', ({ clock }) => {
          const again = (): void => void clock.after(0, again)
          again()
        })
      },
      { maxEvents: 1000 },
    )
    assert.ok(outcome.failure!.error instanceof EndlessError)
    assert.equal(outcome.failure!.node, undefined)
  })

  test('what a node throws is the failure, with the node and the time', () => {
    const outcome = simulate(1, simulation => {
      simulation.node('a', () => {})
      simulation.node('b', ({ clock }) => {
        clock.after(25, () => {
          throw new RangeError('oh')
        })
      })
    })
    const { error, atMs, node } = outcome.failure!
    assert.ok(error instanceof RangeError)
    assert.deepEqual([atMs, node], [25, 'b'])
  })

  test('an invariant that breaks, or an end that is wrong, is the failure', () => {
    let n = 0
    const program: Program = simulation => {
      n = 0
      for (let i = 0; i < 10; i++) simulation.after(i, () => n++)
      simulation.always(() => assert.ok(n < 5, 'too many'))
    }
    assert.equal(simulate(1, program).failure!.atMs, 4)
    const late = simulate(1, simulation => simulation.atEnd(() => assert.fail('wrong at the end')))
    assert.match(String(late.failure!.error), /wrong at the end/)
  })

  test('wrong arguments are refused', () => {
    const program: Program = () => {}
    for (const call of [
      () => simulate(0.5, program),
      () => simulate(Number.NaN, program),
      () => simulate(1, 'x' as never),
      () => simulate(1, program, { forMs: -1 }),
      () => simulate(1, program, { maxEvents: Number.NaN }),
    ])
      assert.throws(call, { name: 'ArgumentError' })
    const twice = simulate(1, simulation => {
      simulation.node('a', () => {})
      simulation.node('a', () => {})
    })
    assert.match(String(twice.failure!.error), /a node a already/)
  })
})

describe('programs that await', () => {
  const program = async (simulation: Parameters<Program>[0]): Promise<void> => {
    const order: string[] = []
    simulation.node('a', async ({ clock, chance }) => {
      for (let i = 0; i < 5; i++) {
        await sleep(clock, 1 + chance.uniform())
        await Promise.all([null, sleep(clock, 0)])
        order.push(`a${i}`)
      }
    })
    await new Promise<void>(resolve => simulation.after(3, resolve))
    order.push('after 3 ms')
    simulation.atEnd(() => {
      assert.equal(order.length, 6)
      assert.notEqual(order[5], 'after 3 ms')
      simulation.note(order.join())
    })
  }

  test('they repeat as well', async () => {
    const [first, second] = [
      await simulateAsync(5, program, { story: true }),
      await simulateAsync(5, program, { story: true }),
    ]
    assert.deepEqual(well(first), second)
  })

  test('a promise that is rejected and that nobody looks at is the failure', async () => {
    const outcome = await simulateAsync(1, simulation => {
      simulation.node('a', async ({ clock }) => {
        await sleep(clock, 10)
        throw new Error('unseen')
      })
    })
    assert.match(String(outcome.failure?.error), /unseen/)
  })
})

describe('the engine’s own clock and chance', () => {
  const calls: Record<string, () => unknown> = {
    'Date.now()': () => Date.now(),
    'performance.now()': () => performance.now(),
    'Math.random()': () => Math.random(),
    'setTimeout()': () => setTimeout(() => {}, 1),
    'setInterval()': () => setInterval(() => {}, 1),
    'setImmediate()': () => setImmediate(() => {}),
    'crypto.getRandomValues()': () => crypto.getRandomValues(new Uint8Array(4)),
    'crypto.randomUUID()': () => crypto.randomUUID(),
  }
  for (const [call, ask] of Object.entries(calls))
    test(`${call} is refused`, () => {
      const outcome = simulate(1, simulation => void simulation.node('a', () => void ask()))
      const { error } = outcome.failure!
      assert.ok(error instanceof NotSimulatedError, String(error))
      assert.equal(error.call, call)
    })

  test('they are what they were afterwards, and beside it', async () => {
    const { now } = Date
    const { random } = Math
    simulate(1, () => {})
    assert.equal(Date.now, now)
    assert.equal(Math.random, random)
    const running = simulateAsync(1, simulation => void simulation.node('a', ({ clock }) => sleep(clock, 10)))
    assert.ok(Date.now() > 1.7e12)
    await running
    assert.equal(Date.now, now)
  })

  test('simulated, they are the node’s and repeat', () => {
    const program: Program = simulation => {
      simulation.node(
        'a',
        world => {
          assert.equal(Date.now(), Math.floor(world.clock.wallMs()))
          const begun = performance.now()
          let times = 0
          const interval = setInterval(() => {
            world.note(`${Date.now()} ${Math.random()} ${crypto.randomUUID()} ${performance.now() - begun}`)
            if (++times === 3) clearInterval(interval)
          }, 10)
          setTimeout(() => assert.fail('cancelled'), 5).unref()
          clearTimeout(setTimeout(() => assert.fail('cancelled'), 5))
        },
        { clockOffsetMs: 1234 },
      )
    }
    const outcome = simulate(1, program, { globals: 'simulate', story: true })
    assert.match(String(outcome.failure!.error), /cancelled/) // the one that was only let go of
    const again = simulate(1, program, { globals: 'simulate', story: true })
    assert.equal(printed(outcome.story), printed(again.story))
  })
})

describe('many seeds', () => {
  test('all are run, and what they did is counted', () => {
    const told: number[] = []
    const explored = explore(counting(true), { seeds: 50, from: 100, onProgress: ({ runs }) => told.push(runs) })
    assert.equal(explored.runs, 50)
    assert.ok(explored.events > 50 * 40 && explored.simulatedMs > 50 * 500)
    assert.equal(told.length, 50)
  })

  test('one that fails is shrunk to what it needs, and told', () => {
    let found: SeedError | undefined
    try {
      explore(counting(false), { seeds: 50 })
    } catch (error) {
      assert.ok(error instanceof SeedError)
      found = error
    }
    // One increment that is asked for, and one thing that befalls it: its answer is lost or late, or it comes twice.
    const again = simulate(found!.seed, counting(false), { calmed: found!.calmed, record: true })
    assert.equal(again.disturbances.length, 2, found!.message)
    assert.deepEqual(again.disturbances.filter(({ stream }) => stream === 'increments').length, 1)
    assert.ok(found!.story.split('\n').length <= 12, found!.story)
    assert.match(found!.story, /increment \d+ {2}\((lost by chance|sent twice)\)/)
    assert.match(found!.message, /with the 2 disturbances/)
    assert.ok(found!.cause instanceof assert.AssertionError)
  })

  test('of a program that awaits, and whose every message says when it was sent, a story of a loss is as short', async () => {
    // Whatever is calmed, all later messages are others: only all delays together can be left out.
    const program = (simulation: Simulation): void => {
      simulation.network.set({ latencyMs: [1, 20], lossRate: 0.02 })
      simulation.node('server', ({ network }) => {
        const box = network.mailbox('server:1', { received: (message, from) => box.send(from, message) })
      })
      simulation.node('client', async ({ network, clock }) => {
        let answered = Promise.withResolvers<void>()
        const box = network.mailbox('client:1', { received: () => answered.resolve() })
        for (let i = 0; i < 100; i++) {
          answered = Promise.withResolvers<void>()
          box.send('server:1', bytes(`at ${clock.monotonicMs()}`))
          await Promise.race([answered.promise, sleep(clock, 1000)])
          if (clock.monotonicMs() > 1000) break
        }
        assert.ok(clock.monotonicMs() < 1000 + 45, 'nothing is lost')
      })
    }
    await assert.rejects(exploreAsync(program, { seeds: 50 }), (error: SeedError) => {
      assert.ok(error instanceof SeedError, String(error))
      assert.match(error.message, /with the [12] disturbances/)
      assert.ok(error.calmed.some(({ n }) => n === '*'))
      return true
    })
    assert.equal((await exploreAsync(() => {}, { seeds: 3 })).runs, 3)
  })

  test('a program that asks the world outside is found out', () => {
    let outside = 0
    const program: Program = simulation => {
      for (let i = 0; i <= outside % 3; i++) simulation.after(1, () => {})
      outside++
    }
    assert.throws(() => explore(program, { seeds: 3 }), DivergenceError)
  })

  test('a signal ends it', () => {
    const reason = new Error('enough')
    assert.throws(() => explore(counting(true), { signal: AbortSignal.abort(reason) }), reason)
  })
})
