/** Every case of the suite, described once; client.ts does what is about stores, checks.ts the rest. */
import type { BenchCase, Target } from '../harness/suite.ts'

const base = { dtype: 'none', tolerance: 0 }
export const file = 'skein:file'
export const sqlite = 'node:sqlite'
export const etcd = 'skein:etcd'
export const etcdByHand = 'etcd by hand'

export const crowd = 8

const operations = { name: 'operations', of: (n: number) => n }
const pairs = { name: 'pairs', of: (n: number) => n }

const ofStores: Target[] = [
  { skein: file, than: sqlite, atLeast: 0.8 },
  { skein: etcd, than: etcdByHand, atLeast: 0.9 },
]

const alone = (name: string, n: number, about: string, more: Partial<BenchCase> = {}): BenchCase => ({
  ...base,
  name,
  about,
  n,
  quick: 64,
  threads: 1,
  items: operations,
  targets: ofStores,
  ...more,
})

/** The same by several processes at the same time, each with keys of its own. */
const crowded = (benchCase: BenchCase): BenchCase => ({
  ...benchCase,
  name: `${benchCase.name}-${crowd}p`,
  about: `${benchCase.about}; ${crowd} processes, each with keys of its own`,
  threads: crowd,
})

const put = alone('put', 1000, 'n puts of 52 bytes, each awaited before the next')
const set = alone('compare-and-set', 1000, 'n numbers set if they are what they were, each awaited before the next')
const lock = alone('lock', 500, 'n times a lock that nobody else wants is taken and let go', { items: pairs })

export const isOfStores = ({ name }: BenchCase): boolean => !isOfChecks(name)
export const isOfChecks = (name: string): boolean => name.startsWith('verdict') || name === 'simulation'

export const cases: BenchCase[] = [
  put,
  set,
  lock,
  alone('put-64', 5000, 'n puts, 64 at a time'),
  crowded(put),
  crowded(set),
  crowded(lock),
  {
    ...base,
    name: 'hand-over',
    about: `from one of ${crowd} processes that lets go of a lock, held for 2 ms, to the next that has it: the median of n`,
    n: 200,
    quick: 32,
    threads: crowd,
    targets: [{ skein: etcd, than: etcdByHand, atLeast: 0.9 }],
  },
  {
    ...base,
    name: 'verdicts',
    about: 'all histories with published verdicts are read and judged',
    n: 1,
    quick: 1,
    targets: [{ skein: 'skein', atMostSeconds: 5 }],
  },
  {
    ...base,
    name: 'verdict-1000',
    about: 'a history of n reads and writes of a register, seven at a time, is judged',
    n: 1000,
    quick: 1000,
    targets: [{ skein: 'skein', atMostSeconds: 0.1 }],
  },
  {
    ...base,
    name: 'simulation',
    about: 'n events of a simulated world: eight nodes, messages that are lost and late, timers',
    n: 1_000_000,
    quick: 10_000,
    items: { name: 'events', of: n => n },
    targets: [{ skein: 'skein', atLeastPerSecond: 200_000 }],
  },
]
