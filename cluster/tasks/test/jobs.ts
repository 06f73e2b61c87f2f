/** Tasks and actors for the tests. */
import { heap } from '@skein/heap'
import { actor, current, getActor, put, task } from '../src/index.ts'

export const add = task(import.meta, 'add', (a: number, b: number) => a + b)
export const echo = task(import.meta, 'echo', (x: unknown) => x)
export const nothing = task(import.meta, 'nothing', () => {})
export const sumOf = task(import.meta, 'sumOf', (x: Float64Array) => {
  let s = 0
  for (let i = 0; i < x.length; i++) s += x[i]
  return s
})
export const throws = task(import.meta, 'throws', (message: string): number => {
  throw new RangeError(message)
})
export const floats = task(import.meta, 'floats', (length: number) => heap.f64(length))
export const passes = task(import.meta, 'passes', (gate: Int32Array) => {
  Atomics.wait(gate, 0, 0)
  return 1
})
export const later = task(import.meta, 'later', async (ms: number, value: unknown) => {
  await new Promise(resolve => setTimeout(resolve, ms))
  return value
})
export const exits = task(import.meta, 'exits', (code: number): void => {
  process.exit(code)
})
export const prints = task(import.meta, 'prints', (text: string) => {
  console.log(text)
  console.error(text)
})
export const nested = task(
  import.meta,
  'nested',
  async (depth: number): Promise<number> => (depth === 0 ? 1 : 1 + (await nested(depth - 1))),
)
export const count = task(import.meta, 'count', function* (n: number) {
  for (let i = 0; i < n; i++) yield i
})
export const spoilt = task(import.meta, 'spoilt', function* (): Generator<unknown> {
  yield 1
  yield () => 1
})
/** Says in `given[0]` how many items it has given. */
export const ticks = task(import.meta, 'ticks', async function* (given: Int32Array) {
  for (let i = 0; ; i++) {
    yield i
    Atomics.store(given, 0, i + 1)
    await new Promise(resolve => setTimeout(resolve, 1))
  }
})
export const stalls = task(import.meta, 'stalls', function* () {
  yield 1
  for (;;);
})
/** Sets `begun[at]` when it runs. */
const begin = (begun?: Int32Array, at = 0): void => {
  if (begun) Atomics.store(begun, at, 1)
}
export const endless = task(import.meta, 'endless', (begun?: Int32Array, at?: number) => {
  begin(begun, at)
  for (;;);
})
export const polite = task(import.meta, 'polite', (begun?: Int32Array, at?: number) => {
  const me = current()!
  begin(begun, at)
  while (!me.isCancelled);
  return 'stopped'
})
export const never = task(import.meta, 'never', () => new Promise<number>(() => {}))
export const untilCancelled = task(import.meta, 'untilCancelled', async () => {
  const { signal } = current()!
  await new Promise(resolve => signal.addEventListener('abort', resolve))
})
export const Counter = actor(
  import.meta,
  'Counter',
  class {
    n: number
    constructor(n = 0) {
      this.n = n
    }
    add(k: number) {
      return (this.n += k)
    }
    async slowAdd(k: number) {
      await new Promise(resolve => setTimeout(resolve, 5))
      return (this.n += k)
    }
    fail(): void {
      throw new Error('no')
    }
    exit(): void {
      process.exit(3)
    }
  },
)
/** Its state outlives its worker. */
export const Ledger = actor(
  import.meta,
  'Ledger',
  class {
    entries: number[] = []
    readonly opened: string
    restored = 0
    constructor(opened = '') {
      this.opened = opened
    }
    add(k: number) {
      this.entries.push(k)
      return this.entries.length
    }
    /** Changes its state, and then throws. */
    addBad(k: number): void {
      this.entries.push(k)
      throw new RangeError('too much')
    }
    /** Changes its state, and does not live to tell. */
    addAndExit(k: number): void {
      this.entries.push(k)
      process.exit(4)
    }
    /** From now on its state cannot be sent. */
    spoil() {
      this.entries = [(() => {}) as never]
    }
    look() {
      return { entries: this.entries, opened: this.opened, restored: this.restored }
    }
    save() {
      return this.entries
    }
    async restore(entries: number[]) {
      await null
      this.entries = entries
      this.restored++
    }
  },
)
/** Says how many of its calls are under way at once. */
export const Desk = actor(
  import.meta,
  'Desk',
  class {
    now = 0
    most = 0
    log: string[] = []
    open: (() => void)[] = []
    async wait(name: string) {
      this.most = Math.max(this.most, ++this.now)
      this.log.push(name)
      await new Promise<void>(resolve => this.open.push(resolve))
      this.now--
      return name
    }
    async quick(name: string) {
      this.log.push(name)
      return name
    }
    letGo() {
      for (const go of this.open.splice(0)) go()
      return this.log.length
    }
    look() {
      return { most: this.most, log: this.log }
    }
  },
)
/** Its method never returns. */
export const Stuck = actor(
  import.meta,
  'Stuck',
  class {
    stand(begun: Int32Array): void {
      begin(begun)
      for (;;);
    }
  },
)
export const Broken = actor(
  import.meta,
  'Broken',
  class {
    constructor() {
      throw new RangeError('not today')
    }
    nothing() {}
  },
)
/** Ends its worker while it is made, so many times. */
export const Weak = actor(
  import.meta,
  'Weak',
  class {
    constructor(tries: Int32Array, times: number) {
      if (Atomics.add(tries, 0, 1) < times) process.exit(5)
    }
    answer() {
      return 42
    }
  },
)
type CounterLike = { add(k: number): PromiseLike<number> }
let kept: unknown
export const keeps = task(import.meta, 'keeps', (what?: unknown) => {
  kept = what
})
export const usesKept = task(import.meta, 'usesKept', async () => (kept as CounterLike).add(1))
export const makesActor = task(import.meta, 'makesActor', async (n: number) => ({ counter: await Counter.create(n) }))
const collect = (): void => {
  heap.i32(1)
  heap.collect()
}
export const collects = task(import.meta, 'collects', collect)
export const usesActor = task(import.meta, 'usesActor', async (c: { add(k: number): PromiseLike<number> }) => c.add(10))
export const findsActor = task(import.meta, 'findsActor', async (name: string) =>
  (await getActor<{ add(k: number): number }>(name)).add(1),
)
export const puts = task(import.meta, 'puts', async () => add(put(1), put(2)))
