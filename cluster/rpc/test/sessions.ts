// Sessions in the simulator: two nodes and a stream between them, cut and delayed by chance.
import assert from 'node:assert/strict'
import { type Simulation, simulateAsync, type World } from '@skein/world'
import { type Limits, limitsOf, type Session } from '../src/index.ts'
import { sessionOver } from '../src/transports/world.ts'

export interface Ends {
  readonly client: Session
  readonly server: Session
  readonly simulation: Simulation
  readonly world: World
  /** What either side found wrong with the other, and what functions of theirs threw that nobody heard of. */
  readonly faults: Error[]
  readonly errors: unknown[]
}

export interface EndsOptions {
  seed?: number
  limits?: Partial<Limits>
  offer?: object
  /** The client's. */
  offerBack?: object
  network?: Parameters<Simulation['network']['set']>[0]
}

/** Runs `use` with a session between two nodes; both have greeted. */
export const withSession = async (
  options: EndsOptions,
  use: (ends: Ends, remote: any) => Promise<void>,
): Promise<void> => {
  const { seed = 1, limits, offer = {}, offerBack = {}, network = { cutRate: 0.3, latencyMs: [1, 20] } } = options
  let isDone = false
  const outcome = await simulateAsync(seed, async simulation => {
    simulation.network.set(network)
    const faults: Error[] = []
    const errors: unknown[] = []
    const sessionOptions = {
      limits: limitsOf('test', limits),
      onFault: (e: Error) => faults.push(e),
      onError: (e: unknown) => errors.push(e),
    }
    const served = Promise.withResolvers<Session>()
    const connected = Promise.withResolvers<{ client: Session; world: World }>()
    simulation.node('server', world => {
      world.network.listen('server:1', {
        connected: connection => {
          const { session, handlers } = sessionOver(world.clock, connection, offer, sessionOptions)
          served.resolve(session)
          return handlers
        },
      })
    })
    simulation.after(5, () =>
      simulation.node('client', world => {
        const client = sessionOver.connect(world, 'server:1', offerBack, sessionOptions)
        connected.resolve({ client, world })
      }),
    )
    const [{ client, world }, server] = await Promise.all([connected.promise, served.promise])
    await server.ready
    await use({ client, server, simulation, world, faults, errors }, await client.ready)
    isDone = true
  })
  if (outcome.failure) throw outcome.failure.error
  assert.ok(isDone, `nothing is left to happen at ${outcome.timeMs} ms, and the test waits`)
}
