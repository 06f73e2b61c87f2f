// Sessions whose wire, clock and turns are moved by hand: what is sent is kept, and what is said to come has come.
import type { Clock } from '@skein/world'
import { limitsOf } from '../src/limits.ts'
import { type Offer, Session, type SessionOptions } from '../src/session.ts'

export class ByHand {
  readonly session: Session
  /** Chunks that went out. */
  readonly sent: Uint8Array[] = []
  readonly faults: Error[] = []
  /** Timers that neither fired nor were cancelled. */
  readonly timers = new Set<() => void>()
  /** What the wire says of each chunk. */
  hasRoom = true
  private readonly due: (() => void)[] = []

  constructor(offer: Offer, options: Partial<SessionOptions> = {}) {
    const clock: Clock = {
      wallMs: () => 0,
      monotonicMs: () => 0,
      after: (_, run) => {
        this.timers.add(run)
        return { cancel: () => this.timers.delete(run) }
      },
    }
    const wire = {
      peer: 'the other side',
      send: (bytes: Uint8Array) => {
        this.sent.push(bytes)
        return this.hasRoom
      },
      close: () => {},
      abort: () => {},
    }
    this.session = new Session(wire, offer, {
      clock,
      soon: run => this.due.push(run),
      onFault: error => this.faults.push(error),
      onError: () => {},
      ...options,
      limits: limitsOf('test', options.limits),
    })
  }

  /** What was to be done soon, and what promises made of it, until nothing is left. */
  async settle(): Promise<void> {
    for (let idle = 0; idle < 2; ) {
      if (this.due.length === 0) idle++
      else idle = 0
      for (const run of this.due.splice(0)) run()
      await new Promise(setImmediate)
    }
  }

  /** What was sent since it was last asked. */
  take(): Uint8Array {
    return Buffer.concat(this.sent.splice(0))
  }
}

/** Hands each other what they have sent, until both are silent. Returns what went from the first to the second. */
export const converse = async (a: ByHand, b: ByHand): Promise<Uint8Array> => {
  const said: Uint8Array[] = []
  for (;;) {
    await a.settle()
    await b.settle()
    const [there, back] = [a.take(), b.take()]
    if (there.length + back.length === 0) return Buffer.concat(said)
    said.push(there)
    b.session.receive(there)
    a.session.receive(back)
  }
}
