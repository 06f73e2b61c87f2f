// What a hub offers, as both sides know it.
import type { Place, PortClaim, Told } from './backend.ts'
import type { Found } from './service.ts'

/** Before what a session signs to show whose it is, so that it is a signature of nothing else. */
export const proofDomain = 'skein registry hub\n'

export interface HubApi {
  /** By which host the hub sees the caller; and what to sign with `prove`. */
  hello(): { readonly version: 1; readonly host: string; readonly nonce: string }
  /** Shows that the session is that of who has the key. Rejects with RegistrationRefusedError. */
  prove(publicKey: string, signature: string): void
  /** The lease's id; and what to show the hub to use it, which only who asked for it has. */
  lease(ttlMs: number): Promise<{ readonly id: string; readonly handle: string }>
  renew(handle: string): Promise<void>
  revoke(handle: string): Promise<void>
  put(name: string, id: string, text: string, handle: string): Promise<void>
  remove(name: string, id: string): Promise<boolean>
  list(place: Place): Promise<readonly Found[]>
  /** `signal` ends asking for it; the iterator ends when it is told to. */
  follow(place: Place, signal?: AbortSignal): AsyncIterableIterator<Told>
  claimPort(claim: PortClaim, handle: string): Promise<boolean>
  claimedPorts(machine: string): Promise<readonly number[]>
}
