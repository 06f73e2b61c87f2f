// What is to happen, soonest first, and the loop that lets it happen. Time passes from event to event and in no other way. Of two events at the same
// time the one of lower rank comes first; ranks are a function of seed and number, so that no program comes to rely on an order that no real machine
// promises, and a run can be repeated all the same.

/** On whose behalf an event happens. */
export interface Party {
  readonly number: number
  /** What is meant for a party that lives no more does not happen. */
  readonly alive: boolean
  /** Busy until then with what it did before. */
  readonly busyUntilMs: number
  readonly paused: boolean
  /** What happens to a paused party happens when it goes on. */
  hold(run: () => unknown): void
}

export interface Event {
  atMs: number
  rank: number
  readonly party: Party | undefined
  readonly background: boolean
  /** Undefined: cancelled, or over. */
  run: (() => unknown) | undefined
}

export class Loop {
  timeMs = 0
  /** Events that have happened. */
  count = 0
  /** A number made of all that has happened: two runs that differ have different ones, as good as always. */
  digest = 0
  /** Whose event it is that happens now. */
  current: Party | undefined
  /** Whose event it was that threw. */
  failed: Party | undefined
  /** Told of promises that events left behind and that were rejected. */
  rejected: ((error: unknown) => void) | undefined
  private readonly heap: Event[] = []
  private sequence = 0
  /** Events that keep the run going. */
  private pending = 0

  private readonly seed: number

  constructor(seed: number) {
    this.seed = seed
  }

  schedule(delayMs: number, party: Party | undefined, run: () => unknown, background = false): Event {
    const rank = mixed(this.seed, this.sequence++)
    const event: Event = { atMs: this.timeMs + delayMs, rank, party, background, run }
    this.push(event)
    return event
  }

  cancel(event: Event): void {
    if (event.run === undefined) return
    event.run = undefined
    if (!event.background) this.pending--
  }

  /** Within an event of nobody's: what it brings to a party, which takes it now if it is free. */
  hand(party: Party, run: () => unknown): void {
    if (!party.alive) return
    if (party.paused) return party.hold(run)
    if (party.busyUntilMs > this.timeMs) {
      this.schedule(party.busyUntilMs - this.timeMs, party, run)
      return
    }
    this.happen(party, run)
  }

  /** Lets the next event happen that is due until `untilMs`. False: there is none, or none but background ones. What it throws goes on to the caller. */
  step(untilMs: number): boolean {
    while (this.pending > 0) {
      const event = this.heap[0]
      if (event.atMs > untilMs) return false
      this.pop()
      const { run, party } = event
      if (run === undefined) continue
      if (!event.background) this.pending--
      event.run = undefined
      if (party !== undefined) {
        if (!party.alive) continue
        if (party.paused) {
          party.hold(run)
          continue
        }
        if (party.busyUntilMs > event.atMs) {
          event.atMs = party.busyUntilMs
          event.run = run
          this.push(event)
          continue
        }
      }
      this.timeMs = event.atMs
      this.count++
      this.happen(party, run)
      return true
    }
    return false
  }

  private happen(party: Party | undefined, run: () => unknown): void {
    this.digest = mixed(this.digest ^ (party === undefined ? 0 : party.number + 1), (this.timeMs * 1024) | 0)
    const { current } = this
    this.current = party
    try {
      const result: unknown = run()
      if (result instanceof Promise) result.catch(error => this.rejected?.(error))
    } catch (error) {
      this.failed ??= party
      throw error
    } finally {
      this.current = current
    }
  }

  private push(event: Event): void {
    if (!event.background) this.pending++
    const { heap } = this
    let i = heap.length
    heap.push(event)
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!before(event, heap[parent])) break
      heap[i] = heap[parent]
      i = parent
    }
    heap[i] = event
  }

  private pop(): void {
    const { heap } = this
    const last = heap.pop()!
    if (heap.length === 0) return
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++
      if (!before(heap[child], last)) break
      heap[i] = heap[child]
      i = child
    }
    heap[i] = last
  }
}

const before = (a: Event, b: Event): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.rank < b.rank)

/** 32 bits of two numbers (the finalizer of MurmurHash3). */
const mixed = (a: number, b: number): number => {
  let h = Math.imul(a ^ Math.imul(b, 0x9e3779b9), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
