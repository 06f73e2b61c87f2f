// Frames one after another into one buffer, so that all that is sent in one turn of the event loop is one write.
import { type Foreign, PackBuffer, packInto } from '@skein/values'
import { headerBytes, kinds } from './format.ts'

export class FrameWriter {
  private readonly buffer = new PackBuffer(1 << 14)
  private at = 0
  private start = 0
  /** Whole chunks before what lies in the buffer. */
  private chunks: Uint8Array[] = []
  /** Attachments of the frame that is being written. */
  private attached: Uint8Array[] = []

  get isEmpty(): boolean {
    return this.at === 0 && this.chunks.length === 0
  }

  begin(kind: number): void {
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

  /** Bytes that go before this frame as they are. They are to stay as they are until they are sent. */
  attach(bytes: Uint8Array): void {
    this.attached.push(bytes)
  }

  end(): void {
    this.buffer.view.setUint32(this.start + 1, this.at - this.start - headerBytes, true)
    if (this.attached.length > 0) this.putAttachments()
  }

  undo(): void {
    this.at = this.start
    this.attached = []
  }

  /** All that was written, in chunks to be sent one after another; the writer begins anew. */
  take(): Uint8Array[] {
    const { chunks } = this
    if (this.at > 0) chunks.push(this.copy(0, this.at))
    this.chunks = []
    this.at = 0
    return chunks
  }

  private putAttachments(): void {
    const frame = this.copy(this.start, this.at)
    if (this.start > 0) this.chunks.push(this.copy(0, this.start))
    for (const bytes of this.attached) {
      const header = new Uint8Array(headerBytes + 1)
      new DataView(header.buffer).setUint32(1, bytes.length + 1, true)
      header[headerBytes] = kinds.attachment
      this.chunks.push(header, bytes)
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
