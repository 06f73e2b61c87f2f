// A lease that several things have in common: made when the first needs it, kept while any does and as long again, and replaced once it was lost or is not to be relied on.
import type { Timer } from '@skein/world'
import type { Lease, Store } from '../store.ts'

/** One's part in it, until it leaves. */
export interface Share {
  readonly lease: Lease
  leave(): void
  /** Leaves, and nobody else begins with this lease: what was done with it is not known, and ends with it as soon as those have left that have it already. */
  abandon(): void
}

interface Kept {
  readonly asked: Promise<Lease>
  users: number
  idle: Timer | undefined
}

export class KeptLease {
  private readonly store: Store
  private readonly ttlMs: number
  private kept: Kept | undefined

  constructor(store: Store, ttlMs: number) {
    this.store = store
    this.ttlMs = ttlMs
  }

  async share(): Promise<Share> {
    for (;;) {
      const kept = (this.kept ??= { asked: this.store.lease({ ttlMs: this.ttlMs }), users: 0, idle: undefined })
      kept.users++
      kept.idle?.cancel()
      try {
        const lease = await kept.asked
        if (!lease.signal.aborted) return this.shareOf(kept, lease)
      } catch (error) {
        this.drop(kept)
        throw error
      }
      this.drop(kept)
    }
  }

  private shareOf(kept: Kept, lease: Lease): Share {
    const leave = (): void => {
      if (--kept.users > 0) return
      const end = (): void => {
        this.drop(kept)
        lease.revoke().catch(() => {})
      }
      if (this.kept === kept) kept.idle = this.store.clock.after(this.ttlMs, end, { background: true })
      else end()
    }
    const abandon = (): void => {
      this.drop(kept)
      leave()
    }
    return { lease, leave, abandon }
  }

  private drop(kept: Kept): void {
    if (this.kept === kept) this.kept = undefined
  }
}
