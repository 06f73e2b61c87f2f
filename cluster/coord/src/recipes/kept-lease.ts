// A lease that several things have in common: made when the first needs it, kept while any does and as long again, made anew once it was lost.
import type { Timer } from '@skein/world'
import type { Lease, Store } from '../store.ts'

export class KeptLease {
  private readonly store: Store
  private readonly ttlMs: number
  private lease: Promise<Lease> | undefined
  private users = 0
  private idle: Timer | undefined

  constructor(store: Store, ttlMs: number) {
    this.store = store
    this.ttlMs = ttlMs
  }

  /** What resolves is followed by one `leave`. */
  async use(): Promise<Lease> {
    this.users++
    this.idle?.cancel()
    try {
      for (;;) {
        const asked = (this.lease ??= this.store.lease({ ttlMs: this.ttlMs }))
        const lease = await asked.catch(error => {
          this.forget(asked)
          throw error
        })
        if (!lease.signal.aborted) return lease
        this.forget(asked)
      }
    } catch (error) {
      this.leave()
      throw error
    }
  }

  leave(): void {
    const { lease } = this
    if (--this.users > 0 || lease === undefined) return
    const end = (): void => {
      this.forget(lease)
      lease.then(lease => lease.revoke()).catch(() => {})
    }
    this.idle = this.store.clock.after(this.ttlMs, end, { background: true })
  }

  private forget(lease: Promise<Lease>): void {
    if (this.lease === lease) this.lease = undefined
  }
}
