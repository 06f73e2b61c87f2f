// How fast the other side may call. Who calls faster is not read: what it sends waits on its own side, in order, until its calls may be made; so a client that is merely busy is slowed down, and loses nothing. A wire that cannot be
// stopped brings more nevertheless; of that only so much is kept here, and beyond it the connection ends.
import type { Clock, Timer } from '@skein/world'
import { LimitExceededError } from './errors.ts'
import type { MessageReader } from './frames/reader.ts'
import type { Limits } from './limits.ts'

/** A bucket of tokens: each call takes one, and so many come again each second. */
export class Rate {
  private readonly clock: Clock
  private readonly perSecond: number
  private readonly burst: number
  private tokens: number
  private atMs: number

  constructor(clock: Clock, perSecond: number, burst: number) {
    this.clock = clock
    this.perSecond = perSecond
    this.burst = burst
    this.tokens = burst
    this.atMs = clock.monotonicMs()
  }

  /** Takes one. Returns in how many milliseconds there is another. */
  spend(): number {
    const nowMs = this.clock.monotonicMs()
    this.tokens = Math.min(this.burst, this.tokens + ((nowMs - this.atMs) * this.perSecond) / 1000) - 1
    this.atMs = nowMs
    return this.tokens >= 1 ? 0 : ((1 - this.tokens) * 1000) / this.perSecond
  }
}

/** A wire that cannot be stopped at once may bring so much, besides a message. */
const inFlightBytes = 1 << 20
/** While nothing is read the other side hears from us so often, that it does not take us for gone. */
const wordMs = 1000

export interface InletHandlers {
  /** Whether bytes are wanted. */
  reading(isOn: boolean): void
  /** Nothing was read for a while, and that is not the other side's fault. */
  waited(): void
  /** What has waited could not be read. */
  failed(error: Error): void
}

/** Bytes that have come, read as fast as calls may be made. */
export class Inlet {
  private readonly reader: MessageReader
  private readonly clock: Clock
  private readonly limits: Limits
  private readonly handlers: InletHandlers
  private readonly rate: Rate | undefined
  private held: Uint8Array[] = []
  private heldBytes = 0
  /** Nothing is read until then. */
  private timer: Timer | undefined

  constructor(reader: MessageReader, clock: Clock, limits: Limits, handlers: InletHandlers) {
    this.reader = reader
    this.clock = clock
    this.limits = limits
    this.handlers = handlers
    const { callsPerSecond, callsBurst } = limits
    if (callsPerSecond !== Number.POSITIVE_INFINITY) this.rate = new Rate(clock, callsPerSecond, callsBurst)
  }

  /** Throws what the reader throws, LimitExceededError. */
  receive(bytes: Uint8Array): void {
    const read = this.timer ? 0 : this.reader.read(bytes)
    if (read < bytes.length) this.hold(bytes.subarray(read))
  }

  /** A call has been read. */
  called(): void {
    if (this.rate === undefined) return
    const waitMs = this.rate.spend()
    if (waitMs === 0) return
    this.reader.isHalted = true
    this.handlers.reading(false)
    this.wait(waitMs)
  }

  close(): void {
    this.timer?.cancel()
    this.timer = undefined
    this.held = []
    this.reader.isHalted = true
  }

  private wait(ms: number): void {
    const next = (): void => {
      if (ms <= wordMs) return this.goOn()
      this.handlers.waited()
      this.wait(ms - wordMs)
    }
    this.timer = this.clock.after(Math.min(ms, wordMs), next)
  }

  private goOn(): void {
    this.timer = undefined
    this.reader.isHalted = false
    try {
      while (this.held.length > 0 && !this.reader.isHalted) {
        const [bytes] = this.held
        const read = this.reader.read(bytes)
        this.heldBytes -= read
        if (read < bytes.length) this.held[0] = bytes.subarray(read)
        else this.held.shift()
      }
    } catch (error) {
      return this.handlers.failed(error as Error)
    }
    if (!this.reader.isHalted) this.handlers.reading(true)
  }

  private hold(bytes: Uint8Array): void {
    const { messageBytes, callsPerSecond } = this.limits
    this.heldBytes += bytes.length
    if (this.heldBytes > messageBytes + inFlightBytes) throw new LimitExceededError('callsPerSecond', callsPerSecond)
    this.held.push(bytes.slice())
  }
}
