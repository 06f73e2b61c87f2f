import { describe, test } from 'node:test'
import { simulateAsync, sleep, type World } from '@skein/world'
import { open } from '../src/index.ts'
import { cases } from './conformance.ts'

describe('memory, in simulated time', () => {
  for (const [name, run] of Object.entries(cases))
    test(name, async () => {
      let hasEnded = false
      const outcome = await simulateAsync(1, async simulation => {
        const world = await new Promise<World>(resolve => void simulation.node('a', resolve))
        const store = await open('memory:', { clock: world.clock })
        await run({ store, sleep: ms => sleep(world.clock, ms) })
        hasEnded = true
        await store.close()
      })
      if (outcome.failure) throw outcome.failure.error
      if (!hasEnded) throw new Error(`nothing is left to happen at ${outcome.timeMs} ms, and the case waits`)
    })
})
