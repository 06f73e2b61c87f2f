/**
 * `npm run fuzz -- coord <what> [--seeds n] [--seed n]`: n seeds from the first on; the first that fails is printed, and the process ends with status 1.
 * What: `store`, clients of a simulated store with locks, elections, semaphores and watches; `recipes`, the same with queues, counters and double barriers; `registry` and `roles`, services that register at a hub and are called; `file`, the same clients as processes that are killed and stopped, on SQLite;
 * `etcd`, on a cluster of three nodes that are killed, stopped and cut off as well;
 * `optimistic`, `two-phase`, `percolator`, `serializable`, transactions over many keys on simulated stores.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { HarmedEtcd } from './etcd.ts'
import { judgeTrial } from './nemesis.ts'
import { judgeRecipes } from './recipes.ts'
import { judgeRegistry } from './registry.ts'
import { judgeRoles } from './roles.ts'
import { judgeSeed } from './simulated.ts'
import { judgeTransactions, transactionKinds } from './transactions.ts'

/** Runs one seed, and gives counts of what it has seen; throws what is wrong. */
type Judge = (seed: number) => Promise<object>

const campaigns: Record<string, { readonly seeds: number; readonly judge: Judge }> = {
  store: { seeds: 10_000, judge: judgeSeed },
  recipes: { seeds: 10_000, judge: seed => judgeRecipes(seed) },
  registry: { seeds: 10_000, judge: judgeRegistry },
  roles: { seeds: 10_000, judge: async seed => ({ ...(await judgeRoles(seed)) }) },
  ...Object.fromEntries(
    Object.keys(transactionKinds).map(name => [
      name,
      { seeds: 10_000, judge: (seed: number) => judgeTransactions(name, seed) },
    ]),
  ),
  file: { seeds: 20, judge: seed => judgeFile(seed, 20_000) },
  etcd: { seeds: 20, judge: seed => judgeEtcd(seed, 30_000) },
}

/** Processes on a file, for so long. */
export const judgeFile = async (seed: number, forMs: number): Promise<object> => {
  const folder = mkdtempSync(join(tmpdir(), 'skein-coord-'))
  try {
    return await judgeTrial({ url: `file:${join(folder, 'store.db')}`, seed, forMs })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Processes on a cluster, for so long. */
export const judgeEtcd = async (seed: number, forMs: number, tell?: (text: string) => void): Promise<object> => {
  await using etcd = await HarmedEtcd.start()
  return await judgeTrial({ url: etcd.url, seed, forMs, faults: etcd.faults, tell })
}

export const main = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { seeds: { type: 'string' }, seed: { type: 'string', default: '1' } },
  })
  const [what = 'store'] = positionals
  const campaign = Object.hasOwn(campaigns, what) ? campaigns[what] : undefined
  const [seeds, first] = [Number(values.seeds ?? campaign?.seeds), Number(values.seed)]
  if (!campaign || !(seeds > 0) || !Number.isSafeInteger(first)) {
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
      for (const [name, count] of Object.entries(await campaign.judge(first + i)))
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
