import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { realClock, simulateAsync, sleep, type World } from '@skein/world'
import { open } from '../src/index.ts'
import { cases } from './conformance.ts'
import { recipeCases } from './recipe-cases.ts'

describe('memory, in simulated time', () => {
  for (const [name, run] of Object.entries(cases))
    test(name, async () => {
      let hasEnded = false
      const outcome = await simulateAsync(1, async simulation => {
        const world = await new Promise<World>(resolve => void simulation.node('a', resolve))
        const store = await open('memory:', { clock: world.clock })
        await run({ store, ttlMs: 1000, sleep: ms => sleep(world.clock, ms) })
        hasEnded = true
        await store.close()
      })
      if (outcome.failure) throw outcome.failure.error
      if (!hasEnded) throw new Error(`nothing is left to happen at ${outcome.timeMs} ms, and the case waits`)
    })
})

describe('a file', () => {
  for (const [name, run] of Object.entries(cases))
    test(name, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'skein-coord-'))
      const store = await open(`file:${join(folder, 'store.db')}`)
      try {
        await run({ store, ttlMs: 1000, sleep: ms => sleep(realClock, ms) })
      } finally {
        await store.close()
        rmSync(folder, { recursive: true })
      }
    })
  for (const [name, run] of Object.entries(recipeCases))
    test(name, async t => {
      const folder = mkdtempSync(join(tmpdir(), 'skein-coord-'))
      t.after(() => rmSync(folder, { recursive: true }))
      await run(() => open(`file:${join(folder, 'store.db')}`))
    })
})
