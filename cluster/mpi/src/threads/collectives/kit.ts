/**
 * What algorithms of collectives are written with: messages between ranks of one communicator, in a context of its own. An algorithm is a generator that yields
 * what it waits for, so that the same text serves blocking calls and requests.
 */

import type { Collective } from '../../engine.ts'
import type { Exchange } from '../exchange.ts'
import type { Context } from '../matching.ts'
import { Receiving, Sending } from '../transfers.ts'
import { signatureOf } from './names.ts'

/** Yields transfers; goes on when each is done. */
export type Steps = Generator<Sending | Receiving, void, void>

/** Messages of one call between the same two ranks; and calls, before their numbers come again. */
export const lanes = 256
const calls = 2 ** 22

/** Whether a message is of a call before the one that has this number. */
export const isOfEarlier = (tag: number, call: number): boolean => {
  const ago = (call - Math.floor(tag / lanes) + 2 * calls) % calls
  return tag >= 0 && ago > 0 && ago < calls / 2
}

export class Kit {
  readonly rank: number
  readonly size: number
  readonly #exchange: Exchange
  readonly #context: Context
  /** By rank of the communicator, that of the world. */
  readonly #peers: readonly number[]
  /** Made of the number of the call in its communicator: calls do not take each other's messages. */
  readonly #tag: number
  /** Which call it is, and its root: another one's messages are refused. */
  readonly #signature: number

  /** @param call the number of the call in its communicator; below 0: the tag of its messages */
  constructor(
    exchange: Exchange,
    context: Context,
    rank: number,
    peers: readonly number[],
    call: number,
    is: Collective['is'],
    root?: number,
  ) {
    this.#exchange = exchange
    this.#context = context
    this.rank = rank
    this.size = peers.length
    this.#peers = peers
    this.#tag = call < 0 ? call : (call % calls) * lanes
    this.#signature = signatureOf(is, root)
  }

  /** For what only some ranks do, told apart by a tag of the user's: it counts as no call. */
  static apart(exchange: Exchange, context: Context, rank: number, peers: readonly number[], tag: number): Kit {
    // Not -1, which a receive takes for any tag.
    return new Kit(exchange, context, rank, peers, -2 - tag, 'bcast')
  }

  /** @param lane tells messages of one call between the same two ranks apart, below `lanes` */
  send(to: number, bytes: Uint8Array, lane = 0): Sending {
    const sending = new Sending(bytes, this.#peers[to], this.#context.number, this.#tag + lane, this.#signature, false)
    this.#exchange.send(sending)
    return sending
  }

  receive(from: number, bytes: Uint8Array, lane = 0): Receiving {
    const receiving = Receiving.ofBytes(bytes, this.#peers[from], this.#tag + lane, this.#signature)
    this.#exchange.receive(receiving, this.#context)
    return receiving
  }
}
