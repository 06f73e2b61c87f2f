// The services that are known, as the backend tells of them: told in, events out. What is not accepted is none of them.
import type { Told } from './backend.ts'
import { RegistrationRefusedError } from './errors.ts'
import type { Authorized } from './keys.ts'
import { newestFirst, type Wanted } from './names.ts'
import { type Found, readService, type Service } from './service.ts'

export type RegistryEvent =
  | { readonly type: 'registered'; readonly service: Service }
  /** Another version, place or metadata. */
  | { readonly type: 'changed'; readonly service: Service; readonly previous: Service }
  | { readonly type: 'freed'; readonly service: Service }

export interface Acceptance {
  readonly authorized: Authorized | undefined
  /** Told of each that is not. */
  refused(error: RegistrationRefusedError, found: Found): void
}

/** The service, if it is accepted. */
export const accepted = (found: Found, { authorized, refused }: Acceptance): Service | undefined => {
  try {
    return readService(found, authorized)
  } catch (error) {
    if (!(error instanceof RegistrationRefusedError)) throw error
    refused(error, found)
    return undefined
  }
}

export class Catalogue {
  private readonly services = new Map<string, Service>()
  readonly wanted: Wanted
  private readonly acceptance: Acceptance

  constructor(wanted: Wanted, acceptance: Acceptance) {
    this.wanted = wanted
    this.acceptance = acceptance
  }

  get size(): number {
    return this.services.size
  }

  /** What is wanted and there, the newest first. */
  get all(): Service[] {
    return newestFirst([...this.services.values()])
  }

  take(told: Told): RegistryEvent[] {
    if (told.type === 'put') return this.put(told.found)
    if (told.type === 'deleted') return this.remove(placeOf(told))
    const left = new Set(this.services.keys())
    const events: RegistryEvent[] = []
    for (const found of told.found) {
      left.delete(placeOf(found))
      events.push(...this.put(found))
    }
    for (const place of left) events.push(...this.remove(place))
    return events
  }

  private put(found: Found): RegistryEvent[] {
    const service = accepted(found, this.acceptance)
    const place = placeOf(found)
    if (service === undefined || !this.wanted.matches(service)) return this.remove(place)
    const previous = this.services.get(place)
    this.services.set(place, service)
    if (previous === undefined) return [{ type: 'registered', service }]
    // It was registered again, by another lease.
    if (JSON.stringify(previous) === JSON.stringify(service)) return []
    return [{ type: 'changed', service, previous }]
  }

  private remove(place: string): RegistryEvent[] {
    const service = this.services.get(place)
    if (service === undefined) return []
    this.services.delete(place)
    return [{ type: 'freed', service }]
  }
}

const placeOf = ({ name, id }: { readonly name: string; readonly id: string }): string => `${name}/${id}`
