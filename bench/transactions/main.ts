// `npm run bench -- transactions`: the tables of docs/transactions.md, written there; with --check they are only compared. All of it happens in simulated time, so that a run gives the same figures on every machine.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { optimistic, percolator, type Tx, twoPhase } from '@skein/coord'
import type { Chance } from '@skein/world'
import { judgeTransactions } from '../../cluster/coord/test/campaign/transactions.ts'
import { type Measured, measure, type Protocol, type Scenario, settleMs, shardOf } from './measure.ts'

const ttlMs = 2000
const three = { ttlMs, shardOf: shardOf(3) }

export const protocols: readonly Protocol[] = [
  { name: 'optimistic, one store', stores: 1, make: ([store]) => optimistic(store) },
  { name: 'two-phase commit, one store', stores: 1, make: stores => twoPhase(stores, { ttlMs }) },
  { name: 'two-phase commit, three stores', stores: 3, make: stores => twoPhase(stores, three) },
  { name: 'Percolator, three stores', stores: 3, make: stores => percolator(stores, three) },
  {
    name: 'Percolator, serializable',
    stores: 3,
    make: stores => percolator(stores, { ...three, isolation: 'serializable' }),
  },
]

const number = (value: Uint8Array | undefined): number => (value ? Number(new TextDecoder().decode(value)) : 0)
/** Reads three keys at once. */
const reads = (keys: readonly string[]) => (tx: Tx) => Promise.all(keys.map(key => tx.get(key)))
/** Writes two keys that it has not read. */
const writes = (keys: readonly string[]) => async (tx: Tx) => {
  for (const key of keys.slice(0, 2)) tx.put(key, '1')
}
/** Reads three keys at once, and writes two of them. */
const moves = (keys: readonly string[]) => async (tx: Tx) => {
  const [a, b] = await Promise.all(keys.map(key => tx.get(key)))
  tx.put(keys[0], String(number(a) - 1))
  tx.put(keys[1], String(number(b) + 1))
}

/** Three keys of so many. */
const among =
  (count: number): Scenario['pick'] =>
  chance => {
    const keys = new Set<number>()
    while (keys.size < 3) keys.add(chance.integer(0, count))
    return [...keys]
  }

/** One in each of three stores. */
const alone = { clients: 1, pick: () => [0, 1, 2], forMs: 2000 }
const crowd = { clients: 16, pick: among(999), forMs: 2000, roundTripMs: 1, run: moves }

type Row = readonly string[]
const table = (head: Row, rows: readonly Row[]): string =>
  [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows].map(row => `| ${row.join(' | ')} |`).join('\n')

const quantile = ({ commits }: Measured, share: number): number => {
  const sorted = commits.map(({ tookMs }) => tookMs).sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}
/** Of shares in order: the one at a part of the way, in hundredths. */
const percentAt = (shares: readonly number[], at: number): number =>
  Math.round(100 * [...shares].sort((a, b) => a - b)[Math.floor(at * (shares.length - 1))])
const shown = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : value >= 10 ? value.toFixed(0) : value.toFixed(1)
const perSecond = ({ commits }: Measured, { forMs }: { forMs: number }): number => (1000 * commits.length) / forMs

/** One row for each protocol. */
const rowsOf = async (columns: (protocol: Protocol) => Promise<Row>): Promise<Row[]> => {
  const rows: Row[] = []
  for (const protocol of protocols) rows.push([protocol.name, ...(await columns(protocol))])
  return rows
}

/** What one costs that nobody disturbs. */
const costs = async (): Promise<string> =>
  table(
    ['', 'isolation', 'read', 'write', 'move', 'move at 50 ms', 'requests of a move'],
    await rowsOf(async protocol => {
      const run = (roundTripMs: number, program: Scenario['run']) =>
        measure(protocol, { ...alone, roundTripMs, run: program })
      const [read, write, move, far] = [
        await run(1, reads),
        await run(1, writes),
        await run(1, moves),
        await run(50, moves),
      ]
      const { isolation } = protocol.make([{} as never, {} as never, {} as never].slice(0, protocol.stores))
      return [
        isolation,
        ...[read, write, move, far].map(measured => shown(quantile(measured, 0.5))),
        (move.requests / move.commits.length).toFixed(1),
      ]
    }),
  )

/** Many at once, on many keys and on few, and on a network that loses messages. */
const crowds = async (): Promise<string> =>
  table(
    [
      '',
      '999 keys: a second',
      '99 % within',
      '9 keys: a second',
      'tries of each',
      '99 % within',
      '2 % lost: a second',
      '99 % within',
    ],
    await rowsOf(async protocol => {
      const many = await measure(protocol, crowd)
      const few = await measure(protocol, { ...crowd, pick: among(9) })
      const lossy = await measure(protocol, { ...crowd, lossRate: 0.02 })
      return [
        shown(perSecond(many, crowd)),
        shown(quantile(many, 0.99)),
        shown(perSecond(few, crowd)),
        (few.runs / few.commits.length).toFixed(1),
        shown(quantile(few, 0.99)),
        shown(perSecond(lossy, crowd)),
        shown(quantile(lossy, 0.99)),
      ]
    }),
  )

/** Clients that die, and a store that is gone for a while. */
const failures = async (): Promise<string> =>
  table(
    [
      '',
      'clients die: a second',
      'longest wait',
      'a store is gone for 2 s: done meanwhile by those who do not need it',
      'by the others',
    ],
    await rowsOf(async protocol => {
      const dying = await measure(protocol, { ...crowd, forMs: 5000, pick: among(99), befall: killClients })
      const shares: number[][] = [[], []]
      for (let seed = 1; seed <= 8; seed++) {
        const gone = await measure(
          protocol,
          { ...crowd, forMs: fromMs + goneMs, pick: partly, befall: lastStoreGoes },
          seed,
        )
        for (const parity of [0, 1]) {
          const own = gone.commits.filter(({ client }) => client % 2 === parity)
          const before = own.filter(({ atMs }) => atMs < settleMs + fromMs).length / fromMs
          shares[parity].push((own.length - before * fromMs) / goneMs / before)
        }
      }
      const share = (parity: number): string => {
        const [least, most, middle] = [0, 1, 0.5].map(at => percentAt(shares[parity], at))
        return most === least ? `${most} %` : `${middle} % (${least} to ${most})`
      }
      return [
        shown(perSecond(dying, { forMs: 5000 })),
        shown(Math.max(...dying.commits.map(({ tookMs }) => tookMs))),
        protocol.stores === 1 ? '–' : share(1),
        share(0),
      ]
    }),
  )

const [fromMs, goneMs] = [500, 2000]
const lastStoreGoes: Scenario['befall'] = (simulation, { stores }) =>
  void simulation.after(fromMs, () => stores.at(-1)!.crash())

/** Half of the clients need no key of the third store. */
const partly = (chance: Chance, client: number): readonly number[] =>
  client % 2 === 0 ? among(99)(chance, client) : among(66)(chance, client).map(n => n + Math.floor(n / 2))

/** One of half of them every tenth of a second. */
const killClients: Scenario['befall'] = (simulation, { clients }) => {
  const next = (i: number): void => {
    clients[i % 8].crash()
    simulation.after(1, () => clients[i % 8].start())
    simulation.after(97, () => next(i + 1))
  }
  next(0)
}

/** Random faults of all kinds, judged by the checkers. */
const judged = async (): Promise<string> => {
  const seeds = 40
  const rows: Row[] = []
  for (const [name, told] of [
    ['optimistic', protocols[0].name],
    ['two-phase', protocols[2].name],
    ['percolator', protocols[3].name],
    ['serializable', protocols[4].name],
  ]) {
    const sum = { committed: 0, aborted: 0, unknown: 0, skews: 0 }
    for (let seed = 1; seed <= seeds; seed++) {
      const one = await judgeTransactions(name, seed)
      for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += one[key]
    }
    rows.push([
      told,
      ...[sum.committed, sum.aborted, sum.unknown].map(count => count.toLocaleString('en')),
      String(sum.skews),
      'none',
    ])
  }
  return table(['', 'committed', 'not', 'nobody knows', 'write skew', 'anything that its isolation forbids'], rows)
}

const tables: Record<string, () => Promise<string>> = { costs, crowds, failures, judged }
const page = join(import.meta.dirname, '../../docs/transactions.md')

/** Writes the tables into the page, or compares them with what is there. Returns whether it has what it should. */
export const writeTables = async (checksOnly: boolean, names = Object.keys(tables)): Promise<boolean> => {
  const before = readFileSync(page, 'utf8')
  let after = before
  for (const name of names) {
    const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`]
    const [from, to] = [after.indexOf(begin), after.indexOf(end)]
    if (from < 0 || to < from) throw new Error(`docs/transactions.md has no place for ${name}: ${begin} … ${end}`)
    const text = await tables[name]()
    console.log(`${text}\n`)
    after = `${after.slice(0, from)}${begin}\n${text}\n${after.slice(to)}`
  }
  if (checksOnly) return after === before
  writeFileSync(page, after)
  return true
}
