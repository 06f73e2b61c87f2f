// Whether the process that runs a transaction still lives. It has a lease in the store where its transactions are decided, with a key of its own; who finds what a transaction has left behind looks
// there. Such a key is made once and never again, and a commit says that it must be there: so when it is gone, whatever was not committed never will be. No machine's clock is compared with another's.
import type { Compare, Lease, Store } from '../store.ts'

/** A life. */
export interface Session {
  readonly id: string
  readonly key: string
  readonly lease: Lease
  /** Holds as long as it lives. */
  readonly lives: Compare
  /** The number of the next transaction. */
  next: number
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')

/** The sessions of this process in one store: one at a time, a new one when the last was lost. */
export class Sessions {
  private readonly store: Store
  private readonly prefix: string
  private readonly ttlMs: number
  private current: Promise<Session> | undefined

  constructor(store: Store, prefix: string, ttlMs: number) {
    this.store = store
    this.prefix = prefix
    this.ttlMs = ttlMs
  }

  get(): Promise<Session> {
    const open = (): Promise<Session> => this.open()
    this.current = this.current
      ? this.current.then(session => (session.lease.signal.aborted ? open() : session), open)
      : open()
    return this.current
  }

  /** Ends it: what it has left behind can be cleared away. */
  async close(): Promise<void> {
    const session = await this.current?.catch(() => undefined)
    await session?.lease.revoke().catch(() => {})
  }

  private async open(): Promise<Session> {
    const lease = await this.store.lease({ ttlMs: this.ttlMs })
    try {
      const id = hex(this.store.chance.bytes(12))
      const key = `${this.prefix}sessions/${id}`
      const { revision } = await this.store.put(key, '', { lease: lease.id })
      return { id, key, lease, lives: { key, target: 'created', is: '=', value: revision }, next: 0 }
    } catch (error) {
      await lease.revoke().catch(() => {})
      throw error
    }
  }
}
