/** What all communicators are, of one group or of two: a group, attributes, hints, an end. */

import type { Port } from '../engine.ts'
import { type Hints, hintsOf, type Info, noHints } from '../info.ts'
import { AsyncCalls } from './async.ts'
import { Attributes } from './attributes.ts'
import { Collectives } from './collectives.ts'
import { type Comparison, Group } from './group.ts'
import { checkLive } from './roots.ts'

export abstract class Comm extends Collectives {
  readonly attributes: Attributes<Comm> = new Attributes(this)
  #info: Hints = noHints
  #async: AsyncCalls | undefined

  /** The same calls as promises that leave the event loop free. */
  get async(): AsyncCalls {
    return (this.#async ??= new AsyncCalls(this))
  }

  /** Its processes, in the order of ranks. */
  get group(): Group {
    checkLive(this, 'group')
    return new Group(this.port.members, this.#me)
  }

  /** Of an intercommunicator the other group; else an empty one. */
  get remoteGroup(): Group {
    checkLive(this, 'remoteGroup')
    return new Group(this.port.remoteMembers, this.#me)
  }

  get #me(): number {
    const { members, rank } = this.engine.world
    return members[rank]
  }

  /** Hints that were given to the engine, by name. */
  get info(): Hints {
    return this.#info
  }

  /**
   * The same ranks and attributes, whose messages are apart from those here.
   *
   * @param options info: hints for the engine, instead of those of this one
   */
  dup(options: { readonly info?: Info } = {}): this {
    const { info } = options
    const hints = info && hintsOf(this, 'dup', info)
    return this.collective('dup', () => {
      const copy = this.again(this.port.dup(hints), `${this.name} dup`)
      this.attributes.copyTo(copy.attributes)
      copy.#info = hints ?? this.#info
      copy.errorHandler = this.errorHandler
      return copy
    })
  }

  /** A communicator of the same kind on another port. */
  protected abstract again(port: Port, name: string): this

  /** Identical: the same communicator; congruent: the same ranks in the same order; similar: in another. */
  compare(other: Comm): Comparison {
    for (const each of [this, other]) checkLive(each, 'compare')
    if (this.port === other.port) return 'identical'
    if (this.isInter !== other.isInter) return 'unequal'
    const both = [this.group.compare(other.group), this.remoteGroup.compare(other.remoteGroup)]
    return both.includes('unequal') ? 'unequal' : both.includes('similar') ? 'similar' : 'congruent'
  }

  /** All its ranks call it. Messages under way are still delivered. `world` and `self` stay until the end. */
  free(): void {
    this.#checkMade('free')
    this.collective('free', () => {
      this.attributes.deleteAll()
      this.release()
    })
  }

  /** `free`, once all communication on it is over; of ranks that were spawned or connected, neither group depends on the other from then on. */
  disconnect(): void {
    this.#checkMade('disconnect')
    this.collective('disconnect', () => {
      this.attributes.deleteAll()
      this.release(port => port.disconnect())
    })
  }

  #checkMade(call: string): void {
    const { world, self } = this.engine
    if (this.port !== world && this.port !== self) return
    throw this.failed(this.error('MPI_ERR_COMM', call, 'it is there until the program ends. Make another with dup'))
  }

  [Symbol.dispose](): void {
    if (!this.isFree && !this.engine.isFinalized) this.free()
  }

  /** No call on it succeeds from now on, on any rank: what waits is ended. */
  revoke(): void {
    this.collective('revoke', () => this.port.revoke())
  }

  /** Ranks known to have failed. */
  failedRanks(): readonly number[] {
    return this.collective('failedRanks', () => this.port.failed())
  }

  /** The bitwise and of all living ranks' flags: the same on each, whoever fails meanwhile. */
  agree(flag: number): number {
    return this.collective('agree', () => this.port.agree(flag))
  }

  /** For this room: an error of the engine goes to the error handler. */
  protected collective<T>(call: string, does: () => T): T {
    checkLive(this, call)
    try {
      return does()
    } catch (error) {
      throw this.failed(error)
    }
  }
}
