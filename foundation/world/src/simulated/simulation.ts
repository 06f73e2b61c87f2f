// A world made of chance with a seed: nodes, their clocks and disks, and the network between them. A program sets it up, things happen until nothing is
// left to do or the time is over, and the same seed gives the same run, event for event.
import type { Chance, Timer, World } from '../world.ts'
import { type Conditions, rough } from './conditions.ts'
import { Decisions, type Disturbance } from './decisions.ts'
import { Disk } from './disk.ts'
import { type DisturbOptions, disturb } from './faults.ts'
import { Links } from './links.ts'
import { Loop } from './loop.ts'
import { Mailboxes } from './mailboxes.ts'
import {
  type Boot,
  chanceOf,
  clockOf,
  type Incarnation,
  type NodeOptions,
  SimulatedNode,
  type Surroundings,
} from './node.ts'
import { Ports } from './ports.ts'
import { Story } from './story.ts'
import { Streams } from './streams.ts'

export interface SimulationOptions {
  /** Disturbances that do not happen this time. */
  calmed?: Iterable<Disturbance>
  /** Remember disturbances. */
  record?: boolean
  /** Tell what happens. */
  story?: boolean
}

export class Simulation implements Surroundings {
  /** The program's own chance, which no shrinking calms. */
  readonly chance: Chance
  readonly nodes = new Map<string, SimulatedNode>()
  /** Which hosts reach each other, and what it is like on the way. */
  readonly network: Links
  readonly decisions: Decisions
  /** @internal */
  readonly loop: Loop
  /** @internal */
  readonly story: Story
  /** @internal: what must hold after every event. */
  readonly invariants: (() => void)[] = []
  /** @internal: what must hold at the end. */
  readonly judges: (() => void)[] = []
  private readonly ports = new Ports()
  private readonly mailboxes: Mailboxes
  private readonly streams: Streams

  readonly seed: number

  constructor(seed: number, options: SimulationOptions = {}) {
    this.seed = seed
    this.decisions = new Decisions(seed, options)
    this.loop = new Loop(seed)
    this.story = new Story(options.story ?? false, () => this.loop.timeMs)
    this.network = new Links(this.loop, this.decisions, this.story)
    this.mailboxes = new Mailboxes(this.loop, this.ports, this.network, this.story)
    this.streams = new Streams(this.loop, this.ports, this.network, this.story)
    this.chance = chanceOf(this.decisions.stream('program'))
  }

  /** True time, from 0. Nodes' clocks may tell another. */
  get timeMs(): number {
    return this.loop.timeMs
  }

  /** The node whose event happens now. */
  get currentNode(): SimulatedNode | undefined {
    return (this.loop.current as Incarnation | undefined)?.node
  }

  /** A new node, whose program starts now. Throws Error if there is one of that name. */
  node(name: string, boot: Boot, options: NodeOptions = {}): SimulatedNode {
    if (this.nodes.has(name))
      throw new Error(`simulation: there is a node ${name} already. Restart it, or choose another name.`)
    const disk = new Disk(this.decisions.stream(`disk of ${name}`), options.disk)
    const node = new SimulatedNode(name, this.nodes.size, boot, disk, this, options)
    this.nodes.set(name, node)
    this.ports.hosts.set(name, node)
    node.start()
    return node
  }

  /** Gives the node's host another name: the old one leads nowhere, and its connections break. */
  move(node: SimulatedNode, host: string): void {
    this.story.tell(`${node.name} moves from ${node.host} to ${host}`)
    this.ports.hosts.delete(node.host)
    node.restart({ host })
    this.ports.hosts.set(host, node)
  }

  /** From outside of all nodes, `delayMs` of true time later. */
  after(delayMs: number, run: () => void): Timer {
    const event = this.loop.schedule(delayMs, undefined, run)
    return { cancel: () => this.loop.cancel(event) }
  }

  /**
   * A program's steps, such as what its clients ask for: `run(i)` for i from 0 to count - 1, one after another with pauses of `everyMs`. Each is a disturbance: of a run
   * that fails, only those are left that make it fail.
   */
  steps(name: string, count: number, everyMs: readonly [number, number], run: (i: number) => void): void {
    const chance = this.decisions.stream(name)
    let atMs = 0
    for (let i = 0; i < count; i++) {
      chance.next()
      atMs += everyMs[0] + (everyMs[1] - everyMs[0]) * chance.at(1)
      if (chance.happens(0, 1)) this.loop.schedule(atMs, undefined, () => run(i))
    }
  }

  /** Chance that shrinking can turn into false. */
  maybe(name: string, probability: number): boolean {
    return this.decisions.stream(name).next().happens(0, probability)
  }

  /** Faults at random, until they are stopped: partitions, crashes, pauses, clocks that jump. */
  disturb(options: DisturbOptions = {}): Timer {
    return disturb(this, options)
  }

  /** The network as on a bad day: loss, delays, doubled messages. */
  rough(conditions: Partial<Conditions> = {}): void {
    this.network.set({ ...rough, ...conditions })
  }

  /** Ends every fault: the network is quiet, all nodes run. What is still wrong some time later is so for good. */
  calm(): void {
    this.network.calm()
    for (const node of this.nodes.values()) {
      node.resume()
      node.start()
    }
  }

  /** Is called after every event; what it throws is the failure of the run. */
  always(invariant: () => void): void {
    this.invariants.push(invariant)
  }

  /** Is called when nothing is left to happen, or the time is over; what it throws is the failure of the run. */
  atEnd(judge: () => void): void {
    this.judges.push(judge)
  }

  /** A line of the story. */
  note(text: string): void {
    this.story.tell(text)
  }

  /** @internal */
  tell(text: string): void {
    this.story.tell(text)
  }

  /** @internal */
  disconnect(incarnation: Incarnation, reset: boolean): void {
    this.streams.disconnect(incarnation, reset)
  }

  /** @internal */
  world(incarnation: Incarnation): World {
    const { node } = incarnation
    return {
      name: node.name,
      clock: clockOf(node, incarnation, this.loop),
      network: {
        listen: (address, handlers) => this.streams.listen(incarnation, address, handlers),
        connect: (address, handlers) => this.streams.connect(incarnation, address, handlers),
        mailbox: (address, handlers) => this.mailboxes.open(incarnation, address, handlers),
      },
      storage: node.disk.storage({
        after: (delayMs, run) => void this.loop.schedule(delayMs, incarnation, run),
        get alive() {
          return incarnation.alive
        },
      }),
      chance: chanceOf(this.decisions.stream(`chance of ${node.name}`)),
      note: text => this.story.tell(`${node.name}: ${text}`),
    }
  }
}
