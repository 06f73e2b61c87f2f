/** Workers of little memory. */
import { start, stats, task } from '../../src/index.ts'

start({ workers: 2, resourceLimits: { maxOldGenerationSizeMb: 32 } })
const eats = task(import.meta, 'eats', () => {
  const eaten: unknown[] = []
  for (;;) eaten.push({ n: eaten.length })
})
const add = task(import.meta, 'add', (a: number, b: number) => a + b)

const error = await eats
  .with({ retries: 1 })()
  .catch((error: Error) => error)
console.log(String(error))
console.log(await add(1, 2), stats().replaced)
