// A wire that outlives its connections. What was sent is kept until the other side has said that it came; after a connection broke both say on the next one how many bytes they have got, and the rest
// is sent again. The session notices nothing: calls in flight are made once, and callbacks, streams and what else has a number go on (XMPP's stream management, XEP-0198, is the model; bytes are counted, not messages).
//
// A connection that goes on begins with a line of the client, and one of the server; then come the bytes that are missing:
//
//     {"method":"resume","arguments":["<id>",<attempt>,<bytes received>]}        {"method":"resumed","arguments":[<bytes received>]}
//
// A server that does not remember answers as it would any client, with its methods. Attempts are numbered, for one that was given up may arrive after a later one.
import { MalformedMessageError } from './errors.ts'
import { copyOf } from './frames/memory.ts'
import type { Session } from './session.ts'
import type { Lasting, Wire, WireHandlers } from './wire.ts'

/** Bytes that are kept for another connection, until what can wait does. */
export const keptBytes = 16 * 2 ** 20

export interface LastingOptions {
  readonly greeting: string | number
  /** What the other side's greeting says. True: it will do. Throws MalformedMessageError. */
  readonly agree: (theirs: unknown) => boolean
  /** The connection broke; another may follow. */
  readonly suspended: (error: Error | undefined) => void
  /** Bytes that may wait to be acknowledged. */
  readonly keptBytes: number
}

export class LastingWire implements Wire, Lasting {
  readonly peer: string
  isAgreed = false
  receivedBytes = 0
  /** The last connection's, at the side that makes them. */
  attempt = 0
  private readonly options: LastingOptions
  private session: Session | undefined
  private wire: Wire | undefined
  private isOver = false
  private isReading = true
  /** What was sent and is not known to have come; the first of them begins with byte `keptFrom`. Undefined: nothing is kept. */
  private kept: Uint8Array[] | undefined = []
  private keptFrom = 0
  private heardBytes = 0
  private sentBytes = 0
  /** So much is kept that what can wait should. */
  private isFull = false

  constructor(wire: Wire, options: LastingOptions) {
    this.peer = wire.peer
    this.wire = wire
    this.options = options
  }

  get lasting(): this {
    return this
  }

  get greeting(): string | number {
    return this.options.greeting
  }

  get isSuspended(): boolean {
    return this.wire === undefined && !this.isOver
  }

  /** Whose wire it is, and what is to be told of the first connection. */
  begin(session: Session): WireHandlers {
    this.session = session
    return this.handlersOf(this.wire!)
  }

  /** Lines are said before anything is kept for another connection. */
  send(bytes: Uint8Array, isText?: boolean): boolean {
    if (this.isOver) return false
    if (this.kept) {
      this.kept.push(bytes)
      this.sentBytes += bytes.length
      this.isFull = this.sentBytes - this.heardBytes > this.options.keptBytes
    }
    return !!this.wire?.send(bytes, isText) && !this.isFull
  }

  reading(isOn: boolean): void {
    this.isReading = isOn
    this.wire?.reading?.(isOn)
  }

  sendBorrowed(bytes: Uint8Array): boolean {
    const wire = this.kept ? undefined : this.wire
    return wire?.sendBorrowed ? wire.sendBorrowed(bytes) : this.send(copyOf(bytes))
  }

  close(): void {
    this.over()?.close()
  }

  abort(): void {
    this.over()?.abort()
  }

  greeted(theirs: unknown): void {
    this.isAgreed = this.options.agree(theirs)
    if (!this.isAgreed) this.kept = undefined
  }

  acknowledged(bytes: number): void {
    if (bytes > this.sentBytes)
      throw new MalformedMessageError('bytes that have come', `at most ${this.sentBytes}`, bytes)
    // What was said before the connection broke may come again after it.
    if (bytes <= this.heardBytes || this.kept === undefined) return
    this.heardBytes = bytes
    const { kept } = this
    let whole = 0
    for (; whole < kept.length && this.keptFrom + kept[whole].length <= bytes; whole++)
      this.keptFrom += kept[whole].length
    kept.splice(0, whole)
    if (!this.isFull || this.sentBytes - bytes > this.options.keptBytes / 2) return
    this.isFull = false
    this.session!.drained()
  }

  lose(error: Error): void {
    const { wire } = this
    this.wire = undefined
    wire?.abort()
    this.broke(error)
  }

  /** Goes on over another connection, to whose other end so many bytes have come. Throws MalformedMessageError. */
  resume(wire: Wire, bytes: number): WireHandlers {
    if (bytes < this.heardBytes)
      throw new MalformedMessageError('bytes that have come', `at least ${this.heardBytes}`, bytes)
    this.acknowledged(bytes)
    const { wire: old } = this
    this.wire = wire
    if (!this.isReading) wire.reading?.(false)
    old?.abort()
    let hasRoom = true
    for (const [i, chunk] of this.kept!.entries())
      hasRoom = wire.send(i === 0 ? chunk.subarray(bytes - this.keptFrom) : chunk) && hasRoom
    if (hasRoom) this.session!.drained()
    return this.handlersOf(wire)
  }

  private handlersOf(wire: Wire): WireHandlers {
    return {
      receive: bytes => {
        if (this.wire !== wire) return
        this.receivedBytes += bytes.length
        this.session!.receive(bytes)
      },
      drained: () => {
        if (this.wire === wire) this.session!.drained()
      },
      end: error => {
        if (this.wire !== wire) return
        this.wire = undefined
        this.broke(error)
      },
    }
  }

  private broke(error: Error | undefined): void {
    if (this.isOver) return
    if (this.isAgreed) this.options.suspended(error)
    else this.session!.end(error)
  }

  private over(): Wire | undefined {
    const { wire } = this
    this.isOver = true
    this.wire = undefined
    this.kept = undefined
    return wire
  }
}

const most = 200

/** The first line of a connection, if it begins so; else what has come. */
export class FirstLine {
  private readonly prefix: Uint8Array
  private bytes = new Uint8Array(0)

  constructor(method: string) {
    this.prefix = new TextEncoder().encode(`{"method":"${method}",`)
  }

  /** Undefined: not known yet. */
  read(bytes: Uint8Array): { args: unknown[] | undefined; rest: Uint8Array } | undefined {
    const all = new Uint8Array(this.bytes.length + bytes.length)
    all.set(this.bytes)
    all.set(bytes, this.bytes.length)
    const isOther = this.prefix.some((byte, i) => i < all.length && all[i] !== byte)
    if (isOther) return { args: undefined, rest: all }
    const end = all.indexOf(10)
    if (end < 0 && all.length <= most) {
      this.bytes = all
      return undefined
    }
    const line = end < 0 || end > most ? undefined : parsed(new TextDecoder().decode(all.subarray(0, end)))
    if (!Array.isArray(line?.arguments)) throw new MalformedMessageError('the first line', 'a short message', 'another')
    return { args: line.arguments, rest: all.subarray(end + 1) }
  }
}

const parsed = (text: string): { arguments?: unknown } | undefined => {
  try {
    return JSON.parse(text) as { arguments?: unknown }
  } catch {
    return undefined
  }
}

export const lineOf = (method: 'resume' | 'resumed', args: readonly unknown[]): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify({ method, arguments: args })}\n`)

/** Asks on a new connection to go on. `resumed` is told that it does; `refused` that the other side does not remember, and gives who is told of the connection then; `ended` that it has ended before. */
export const resuming = (
  lasting: LastingWire,
  wire: Wire,
  told: { resumed(): void; refused(): WireHandlers; ended(error?: Error): void },
): WireHandlers => {
  const first = new FirstLine('resumed')
  let next: WireHandlers | undefined
  wire.send(lineOf('resume', [lasting.greeting, ++lasting.attempt, lasting.receivedBytes]), true)
  return {
    receive: bytes => {
      if (next) return next.receive(bytes)
      let answer: ReturnType<FirstLine['read']>
      try {
        answer = first.read(bytes)
        if (answer === undefined) return
        if (answer.args) {
          const [received] = answer.args
          if (!Number.isSafeInteger(received))
            throw new MalformedMessageError('bytes that have come', 'a number', received)
          next = lasting.resume(wire, received as number)
          told.resumed()
        } else next = told.refused()
      } catch (error) {
        wire.abort()
        return told.ended(error as Error)
      }
      if (answer.rest.length > 0) next.receive(answer.rest)
    },
    drained: () => next?.drained(),
    end: error => {
      if (next) next.end(error)
      else told.ended(error)
    },
  }
}
