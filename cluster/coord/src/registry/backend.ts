// Where registrations are kept: in a store, or at a hub that has one. What a registry needs of it, and no more, for a hub lets nobody do anything else.
import type { Chance, Clock } from '@skein/world'
import type { Lease } from '../store.ts'
import type { Found } from './service.ts'

/** Which entries: of one registration, of a name, or all. */
export interface Place {
  readonly name?: string
  readonly id?: string
}

/** What is there, or what has changed since. `all` comes first, and again when changes may have been missed. */
export type Told =
  | { readonly type: 'all'; readonly found: readonly Found[] }
  | { readonly type: 'put'; readonly found: Found }
  | { readonly type: 'deleted'; readonly name: string; readonly id: string }

/** A port of a machine, and who has it: the same owner may take it again, by another lease. */
export interface PortClaim {
  readonly machine: string
  readonly port: number
  readonly owner: string
}

export interface LeaseTerms {
  /** Whether it renews itself. Default true. */
  readonly keepAlive?: boolean
}

export interface RegistryBackend {
  readonly url: string
  readonly clock: Clock
  readonly chance: Chance
  /** By which host others reach this process, as far as that is known here. */
  host(): Promise<string | undefined>
  lease(ttlMs: number, terms?: LeaseTerms): Promise<Lease>
  /** Rejects with LeaseNotFoundError, RegistrationRefusedError. */
  put(name: string, id: string, text: string, lease: string): Promise<void>
  /** False: there was none. Rejects with RegistrationRefusedError. */
  remove(name: string, id: string): Promise<boolean>
  list(place: Place): Promise<readonly Found[]>
  /** Ends by the signal, with CancelledError. */
  follow(place: Place, signal?: AbortSignal): AsyncIterable<Told>
  /** False: another owner has it. Rejects with LeaseNotFoundError. */
  claimPort(claim: PortClaim, lease: string): Promise<boolean>
  /** Ports of the machine that somebody has. */
  claimedPorts(machine: string): Promise<readonly number[]>
  /** Of what the backend itself holds; a store stays open. */
  close(): Promise<void>
}
