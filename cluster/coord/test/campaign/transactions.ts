// Clients that run transactions on stores on other nodes, while the network and the machines fail. What they were told must be what the isolation level allows; money is neither made nor lost; and when all is
// calm again, transactions go through.
import assert from 'node:assert/strict'
import { type Simulation, simulateAsync, sleep, type World } from '@skein/world'
import {
  anomalyText,
  findAnomalies,
  type MicroOperation,
  type Transaction,
} from '../../../../testing/src/consistency/anomalies.ts'
import { type Balances, checkBank } from '../../../../testing/src/consistency/invariants.ts'
import { violations } from '../../../../testing/src/consistency/isolation.ts'
import {
  open,
  optimistic,
  type PercolatorTransactions,
  percolator,
  type Store,
  type Transactions,
  type Tx,
  twoPhase,
} from '../../src/index.ts'
import { reach, serve } from '../served.ts'

const options = { ttlMs: 1000, unknownMs: 2000 }

export interface TransactionKind {
  readonly stores: number
  make(stores: readonly Store[]): Transactions
}

export const transactionKinds: Record<string, TransactionKind> = {
  optimistic: { stores: 1, make: ([store]) => optimistic(store) },
  'two-phase': { stores: 3, make: stores => twoPhase(stores, options) },
  percolator: { stores: 3, make: stores => percolator(stores, options) },
  serializable: { stores: 3, make: stores => percolator(stores, { ...options, isolation: 'serializable' }) },
}

export interface JudgedTransactions {
  readonly events: number
  readonly committed: number
  readonly aborted: number
  readonly unknown: number
  /** Circles of anti-dependencies, which snapshot isolation allows. */
  readonly skews: number
}

const clients = 3
const accounts = ['p', 'q', 'r', 's']
const each = 25

type Recorded = { -readonly [K in keyof Transaction]: Transaction[K] }

interface Run {
  readonly kind: TransactionKind
  readonly simulation: Simulation
  readonly history: Recorded[]
  readonly balances: Balances[]
  values: number
  isOver: boolean
}

/** Runs a seed for so long; throws what is wrong, with all that is needed to say so. */
export const judgeTransactions = async (name: string, seed: number, forMs = 3000): Promise<JudgedTransactions> => {
  const kind = transactionKinds[name]
  const history: Recorded[] = []
  const balances: Balances[] = []
  let isRead = false
  const outcome = await simulateAsync(
    seed,
    simulation => {
      const run: Run = { kind, simulation, history, balances, values: 0, isOver: false }
      const names = Array.from({ length: kind.stores }, (_, i) => `store ${i}`)
      for (const name of names) {
        // What a store was told is on its disk: it is there after the process was killed.
        let store: Store | undefined
        simulation.node(name, async world => serve(world, (store ??= await open('memory:', world))))
      }
      for (let i = 0; i < clients; i++) simulation.node(`client ${i}`, world => client(world, run, names))
      simulation.network.set({ latencyMs: [0.2, 10], lossRate: 0.01, streamTimeoutMs: 500 })
      const faults = simulation.disturb({
        everyMs: [50, 500],
        lastingMs: [20, 1500],
        kinds: ['partition', 'isolate', 'one-way', 'kill', 'pause', 'clock-drift', 'clock-jump'],
      })
      simulation.after(forMs, () => {
        faults.cancel()
        run.isOver = true
        simulation.calm()
      })
      simulation.after(
        forMs + 2500,
        () =>
          void simulation.node('last', async world => {
            await visit(world, run, names, async t => {
              await readAll(world, run, t)
              isRead = true
            })
          }),
      )
    },
    { forMs: forMs + 20_000 },
  )
  if (outcome.failure) throw outcome.failure.error
  assert.ok(isRead, 'nothing can be read when all is calm again')
  const isSnapshot = name === 'percolator'
  const anomalies = findAnomalies(history)
  // Whatever is allowed, it is not allowed to be late: what had ended is seen by all that begin.
  const wrong = isSnapshot
    ? anomalies.filter(({ kind }) => kind !== 'G2')
    : violations(anomalies, 'strict-serializable')
  assert.equal(wrong.length, 0, wrong.map(anomalyText).join('\n\n'))
  assert.deepEqual(checkBank(balances, { total: each * accounts.length }), [])
  const count = (status: Transaction['status']): number => history.filter(one => one.status === status).length
  return {
    events: outcome.events,
    committed: count('committed'),
    aborted: count('aborted'),
    unknown: count('unknown'),
    skews: anomalies.length - wrong.length,
  }
}

/** How a transaction may end that has nothing to do with whether the protocol is right; and then nothing was written. */
const expected = new Set([
  'ConnectionLostError',
  'LeaseLostError',
  'LeaseNotFoundError',
  'CancelledError',
  'TransactionConflictError',
  'WorldError',
])

/** Connects to all stores and does this and that until a connection is lost; and again. */
const client = async (world: World, run: Run, names: readonly string[]): Promise<void> => {
  while (!run.isOver) {
    await visit(world, run, names, async t => {
      while (!run.isOver) {
        await sleep(world.clock, 30 * world.chance.uniform())
        const what = world.chance.uniform()
        if (what < 0.45) await appends(world, run, t)
        else if (what < 0.7) await transfers(world, run, t)
        else if (what < 0.97 || !('collect' in t)) await readBalances(run, t)
        else await (t as PercolatorTransactions).collect()
      }
    })
    await sleep(world.clock, 20 + 100 * world.chance.uniform())
  }
}

const visit = async (
  world: World,
  run: Run,
  names: readonly string[],
  use: (t: Transactions) => Promise<void>,
): Promise<void> => {
  const stores: Store[] = []
  try {
    for (const name of names) stores.push(answering(world, await reach(world, name)))
    const t = run.kind.make(stores)
    await use(t)
    await t.close()
  } catch (error) {
    if (!expected.has((error as Error).name) && (error as Error).name !== 'CommitUnknownError') throw error
  }
  // As a process does that is gone: nothing more is said of what it was at.
  await Promise.all(stores.map(store => store.close()))
}

/** A connection on which nothing comes any more is given up: the other end may be gone, and could not say so. */
const answering = (world: World, store: Store): Store =>
  new Proxy(store, {
    get: (target, name) => {
      const value = Reflect.get(target, name)
      if (typeof value !== 'function' || name === 'close' || name === 'watch') return value
      return async (...given: unknown[]) => {
        const timer = world.clock.after(1000, () => void target.close())
        try {
          return await value.apply(target, given)
        } finally {
          timer.cancel()
        }
      }
    },
  })

/** Reads lists, and appends to some of them. */
const appends = (world: World, run: Run, t: Transactions): Promise<void> => {
  const { chance } = world
  const age = Math.floor(run.simulation.timeMs / 1500)
  const operations = Array.from({ length: 1 + chance.integer(0, 3) }, () => ({
    key: `${'abcde'[chance.integer(0, 5)]}${age}`,
    isRead: chance.uniform() < 0.5,
  }))
  return record(world.name, run, t, async (tx, seen) => {
    for (const { key, isRead } of operations) {
      const list = listOf(await tx.get(key))
      seen.push({ op: 'read', key, value: list })
      if (isRead) continue
      const value = ++run.values
      tx.put(key, JSON.stringify([...list, value]))
      seen.push({ op: 'append', key, value })
    }
  })
}

const transfers = (world: World, run: Run, t: Transactions): Promise<void> => {
  const { chance } = world
  const from = chance.integer(0, accounts.length)
  const to = (from + 1 + chance.integer(0, accounts.length - 1)) % accounts.length
  const amount = 1 + chance.integer(0, 10)
  return record(world.name, run, t, async tx => {
    const [a, b] = [await balance(tx, accounts[from]), await balance(tx, accounts[to])]
    if (a < amount) return
    tx.put(accounts[from], String(a - amount))
    tx.put(accounts[to], String(b + amount))
  })
}

const readBalances = (run: Run, t: Transactions): Promise<void> => {
  let found: Balances = {}
  const read = record('bank', run, t, async tx => {
    const amounts = await Promise.all(accounts.map(async key => [key, await balance(tx, key)] as const))
    found = Object.fromEntries(amounts)
  })
  return read.then(() => void run.balances.push(found))
}

const readAll = async (world: World, run: Run, t: Transactions): Promise<void> => {
  await readBalances(run, t)
  const keys = new Set(run.history.flatMap(({ operations }) => operations.map(({ key }) => key as string)))
  await record(world.name, run, t, async (tx, seen) => {
    for (const key of keys) seen.push({ op: 'read', key, value: listOf(await tx.get(key)) })
  })
}

const decoder = new TextDecoder()
const listOf = (value: Uint8Array | undefined): number[] => (value ? JSON.parse(decoder.decode(value)) : [])
const balance = async (tx: Tx, key: string): Promise<number> => {
  const value = await tx.get(key)
  return value ? Number(decoder.decode(value)) : each
}

/** What the last try has seen and done counts; and of tries before it nothing may be seen. */
const record = async (
  process: string,
  { simulation, history }: Run,
  t: Transactions,
  program: (tx: Tx, seen: MicroOperation[]) => Promise<void>,
): Promise<void> => {
  const begin = simulation.timeMs
  // Of one whose process dies nobody knows.
  const recorded: Recorded = {
    process: `${process} ${history.length}`,
    operations: [],
    status: 'unknown',
    begin,
    end: Number.POSITIVE_INFINITY,
  }
  history.push(recorded)
  try {
    await t.transaction(async tx => {
      const seen: MicroOperation[] = []
      recorded.operations = seen
      await program(tx, seen)
    })
    recorded.status = 'committed'
  } catch (error) {
    if (expected.has((error as Error).name)) recorded.status = 'aborted'
    throw error
  } finally {
    recorded.end = simulation.timeMs
  }
}
