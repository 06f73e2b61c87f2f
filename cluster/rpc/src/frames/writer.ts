// Frames one after another into one buffer, so that all that is sent in one turn of the event loop is one write.
//
// What is packed may have getters, and those may call what is far away: then another frame begins within one that is not whole. It is written elsewhere, and goes out after it.
import { type Foreign, PackBuffer, packInto } from '@skein/values'
import { MessageTooLargeError } from '../errors.ts'
import { headerBytes, kinds } from './format.ts'
import { copyOf } from './memory.ts'

const bufferBytes = 1 << 14
/** A huge value should not leave a huge buffer behind. */
const mostIdleBytes = 1 << 24

const sumOf = (attached: readonly Uint8Array[]): number => attached.reduce((sum, { length }) => sum + length, 0)

/** A frame that is not whole, and what lies before it. */
interface Unfinished {
  readonly buffer: PackBuffer
  readonly at: number
  readonly start: number
  readonly chunks: Uint8Array[]
  readonly attached: Uint8Array[]
}

export class FrameWriter {
  /** Bytes of a frame, and of what is attached to it, that the other side takes. */
  mostBytes = Number.POSITIVE_INFINITY
  /**
   * Called when a frame with attachments is whole, where these can be sent at once: what is taken until it returns has them as they lie with the caller. Where it is missing they are copied, for what the
   * caller does with an array afterwards must not change what was sent.
   */
  lent: (() => void) | undefined
  private readonly borrowed = new Set<Uint8Array>()
  private buffer = new PackBuffer(bufferBytes)
  private at = 0
  private start = 0
  /** Whole chunks before what lies in the buffer. */
  private chunks: Uint8Array[] = []
  /** Attachments of the frame that is being written. */
  private attached: Uint8Array[] = []
  /** A frame has begun and not ended. */
  private isOpen = false
  /** Frames within which the present one began, from the outermost on. */
  private readonly around: Unfinished[] = []
  /** Whole frames that began within another. */
  private within: Uint8Array[] = []

  get isEmpty(): boolean {
    return this.at === 0 && this.chunks.length === 0
  }

  begin(kind: number): void {
    if (this.isOpen) this.enter()
    this.isOpen = true
    this.reserve(headerBytes + 1)
    this.start = this.at
    this.buffer.bytes[this.at] = 0
    this.at += headerBytes
    this.byte(kind)
  }

  byte(byte: number): void {
    this.reserve(1)
    this.buffer.bytes[this.at++] = byte
  }

  /** A whole number from 0, to 2^53. */
  varint(n: number): void {
    this.reserve(8)
    const { bytes } = this.buffer
    let rest = n
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[this.at++] = (rest & 0x7f) | 0x80
    bytes[this.at++] = rest
  }

  f64(n: number): void {
    this.reserve(8)
    this.buffer.view.setFloat64(this.at, n, true)
    this.at += 8
  }

  /** Throws NotCloneableError; the frame is to be taken back then, by `undo`. */
  value(value: unknown, call: string, root: string, foreign: Foreign): void {
    this.at = packInto(this.buffer, value, this.at, call, root, foreign)
  }

  /** Bytes that go before this frame as they are when it ends. */
  attach(bytes: Uint8Array): void {
    this.attached.push(bytes)
  }

  /** Throws MessageTooLargeError if the other side does not take as much; the frame is to be taken back then, by `undo`. */
  check(): void {
    let bytes = this.at - this.start - headerBytes
    // With a byte for its kind; of several the sum is more than that, for none is small.
    if (this.attached.length > 0) bytes = Math.max(bytes, sumOf(this.attached), this.attached[0].length + 1)
    if (bytes > this.mostBytes) throw new MessageTooLargeError(bytes, this.mostBytes)
  }

  end(): void {
    this.buffer.view.setUint32(this.start + 1, this.at - this.start - headerBytes, true)
    if (this.attached.length === 0) return this.leave()
    const lent = this.around.length === 0 ? this.lent : undefined
    this.putAttachments(lent !== undefined)
    this.leave()
    lent?.()
    this.borrowed.clear()
  }

  /** Whether a chunk is the caller's, who may change it. */
  isBorrowed(chunk: Uint8Array): boolean {
    return this.borrowed.has(chunk)
  }

  undo(): void {
    this.at = this.start
    this.attached = []
    this.leave()
  }

  /** All frames that are whole, in chunks to be sent one after another; the writer begins anew. Within a frame it is to be asked for the last time. */
  take(): Uint8Array[] {
    if (this.isOpen) {
      const { buffer, start, chunks } = this.around[0] ?? this
      return [...chunks, Uint8Array.prototype.slice.call(buffer.bytes, 0, start)]
    }
    const { chunks } = this
    if (this.at > 0) chunks.push(this.copy(0, this.at))
    if (this.buffer.bytes.length > mostIdleBytes) this.buffer = new PackBuffer(bufferBytes)
    this.chunks = []
    this.at = 0
    return chunks
  }

  private enter(): void {
    const { buffer, at, start, chunks, attached } = this
    this.around.push({ buffer, at, start, chunks, attached })
    this.begun(new PackBuffer(256), 0, 0, [], [])
  }

  /** The frame is whole, or taken back. */
  private leave(): void {
    this.isOpen = false
    const outer = this.around.pop()
    if (outer) {
      this.within.push(...this.chunks, this.copy(0, this.at))
      this.begun(outer.buffer, outer.at, outer.start, outer.chunks, outer.attached)
      this.isOpen = true
    } else if (this.within.length > 0) {
      this.chunks.push(this.copy(0, this.at), ...this.within)
      this.within = []
      this.at = 0
    }
  }

  private begun(buffer: PackBuffer, at: number, start: number, chunks: Uint8Array[], attached: Uint8Array[]): void {
    this.buffer = buffer
    this.at = at
    this.start = start
    this.chunks = chunks
    this.attached = attached
  }

  private putAttachments(isLent: boolean): void {
    const frame = this.copy(this.start, this.at)
    if (this.start > 0) this.chunks.push(this.copy(0, this.start))
    for (const bytes of this.attached) {
      const header = new Uint8Array(headerBytes + 1)
      new DataView(header.buffer).setUint32(1, bytes.length + 1, true)
      header[headerBytes] = kinds.attachment
      if (isLent) this.borrowed.add(bytes)
      this.chunks.push(header, isLent ? bytes : copyOf(bytes))
    }
    this.chunks.push(frame)
    this.attached = []
    this.at = 0
  }

  private copy(from: number, to: number): Uint8Array {
    return Uint8Array.prototype.slice.call(this.buffer.bytes, from, to)
  }

  private reserve(bytes: number): void {
    const { buffer } = this
    if (this.at + bytes <= buffer.bytes.length) return
    const larger = new PackBuffer(buffer.bytes.length * 2)
    larger.bytes.set(buffer.bytes.subarray(0, this.at))
    buffer.bytes = larger.bytes
    buffer.view = larger.view
  }
}
