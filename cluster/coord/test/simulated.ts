import assert from 'node:assert/strict'
import { type Simulation, simulateAsync, sleep, type World } from '@skein/world'
import { type Coordinator, open } from '../src/index.ts'

export interface Place {
  readonly store: Coordinator
  readonly simulation: Simulation
  sleep(ms: number): Promise<void>
}

/** A store in memory, and time that passes at once. */
export const simulated = async (seed: number, use: (place: Place) => Promise<void>): Promise<void> => {
  let hasEnded = false
  const outcome = await simulateAsync(
    seed,
    async simulation => {
      const world = await new Promise<World>(resolve => void simulation.node('a', resolve))
      const store = await open('memory:', { clock: world.clock, chance: world.chance })
      await use({ store, simulation, sleep: ms => sleep(world.clock, ms) })
      await store.close()
      hasEnded = true
    },
    { forMs: 1e6 },
  )
  if (outcome.failure) throw outcome.failure.error
  assert.ok(hasEnded, `nothing is left to happen at ${outcome.timeMs} ms`)
}
