// L. Lamport, "Time, clocks, and the ordering of events in a distributed system", Communications of the ACM 21, 1978.
import { ArgumentError } from '@skein/base'
import { compareKeys } from '../core/keys.ts'
import { type EventClock, type Order, orderOf } from './clock.ts'
import { TimestampFormatError } from './errors.ts'

export interface LamportStamp {
  /** A whole number from 1. */
  readonly time: number
  /** Decides between equal times. */
  readonly node: string
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** A counter that is ahead of everything it has heard of: the cheapest clock whose order is total and follows causes. */
export class LamportClock implements EventClock<LamportStamp> {
  readonly order = 'total'
  readonly causality = 'consistent'
  private readonly node: string
  private time: number

  /** `node` is another for each clock. `after`: stamps begin after this time. Throws ArgumentError. */
  constructor(node: string, after = 0) {
    this.node = checkNode('LamportClock', node)
    if (!Number.isSafeInteger(after) || after < 0)
      throw new ArgumentError('LamportClock', 'after', 'a whole number from 0', after)
    this.time = after
  }

  now(): LamportStamp {
    return { time: ++this.time, node: this.node }
  }

  observe(remote: LamportStamp): LamportStamp {
    const { time } = remote
    if (!Number.isSafeInteger(time) || time < 0)
      throw new ArgumentError('observe', 'remote.time', 'a whole number from 0', time)
    this.time = Math.max(this.time, time)
    return this.now()
  }

  compare(a: LamportStamp, b: LamportStamp): Order {
    return orderOf(a.time - b.time || compareKeys(a.node, b.node))
  }

  /** What a mark must cover (durable.ts). */
  heightOf(stamp: LamportStamp): number {
    return stamp.time
  }

  /** Eight bytes of the time, and the node's name. */
  encode({ time, node }: LamportStamp): Uint8Array<ArrayBuffer> {
    const name = encoder.encode(node)
    const bytes = new Uint8Array(8 + name.length)
    new DataView(bytes.buffer).setBigUint64(0, BigInt(time))
    bytes.set(name, 8)
    return bytes
  }

  decode(bytes: Uint8Array): LamportStamp {
    const fail = (reason: string): never => {
      throw new TimestampFormatError('Lamport', bytes.length, reason)
    }
    if (bytes.length < 9) fail('it has eight bytes and a name')
    const time = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0)
    if (time > BigInt(Number.MAX_SAFE_INTEGER)) fail('its time is above 2^53')
    return { time: Number(time), node: textOf(bytes.subarray(8)) ?? fail('its name is no UTF-8') }
  }
}

/** Throws ArgumentError. */
export const checkNode = (call: string, node: unknown): string => {
  if (typeof node !== 'string' || node.length === 0 || !node.isWellFormed())
    throw new ArgumentError(call, 'node', 'a text of at least one character, without lone surrogates', node)
  return node
}

/** Undefined: it is no UTF-8. */
export const textOf = (bytes: Uint8Array): string | undefined => {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
