// A gate: closed while it is held, open otherwise.
import { checkName } from '../core/keys.ts'
import type { RangeResult, Store } from '../store.ts'
import { only, untilChange, type WaitOptions, waiting } from '../waiting.ts'

/** Closed by one, for all who come until it is opened. */
export class Barrier {
  readonly name: string
  private readonly store: Store
  private readonly key: string

  /** Throws ArgumentError. */
  constructor(store: Store, name: string) {
    this.name = checkName('barrier', name)
    this.store = store
    this.key = `skein/barriers/${name}`
  }

  /** Closes it, until somebody releases it, or the lease ends, if one is given. More than once is once, and the last lease counts. */
  async hold({ lease }: { lease?: string } = {}): Promise<void> {
    await this.store.put(this.key, '', { lease })
  }

  /** Opens it to all who wait. */
  async release(): Promise<void> {
    await this.store.delete(this.key)
  }

  /** Resolves at once if it is open, and else when it is opened, however soon it is closed again. Rejects with CancelledError, TimeoutError. */
  async wait(options: WaitOptions = {}): Promise<void> {
    const { key, store } = this
    await waiting('barrier.wait', store.clock, options, async ends => {
      for (let isOpen = false; !isOpen; ) {
        const { count, revision }: RangeResult = await store.range(only(key), { limit: 0 })
        if (count === 0) return
        if (ends.aborted) throw ends.reason
        await untilChange(store, only(key), revision, ends, ({ events }) => {
          isOpen ||= events.some(({ type }) => type === 'delete')
          return isOpen
        })
      }
    })
  }
}
