// Which host reaches which, and what it is like on the way.
import { type Conditions, quiet } from './conditions.ts'
import type { DecisionStream, Decisions } from './decisions.ts'
import type { Loop } from './loop.ts'
import type { Story } from './story.ts'

/** What may befall a message on its way. */
export interface Passage {
  /** Undefined: it is lost, and why. */
  delayMs: number | undefined
  lostBy?: string
  bytes: Uint8Array
  tampered: boolean
}

/** Questions that are asked of each message. */
export const asks = { lost: 0, tampered: 1, byte: 2, bit: 3, latency: 4, twice: 5, secondLatency: 6, cut: 7, cutAt: 8 }

interface Link {
  readonly chance: DecisionStream
  conditions: Partial<Conditions>
  cut: boolean
  /** When what was sent before has gone through. */
  freeAtMs: number
}

export class Links {
  private conditions: Conditions = quiet
  private readonly links = new Map<string, Map<string, Link>>()
  /** The side on which a host is; hosts on different sides do not reach each other. Those that are on none reach all. */
  private sides = new Map<string, number>()

  private readonly loop: Loop
  private readonly decisions: Decisions
  private readonly story: Story

  constructor(loop: Loop, decisions: Decisions, story: Story) {
    this.loop = loop
    this.decisions = decisions
    this.story = story
  }

  /** What it is like everywhere, or from one host to another. */
  set(conditions: Partial<Conditions>, from?: string, to?: string): void {
    if (from === undefined || to === undefined) this.conditions = { ...this.conditions, ...conditions }
    else {
      const link = this.link(from, to)
      link.conditions = { ...link.conditions, ...conditions }
    }
  }

  /** Hosts of different groups no longer reach each other. */
  partition(groups: readonly (readonly string[])[]): void {
    this.story.tell(`partition: ${groups.map(group => `{${group.join(', ')}}`).join(' | ')}`)
    this.sides = new Map(groups.flatMap((group, side) => group.map(host => [host, side] as const)))
  }

  /** Nothing gets from the one to the other; back it does, unless that is cut as well. */
  cut(from: string, to: string): void {
    this.story.tell(`cut: ${from} → ${to}`)
    this.link(from, to).cut = true
  }

  /** Ends partitions and cuts. */
  heal(): void {
    this.story.tell('the network heals')
    this.sides.clear()
    for (const links of this.links.values()) for (const link of links.values()) link.cut = false
  }

  /** Ends partitions, cuts, and all that was set. */
  calm(): void {
    this.heal()
    this.conditions = quiet
    for (const links of this.links.values()) for (const link of links.values()) link.conditions = {}
  }

  of(from: string, to: string): Conditions {
    const { conditions } = this.link(from, to)
    for (const _ in conditions) return { ...this.conditions, ...conditions }
    return this.conditions
  }

  reaches(from: string, to: string): boolean {
    if (from === to) return true
    const [a, b] = [this.sides.get(from), this.sides.get(to)]
    return (a === undefined || b === undefined || a === b) && !this.link(from, to).cut
  }

  chance(from: string, to: string): DecisionStream {
    return this.link(from, to).chance
  }

  /** Sends bytes on their way. Within a host nothing befalls them. */
  pass(from: string, to: string, bytes: Uint8Array): Passage {
    if (from === to) return { delayMs: 0, bytes, tampered: false }
    if (!this.reaches(from, to)) return { delayMs: undefined, lostBy: 'the partition', bytes, tampered: false }
    const link = this.link(from, to)
    const { lossRate, tamperRate, latencyMs, bytesPerMs } = this.of(from, to)
    const chance = link.chance.about(bytes)
    if (chance.happens(asks.lost, lossRate)) return { delayMs: undefined, lostBy: 'chance', bytes, tampered: false }
    const tampered = bytes.length > 0 && chance.happens(asks.tampered, tamperRate)
    let arriving = bytes
    if (tampered) {
      arriving = bytes.slice()
      arriving[chance.choose(asks.byte, bytes.length)] ^= 1 << chance.choose(asks.bit, 8)
    }
    const goneAtMs = Math.max(this.loop.timeMs, link.freeAtMs) + bytes.length / bytesPerMs
    link.freeAtMs = goneAtMs
    const delayMs = goneAtMs - this.loop.timeMs + chance.between(asks.latency, latencyMs[0], latencyMs[1])
    return { delayMs, bytes: arriving, tampered }
  }

  private link(from: string, to: string): Link {
    let links = this.links.get(from)
    if (!links) this.links.set(from, (links = new Map()))
    let link = links.get(to)
    if (!link) {
      link = { chance: this.decisions.stream(`${from}→${to}`), conditions: {}, cut: false, freeAtMs: 0 }
      links.set(to, link)
    }
    return link
  }
}
