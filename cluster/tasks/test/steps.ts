/** Tasks for the tests of graphs, maps, bags, dependences and farms: in a module of their own, which workers import. */
import { actor, depend, get, parallelMap, publish, subscribe, task, taskGroup } from '../src/index.ts'

export const square = task(import.meta, 'square', (x: number) => x * x)
export const add = task(import.meta, 'add', (a: number, b: number) => a + b)
export const sum = task(import.meta, 'sum', (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0))
export const total = task(import.meta, 'total', (of: { numbers: Map<string, number>; factor: number }) => {
  let all = 0
  for (const n of of.numbers.values()) all += n * of.factor
  return all
})
export const upTo = task(import.meta, 'upTo', function* (n: number) {
  for (let i = 0; i < n; i++) yield i
})
export const later = task(import.meta, 'later', async (x: number, ms?: number) => {
  await new Promise(resolve => setTimeout(resolve, ms))
  return x
})
export const fails = task(import.meta, 'fails', (x: number): number => {
  throw new RangeError(`no ${x}`)
})
export const same = task(import.meta, 'same', (x: unknown) => x)
export const nothing = task(import.meta, 'nothing', () => undefined)
export const isUndefined = task(import.meta, 'isUndefined', (x: unknown) => x === undefined)
export const isEven = task(import.meta, 'isEven', (x: number) => x % 2 === 0)
export const promised = task(import.meta, 'promised', (x: number) => Promise.resolve(x))
export const isPromisedEven = task(import.meta, 'isPromisedEven', (x: number) => Promise.resolve(x % 2 === 0))
export const upToLater = task(import.meta, 'upToLater', async function* (n: number) {
  for (let i = 0; i < n; i++) yield await later.local(i, 0)
})
/** Counts itself in `gate[1]`, and waits until `gate[0]` is set. */
export const gated = task(import.meta, 'gated', (gate: Int32Array, x: number) => {
  Atomics.add(gate, 1, 1)
  Atomics.notify(gate, 1)
  Atomics.wait(gate, 0, 0)
  return x
})
/** The same, but what blocks is a listener, which it leaves to be called in a turn of the event loop. */
export const gatedListener = task(import.meta, 'gatedListener', async (topic: string, gate: Int32Array) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  using _ = subscribe(topic, () => {
    Atomics.add(gate, 1, 1)
    Atomics.wait(gate, 0, 0)
    resolve()
  })
  Atomics.store(gate, 2, 1)
  await promise
})
/** The same, but in a turn of the event loop of its worker. */
export const gatedLater = task(import.meta, 'gatedLater', async (gate: Int32Array, x: number) => {
  await new Promise(setImmediate)
  return gated.local(gate, x)
})
export const Gate = actor(
  import.meta,
  'Gate',
  class {
    later(gate: Int32Array, x: number) {
      return gatedLater.local(gate, x)
    }
  },
)
export const countSlowly = task(import.meta, 'countSlowly', async function* () {
  for (let i = 0; ; i++) {
    yield i
    await new Promise(setImmediate)
  }
})
/** Asks for results in the synchronous part of an asynchronous function. */
export const asksFirst = task(import.meta, 'asksFirst', async (n: number) => {
  const values = await get(Array.from({ length: n }, (_, i) => square(i)))
  return values.reduce((a, b) => a + b, 0)
})
export const mapsInside = task(import.meta, 'mapsInside', async (n: number) => {
  const squares = await parallelMap(Array(n).keys(), square)
  return squares.reduce((a, b) => a + b, 0)
})
export const afterInside = task(import.meta, 'afterInside', async () => {
  const first = later(1, 20)
  await square.with({ after: [first] })(2)
  return first.source.settlement === 'fulfilled' ? 'after' : 'too early'
})
/** Exits the first time it gets a certain number. */
export const exitsOnce = task(
  import.meta,
  'exitsOnce',
  ({ x, at, once }: { x: number; at: number; once: Int32Array }) => {
    if (x === at && Atomics.exchange(once, 0, 1) === 0) process.exit(7)
    return x
  },
)

/** A step of a random graph: what it leaves in each cell that it writes follows from all it sees, and from who it is. */
export const mixes = task(
  import.meta,
  'mixes',
  (id: number, cells: Int32Array, reads: readonly number[], writes: readonly number[], spin: number) => {
    mix(id, cells, reads, writes)
    for (let i = 0; i < spin; i++) Atomics.load(cells, 0)
  },
)
export function mix(id: number, cells: Int32Array, reads: readonly number[], writes: readonly number[]): void {
  let h = id
  for (const cell of reads) h = (Math.imul(h, 31) + cells[cell]) | 0
  for (const cell of writes) cells[cell] = (Math.imul(cells[cell], 33) ^ h) | 0
}
export const addTo = task(import.meta, 'addTo', (x: Float64Array, from: number, to: number, k: number) => {
  for (let i = from; i < to; i++) x[i] += k
})
export const part = task(import.meta, 'part', (from: number, to: number, x: Float64Array) => {
  let s = 0
  for (let i = from; i < to; i++) s += x[i]
  return [from, to, s]
})
export const groupsInside = task(import.meta, 'groupsInside', async (cells: Int32Array, n: number) => {
  await taskGroup(() => {
    for (let i = 0; i < n; i++) depend({ inout: cells }, mixes)(i, cells, [0], [0], 0)
  })
})

export const tells = task(import.meta, 'tells', (topic: string, n: number) => {
  for (let i = 0; i < n; i++) publish(topic, { i, list: [i] })
})
/** Answers on one topic what it hears on another. */
export const Echo = actor(
  import.meta,
  'Echo',
  class {
    #subscription
    constructor(from: string, to: string) {
      this.#subscription = subscribe<number>(from, x => publish(to, x * 2))
    }
    stop(): void {
      this.#subscription.unsubscribe()
    }
  },
)
