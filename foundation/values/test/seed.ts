/** One seed for a run's random tests: `SEED=…` repeats a run. Each test prints it. */

import type { TestContext } from 'node:test'

export const seedOf = (t: TestContext): { seed: number } => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
  t.diagnostic(`seed ${seed}: repeat with SEED=${seed}`)
  return { seed }
}
