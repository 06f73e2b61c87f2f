// What happens to nodes, and what their programs see of it.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Program,
  type SimulateOptions,
  type Simulation,
  simulate,
  type World,
  type WorldError,
} from '../src/index.ts'
import { bytes, text } from './text.ts'

const run = (program: Program, options?: SimulateOptions): void => {
  const { failure } = simulate(1, program, options)
  if (failure) throw failure.error
}

const quietly = { data: () => {}, closed: () => {} }

describe('processes', () => {
  test('one that is killed does nothing any more, and starts anew with its version', () => {
    run(simulation => {
      const did: string[] = []
      const node = simulation.node(
        'a',
        ({ clock }, version) => {
          did.push(`starts ${version}`)
          const again = (): void => {
            did.push(`${version} at ${clock.monotonicMs()}`)
            clock.after(10, again)
          }
          clock.after(10, again)
        },
        { version: 'old' },
      )
      simulation.after(15, () => node.crash())
      simulation.after(20, () => assert.equal(node.isUp, false))
      simulation.after(32, () => node.start({ version: 'new' }))
      simulation.after(45, () => node.crash())
      simulation.atEnd(() => assert.deepEqual(did, ['starts old', 'old at 10', 'starts new', 'new at 42']))
    })
  })

  test('one that is paused finds all that was due when it goes on, in order', () => {
    run(simulation => {
      const did: string[] = []
      const node = simulation.node('a', ({ clock, network }) => {
        for (const at of [10, 20, 30]) clock.after(at, () => did.push(`${at} at ${simulation.timeMs}`))
        network.mailbox('a:1', { received: message => did.push(text(message)) })
      })
      simulation.node('b', ({ clock, network }) => {
        const box = network.mailbox('b:1', { received: () => {} })
        clock.after(22, () => box.send('a:1', bytes('hello')))
      })
      simulation.after(15, () => node.pause())
      simulation.after(50, () => node.resume())
      simulation.atEnd(() => assert.deepEqual(did, ['10 at 10', '20 at 50', 'hello', '30 at 50']))
    })
  })

  test('a dead process reaches neither network nor disk, whatever it still holds', () => {
    run(simulation => {
      let kept: World | undefined
      let heard = 0
      const node = simulation.node('a', world => void (kept ??= world))
      simulation.node('b', ({ network }) => void network.mailbox('b:1', { received: () => heard++ }))
      simulation.after(1, () => {
        const box = kept!.network.mailbox('a:1', { received: () => {} })
        const file = kept!.storage.open('log')
        node.restart()
        box.send('b:1', bytes('from the dead'))
        kept!.clock.after(1, () => heard++)
        for (const call of [() => file.write(0, bytes('x')), () => kept!.storage.open('other')])
          assert.throws(call, (error: WorldError) => error.kind === 'closed')
      })
      simulation.atEnd(() => assert.equal(heard, 0))
    })
  })
})

describe('clocks', () => {
  test('they drift, and jump, and measure the time that they drift by', () => {
    run(simulation => {
      let world: World | undefined
      const node = simulation.node('a', given => void (world = given), { driftPpm: 1000, clockOffsetMs: 500 })
      simulation.after(10_000, () => {
        const { clock } = world!
        assert.equal(Math.round(clock.monotonicMs()), 10_010)
        const before = clock.wallMs()
        node.jumpClock(-3000)
        assert.equal(Math.round(clock.wallMs() - before), -3000)
        assert.equal(Math.round(clock.monotonicMs()), 10_010)
        node.driftClock(0)
        const at = simulation.timeMs
        clock.after(100, () => assert.equal(simulation.timeMs - at, 100))
      })
      simulation.after(20_000, () => assert.equal(Math.round(world!.clock.monotonicMs()), 20_010))
    })
  })
})

describe('disks', () => {
  /** Writes `count` records of 1000 bytes, syncs after some of them, and loses power; returns how many of them are whole afterwards. */
  const afterPowerLoss = (
    seed: number,
    sync: (i: number) => boolean,
  ): { whole: boolean[]; synced: number; torn: boolean } => {
    const whole: boolean[] = []
    let [synced, torn] = [0, false]
    const outcome = simulate(seed, simulation => {
      const node = simulation.node('a', ({ storage }) => {
        const file = storage.open('log')
        if (file.sizeBytes > 0 || simulation.timeMs > 1) {
          for (let i = 0; i < 10; i++) {
            const record = file.read(i * 1000, 1000)
            const right = record.filter(byte => byte === i + 1).length
            whole.push(right === 1000)
            if (right > 0 && right < 1000) torn = true
          }
          return
        }
        storage.sync(() => {})
        for (let i = 0; i < 10; i++) {
          file.write(i * 1000, new Uint8Array(1000).fill(i + 1))
          if (sync(i)) file.sync(() => (synced = i + 1))
        }
      })
      simulation.after(10, () => node.crash({ power: true }))
      simulation.after(20, () => node.start())
    })
    assert.equal(outcome.failure, undefined, String(outcome.failure?.error))
    return { whole, synced, torn }
  }

  test('what was synced is there after a loss of power; of the rest anything may be', () => {
    let [lost, torn, holes] = [0, 0, 0]
    for (let seed = 0; seed < 100; seed++) {
      const { whole, synced, torn: isTorn } = afterPowerLoss(seed, i => i === 4)
      assert.equal(synced, 5)
      assert.ok(whole.slice(0, 5).every(Boolean))
      if (!whole.slice(5).every(Boolean)) lost++
      if (isTorn) torn++
      if (whole.slice(5).join().includes('false,true')) holes++
    }
    assert.ok(lost > 80 && torn > 20 && holes > 40, `${lost} ${torn} ${holes}`)
  })

  test('all is there if only the process ends', () => {
    run(simulation => {
      const node = simulation.node('a', ({ storage }) => {
        const file = storage.open('log')
        if (simulation.timeMs > 1) assert.equal(text(file.read(0, 9)), 'kept')
        else file.write(0, bytes('kept'))
      })
      simulation.after(10, () => node.restart())
    })
  })

  test('names that were not synced may be lost, later ones before earlier ones', () => {
    const seen = new Set<string>()
    for (let seed = 0; seed < 100; seed++) {
      simulate(seed, simulation => {
        const node = simulation.node('a', ({ storage }) => {
          if (simulation.timeMs > 1) return void seen.add(storage.list().join())
          storage.open('a')
          storage.sync(() => {})
          simulation.after(1, () => {
            storage.open('b')
            storage.rename('a', 'c')
          })
        })
        simulation.after(10, () => node.crash({ power: true }))
        simulation.after(20, () => node.start())
      })
    }
    assert.ok(seen.has('a') && seen.has('a,b') && seen.has('b,c'), [...seen].join(' | '))
    assert.ok(!seen.has('c') && !seen.has(''), [...seen].join(' | '))
  })

  test('a full one says so, and has what it had', () => {
    run(simulation => {
      simulation.node(
        'a',
        ({ storage }) => {
          const file = storage.open('log')
          file.write(0, new Uint8Array(900))
          assert.throws(
            () => file.write(900, new Uint8Array(200)),
            (error: WorldError) => error.kind === 'disk full' && /200 bytes to log/.test(error.message),
          )
          assert.equal(file.sizeBytes, 900)
          file.write(0, new Uint8Array(1000))
        },
        { disk: { capacityBytes: 1000 } },
      )
    })
  })

  test('a sync that fails loses what it was to keep, and the next one says all is well', () => {
    run(simulation => {
      const told: (string | undefined)[] = []
      const node = simulation.node(
        'a',
        ({ storage, clock }) => {
          const file = storage.open('log')
          if (simulation.timeMs > 50) return void assert.equal(file.sizeBytes, 0)
          storage.sync(() => {})
          file.write(0, bytes('gone'))
          file.sync(error => told.push(error?.kind))
          clock.after(10, () => {
            node.disk.options = {}
            storage.sync(() => {})
            file.sync(error => told.push(error?.kind))
            assert.equal(text(file.read(0, 4)), 'gone')
          })
        },
        { disk: { failedSyncRate: 1 } },
      )
      simulation.after(50, () => node.crash({ power: true }))
      simulation.after(60, () => node.start())
      simulation.atEnd(() => assert.deepEqual(told, ['disk failed', undefined]))
    })
  })
})

/** Two nodes; b answers each message, and says what a stream brings; a sends as told. */
const pair = (simulation: Simulation, received: string[]) => {
  let send: (message: string) => void = () => {}
  let box: ReturnType<World['network']['mailbox']>
  const b = simulation.node('b', ({ network }) => {
    network.mailbox('b:1', { received: message => received.push(text(message)) })
    network.listen('b:2', { connected: () => ({ ...quietly, data: piece => received.push(text(piece)) }) })
  })
  const worlds: World[] = []
  const a = simulation.node('a', world => {
    worlds.push(world)
    box = world.network.mailbox('a:1', { received: () => {} })
    send = message => box.send('b:1', bytes(message))
  })
  return { a, b, send: (message: string) => send(message), world: () => worlds.at(-1)! }
}

describe('the network', () => {
  const sendMany = (simulation: Simulation, count: number): { received: string[]; atMs: number[] } => {
    const received: string[] = []
    const atMs: number[] = []
    const { send } = pair(simulation, received)
    const push = received.push.bind(received)
    received.push = (...more) => {
      atMs.push(simulation.timeMs)
      return push(...more)
    }
    simulation.after(10, () => {
      for (let i = 0; i < count; i++) send(`message ${i}`)
    })
    return { received, atMs }
  }

  test('reliable it is not: messages are lost', () => {
    run(simulation => {
      simulation.network.set({ lossRate: 0.3 })
      const { received } = sendMany(simulation, 1000)
      simulation.atEnd(() => assert.ok(Math.abs(received.length - 700) < 60, `${received.length}`))
    })
  })

  test('messages come twice', () => {
    run(simulation => {
      simulation.network.set({ duplicateRate: 0.3 })
      const { received } = sendMany(simulation, 1000)
      simulation.atEnd(() => {
        assert.equal(new Set(received).size, 1000)
        assert.ok(Math.abs(received.length - 1300) < 60, `${received.length}`)
      })
    })
  })

  test('latency is not zero: messages take time and overtake each other', () => {
    run(simulation => {
      simulation.network.set({ latencyMs: [5, 50] })
      const { received, atMs } = sendMany(simulation, 100)
      simulation.atEnd(() => {
        assert.ok(atMs.every(at => at >= 15 && at <= 60))
        assert.notDeepEqual(
          received,
          [...received].sort((x, y) => Number(x.slice(8)) - Number(y.slice(8))),
        )
      })
    })
  })

  test('bandwidth is not infinite: messages wait for each other', () => {
    run(simulation => {
      simulation.network.set({ bytesPerMs: 10, latencyMs: [1, 1] })
      const { atMs } = sendMany(simulation, 100)
      // 10 of 9 bytes, 90 of 10.
      simulation.atEnd(() => assert.ok(Math.abs(atMs.at(-1)! - (10 + 1 + 99)) < 1e-6, `${atMs.at(-1)}`))
    })
  })

  test('secure it is not: bits change', () => {
    run(simulation => {
      simulation.network.set({ tamperRate: 0.5 })
      const { received } = sendMany(simulation, 100)
      simulation.atEnd(() => {
        assert.equal(received.length, 100)
        const changed = received.filter(message => !/^message \d+$/.test(message) || Number(message.slice(8)) > 99)
        assert.ok(changed.length > 25, `${changed.length}`)
      })
    })
  })

  test('topology changes: nodes come, go and move', () => {
    run(simulation => {
      const received: string[] = []
      const { send, b } = pair(simulation, received)
      simulation.after(10, () => simulation.move(b, 'c'))
      simulation.after(20, () => send('to where it was'))
      simulation.after(30, () => {
        simulation.node(
          'd',
          ({ network }) => void network.mailbox('d:1', { received: message => received.push(text(message)) }),
        )
      })
      simulation.atEnd(() => assert.deepEqual(received, []))
    })
  })

  test('there is more than one administrator: nodes run different versions', () => {
    run(simulation => {
      const spoken: string[] = []
      const speak = (_: World, version: string): void => void spoken.push(version)
      const a = simulation.node('a', speak, { version: '1' })
      simulation.node('b', speak, { version: '2' })
      simulation.after(10, () => a.restart({ version: '2' }))
      simulation.atEnd(() => assert.deepEqual(spoken.sort(), ['1', '2', '2']))
    })
  })

  test('transport costs: those who send and receive are busy with it', () => {
    run(simulation => {
      simulation.network.set({ costMs: 2 })
      const { atMs } = sendMany(simulation, 10)
      simulation.atEnd(() => assert.ok(atMs.at(-1)! >= 10 + 9 * 2, `${atMs}`))
    })
  })

  test('homogeneous it is not: streams come in pieces of any size', () => {
    run(simulation => {
      simulation.network.set({ mtuBytes: 7, cutRate: 0.5 })
      const received: string[] = []
      const { world } = pair(simulation, received)
      simulation.after(10, () => {
        const connection = world().network.connect('b:2', quietly)
        for (let i = 0; i < 20; i++) connection.send(bytes('abcdefghijklmnopqrstuvwxyz'))
      })
      simulation.atEnd(() => {
        assert.equal(received.join(''), 'abcdefghijklmnopqrstuvwxyz'.repeat(20))
        assert.ok(received.every(piece => piece.length <= 7))
        assert.ok(new Set(received.map(piece => piece.length)).size > 4)
      })
    })
  })

  test('a partition stops messages, holds streams up, and breaks them in the end', () => {
    run(
      simulation => {
        const received: string[] = []
        const { send, world } = pair(simulation, received)
        const closed: (string | undefined)[] = []
        let connection: ReturnType<World['network']['connect']>
        const connect = () =>
          world().network.connect('b:2', { data: () => {}, closed: error => closed.push((error as WorldError)?.kind) })
        simulation.after(10, () => (connection = connect()))
        simulation.after(20, () => {
          simulation.network.partition([['a'], ['b']])
          send('lost')
          connection.send(bytes('late'))
        })
        simulation.after(1000, () => assert.deepEqual(received, []))
        simulation.after(2000, () => simulation.network.heal())
        simulation.after(3000, () => {
          assert.deepEqual(received, ['late'])
          simulation.network.partition([['a'], ['b']])
          connection.send(bytes('never'))
          connect()
        })
        simulation.after(90_000, () => assert.deepEqual(closed, ['unreachable', 'unreachable']))
      },
      { forMs: 100_000 },
    )
  })

  test('a cut goes one way', () => {
    run(simulation => {
      const received: string[] = []
      const { send } = pair(simulation, received)
      simulation.after(1, () => simulation.network.cut('b', 'a'))
      simulation.after(2, () => send('through'))
      simulation.after(3, () => simulation.network.cut('a', 'b'))
      simulation.after(4, () => send('not through'))
      simulation.atEnd(() => assert.deepEqual(received, ['through']))
    })
  })

  test('a process that ends resets its streams; a host that goes down leaves them half open', () => {
    run(simulation => {
      const { b, world } = pair(simulation, [])
      const closed: unknown[] = []
      let connection: ReturnType<World['network']['connect']>
      const connect = () => {
        connection = world().network.connect('b:2', {
          data: () => {},
          closed: error => closed.push((error as WorldError)?.kind),
        })
      }
      simulation.after(10, connect)
      simulation.after(20, () => b.restart())
      simulation.after(30, () => assert.deepEqual(closed.splice(0), ['reset']))
      simulation.after(40, connect)
      simulation.after(50, () => b.crash({ power: true }))
      simulation.after(10_000, () => {
        assert.deepEqual(closed, [])
        b.start()
      })
      // The host is back, and knows nothing of the stream.
      simulation.after(11_000, () => connection.send(bytes('are you there?')))
      simulation.after(12_000, () => assert.deepEqual(closed, ['reset']))
    })
  })

  test('conditions of one way of one link are its own', () => {
    run(simulation => {
      const received: string[] = []
      const { send } = pair(simulation, received)
      simulation.network.set({ lossRate: 1 }, 'a', 'b')
      simulation.after(10, () => send('lost'))
      simulation.after(20, () => simulation.calm())
      simulation.after(30, () => send('through'))
      simulation.atEnd(() => assert.deepEqual(received, ['through']))
    })
  })
})

test('faults at random happen, end, repeat, and end all together when it is calmed', () => {
  const program: Program = simulation => {
    for (const name of ['a', 'b', 'c'])
      simulation.node(name, ({ clock, network }) => {
        network.mailbox(`${name}:1`, { received: () => {} })
        const again = (): void => void clock.after(100, again)
        again()
      })
    const faults = simulation.disturb()
    simulation.after(50_000, () => {
      faults.cancel()
      simulation.calm()
    })
    simulation.atEnd(() => {
      for (const node of simulation.nodes.values()) assert.ok(node.isUp && !node.incarnation!.paused)
    })
  }
  const outcome = simulate(2, program, { story: true, forMs: 60_000 })
  assert.equal(outcome.failure, undefined, String(outcome.failure?.error))
  const story = outcome.story.map(({ text }) => text).join('\n')
  for (const kind of [/partition/, /cut/, /is killed/, /loses power/, /pauses/, /goes on/, /jumps by/, /drifts by/])
    assert.match(story, kind)
  assert.deepEqual(simulate(2, program, { story: true }).story, outcome.story)
})
