// A server that can be restarted, and a client that is up to it, in the simulator.
import assert from 'node:assert/strict'
import { type SimulatedNode, type Simulation, simulateAsync, type World } from '@skein/world'
import { listenOver, type UpOptions, upOver } from '../src/index.ts'

export interface Ends {
  simulation: Simulation
  server: SimulatedNode
  world: World
  it: ReturnType<typeof upOver>
}

/** Runs `use` with both; then nothing may be left to do. */
export const withUp = async (
  seed: number,
  offer: object | ((remote: any, session: any) => object),
  upOptions: UpOptions<any>,
  use: (ends: Ends, remote: any) => Promise<void>,
  network: Parameters<Simulation['network']['set']>[0] = { cutRate: 0.3, latencyMs: [1, 20] },
): Promise<void> => {
  let isDone = false
  const outcome = await simulateAsync(
    seed,
    async simulation => {
      simulation.network.set(network)
      const server = simulation.node('server', world => void listenOver(world, 'server:1', offer))
      const booted = Promise.withResolvers<World>()
      simulation.node('client', world => booted.resolve(world))
      const world = await booted.promise
      const it = upOver(world, 'server:1', upOptions)
      await use({ simulation, server, world, it }, it.remote)
      it.close()
      isDone = true
    },
    { forMs: 600_000 },
  )
  if (outcome.failure) throw outcome.failure.error
  assert.ok(isDone, `nothing is left to happen at ${outcome.timeMs} ms, and the test waits`)
}
