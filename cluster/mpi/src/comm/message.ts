/** A message that a matched probe took out of the queue: it waits for this `recv`, and no other gets it. */

import type { Matched } from '../engine.ts'
import { packedPart, unpack } from '../message/object.ts'
import { type Data, isData, partOf } from '../message/part.ts'
import { refusal } from '../message/refusal.ts'
import { NoMessage, setNull } from '../request/pendings.ts'
import { type Owner, Request } from '../request/request.ts'
import { Status } from '../status.ts'

export class Message {
  /** Whose it is, its tag, and how many bytes it has. */
  readonly status: Status
  readonly #owner: Owner
  /** Undefined: from `procNull`. */
  readonly #matched: Matched | undefined
  #isReceived = false

  /** For this room. */
  constructor(owner: Owner, matched: Matched | undefined, status: Status) {
    this.#owner = owner
    this.#matched = matched
    this.status = status
  }

  recv(buffer: Data, status?: Status): Status
  /** Its value. */
  recv(): any
  recv(buffer?: Data, status = new Status()): unknown {
    this.#take('mrecv')
    const isValue = !isData(buffer)
    const part = isValue
      ? packedPart(new Uint8Array(this.status.bytes))
      : partOf(this.#owner, 'mrecv', 'buffer', buffer)
    if (this.#matched === undefined) return setNull(status), isValue ? undefined : status
    try {
      this.#matched.recv(part, status)
      return isValue ? unpack(part.view as Uint8Array) : status
    } catch (error) {
      throw this.#owner.failed(error, 'mrecv')
    }
  }

  irecv(buffer: Data): Request<Status>
  irecv(): Request<any>
  irecv(buffer?: Data): Request<any> {
    this.#take('imrecv')
    const isValue = !isData(buffer)
    const part = isValue
      ? packedPart(new Uint8Array(this.status.bytes))
      : partOf(this.#owner, 'imrecv', 'buffer', buffer)
    try {
      const pending = this.#matched === undefined ? new NoMessage() : this.#matched.irecv(part)
      if (!isValue) return new Request(this.#owner, 'imrecv', pending, true, new Status())
      const isNull = this.#matched === undefined
      return new Request<unknown>(this.#owner, 'imrecv', pending, true, undefined, () =>
        isNull ? undefined : unpack(part.view as Uint8Array),
      )
    } catch (error) {
      throw this.#owner.failed(error)
    }
  }

  #take(call: string): void {
    if (this.#isReceived)
      throw refusal(this.#owner, call, 'MPI_ERR_REQUEST', 'the message', 'one that was not received yet', this.status)
    this.#isReceived = true
  }
}
