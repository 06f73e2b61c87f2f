// Messages between simulated hosts: each is lost, doubled, delayed or changed by itself.
import type { WorldError } from '../errors.ts'
import type { Mailbox, MailboxHandlers } from '../world.ts'
import { asks, type Links } from './links.ts'
import type { Loop } from './loop.ts'
import type { Incarnation } from './node.ts'
import { type Bound, type Ports, resolved } from './ports.ts'
import { preview, type Story } from './story.ts'

export class Mailboxes {
  private readonly loop: Loop
  private readonly ports: Ports
  private readonly links: Links
  private readonly story: Story

  constructor(loop: Loop, ports: Ports, links: Links, story: Story) {
    this.loop = loop
    this.ports = ports
    this.links = links
    this.story = story
  }

  open(incarnation: Incarnation, address: string, handlers: MailboxHandlers): Mailbox {
    const target = resolved(address, incarnation.node.host, 'network.mailbox')
    let bound: Bound | undefined
    try {
      const taken = this.ports.bind(incarnation, target, { mailbox: handlers })
      bound = taken
      this.loop.schedule(0, incarnation, () => handlers.ready?.(taken.address))
    } catch (error) {
      this.loop.schedule(0, incarnation, () => handlers.failed?.(error as WorldError))
    }
    return {
      send: (to, message) => {
        if (bound && incarnation.alive) this.send(bound, to, message)
      },
      close: () => {
        if (bound) this.ports.release(bound)
        bound = undefined
      },
    }
  }

  private send(from: Bound, to: string, message: Uint8Array): void {
    const { node } = from.incarnation
    const { host, port } = resolved(to, node.host, 'mailbox.send')
    const passage = this.links.pass(node.host, host, message)
    const { costMs, duplicateRate, latencyMs } = this.links.of(node.host, host)
    if (costMs > 0) from.incarnation.busyUntilMs = Math.max(from.incarnation.busyUntilMs, this.loop.timeMs) + costMs
    if (this.story.on) this.tell(from.address, to, message, passage.lostBy && `lost by ${passage.lostBy}`)
    if (passage.delayMs === undefined) return
    this.deliver(from, host, port, passage.bytes, passage.delayMs, costMs, passage.tampered)
    const chance = this.links.chance(node.host, host)
    if (host !== node.host && chance.happens(asks.twice, duplicateRate)) {
      if (this.story.on) this.tell(from.address, to, message, 'sent twice')
      const delayMs = passage.delayMs + chance.between(asks.secondLatency, latencyMs[0], latencyMs[1])
      this.deliver(from, host, port, passage.bytes, delayMs, costMs, passage.tampered)
    }
  }

  private deliver(
    from: Bound,
    host: string,
    port: string,
    bytes: Uint8Array,
    delayMs: number,
    costMs: number,
    tampered: boolean,
  ): void {
    // Who is there is seen when the message arrives: another incarnation, perhaps, or nobody.
    this.loop.schedule(delayMs, undefined, () => {
      const bound = this.ports.at(host, port)
      if (!bound || !('mailbox' in bound.handlers)) {
        if (this.story.on) this.tell(from.address, `${host}:${port}`, bytes, 'nobody is there')
        return
      }
      const { handlers, incarnation } = bound
      this.loop.hand(incarnation, () => {
        if (costMs > 0) incarnation.busyUntilMs = this.loop.timeMs + costMs
        if (this.story.on) this.tell(from.address, bound.address, bytes, tampered ? 'arrives, changed' : 'arrives')
        handlers.mailbox.received(bytes, from.address)
      })
    })
  }

  private tell(from: string, to: string, message: Uint8Array, fate: string | undefined): void {
    this.story.tell(`${from} → ${to}  ${preview(message)}${fate ? `  (${fate})` : ''}`)
  }
}
