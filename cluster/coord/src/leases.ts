// A lease as its holder sees it, whatever the store. The holder must know that it is over before the store can end it: it counts from before it asked, by its own monotonic clock, and gives away a share of the time for
// clocks that do not run alike. The store counts from after it was asked. So there is no moment at which the holder believes in a lease that others have seen end, as long as the clocks' drifts differ by less than that share; but a holder
// that is paused, by its collector or its machine, acts on what it believed before. That is what tokens are for.
import type { Clock, Timer } from '@skein/world'
import { LeaseLostError, LeaseNotFoundError } from './errors.ts'
import type { Lease, LeaseOptions, Store, Transaction, TransactionResult } from './store.ts'

/** Of the time to live, for clocks that drift. */
const driftShare = 0.1

export interface LeaseCalls {
  /** Asks the store. Rejects with LeaseNotFoundError if there is none. */
  renew(id: string): Promise<void>
  revoke(id: string): Promise<void>
}

export class HeldLease implements Lease {
  readonly id: string
  readonly ttlMs: number
  private readonly clock: Clock
  private readonly calls: LeaseCalls
  private readonly controller = new AbortController()
  private untilMs: number
  private expiry: Timer
  private renewal: Timer | undefined
  private readonly keepsAlive: boolean

  /** `askedAtMs`: when the store was asked for it, by the clock. */
  constructor(id: string, ttlMs: number, askedAtMs: number, clock: Clock, calls: LeaseCalls, keepAlive: boolean) {
    this.id = id
    this.ttlMs = ttlMs
    this.clock = clock
    this.calls = calls
    this.keepsAlive = keepAlive
    this.untilMs = askedAtMs + ttlMs * (1 - driftShare)
    this.expiry = this.expireLater()
    if (keepAlive) this.renewLater(ttlMs / 3)
  }

  get signal(): AbortSignal {
    // A timer may be late, and whoever asks now must not be told what was true then.
    if (!this.controller.signal.aborted && this.remainingMs <= 0) this.lose('its time is over')
    return this.controller.signal
  }

  get remainingMs(): number {
    return this.controller.signal.aborted ? 0 : Math.max(0, this.untilMs - this.clock.monotonicMs())
  }

  async renew(): Promise<void> {
    const { signal } = this
    if (signal.aborted) throw signal.reason
    const askedAtMs = this.clock.monotonicMs()
    try {
      await this.calls.renew(this.id)
    } catch (error) {
      if (error instanceof LeaseNotFoundError) throw this.lose('the store knows it no more', error)
      throw error
    }
    if (this.signal.aborted) throw this.signal.reason
    this.untilMs = askedAtMs + this.ttlMs * (1 - driftShare)
    this.expiry.cancel()
    this.expiry = this.expireLater()
  }

  async revoke(): Promise<void> {
    if (this.controller.signal.aborted) return
    this.lose('it was revoked')
    try {
      await this.calls.revoke(this.id)
    } catch (error) {
      if (!(error instanceof LeaseNotFoundError)) throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.revoke()
  }

  /** The store is closed, or the lease over. */
  lose(reason: string, cause?: Error): LeaseLostError {
    const error = new LeaseLostError(this.id, reason, cause ? { cause } : undefined)
    this.expiry.cancel()
    this.renewal?.cancel()
    this.controller.abort(error)
    return error
  }

  private expireLater(): Timer {
    return this.clock.after(this.untilMs - this.clock.monotonicMs(), () => void this.signal, { background: true })
  }

  private renewLater(delayMs: number): void {
    this.renewal = this.clock.after(
      delayMs,
      () => {
        if (this.signal.aborted || !this.keepsAlive) return
        // Of a store that cannot be reached it is asked again soon, as long as there is time.
        this.renew().then(
          () => this.renewLater(this.ttlMs / 3),
          () => !this.controller.signal.aborted && this.renewLater(Math.min(this.ttlMs / 10, 1000)),
        )
      },
      { background: true },
    )
  }
}

/** Takes a lease, and does with it what the transaction says; of a transaction that cannot be done the lease is given back. In one step where the store can. */
export const leaseAnd = async (
  store: Store,
  options: LeaseOptions,
  transaction: (lease: string) => Transaction,
): Promise<{ lease: Lease; result: TransactionResult }> => {
  if (store.leaseAnd) return store.leaseAnd(options, transaction)
  const lease = await store.lease(options)
  try {
    return { lease, result: await store.transact(transaction(lease.id)) }
  } catch (error) {
    await lease.revoke().catch(() => {})
    throw error
  }
}
