// Streams between simulated hosts: bytes arrive in order, all of them, cut anywhere, or the stream breaks. What is lost on the way is sent
// again; while hosts do not reach each other bytes wait, and after `streamTimeoutMs` their sender gives up. The other side, if it has nothing to send, is told
// nothing then: its half of the stream stays open, as TCP's does.
import { WorldError } from '../errors.ts'
import type { Connection, ConnectionHandlers, Listener, ListenHandlers } from '../world.ts'
import type { Conditions } from './conditions.ts'
import { asks, type Links } from './links.ts'
import type { Loop } from './loop.ts'
import type { Incarnation } from './node.ts'
import { type Bound, type Ports, resolved } from './ports.ts'
import { preview, type Story } from './story.ts'

/** More bytes than these on the way, and `send` says false. */
const highWaterBytes = 64 * 1024

/** What goes one way: bytes, or the end of them. */
type Piece = Uint8Array | 'end'

export class Streams {
  /** Ends of streams by the incarnation they belong to. */
  private readonly ends = new Map<Incarnation, Set<End>>()

  readonly loop: Loop
  private readonly ports: Ports
  readonly links: Links
  readonly story: Story

  constructor(loop: Loop, ports: Ports, links: Links, story: Story) {
    this.loop = loop
    this.ports = ports
    this.links = links
    this.story = story
  }

  listen(incarnation: Incarnation, address: string, handlers: ListenHandlers): Listener {
    const target = resolved(address, incarnation.node.host, 'network.listen')
    let bound: Bound | undefined
    try {
      const taken = this.ports.bind(incarnation, target, { stream: handlers })
      bound = taken
      this.loop.schedule(0, incarnation, () => handlers.listening?.(taken.address))
    } catch (error) {
      this.loop.schedule(0, incarnation, () => handlers.failed?.(error as WorldError))
    }
    return {
      close: () => {
        if (bound) this.ports.release(bound)
      },
    }
  }

  connect(incarnation: Incarnation, address: string, handlers: ConnectionHandlers): Connection {
    const { node } = incarnation
    const { host, port } = resolved(address, node.host, 'network.connect')
    const end = this.end(incarnation, address, host)
    end.handlers = handlers
    if (host !== node.host && !this.ports.hosts.has(host))
      end.fail(new WorldError('no such host', `connect to ${address}`))
    else this.knock(end, host, port, this.loop.timeMs)
    return end
  }

  /** Asks for a stream, until somebody answers or the time is over. */
  private knock(client: End, host: string, port: string, sinceMs: number): void {
    const from = client.incarnation.node.host
    const conditions = this.links.of(from, host)
    const { delayMs } = this.links.pass(from, host, nothing)
    if (delayMs === undefined || !this.ports.hosts.get(host)?.powered) {
      this.loop.schedule(conditions.resendMs, client.incarnation, () => {
        if (client.over) return
        if (this.loop.timeMs - sinceMs >= conditions.streamTimeoutMs)
          client.fail(new WorldError('unreachable', `connect to ${client.peer}`))
        else this.knock(client, host, port, sinceMs)
      })
      return
    }
    this.loop.schedule(delayMs, undefined, () => {
      const bound = this.ports.at(host, port)
      if (!bound || !('stream' in bound.handlers)) {
        this.answer(host, client, () => client.fail(new WorldError('refused', `connect to ${client.peer}`)))
        return
      }
      const { stream } = bound.handlers
      const server = this.end(bound.incarnation, `${from}:${ephemeral + client.number}`, from)
      server.opposite = client
      client.opposite = server
      this.loop.hand(bound.incarnation, () => {
        this.story.tell(`${bound.address} takes a connection of ${from}`)
        server.handlers = stream.connected(server)
        server.open()
      })
      this.answer(host, client, () => client.open())
    })
  }

  /** Brings word back to where a stream was asked for. */
  answer(from: string, to: End, run: () => void): void {
    const { delayMs } = this.links.pass(from, to.incarnation.node.host, nothing)
    // Word that is lost is sent again; here only its delay is told.
    const { resendMs } = this.links.of(from, to.incarnation.node.host)
    if (delayMs === undefined)
      this.loop.schedule(resendMs, to.incarnation, () => !to.over && this.answer(from, to, run))
    else this.loop.schedule(delayMs, to.incarnation, run)
  }

  /** The process is gone. With `reset`, its host tells those at the other ends, if they can be reached. */
  disconnect(incarnation: Incarnation, reset: boolean): void {
    for (const end of this.ends.get(incarnation) ?? []) {
      end.over = true
      if (reset && end.opposite) this.reset(end)
    }
    this.ends.delete(incarnation)
  }

  /** Tells the other end that this one is no more; once, and perhaps in vain. */
  reset(end: End): void {
    const { opposite } = end
    const from = end.incarnation.node.host
    const { delayMs } = this.links.pass(from, opposite!.incarnation.node.host, nothing)
    if (delayMs === undefined) return
    this.loop.schedule(delayMs, opposite!.incarnation, () =>
      opposite!.fail(new WorldError('reset', `use the connection to ${opposite!.peer}`)),
    )
  }

  forget(end: End): void {
    this.ends.get(end.incarnation)?.delete(end)
  }

  private count = 0

  private end(incarnation: Incarnation, peer: string, host: string): End {
    const end = new End(this, incarnation, peer, host, this.count++)
    const ends = this.ends.get(incarnation)
    if (ends) ends.add(end)
    else this.ends.set(incarnation, new Set([end]))
    return end
  }
}

const nothing = new Uint8Array(0)
const ephemeral = 40_000

class End implements Connection {
  handlers: ConnectionHandlers | undefined
  opposite: End | undefined
  over = false
  private opened = false
  private closing = false
  /** Not sent yet. */
  private readonly pieces: Piece[] = []
  /** Of bytes that the other program has not taken. */
  private waitingBytes = 0
  private wantsDrain = false
  /** Sent, and not there yet; in order, whatever their delays. */
  private readonly underWay: Piece[] = []
  private arrivesAtMs = 0
  /** A piece was lost, and waits to be sent again. */
  private isHeldUp = false
  /** Since when the bytes that are first have not got through. */
  private stuckSinceMs: number | undefined
  private readonly received: Piece[] = []
  private isPaused = false

  private readonly streams: Streams
  readonly incarnation: Incarnation
  readonly peer: string
  private readonly host: string
  readonly number: number

  constructor(streams: Streams, incarnation: Incarnation, peer: string, host: string, number: number) {
    this.streams = streams
    this.incarnation = incarnation
    this.peer = peer
    this.host = host
    this.number = number
  }

  open(): void {
    if (this.over) return
    this.opened = true
    this.handlers?.opened?.()
    this.transmit()
    this.take()
  }

  send(bytes: Uint8Array): boolean {
    if (this.over || this.closing || !this.incarnation.alive) return false
    if (bytes.length === 0) return this.waitingBytes < highWaterBytes
    for (const piece of this.cut(bytes)) this.pieces.push(piece)
    this.waitingBytes += bytes.length
    this.transmit()
    if (this.waitingBytes < highWaterBytes) return true
    this.wantsDrain = true
    return false
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.streams.loop.schedule(0, this.incarnation, () => this.take())
  }

  close(): void {
    if (this.over || this.closing) return
    this.closing = true
    this.pieces.push('end')
    this.transmit()
  }

  abort(): void {
    if (this.over) return
    if (this.opposite) this.streams.reset(this)
    this.end()
  }

  /** The stream broke. */
  fail(error: WorldError): void {
    this.streams.loop.schedule(0, this.incarnation, () => this.end(error))
  }

  /** Sends all that waits, until a piece is lost: that one holds up the rest. */
  private transmit(): void {
    if (!this.opened || this.isHeldUp) return
    const { loop, links } = this.streams
    const from = this.incarnation.node.host
    const conditions = links.of(from, this.host)
    for (let piece = this.pieces[0]; piece !== undefined && !this.over; piece = this.pieces[0]) {
      const { delayMs, bytes, tampered } = links.pass(from, this.host, piece === 'end' ? nothing : piece)
      if (delayMs === undefined || !this.hostAnswers) return this.holdUp(conditions)
      this.stuckSinceMs = undefined
      this.pieces.shift()
      if (conditions.costMs > 0)
        this.incarnation.busyUntilMs = Math.max(this.incarnation.busyUntilMs, loop.timeMs) + conditions.costMs
      this.arrivesAtMs = Math.max(this.arrivesAtMs, loop.timeMs + delayMs)
      this.underWay.push(piece === 'end' ? piece : bytes)
      loop.schedule(this.arrivesAtMs - loop.timeMs, undefined, () => this.arrive(tampered))
    }
  }

  private get hostAnswers(): boolean {
    const { alive, node } = this.opposite!.incarnation
    return alive || node.powered
  }

  private holdUp({ resendMs, streamTimeoutMs }: Conditions): void {
    const { loop } = this.streams
    this.isHeldUp = true
    this.stuckSinceMs ??= loop.timeMs
    const isHopeless = loop.timeMs - this.stuckSinceMs >= streamTimeoutMs
    loop.schedule(resendMs, this.incarnation, () => {
      this.isHeldUp = false
      if (isHopeless) this.end(new WorldError('unreachable', `send to ${this.peer}`))
      else this.transmit()
    })
  }

  /** The first piece under way has come to the other host. */
  private arrive(tampered: boolean): void {
    const { loop, story } = this.streams
    const piece = this.underWay.shift()!
    const opposite = this.opposite!
    if (opposite.incarnation.alive && !opposite.over) {
      if (story.on && piece !== 'end')
        story.tell(`${this.incarnation.node.host} ⇒ ${this.host}  ${preview(piece)}${tampered ? '  (changed)' : ''}`)
      opposite.received.push(piece)
      loop.hand(opposite.incarnation, () => opposite.take())
    } else if (opposite.incarnation.node.powered) {
      // Its host knows of no such stream any more.
      this.streams.answer(this.host, this, () =>
        this.end(this.closing ? undefined : new WorldError('reset', `send to ${this.peer}`)),
      )
    }
  }

  /** What has arrived goes to the program. */
  private take(): void {
    while (!this.over && this.opened && !this.isPaused && this.received.length > 0) {
      const piece = this.received.shift()!
      if (piece === 'end') {
        this.opposite!.end()
        this.end()
        return
      }
      if (!this.closing) this.handlers?.data(piece)
      this.opposite!.consumed(piece.length)
    }
  }

  /** The other side has taken so many bytes. */
  private consumed(bytes: number): void {
    this.waitingBytes -= bytes
    if (!this.wantsDrain || this.waitingBytes >= highWaterBytes / 2) return
    this.wantsDrain = false
    this.streams.loop.schedule(0, this.incarnation, () => {
      if (!this.over) this.handlers?.drained?.()
    })
  }

  private end(error?: WorldError): void {
    if (this.over) return
    this.over = true
    this.streams.forget(this)
    this.streams.loop.schedule(0, this.incarnation, () => this.handlers?.closed(error))
  }

  /** Pieces of a message: no larger than the network carries, and cut somewhere by chance. */
  private cut(bytes: Uint8Array): Uint8Array[] {
    const from = this.incarnation.node.host
    const { mtuBytes, cutRate } = this.streams.links.of(from, this.host)
    const pieces: Uint8Array[] = []
    const push = (part: Uint8Array): void => {
      for (let at = 0; at < part.length; at += mtuBytes) pieces.push(part.subarray(at, at + mtuBytes))
    }
    const chance = this.streams.links.chance(from, this.host).about(bytes)
    const isCut = from !== this.host && bytes.length > 1 && chance.happens(asks.cut, cutRate)
    const at = isCut ? 1 + chance.choose(asks.cutAt, bytes.length - 1) : bytes.length
    push(bytes.subarray(0, at))
    push(bytes.subarray(at))
    return pieces
  }
}
