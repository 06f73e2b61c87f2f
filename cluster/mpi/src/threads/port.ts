/** A communicator of threads: how others are made of it, and what it opens. */

import { NotSupportedError } from '@skein/base'
import { Grid } from '../comm/grid.ts'
import type { Neighbors, Port, SpawnedProgram } from '../engine.ts'
import type { FileFlag, FilePort } from '../file/port.ts'
import type { Hints } from '../info.ts'
import type { WindowPlan, WindowPort } from '../window/port.ts'
import { algorithmBetween } from './collectives/between.ts'
import { barrier } from './collectives/moves.ts'
import { edgesOfGraph, edgesOfGrid } from './collectives/neighbors.ts'
import { allSay, checkRoom, firstSays, grouped, leaderSays, leadersSay, newContexts } from './communicators.ts'
import type { Exchange } from './exchange.ts'
import { ThreadFile } from './file/file.ts'
import { contextsEach, type Holdings } from './holdings.ts'
import { Meetings, type Met } from './meetings.ts'
import { Mismatch } from './mismatch.ts'
import { Collectives } from './port/collectives.ts'
import { spawnRanks } from './spawn/spawn.ts'
import { ThreadWindow } from './window/window.ts'
import type { Parent } from './world-block.ts'

export class ThreadPort extends Collectives implements Port {
  /** Of an intercommunicator: its own group. */
  readonly #local: ThreadPort | undefined
  /** It holds nothing itself. */
  readonly #isBeside: boolean

  /**
   * @param local of an intercommunicator: its own group, which nobody else uses
   * @param holdings of a port beside another: the other's
   */
  constructor(
    exchange: Exchange,
    context: number,
    members: readonly number[],
    remoteMembers: readonly number[] = [],
    local?: ThreadPort,
    holdings?: Holdings,
  ) {
    super(exchange, context, members, remoteMembers, holdings)
    this.#local = local
    this.#isBeside = holdings !== undefined
  }

  beside(): ThreadPort {
    const { exchange, members, remoteMembers } = this
    return new ThreadPort(exchange, this.context.number + 2, members, remoteMembers, this.#local, this.holdings)
  }

  #sub(context: number, ranks: readonly number[]): ThreadPort {
    return new ThreadPort(
      this.exchange,
      context,
      ranks.map(rank => this.members[rank]),
    )
  }

  dup(): ThreadPort {
    checkRoom(this, 'dup')
    if (this.#local !== undefined) return this.#between(this.#local, 0, this, 0)
    const context = firstSays(this, 'dup', () => newContexts(this, 1))
    const copy = new ThreadPort(this.exchange, context, this.members)
    copy.edges = this.edges
    return copy
  }

  split(color: number | undefined, key: number): ThreadPort | undefined {
    checkRoom(this, 'split')
    const groups = grouped(allSay(this.#own, 'split', [color === undefined ? 0 : 1, color ?? 0, key]))
    const first = firstSays(this.#own, 'split', () => newContexts(this, groups.length))
    const index = groups.findIndex(group => group.color === color)
    return index < 0 ? undefined : this.#own.#sub(first + contextsEach * index, groups[index].ranks)
  }

  /** Its own group. */
  get #own(): ThreadPort {
    return this.#local ?? this
  }

  splitShared(key: number): ThreadPort {
    return this.split(0, key)!
  }

  create(ranks: readonly number[]): ThreadPort | undefined {
    checkRoom(this, 'create')
    const context = firstSays(this.#own, 'create', () => newContexts(this, 1))
    return ranks.includes(this.rank) ? this.#own.#sub(context, ranks) : undefined
  }

  createGroup(ranks: readonly number[], tag: number): ThreadPort | undefined {
    if (!ranks.includes(this.rank)) return undefined
    checkRoom(this, 'createGroup')
    const context = new Int32Array([this.rank === ranks[0] ? newContexts(this, 1) : 0])
    const bytes = new Uint8Array(context.buffer)
    this.driveApart(tag, function* (kit) {
      if (kit.rank !== ranks[0]) yield kit.receive(ranks[0], bytes)
      else for (const rank of ranks.slice(1)) yield kit.send(rank, bytes)
    })
    return this.#sub(context[0], ranks)
  }

  intercomm(localLeader: number, peer: Port | undefined, remoteLeader: number, tag: number): ThreadPort {
    return this.#between(this, localLeader, peer as ThreadPort | undefined, remoteLeader, tag)
  }

  /** @param peer in which this group's leader finds the other's */
  #between(own: ThreadPort, leader: number, peer: ThreadPort | undefined, other: number, tag = 0): ThreadPort {
    checkRoom(this, 'intercomm')
    const mine = own.rank === leader
    let said: number[] = []
    if (mine) {
      // Of both groups' offers the smaller number is taken; three communicators: between them, and of each group by itself.
      const offer = newContexts(own, 3)
      const heard = leadersSay(peer!, other, tag, [offer, ...own.members])
      said = [Math.min(offer, heard[0]), offer < heard[0] ? 1 : 2, ...heard.slice(1)]
    }
    const [context, place, ...remote] = leaderSays(own, 'intercomm', leader, said)
    const local = new ThreadPort(this.exchange, context + contextsEach * place, own.members)
    return new ThreadPort(this.exchange, context, own.members, remote, local)
  }

  merge(high: boolean): ThreadPort {
    checkRoom(this, 'merge')
    const local = this.#local!
    let said: number[] = []
    if (local.rank === 0) {
      const offer = newContexts(this, 1)
      const [other, otherHigh, otherFirst] = leadersSay(this, 0, 0, [offer, high ? 1 : 0, this.members[0]])
      // Where both say the same, the group whose first process has the lower number comes first.
      const isFirst = (otherHigh === 1) === high ? this.members[0] < otherFirst : !high
      said = [Math.min(offer, other), isFirst ? 1 : 0]
    }
    const [context, isFirst] = leaderSays(local, 'merge', 0, said)
    const [mine, others] = [this.members, this.remoteMembers]
    return new ThreadPort(this.exchange, context, isFirst === 1 ? [...mine, ...others] : [...others, ...mine])
  }

  cart(dims: readonly number[], periods: readonly boolean[], _reorder: boolean): ThreadPort | undefined {
    const size = dims.reduce((product, dim) => product * dim, 1)
    const port = this.create(Array.from({ length: size }, (_, rank) => rank))
    if (port) port.edges = edgesOfGrid(new Grid(dims, periods).neighbors(port.rank))
    return port
  }

  distGraphAdjacent({ sources, destinations }: Neighbors, _reorder: boolean): ThreadPort {
    const port = this.dup()
    port.edges = edgesOfGraph(sources, destinations)
    return port
  }

  openWindow(plan: WindowPlan): WindowPort {
    return new ThreadWindow(this, plan)
  }

  openFile(path: string, flags: readonly FileFlag[], hints: Hints, name: string): FilePort {
    return new ThreadFile(this, this.exchange.views, path, flags, hints, name)
  }

  free(): void {
    if (this.#isBeside) return
    this.exchange.holdings.release(this.holdings)
    this.#local?.free()
  }

  disconnect(): void {
    // All messages have been received then.
    this.drive(
      'barrier',
      this.#local === undefined ? barrier : kit => algorithmBetween(kit, { is: 'barrier' }, this.rank),
      'disconnect',
    )
    this.free()
  }

  /** The root asks for them, and tells the others who they are. */
  spawn(programs: readonly SpawnedProgram[], root: number): ThreadPort {
    let said: number[] = []
    let refused: unknown
    if (this.rank === root) {
      try {
        // Between both groups, of each by itself, and the new world.
        const context = newContexts(this, 4)
        said = [context, ...spawnRanks(this.exchange, programs, { context, members: this.members })]
      } catch (error) {
        refused = this.errorOf(error, 'spawn')
      }
    }
    const [context, ...children] = leaderSays(this, 'spawn', root, said)
    if (refused !== undefined) throw refused
    if (context === undefined) {
      throw this.errorOf(new Mismatch('MPI_ERR_SPAWN', `rank ${root} could not start the ranks`), 'spawn')
    }
    const local = new ThreadPort(this.exchange, context + contextsEach, this.members)
    return new ThreadPort(this.exchange, context, this.members, children, local)
  }

  /** What a rank that was spawned has of those who did it. */
  static toParent(exchange: Exchange, members: readonly number[], { context, members: parents }: Parent): ThreadPort {
    return new ThreadPort(
      exchange,
      context,
      members,
      parents,
      new ThreadPort(exchange, context + 2 * contextsEach, members),
    )
  }

  accept(portName: string, _hints: Hints, root: number): ThreadPort {
    return this.#meet('accept', portName, root)
  }

  connect(portName: string, _hints: Hints, root: number): ThreadPort {
    return this.#meet('connect', portName, root)
  }

  #meet(call: 'accept' | 'connect', portName: string, root: number): ThreadPort {
    if (this.rank !== root) {
      const [isMet] = leaderSays(this, call, root, [])
      if (isMet !== 1) throw this.errorOf(new Mismatch('MPI_ERR_PORT', `rank ${root} found nobody there`), call)
      return this.#between(this, root, undefined, 0)
    }
    const meetings = new Meetings(this.exchange)
    let met: Met
    try {
      met = meetings[call](portName, () => newContexts(this, 1))
    } catch (error) {
      leaderSays(this, call, root, [0])
      throw this.errorOf(error, call)
    }
    leaderSays(this, call, root, [1])
    const both = new ThreadPort(this.exchange, met.context, met.roots)
    const made = this.#between(this, root, both, 1 - both.rank)
    met.leave()
    both.free()
    return made
  }

  abort(code: number): never {
    process.exit(code)
  }

  // Fault tolerance: a rank that is lost ends the others, since all are one process.

  revoke(): never {
    return unsupported('revoke')
  }

  shrink(): never {
    return unsupported('shrink')
  }

  agree(): never {
    return unsupported('agree')
  }

  /** Those that have ended, well or not, while others go on. */
  failed(): readonly number[] {
    return [...this.peers.keys()].filter(rank => this.exchange.hasEnded(this.peers[rank]))
  }
}

const unsupported = (call: string): never => {
  throw new NotSupportedError('threads', call, 'ranks are threads of one process, and end with each other')
}
