/**
 * `npm run fuzz -- coord <what> [--seeds n] [--seed n]`: n seeds from the first on; the first that fails is printed, and the process ends with status 1.
 * What: `store`, clients of a simulated store with locks, elections, semaphores and watches.
 */
import { parseArgs } from 'node:util'
import { judgeSeed } from './simulated.ts'

/** Runs one seed, and gives counts of what it has seen; throws what is wrong. */
type Judge = (seed: number) => Promise<object>

const campaigns: Record<string, Judge> = {
  store: seed => judgeSeed(seed),
}

export const main = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { seeds: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' } },
  })
  const [what = 'store'] = positionals
  const [seeds, first] = [Number(values.seeds), Number(values.seed)]
  if (!Object.hasOwn(campaigns, what) || !(seeds > 0) || !Number.isSafeInteger(first)) {
    console.error(`npm run fuzz -- coord <${Object.keys(campaigns).join('|')}> [--seeds n] [--seed n]`)
    return 2
  }
  const sums: Record<string, number> = {}
  const told = (): string =>
    Object.entries(sums)
      .map(([name, sum]) => `${name} ${sum.toLocaleString('en')}`)
      .join(', ')
  let saidAtMs = performance.now()
  for (let i = 0; i < seeds; i++) {
    try {
      for (const [name, count] of Object.entries(await campaigns[what](first + i)))
        if (typeof count === 'number') sums[name] = (sums[name] ?? 0) + count
    } catch (error) {
      console.log(`${what}, seed ${first + i}: ${(error as Error).stack}`)
      console.log(`after ${i} seeds; again with: npm run fuzz -- coord ${what} --seeds 1 --seed ${first + i}`)
      return 1
    }
    if (performance.now() - saidAtMs > 10_000) {
      console.log(`${i + 1} seeds: ${told()}`)
      saidAtMs = performance.now()
    }
  }
  console.log(`${what}: ${seeds} seeds from ${first} on are as they must be: ${told()}`)
  return 0
}
