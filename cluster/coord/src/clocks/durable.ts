// Clocks that never go back, over restarts too. Before a stamp is given out, a mark above it is safe on disk or in a store; whoever starts anew starts above the mark. The mark is raised some way ahead,
// and again before it is reached, so that few stamps wait.
import { ArgumentError } from '@skein/base'
import type { Storage, WorldError } from '@skein/world'
import type { Store } from '../store.ts'
import type { EventClock, Order } from './clock.ts'

/** A number that is kept, and only grows. */
export interface Mark {
  /** 0 if there is none. */
  load(): Promise<number>
  /** Resolves when it is safe. */
  raise(to: number): Promise<void>
}

/** A clock whose stamps can be covered by a mark: those of another clock that was made with `after` the mark are all after them. */
export interface Climbing<Stamp> extends EventClock<Stamp> {
  heightOf(stamp: Stamp): number
}

/** Any clock, with a mark: `await DurableClock.open(fileMark(world.storage, 'clock'), after => new LamportClock('a', after))`. */
export class DurableClock<Stamp> implements EventClock<Stamp> {
  readonly order: 'total' | 'partial'
  readonly causality: 'exact' | 'consistent'
  private readonly clock: Climbing<Stamp>
  private readonly mark: Mark
  private readonly ahead: number
  /** All stamps up to here may be given out: safe <= raising. */
  private safe: number
  private raising: Promise<void> | undefined

  private constructor(clock: Climbing<Stamp>, mark: Mark, ahead: number, safe: number) {
    this.clock = clock
    this.mark = mark
    this.ahead = ahead
    this.safe = safe
    this.order = clock.order
    this.causality = clock.causality
  }

  /** `ahead`: how far above the stamps the mark is raised, in their unit (milliseconds or events). Default 100. Rejects with what the mark rejects with. */
  static async open<Stamp>(
    mark: Mark,
    make: (after: number) => Climbing<Stamp>,
    options: { ahead?: number } = {},
  ): Promise<DurableClock<Stamp>> {
    const { ahead = 100 } = options
    if (!(ahead >= 1)) throw new ArgumentError('DurableClock.open', 'ahead', 'a number from 1', ahead)
    const after = await mark.load()
    return new DurableClock(make(after), mark, ahead, after)
  }

  async now(): Promise<Stamp> {
    return this.covered(this.clock.now() as Stamp)
  }

  async observe(remote: Stamp): Promise<Stamp> {
    return this.covered(this.clock.observe(remote) as Stamp)
  }

  compare(a: Stamp, b: Stamp): Order {
    return this.clock.compare(a, b)
  }

  encode(stamp: Stamp): Uint8Array<ArrayBuffer> {
    return this.clock.encode(stamp)
  }

  decode(bytes: Uint8Array): Stamp {
    return this.clock.decode(bytes)
  }

  private async covered(stamp: Stamp): Promise<Stamp> {
    const height = this.clock.heightOf(stamp)
    while (height > this.safe) await this.raise(height)
    // In good time; who needs it hears of its failure.
    if (height > this.safe - this.ahead / 2 && !this.raising) this.raise(height).catch(() => {})
    return stamp
  }

  private raise(height: number): Promise<void> {
    const to = Math.ceil(height + this.ahead)
    this.raising ??= this.mark
      .raise(to)
      .then(() => void (this.safe = to))
      .finally(() => (this.raising = undefined))
    return this.raising
  }
}

/** A mark under a key of a store, which nobody else uses. */
export const storeMark = (store: Store, key: string): Mark => ({
  async load() {
    const entry = await store.get(key)
    return entry === undefined ? 0 : Number(new TextDecoder().decode(entry.value))
  },
  async raise(to) {
    await store.put(key, String(to))
  },
})

const [slotBytes, usedBytes] = [512, 12]

/** A mark in a file: two places that are written in turn, each with a sum, so that one of them is whole whatever happens. Rejects with WorldError. */
export const fileMark = (storage: Storage, name: string): Mark => {
  const file = storage.open(name)
  let slot = 0
  let isNamed = false
  let failed: WorldError | undefined
  const synced = (sync: (done: (error?: WorldError) => void) => void): Promise<void> =>
    new Promise((resolve, reject) =>
      sync(error => {
        if (!error) return resolve()
        // What a disk holds after a failed sync nobody knows: it is read anew after a restart.
        failed = error
        reject(error)
      }),
    )
  return {
    async load() {
      let largest = 0
      for (const i of [0, 1]) {
        const bytes = file.read(i * slotBytes, usedBytes)
        if (bytes.length < usedBytes) continue
        const view = new DataView(bytes.buffer, bytes.byteOffset)
        const value = view.getFloat64(0)
        if (view.getUint32(8) !== sumOf(bytes.subarray(0, 8)) || value < largest) continue
        largest = value
        slot = 1 - i
      }
      return largest
    },
    async raise(to) {
      if (failed) throw failed
      const bytes = new Uint8Array(usedBytes)
      const view = new DataView(bytes.buffer)
      view.setFloat64(0, to)
      view.setUint32(8, sumOf(bytes.subarray(0, 8)))
      file.write(slot * slotBytes, bytes)
      slot = 1 - slot
      await synced(done => file.sync(done))
      if (!isNamed) await synced(done => storage.sync(done))
      isNamed = true
    },
  }
}

/** FNV-1a; never 0 of zeros. */
const sumOf = (bytes: Uint8Array): number => {
  let sum = 0x811c9dc5
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x01000193)
  return sum >>> 0
}
