// A latch: opens once so many things have happened, and stays open.
import { ArgumentError } from '@skein/base'
import { checkName } from '../core/keys.ts'
import { StoredValueError } from '../errors.ts'
import type { RangeResult, Store } from '../store.ts'
import { only, untilChange, type WaitOptions, waiting } from '../waiting.ts'
import { compareAndSet, type Known } from './compare-and-set.ts'

export interface LatchOptions {
  /** How often it is counted down until it opens; the same for all. */
  count: number
}

export class Latch {
  readonly name: string
  private readonly store: Store
  private readonly count: number
  private readonly left: string
  /** There once it is open: who waits is told of that alone. */
  private readonly open: string

  /** Throws ArgumentError. */
  constructor(store: Store, name: string, { count }: LatchOptions) {
    this.name = checkName('latch', name)
    if (!(Number.isSafeInteger(count) && count > 0))
      throw new ArgumentError('latch', 'count', 'a whole number from 1', count)
    this.store = store
    this.count = count
    this.left = `skein/latches/${name}/left`
    this.open = `skein/latches/${name}/open`
  }

  /** How often it is still to be counted down. Rejects with StoredValueError. */
  async remaining(): Promise<number> {
    return this.numberOf(await this.store.get(this.left))
  }

  /** Gives how often it is still to be; below 0 it does not go. If the store fails meanwhile, nobody knows whether it was counted. Rejects with StoredValueError. */
  async countDown(): Promise<number> {
    let left = 0
    await compareAndSet('latch.countDown', this.store, this.left, entry => {
      left = this.numberOf(entry)
      if (left === 0) return undefined
      left--
      const puts = [{ op: 'put', key: this.left, value: String(left) } as const]
      return left > 0 ? puts : [...puts, { op: 'put', key: this.open, value: '' }]
    })
    return left
  }

  /** Resolves when it is open. Rejects with CancelledError, TimeoutError. */
  async wait(options: WaitOptions = {}): Promise<void> {
    const { open, store } = this
    await waiting('latch.wait', store.clock, options, async ends => {
      for (;;) {
        const { count, revision }: RangeResult = await store.range(only(open), { limit: 0 })
        if (count > 0) return
        if (ends.aborted) throw ends.reason
        await untilChange(store, only(open), revision, ends)
      }
    })
  }

  /** Closes it, with its whole count; who waits goes on waiting. */
  async reset(): Promise<void> {
    await this.store.deleteRange({ prefix: `skein/latches/${this.name}/` })
  }

  private numberOf(entry: Pick<Known, 'key' | 'value'> | undefined): number {
    if (entry === undefined) return this.count
    const number = Number(new TextDecoder().decode(entry.value))
    if (!(Number.isSafeInteger(number) && number >= 0))
      throw new StoredValueError(entry.key, 'it is no whole number from 0')
    return number
  }
}
