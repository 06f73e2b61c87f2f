/** Sessions (MPI-4.0, 11.3): groups of processes by name, and communicators of them that need no other communicator. */

import { Intracomm } from '../comm/communicators.ts'
import { Group } from '../comm/group.ts'
import type { SessionPort } from '../engine.ts'
import type { ErrorClass } from '../errors.ts'
import { hintsOf, type Info } from '../info.ts'
import { type Caller, refusal } from '../message/refusal.ts'
import { engine, world } from '../world.ts'

interface SessionOptions {
  readonly info?: Info
}

export class Session {
  readonly #port: SessionPort
  readonly #caller: Caller = { rank: world.rank, name: 'a session' }
  #isFinalized = false

  /** @throws NotSupportedError where the engine has no sessions */
  constructor({ info }: SessionOptions = {}) {
    this.#port = engine.openSession(hintsOf(this.#caller, 'Session', info))
  }

  get isFinalized(): boolean {
    return this.#isFinalized
  }

  /** Names of sets of processes: `mpi://WORLD`, `mpi://SELF`, and what else the engine knows. */
  get psets(): readonly string[] {
    this.#checkOpen('psets')
    return this.#port.psets()
  }

  /** What is known of a set: `mpi_size` at least. */
  info(pset: string): Readonly<Record<string, string>> {
    this.#checkSet('info', pset)
    return Object.fromEntries(this.#port.info(pset))
  }

  /** The processes of a set. */
  group(pset: string): Group {
    this.#checkSet('group', pset)
    return new Group(this.#port.members(pset), world.port.members[world.rank])
  }

  /**
   * A communicator of the processes of a group, which alone call it. Several at the same time must differ in their tags.
   *
   * @param group made of sets of this session
   */
  comm(group: Group, tag = '', { info }: SessionOptions = {}): Intracomm {
    this.#checkOpen('comm')
    if (!(group instanceof Group)) throw this.#refusal('comm', 'MPI_ERR_GROUP', 'group', 'a Group', group)
    if (group.rank === undefined)
      throw this.#refusal('comm', 'MPI_ERR_GROUP', 'group', 'one with this process in it', group.members)
    const { members } = world.port
    const stranger = group.members.find(member => !members.includes(member))
    if (stranger !== undefined)
      throw this.#refusal('comm', 'MPI_ERR_GROUP', 'group', 'made of sets of this session', group.members)
    if (typeof tag !== 'string' || tag.includes('\0') || tag.length > 200)
      throw this.#refusal('comm', 'MPI_ERR_ARG', 'tag', 'a string of up to 200 characters', tag)
    const port = this.#port.comm(group.members, tag, hintsOf(this.#caller, 'comm', info))
    return new Intracomm(port, engine, tag === '' ? 'a session' : `a session's ${tag}`)
  }

  /** Its communicators and groups stay; nothing more is asked of it. */
  finalize(): void {
    this.#checkOpen('finalize')
    this.#isFinalized = true
    this.#port.finalize()
  }

  [Symbol.dispose](): void {
    if (!this.#isFinalized && !engine.isFinalized) this.finalize()
  }

  #checkOpen(call: string): void {
    if (this.#isFinalized)
      throw this.#refusal(call, 'MPI_ERR_SESSION', 'the session', 'one that is not finalized', this)
  }

  #checkSet(call: string, pset: string): void {
    this.#checkOpen(call)
    const psets = this.#port.psets()
    if (!psets.includes(pset)) throw this.#refusal(call, 'MPI_ERR_ARG', 'the set', `one of ${psets.join(', ')}`, pset)
  }

  #refusal(call: string, errorClass: ErrorClass, argument: string, expected: string, found: unknown) {
    return refusal(this.#caller, call, errorClass, argument, expected, found)
  }
}
