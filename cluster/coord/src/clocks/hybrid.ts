// S. Kulkarni, M. Demirbas, D. Madappa, B. Avva and M. Leone, "Logical physical clocks", OPODIS 2014.
import { ArgumentError } from '@skein/base'
import { type Clock, realClock } from '@skein/world'
import { type EventClock, type Order, orderOf } from './clock.ts'
import { ClockDriftError, TimestampFormatError } from './errors.ts'

export interface HybridStamp {
  /** Whole milliseconds since 1970: the largest wall time that was heard of; 48 bits. */
  readonly wallMs: number
  /** Counts events while that stands still; 16 bits. */
  readonly counter: number
}

export interface HybridClockOptions {
  /** Default: the machine's. */
  clock?: Clock
  /** How far ahead of the clock here another's stamp may be. Default 500. */
  maxDriftMs?: number
  /** Stamps begin after all of this wall time. */
  afterMs?: number
}

const [largestMs, largestCounter] = [2 ** 48 - 1, 0xffff]

/**
 * A Lamport clock that keeps close to the wall clock: its order is total and follows causes, and its stamps tell the time, at most `maxDriftMs` ahead of the fastest clock of those that it hears of.
 * A wall clock that jumps back does not move it; it counts until that has caught up.
 */
export class HybridClock implements EventClock<HybridStamp> {
  readonly order = 'total'
  readonly causality = 'consistent'
  private readonly clock: Clock
  private readonly maxDriftMs: number
  private last: HybridStamp

  /** Throws ArgumentError. */
  constructor(options: HybridClockOptions = {}) {
    const { clock = realClock, maxDriftMs = 500, afterMs = 0 } = options
    if (!(maxDriftMs >= 0)) throw new ArgumentError('HybridClock', 'maxDriftMs', 'milliseconds from 0', maxDriftMs)
    if (!(afterMs >= 0 && afterMs <= largestMs))
      throw new ArgumentError('HybridClock', 'afterMs', 'milliseconds since 1970', afterMs)
    this.clock = clock
    this.maxDriftMs = maxDriftMs
    this.last = { wallMs: Math.floor(afterMs), counter: largestCounter }
  }

  now(): HybridStamp {
    return this.step(this.last)
  }

  /** Throws ClockDriftError, and has taken nothing over then. */
  observe(remote: HybridStamp): HybridStamp {
    checkStamp('observe', remote)
    const localMs = this.clock.wallMs()
    if (remote.wallMs - localMs > this.maxDriftMs) throw new ClockDriftError(remote.wallMs, localMs, this.maxDriftMs)
    return this.step(this.compare(this.last, remote) === 'before' ? remote : this.last)
  }

  compare(a: HybridStamp, b: HybridStamp): Order {
    return orderOf(a.wallMs - b.wallMs || a.counter - b.counter)
  }

  /** What a mark must cover (durable.ts). */
  heightOf(stamp: HybridStamp): number {
    return stamp.wallMs
  }

  /** 64 bits: 48 of milliseconds, 16 of the counter. */
  encode(stamp: HybridStamp): Uint8Array<ArrayBuffer> {
    const { wallMs, counter } = checkStamp('encode', stamp)
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setBigUint64(0, (BigInt(wallMs) << 16n) | BigInt(counter))
    return bytes
  }

  decode(bytes: Uint8Array): HybridStamp {
    if (bytes.length !== 8) throw new TimestampFormatError('hybrid', bytes.length, 'it has eight')
    const packed = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0)
    return { wallMs: Number(packed >> 16n), counter: Number(packed & 0xffffn) }
  }

  /** The least stamp after that one, and not before the wall clock. */
  private step({ wallMs, counter }: HybridStamp): HybridStamp {
    const localMs = Math.floor(this.clock.wallMs())
    if (localMs > wallMs) this.last = { wallMs: localMs, counter: 0 }
    // More than the counter holds in one millisecond: the next one begins early.
    else if (counter === largestCounter) this.last = { wallMs: wallMs + 1, counter: 0 }
    else this.last = { wallMs, counter: counter + 1 }
    return this.last
  }
}

const checkStamp = (call: string, stamp: HybridStamp): HybridStamp => {
  const isWhole = (value: unknown, largest: number): boolean =>
    Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= largest
  if (!isWhole(stamp?.wallMs, largestMs))
    throw new ArgumentError(call, 'stamp.wallMs', 'whole milliseconds of 48 bits', stamp?.wallMs)
  if (!isWhole(stamp.counter, largestCounter))
    throw new ArgumentError(call, 'stamp.counter', 'a whole number of 16 bits', stamp.counter)
  return stamp
}
