// A service that is registered, and stays so: when its lease is lost (its process was paused, the store or the hub was away) it is registered again, at the same port and by the same id, so that
// who looks finds one of it at most.
import { sleep } from '@skein/world'
import type { LeaseLostError } from '../errors.ts'
import type { Lease } from '../store.ts'
import type { RegistryBackend } from './backend.ts'
import { RegistrationEndedError } from './errors.ts'
import { addressOf, type ServiceRecord } from './service.ts'

export interface Registration extends AsyncDisposable {
  readonly id: string
  readonly name: string
  readonly version: string | undefined
  readonly host: string
  /** The one that was given, or taken. */
  readonly port: number
  /** `host:port`, as `connect` takes it. */
  readonly address: string
  readonly metadata: Readonly<Record<string, unknown>>
  /** The registry is sure to have it: false while it is registered again. */
  readonly isListed: boolean
  /** Aborted when it is over, with RegistrationEndedError: freed here or by somebody else, or lost and not to be registered again. */
  readonly signal: AbortSignal
  /** What it says of itself from now on. Throws ArgumentError; rejects with RegistrationEndedError, and what the store rejects with. */
  update(metadata: Readonly<Record<string, unknown>>): Promise<void>
  /** Ends it. */
  free(): Promise<void>
}

export interface RegistrationParts {
  readonly backend: RegistryBackend
  readonly ttlMs: number
  readonly isKept: boolean
  /** Takes the port that is needed; the same as before, if there was one. */
  takePort(lease: string, before: number | undefined): Promise<number>
  write(record: ServiceRecord, lease: string): string
  checkMetadata(metadata: unknown): Record<string, unknown>
  ended(registration: Registration): void
}

/** Errors that come again however often it is tried. */
const final = new Set([
  'StoreClosedError',
  'StoreFileError',
  'RegistryClosedError',
  'RegistrationRefusedError',
  'NoPortError',
  'ArgumentError',
  'RegistrationEndedError',
])

export class HeldRegistration implements Registration {
  private readonly parts: RegistrationParts
  private readonly over = new AbortController()
  private record: ServiceRecord
  private hasPort = false
  private lease: Lease | undefined
  /** Changes wait for each other, so that the last one stays. */
  private changing: Promise<void> = Promise.resolve()

  constructor(record: ServiceRecord, parts: RegistrationParts) {
    this.record = record
    this.parts = parts
  }

  get id(): string {
    return this.record.id
  }
  get name(): string {
    return this.record.name
  }
  get version(): string | undefined {
    return this.record.version
  }
  get host(): string {
    return this.record.host
  }
  get port(): number {
    return this.record.port
  }
  get address(): string {
    return addressOf(this.host, this.port)
  }
  get metadata(): Readonly<Record<string, unknown>> {
    return this.record.metadata
  }
  get signal(): AbortSignal {
    return this.over.signal
  }
  get isListed(): boolean {
    return this.lease !== undefined && !this.lease.signal.aborted
  }

  /** Registers it. Rejects with what the backend rejects with, and leaves nothing behind. */
  async enter(): Promise<void> {
    const { backend, ttlMs, takePort, write } = this.parts
    const lease = await backend.lease(ttlMs)
    try {
      const port = await takePort(lease.id, this.hasPort ? this.port : undefined)
      this.record = { ...this.record, port }
      this.hasPort = true
      await this.inTurn(() => backend.put(this.name, this.id, write(this.record, lease.id), lease.id))
      if (this.over.signal.aborted) throw this.over.signal.reason
    } catch (error) {
      await lease.revoke().catch(() => {})
      throw error
    }
    this.lease = lease
    const { signal } = lease
    if (signal.aborted) void this.lost(signal.reason)
    else signal.addEventListener('abort', () => void this.lost(signal.reason), { once: true })
    void this.guard(lease)
  }

  async update(metadata: Readonly<Record<string, unknown>>): Promise<void> {
    if (this.over.signal.aborted) throw this.over.signal.reason
    this.record = { ...this.record, metadata: this.parts.checkMetadata(metadata) }
    await this.inTurn(async () => {
      const { lease } = this
      // While it is registered again, what it says then is what it says now.
      if (lease && !lease.signal.aborted)
        await this.parts.backend.put(this.name, this.id, this.parts.write(this.record, lease.id), lease.id)
    })
  }

  async free(): Promise<void> {
    this.end('it was freed')
    await this.lease?.revoke()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.free()
  }

  private end(reason: string, cause?: unknown): void {
    if (this.over.signal.aborted) return
    this.over.abort(new RegistrationEndedError(this.name, this.id, reason, cause === undefined ? undefined : { cause }))
    this.parts.ended(this)
  }

  private inTurn(run: () => Promise<void>): Promise<void> {
    const done = this.changing.then(run)
    this.changing = done.catch(() => {})
    return done
  }

  /** The lease is over: registers again, until that succeeds or makes no sense. */
  private async lost(reason: LeaseLostError): Promise<void> {
    const { backend, ttlMs, isKept } = this.parts
    if (this.over.signal.aborted) return
    if (!isKept) return this.end('its lease is lost', reason)
    for (;;) {
      try {
        return await this.enter()
      } catch (error) {
        if (this.over.signal.aborted) return
        if (final.has((error as Error).name))
          return this.end('its lease is lost, and it could not be registered again', error)
      }
      try {
        await sleep(backend.clock, Math.min(ttlMs / 3, 1000), { signal: this.over.signal, background: true })
      } catch {
        return
      }
    }
  }

  /** Notices that somebody else has freed it: the entry is gone, and the lease is not. */
  private async guard(lease: Lease): Promise<void> {
    const { backend, ttlMs } = this.parts
    const signal = AbortSignal.any([lease.signal, this.over.signal])
    const { name, id } = this
    while (!signal.aborted)
      try {
        for await (const told of backend.follow({ name, id }, signal)) {
          if (told.type === 'put' || (told.type === 'all' && told.found.length > 0)) continue
          await lease.renew()
          this.end('somebody else has freed it')
          await lease.revoke()
        }
      } catch {
        // The lease, or the registration, is over; or the backend cannot be reached, and is asked again.
        if (!signal.aborted) await sleep(backend.clock, ttlMs / 3, { signal, background: true }).catch(() => {})
      }
  }
}
