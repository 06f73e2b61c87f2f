// Bytes, however the stream has cut them, into frames, and into lines of JSON where there are such.
import { LineReader } from '../dnode/lines.ts'
import { MalformedMessageError } from '../errors.ts'
import { attachedBytes, headerBytes, kinds } from './format.ts'
import { copyOf, unfilled } from './memory.ts'

export interface ReaderLimits {
  /** Of a line, or of a frame. */
  readonly messageBytes: number
  /** Levels of a line of JSON. */
  readonly depth: number
}

export interface ReaderHandlers {
  /** A line of JSON. */
  line(value: unknown): void
  /** A frame: valid until it returns. `attachments` came before it; they stay. */
  frame(kind: number, body: Uint8Array, attachments: readonly Uint8Array[]): void
}

const none: readonly Uint8Array[] = []

export class MessageReader {
  /** Nothing more is read for now: handlers may say so. */
  isHalted = false
  private readonly limits: ReaderLimits
  private readonly handlers: ReaderHandlers
  private readonly lines: LineReader
  private readonly header = new Uint8Array(headerBytes + 1)
  private readonly headerView = new DataView(this.header.buffer)
  /** Of the header, or of the body once its length is known. */
  private got = 0
  private body: Uint8Array | undefined
  private attachments: Uint8Array[] = []
  private attachedBytes = 0

  constructor(limits: ReaderLimits, handlers: ReaderHandlers) {
    this.limits = limits
    this.handlers = handlers
    this.lines = new LineReader({ bytes: limits.messageBytes, depth: limits.depth })
  }

  /** Reads until it is halted. Returns how many bytes it has read. Throws MalformedMessageError; nothing is to be read after that. */
  read(bytes: Uint8Array): number {
    let at = 0
    while (at < bytes.length && !this.isHalted) {
      if (this.got === 0 && this.body === undefined) {
        if (bytes[at] !== 0 || this.lines.isWithin) {
          at = this.readLine(bytes, at)
          continue
        }
        const next = this.readWhole(bytes, at)
        if (next > at) {
          at = next
          continue
        }
      }
      at = this.readPart(bytes, at)
    }
    return at
  }

  private readLine(bytes: Uint8Array, from: number): number {
    const end = bytes.indexOf(10, from)
    const part = end < 0 ? bytes.subarray(from) : bytes.subarray(from, end + 1)
    for (const value of this.lines.read(part)) this.handlers.line(value)
    return from + part.length
  }

  /** A frame that lies here whole is read where it lies. Returns where it ends, or `at` if it does not. */
  private readWhole(bytes: Uint8Array, at: number): number {
    if (bytes.length - at < headerBytes + 1) return at
    const length = bytes[at + 1] + bytes[at + 2] * 2 ** 8 + bytes[at + 3] * 2 ** 16 + bytes[at + 4] * 2 ** 24
    this.check(length)
    const end = at + headerBytes + length
    if (end > bytes.length) return at
    const kind = bytes[at + headerBytes]
    const body = bytes.subarray(at + headerBytes + 1, end)
    // What the stream lends is not kept.
    this.whole(kind, kind === kinds.attachment ? copyOf(body) : body)
    return end
  }

  private readPart(bytes: Uint8Array, at: number): number {
    const target = this.body ?? this.header
    const some = Math.min(target.length - this.got, bytes.length - at)
    target.set(bytes.subarray(at, at + some), this.got)
    this.got += some
    if (this.got < target.length) return at + some
    if (this.body === undefined) {
      const length = this.headerView.getUint32(1, true)
      this.check(length)
      this.body = unfilled(length - 1)
      this.got = 0
      if (length > 1) return at + some
    }
    const { body } = this
    this.body = undefined
    this.got = 0
    this.whole(this.header[headerBytes], body!)
    return at + some
  }

  private whole(kind: number, body: Uint8Array): void {
    if (kind === kinds.attachment) {
      // Small ones would take more room here than on the wire.
      if (body.length < attachedBytes)
        throw new MalformedMessageError('an attachment', `of ${attachedBytes} bytes at least`, body.length)
      this.attachedBytes += body.length
      this.check(this.attachedBytes)
      this.attachments.push(body)
      return
    }
    const attachments = this.attachments.length === 0 ? none : this.attachments
    if (attachments !== none) {
      this.attachments = []
      this.attachedBytes = 0
    }
    this.handlers.frame(kind, body, attachments)
  }

  private check(length: number): void {
    if (length < 1) throw new MalformedMessageError('the length of a frame', 'from 1', length)
    if (length > this.limits.messageBytes)
      throw new MalformedMessageError('a message', `of ${this.limits.messageBytes} bytes at most`, length)
  }
}

/** The parts of a frame before its values. */
export class FrameParts {
  private readonly bytes: Uint8Array
  private at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.at === this.bytes.length
  }

  byte(): number {
    if (this.isAtEnd) throw new MalformedMessageError('a frame', 'whole', 'cut off')
    return this.bytes[this.at++]
  }

  varint(): number {
    let n = 0
    for (let unit = 1; unit < 2 ** 53; unit *= 0x80) {
      const byte = this.byte()
      n += (byte & 0x7f) * unit
      if (byte < 0x80) {
        if (n > Number.MAX_SAFE_INTEGER) break
        return n
      }
    }
    throw new MalformedMessageError('a number of a frame', 'below 2^53', n)
  }

  f64(): number {
    if (this.bytes.length - this.at < 8) throw new MalformedMessageError('a frame', 'whole', 'cut off')
    const { buffer, byteOffset } = this.bytes
    this.at += 8
    return new DataView(buffer, byteOffset).getFloat64(this.at - 8, true)
  }

  /** v length, and so many bytes: characters of ASCII. */
  ascii(): string {
    const length = this.varint()
    if (this.bytes.length - this.at < length) throw new MalformedMessageError('a frame', 'whole', 'cut off')
    const text = new TextDecoder('latin1').decode(this.bytes.subarray(this.at, this.at + length))
    this.at += length
    return text
  }

  /** What is left: a value. */
  rest(): Uint8Array {
    const rest = this.bytes.subarray(this.at)
    this.at = this.bytes.length
    return rest
  }
}
