// Where connections come in. The first bytes say whether one is new, or goes on with a session whose connection broke.
import { ArgumentError } from '@skein/base'
import type { Clock, Timer } from '@skein/world'
import { MalformedMessageError } from './errors.ts'
import { FirstLine, keptBytes, LastingWire, lineOf } from './lasting.ts'
import type { Session } from './session.ts'
import type { Wire, WireHandlers } from './wire.ts'

export interface Resume {
  /** How long a session whose connection broke is kept for its client to come back, if that is one that does. 0: not at all. Default 30,000. */
  keptMs: number
  /** Such sessions at a time; beyond it those are ended that broke first. Default 1000. */
  most: number
}

/** Throws ArgumentError. */
export const resumeOf = (call: string, given: Partial<Resume> | false | undefined): Resume => {
  const resume = { keptMs: 30_000, most: 1000, ...(given || {}) }
  if (given === false) resume.keptMs = 0
  if (!(typeof resume.keptMs === 'number' && resume.keptMs >= 0 && resume.keptMs < 2 ** 31))
    throw new ArgumentError(call, 'resume.keptMs', 'milliseconds from 0, below 2^31', resume.keptMs)
  if (!(typeof resume.most === 'number' && resume.most >= 0))
    throw new ArgumentError(call, 'resume.most', 'a number of sessions, from 0', resume.most)
  return resume
}

/** Until when a connection has to say something. */
const firstWordMs = 60_000

interface Kept {
  readonly wire: LastingWire
  readonly session: () => Session
  timer: Timer | undefined
}

export class Reception {
  private readonly clock: Clock
  private readonly resume: Resume
  private readonly make: (wire: Wire) => Session
  private readonly onFault: ((error: Error) => void) | undefined
  private readonly byId = new Map<string, Kept>()
  /** Those without a connection, the first that broke first. */
  private readonly suspended = new Set<Kept>()
  /** Have not said anything yet. */
  private readonly strangers = new Set<Wire>()

  constructor(clock: Clock, resume: Resume, make: (wire: Wire) => Session, onFault?: (error: Error) => void) {
    this.clock = clock
    this.resume = resume
    this.make = make
    this.onFault = onFault
  }

  /** Sessions that wait for their client to come back. */
  get waiting(): number {
    return this.suspended.size
  }

  accept(wire: Wire): WireHandlers {
    if (this.resume.keptMs === 0 || wire.movesBytes) return this.make(wire)
    const first = new FirstLine('resume')
    let next: WireHandlers | undefined
    let isOver = false
    this.strangers.add(wire)
    const timer = this.clock.after(firstWordMs, () => wire.abort(), { background: true })
    const known = (): void => {
      timer.cancel()
      this.strangers.delete(wire)
    }
    return {
      receive: bytes => {
        if (isOver) return
        if (next) return next.receive(bytes)
        let line: ReturnType<FirstLine['read']>
        try {
          line = first.read(bytes)
          if (line === undefined) return
          known()
          next = line.args ? this.goOn(wire, line.args) : this.begin(wire)
        } catch (error) {
          known()
          isOver = true
          wire.abort()
          // What the program does when a session begins is its own affair.
          if (!(error instanceof MalformedMessageError)) throw error
          return this.onFault?.(error)
        }
        if (line.rest.length > 0) next?.receive(line.rest)
      },
      drained: () => next?.drained(),
      end: error => {
        known()
        next?.end(error)
      },
    }
  }

  /** Those that have not said anything are not waited for. */
  close(): void {
    for (const wire of this.strangers) wire.abort()
  }

  private begin(wire: Wire): WireHandlers {
    const { keptMs } = this.resume
    let id: string | undefined
    let session: Session | undefined
    const lasting: LastingWire = new LastingWire(wire, {
      greeting: keptMs,
      keptBytes,
      agree: theirs => {
        if (typeof theirs !== 'string') return false
        if (!/^[0-9a-f]{32}$/.test(theirs) || this.byId.has(theirs))
          throw new MalformedMessageError('the number of a session', '32 hexadecimal digits of its own', theirs)
        id = theirs
        this.byId.set(id, kept)
        return true
      },
      suspended: error => this.suspend(kept, error),
    })
    const kept: Kept = { wire: lasting, session: () => session!, timer: undefined }
    session = this.make(lasting)
    void session.closed.then(() => {
      kept.timer?.cancel()
      this.suspended.delete(kept)
      if (id !== undefined) this.byId.delete(id)
    })
    const handlers = lasting.begin(session)
    // Who speaks another protocol shall see what is spoken here, before that is the end.
    session.flush()
    return handlers
  }

  private goOn(wire: Wire, [id, attempt, received]: unknown[]): WireHandlers {
    const kept = typeof id === 'string' ? this.byId.get(id) : undefined
    if (kept === undefined || kept.session().lost) return this.begin(wire)
    if (!Number.isSafeInteger(attempt) || !Number.isSafeInteger(received) || (attempt as number) <= kept.wire.attempt)
      throw new MalformedMessageError('what a connection goes on with', 'a later attempt', attempt)
    kept.wire.attempt = attempt as number
    kept.timer?.cancel()
    this.suspended.delete(kept)
    wire.send(lineOf('resumed', [kept.wire.receivedBytes]), true)
    return kept.wire.resume(wire, received as number)
  }

  private suspend(kept: Kept, error: Error | undefined): void {
    const { keptMs, most } = this.resume
    this.suspended.add(kept)
    const end = (): void => {
      this.suspended.delete(kept)
      kept.session().abort(error ?? new Error(`it broke, and was not made again in ${keptMs} ms`))
    }
    kept.timer = this.clock.after(keptMs, end, { background: true })
    for (const first of this.suspended) {
      if (this.suspended.size <= most) break
      this.suspended.delete(first)
      first.session().abort(new Error('it broke, and so did many others'))
    }
  }
}
