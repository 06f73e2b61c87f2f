// Who has which address.
import { parseAddress } from '../address.ts'
import { WorldError } from '../errors.ts'
import type { ListenHandlers, MailboxHandlers } from '../world.ts'
import type { Incarnation, SimulatedNode } from './node.ts'

export interface Bound {
  readonly incarnation: Incarnation
  readonly address: string
  readonly port: string
  readonly handlers: { stream: ListenHandlers } | { mailbox: MailboxHandlers }
}

/** A port of a host: a number, or `unix:` and a path. */
export interface Target {
  readonly host: string
  readonly port: string
}

export class Ports {
  /** By the name of their host. */
  readonly hosts = new Map<string, SimulatedNode>()
  private readonly bound = new Map<string, Bound>()

  /** Throws WorldError if the address is another's, or of another host. */
  bind(incarnation: Incarnation, { host, port: wanted }: Target, handlers: Bound['handlers']): Bound {
    const { node } = incarnation
    const asked = `listen at ${wanted.startsWith('unix:') ? wanted : `${host}:${wanted}`}`
    if (host !== node.host) throw new WorldError('no such host', asked, { found: `this host is ${node.host}` })
    const port = wanted === '0' ? this.free(node.host) : wanted
    const key = `${node.host} ${port}`
    const other = this.bound.get(key)
    if (other?.incarnation.alive) throw new WorldError('address in use', asked)
    const address = port.startsWith('unix:') ? port : `${node.host}:${port}`
    const bound: Bound = { incarnation, address, port, handlers }
    this.bound.set(key, bound)
    return bound
  }

  release(bound: Bound): void {
    const key = `${bound.incarnation.node.host} ${bound.port}`
    if (this.bound.get(key) === bound) this.bound.delete(key)
  }

  /** Who waits there, if somebody does. */
  at(host: string, port: string): Bound | undefined {
    const bound = this.bound.get(`${host} ${port}`)
    return bound?.incarnation.alive && bound.incarnation.node.host === host ? bound : undefined
  }

  private free(host: string): string {
    for (let port = 32768; port < 65536; port++) if (!this.at(host, String(port))) return String(port)
    throw new WorldError('address in use', `find a free port on ${host}`)
  }
}

/** Where an address leads, seen from `self`. `unix:` paths are ports of the host itself. Throws ArgumentError. */
export const resolved = (address: string, self: string, call: string): Target => {
  const parts = parseAddress(call, address)
  if ('path' in parts) return { host: self, port: `unix:${parts.path}` }
  return { host: localNames.has(parts.host) ? self : parts.host, port: String(parts.port) }
}

const localNames = new Set(['localhost', '127.0.0.1', '::1', '0.0.0.0'])
