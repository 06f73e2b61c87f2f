// Transactions in simulated time: clients on nodes of their own run one after another on stores on others, over a network with a given latency, while what is given fails. A seed gives the same figures on
// every machine.
import { open, type Store, type Transactions, type Tx } from '@skein/coord'
import { type Chance, type SimulatedNode, type Simulation, simulateAsync, sleep, type World } from '@skein/world'
import { reach, serve } from '../../cluster/coord/test/served.ts'

export interface Protocol {
  readonly name: string
  readonly stores: number
  make(stores: readonly Store[]): Transactions
}

export interface Scenario {
  readonly clients: number
  /** There and back, on a quiet network. */
  readonly roundTripMs: number
  /** The keys of a transaction of a client. */
  pick(chance: Chance, client: number): readonly number[]
  /** For how long clients run. */
  readonly forMs: number
  readonly lossRate?: number
  /** Given the keys of one transaction. */
  run(keys: readonly string[]): (tx: Tx) => Promise<unknown>
  /** What befalls whom. */
  befall?(simulation: Simulation, nodes: { stores: SimulatedNode[]; clients: SimulatedNode[] }): void
}

export interface Measured {
  /** Of each transaction that was committed: when, and how long it took. */
  readonly commits: readonly { readonly atMs: number; readonly tookMs: number; readonly client: number }[]
  /** Times that a program was run. */
  readonly runs: number
  /** Requests to stores, those of leases left out. */
  readonly requests: number
  readonly failed: number
}

/** Each message keeps its sender and its receiver busy for so long. */
const costMs = 0.02
export const settleMs = 1000

export const measure = async (protocol: Protocol, scenario: Scenario, seed = 1): Promise<Measured> => {
  const commits: { atMs: number; tookMs: number; client: number }[] = []
  const counts = { runs: 0, requests: 0, failed: 0 }
  const { clients, roundTripMs, forMs, lossRate = 0 } = scenario
  const untilMs = settleMs + forMs
  const outcome = await simulateAsync(
    seed,
    simulation => {
      simulation.network.set({ latencyMs: [roundTripMs / 2, roundTripMs / 2], lossRate, costMs, streamTimeoutMs: 2000 })
      const names = Array.from({ length: protocol.stores }, (_, i) => `store ${i}`)
      const stores = names.map(name => {
        // What it was told is on its disk: it is there when the process is started anew.
        let store: Store | undefined
        return simulation.node(name, async world => serve(world, (store ??= await open('memory:', world))))
      })
      const client = async (world: World, i: number): Promise<void> => {
        while (simulation.timeMs < untilMs) {
          const reached: Store[] = []
          try {
            for (const name of names) reached.push(counting(await reach(world, name), counts))
            await work(world, i, simulation, scenario, protocol.make(reached), untilMs, commits, counts)
          } catch {
            counts.failed++
          }
          await Promise.all(reached.map(store => store.close()))
          await sleep(world.clock, 50 + 50 * world.chance.uniform())
        }
      }
      const nodes = Array.from({ length: clients }, (_, i) => simulation.node(`client ${i}`, world => client(world, i)))
      simulation.after(settleMs, () => {
        Object.assign(counts, { runs: 0, requests: 0, failed: 0 })
        scenario.befall?.(simulation, { stores, clients: nodes })
      })
    },
    { forMs: untilMs },
  )
  if (outcome.failure) throw outcome.failure.error
  return { commits, ...counts }
}

const work = async (
  world: World,
  client: number,
  simulation: Simulation,
  { pick, run }: Scenario,
  transactions: Transactions,
  untilMs: number,
  commits: { atMs: number; tookMs: number; client: number }[],
  counts: { runs: number },
): Promise<void> => {
  while (simulation.timeMs < untilMs) {
    const program = run(pick(world.chance, client).map(String))
    const beganMs = simulation.timeMs
    await transactions.transaction(tx => {
      counts.runs++
      return program(tx)
    })
    const atMs = simulation.timeMs
    if (beganMs >= settleMs) commits.push({ atMs, tookMs: atMs - beganMs, client })
  }
}

/** The number that a key is says in which store it lies. */
export const shardOf =
  (shards: number) =>
  (key: string): number =>
    Number(key) % shards

const counting = (store: Store, counts: { requests: number }): Store =>
  new Proxy(store, {
    get: (target, name) => {
      const value = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (name === 'close' || name === 'lease') return value.bind(target)
      return (...given: unknown[]) => {
        counts.requests++
        return value.apply(target, given)
      }
    },
  })
