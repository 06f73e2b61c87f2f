import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { realWorld, rough, simulateAsync, type World } from '../src/index.ts'
import { cases } from './conformance.ts'

describe('real', () => {
  for (const [name, run] of Object.entries(cases))
    test(name, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'skein-world-'))
      try {
        const [a, b] = ['a', 'b'].map(node => realWorld(node, { folder: join(folder, node) }))
        await run({ a, b, hostA: '127.0.0.1', hostB: '127.0.0.1', isReal: true })
      } finally {
        rmSync(folder, { recursive: true })
      }
    })
})

for (const [network, conditions] of Object.entries({ quiet: {}, rough: { ...rough, lossRate: 0, duplicateRate: 0 } }))
  describe(`simulated, ${network}`, () => {
    for (const [name, run] of Object.entries(cases))
      for (const seed of [1, 2, 3])
        test(`${name}, seed ${seed}`, async () => {
          let hasEnded = false
          const outcome = await simulateAsync(seed, async simulation => {
            simulation.network.set(conditions)
            const worlds: World[] = []
            for (const node of ['a', 'b']) simulation.node(node, world => void worlds.push(world))
            const begun = Promise.withResolvers<void>()
            simulation.after(1, () => begun.resolve())
            await begun.promise
            const [a, b] = worlds.sort((x, y) => (x.name < y.name ? -1 : 1))
            await run({ a, b, hostA: 'a', hostB: 'b', isReal: false })
            hasEnded = true
          })
          if (outcome.failure) throw outcome.failure.error
          if (!hasEnded) throw new Error(`nothing is left to happen at ${outcome.timeMs} ms, and the case waits`)
        })
  })
