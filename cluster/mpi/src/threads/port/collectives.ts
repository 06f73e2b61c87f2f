/** Collectives of a communicator of threads: over its board, or by messages. */

import type { Collective, Pending, Persistent } from '../../engine.ts'
import { Status } from '../../status.ts'
import { Board, newBoard } from '../board.ts'
import { algorithmOf } from '../collectives/algorithms.ts'
import { algorithmBetween } from '../collectives/between.ts'
import { isOfEarlier, Kit, type Steps } from '../collectives/kit.ts'
import { callOf } from '../collectives/names.ts'
import { algorithmAlong, type Edges } from '../collectives/neighbors.ts'
import { Schedule } from '../collectives/schedule.ts'
import { Shared } from '../collectives/shared.ts'
import { firstSays } from '../communicators.ts'
import type { Exchange } from '../exchange.ts'
import type { Holdings } from '../holdings.ts'
import type { Context } from '../matching.ts'
import { Mismatch } from '../mismatch.ts'
import { PersistentCall } from '../pending.ts'
import { Messages } from './messages.ts'

/** For calls whose status nobody sees. */
const unseen = new Status()

export class Collectives extends Messages {
  readonly collectives: Context
  /** Of a topology. */
  protected edges: Edges | undefined
  /** Between two groups. */
  readonly #isInter: boolean
  /** Collectives so far. */
  #calls = 0
  #shared: Shared | undefined
  /** Calls by messages. */
  #underWay = 0
  /** One has ended with an error, and may have left messages that it did not take. */
  #hasFailed = false

  constructor(
    exchange: Exchange,
    context: number,
    members: readonly number[],
    remoteMembers: readonly number[],
    holdings: Holdings | undefined,
  ) {
    super(exchange, context, members, remoteMembers, holdings)
    this.collectives = exchange.context(context + 1)
    this.#isInter = remoteMembers.length > 0
  }

  run(collective: Collective): void {
    if (this.size > 1 && !this.#isInter && Shared.takes(collective, this.size)) {
      try {
        return this.#openShared(collective.is).run(collective)
      } catch (error) {
        throw this.errorOf(error, collective.is)
      }
    }
    this.#checkStray(collective.is)
    this.#begin(this.#steps(collective), collective.is).wait(unseen)
  }

  /** The board is made when it is first needed, which all ranks see at the same call. */
  #openShared(call: string): Shared {
    if (this.#shared === undefined) {
      const address = firstSays(this, call, () => newBoard(this.size))
      this.#shared = new Shared(new Board(this.exchange, address, this.rank, this.members))
      this.holdings.board = this.#shared
    }
    return this.#shared
  }

  start(collective: Collective): Pending {
    this.#checkStray(collective.is)
    return this.#begin(this.#steps(collective), collective.is)
  }

  init(collective: Collective): Persistent {
    return new PersistentCall(() => this.start(collective))
  }

  /** Carries out steps that all ranks take. */
  drive(is: Collective['is'], steps: (kit: Kit) => Steps, call: string = is): void {
    this.#begin(steps(this.#kit(is)), call).wait(unseen)
  }

  /** Carries out steps that only some ranks take, in a place of their own. */
  driveApart(tag: number, steps: (kit: Kit) => Steps): void {
    const kit = Kit.apart(this.exchange, this.collectives, this.rank, this.peers, tag)
    this.#begin(steps(kit), 'createGroup').wait(unseen)
  }

  #kit(is: Collective['is'], root?: number): Kit {
    return new Kit(this.exchange, this.collectives, this.rank, this.peers, this.#calls++, is, root)
  }

  #steps(collective: Collective): Steps {
    const { is } = collective
    if (this.#isInter) return algorithmBetween(this.#kit(is), collective, this.rank)
    if (is.startsWith('neighbor')) return algorithmAlong(this.#kit(is), this.edges!, collective)
    return algorithmOf(this.#kit(is, 'root' in collective ? collective.root : undefined), collective)
  }

  #begin(steps: Steps, call: string): Schedule {
    this.#underWay++
    const schedule = new Schedule(this, steps, call, this.#ended)
    this.exchange.drive(schedule)
    return schedule
  }

  readonly #ended = (well: boolean): void => {
    this.#underWay--
    if (!well) this.#hasFailed = true
  }

  /**
   * A call that ends well has received all that is for this rank. What comes of it later says that its ranks did not agree, and nobody else will ever see that: each of two
   * roots of a `bcast` sends, and goes on.
   */
  #checkStray(call: string): void {
    if (this.#underWay > 0) return
    this.exchange.poll()
    const { unexpected } = this.collectives
    for (let i = unexpected.length - 1; i >= 0; i--) {
      const { tag, source, signature } = unexpected[i]
      if (!isOfEarlier(tag, this.#calls)) continue
      this.collectives.takeOut(i)
      if (this.#hasFailed) continue
      const { name, root } = callOf(signature)
      const withRoot = root < 0 ? '' : ` with root ${root}`
      const problem = `rank ${this.rankOf(source)} was in ${name}${withRoot} before, of which this rank did not wait for anything: they gave different roots, or lengths`
      throw this.errorOf(new Mismatch(root < 0 ? 'MPI_ERR_OTHER' : 'MPI_ERR_ROOT', problem), call)
    }
  }
}
