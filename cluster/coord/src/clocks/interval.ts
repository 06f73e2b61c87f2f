// Time with a bound on its error, as TrueTime has it: J. Corbett and others, "Spanner: Google's globally-distributed database", OSDI 2012, section 3.
import { ArgumentError, CancelledError } from '@skein/base'
import { type Clock, realClock, sleep } from '@skein/world'
import type { EventClock, Order } from './clock.ts'
import { ClockDriftError, ClockUncertaintyError, TimestampFormatError } from './errors.ts'

/** The true time lies between the two, ends included: milliseconds since 1970. */
export interface Interval {
  readonly earliest: number
  readonly latest: number
}

export interface IntervalClockOptions {
  /** Default: the machine's. */
  clock?: Clock
  /** By how much the wall clock may be wrong, in milliseconds: what the daemon that synchronizes it says (chrony's root delay / 2 + dispersion), asked anew at each look. */
  errorMs: number | (() => number)
  /** By how much the monotonic clock may run wrong between two looks at the wall clock, in parts per million. Default 200. */
  driftPpm?: number
  /** From one look at the wall clock to the next. Default 30,000. */
  everyMs?: number
  /** Above this nothing is stamped. Default 1000. */
  maxUncertaintyMs?: number
}

/**
 * A clock that says how wrong it may be. Intervals that overlap are concurrent; of others it is known which came first in true time, on whatever machines. Who takes `latest` as the time of a commit and
 * makes it known after `commitWait` has times in the order of true time (external consistency). All of it as far as the bounds hold: that is what one has to buy.
 */
export class IntervalClock implements EventClock<Interval> {
  readonly order = 'partial'
  readonly causality = 'consistent'
  private readonly clock: Clock
  private readonly errorMs: () => number
  private readonly driftPpm: number
  private readonly everyMs: number
  private readonly maxUncertaintyMs: number
  /** At the last look: the monotonic time, the wall's lead over it, and the bound. */
  private look: { readonly atMs: number; readonly leadMs: number; readonly errorMs: number }
  private last: Interval = { earliest: Number.NEGATIVE_INFINITY, latest: Number.NEGATIVE_INFINITY }
  private fault: ClockUncertaintyError | undefined

  /** Throws ArgumentError. */
  constructor(options: IntervalClockOptions) {
    const { clock = realClock, errorMs, driftPpm = 200, everyMs = 30_000, maxUncertaintyMs = 1000 } = options
    for (const [name, value] of Object.entries({ driftPpm, everyMs, maxUncertaintyMs }))
      if (!(value >= 0)) throw new ArgumentError('IntervalClock', name, 'a number from 0', value)
    this.clock = clock
    this.errorMs = typeof errorMs === 'function' ? errorMs : () => errorMs
    this.driftPpm = driftPpm
    this.everyMs = everyMs
    this.maxUncertaintyMs = maxUncertaintyMs
    this.look = this.lookNow(this.errorMs())
  }

  /** Half the width of the interval now. */
  get uncertaintyMs(): number {
    return this.boundAt(this.clock.monotonicMs())
  }

  /** Throws ClockUncertaintyError: the bound is too wide, or two looks at the wall clock contradict each other. */
  now(): Interval {
    if (this.fault) throw this.fault
    const atMs = this.clock.monotonicMs()
    if (atMs - this.look.atMs >= this.everyMs) this.lookAgain()
    const boundMs = this.boundAt(atMs)
    const { maxUncertaintyMs } = this
    if (!(boundMs <= maxUncertaintyMs))
      throw new ClockUncertaintyError(boundMs, maxUncertaintyMs, `${boundMs} ms either way, above ${maxUncertaintyMs}`)
    const middleMs = atMs + this.look.leadMs
    // The true time does not go back: what was known stays so.
    this.last = {
      earliest: Math.max(this.last.earliest, middleMs - boundMs),
      latest: Math.max(this.last.latest, middleMs + boundMs),
    }
    return this.last
  }

  /** Throws ClockDriftError if the other clock claims a time that has surely not come here: one of the two bounds is wrong. */
  observe(remote: Interval): Interval {
    const { earliest } = checkInterval('observe', remote)
    const now = this.now()
    if (earliest > now.latest) throw new ClockDriftError(earliest, now.latest, 0)
    return now
  }

  compare(a: Interval, b: Interval): Order {
    if (a.latest < b.earliest) return 'before'
    if (b.latest < a.earliest) return 'after'
    return a.earliest === b.earliest && a.latest === b.latest ? 'equal' : 'concurrent'
  }

  /** Whether that time has surely passed. */
  isPast(atMs: number): boolean {
    return this.now().earliest > atMs
  }

  /** Whether that time has surely not come. */
  isFuture(atMs: number): boolean {
    return this.now().latest < atMs
  }

  /** Resolves when a stamp, or a time, has surely passed everywhere: after about twice the uncertainty. Rejects with CancelledError, ClockUncertaintyError. */
  async commitWait(until: Interval | number, options: { signal?: AbortSignal } = {}): Promise<void> {
    const { signal } = options
    const untilMs = typeof until === 'number' ? until : checkInterval('commitWait', until).latest
    if (!Number.isFinite(untilMs)) throw new ArgumentError('commitWait', 'until', 'an interval or a time', until)
    for (;;) {
      if (signal?.aborted) throw new CancelledError('commitWait', signal.reason)
      const { earliest } = this.now()
      if (earliest > untilMs) return
      try {
        await sleep(this.clock, Math.max(0.1, untilMs - earliest), { signal })
      } catch {
        throw new CancelledError('commitWait', signal?.reason)
      }
    }
  }

  /** The wall clock was set right, within `errorMs`: believes it again, after a ClockUncertaintyError too. Throws ArgumentError. */
  synchronize(errorMs: number = this.errorMs()): void {
    this.look = this.lookNow(errorMs)
    this.fault = undefined
  }

  encode(stamp: Interval): Uint8Array<ArrayBuffer> {
    const { earliest, latest } = checkInterval('encode', stamp)
    const bytes = new Uint8Array(16)
    const view = new DataView(bytes.buffer)
    view.setFloat64(0, earliest)
    view.setFloat64(8, latest)
    return bytes
  }

  decode(bytes: Uint8Array): Interval {
    if (bytes.length !== 16) throw new TimestampFormatError('interval', bytes.length, 'it has sixteen')
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    const [earliest, latest] = [view.getFloat64(0), view.getFloat64(8)]
    if (!(earliest <= latest) || !Number.isFinite(earliest) || !Number.isFinite(latest))
      throw new TimestampFormatError('interval', bytes.length, 'it ends before it begins')
    return { earliest, latest }
  }

  private boundAt(atMs: number): number {
    return this.look.errorMs + (atMs - this.look.atMs) * this.driftPpm * 1e-6
  }

  private lookNow(errorMs: number): typeof this.look {
    if (!(errorMs >= 0)) throw new ArgumentError('IntervalClock', 'errorMs', 'milliseconds from 0', errorMs)
    const atMs = this.clock.monotonicMs()
    return { atMs, leadMs: this.clock.wallMs() - atMs, errorMs }
  }

  private lookAgain(): void {
    const next = this.lookNow(this.errorMs())
    const apartMs = Math.abs(next.leadMs - this.look.leadMs)
    const allowedMs = next.errorMs + this.boundAt(next.atMs)
    if (apartMs > allowedMs) {
      const reason = `the wall clock has moved by ${apartMs} ms against the monotonic one, and the bounds allow ${allowedMs}`
      throw (this.fault = new ClockUncertaintyError(allowedMs, this.maxUncertaintyMs, reason))
    }
    this.look = next
  }
}

const checkInterval = (call: string, given: Interval): Interval => {
  if (!(given?.earliest <= given?.latest) || !Number.isFinite(given.earliest) || !Number.isFinite(given.latest))
    throw new ArgumentError(call, 'stamp', '{ earliest, latest } in milliseconds', given)
  return given
}
