// What a connection carries besides data: functions, streams, answers that are not here yet, and typed arrays so large that they go beside the frame.
import { classOf, type Foreign, type ForeignReader, kindOf, type Packer, type Unpacker, unpack } from '@skein/values'
import { placeOf } from './answers.ts'
import { attachedBytes, tags } from './frames/format.ts'
import type { FrameWriter } from './frames/writer.ts'

/** What the session keeps by number. */
export interface Ledger {
  sendFunction(fn: Function): number
  /** It was not sent after all. */
  unsendFunction(number: number): void
  receiveFunction(number: number): Function
  sendSignal(signal: AbortSignal): number
  receiveSignal(number: number): AbortSignal
  sendStream(iterable: AsyncIterable<unknown> | Iterable<unknown>): number
  receiveStream(number: number): unknown
  /** What a call of theirs gave, or will, at a path in it. */
  answered(reply: number, path: readonly string[]): unknown
  /** Whose calls' answers are those of this connection. */
  readonly owner: object
}

export class FrameValues implements Foreign, ForeignReader {
  private readonly ledger: Ledger
  private writer!: FrameWriter
  private readonly sent: number[] = []
  private attachments: readonly Uint8Array[] = []
  private nextAttachment = 0

  constructor(ledger: Ledger) {
    this.ledger = ledger
  }

  /** Packs the value and ends the frame; takes the frame back if it cannot be sent. Throws NotCloneableError. */
  write(writer: FrameWriter, value: unknown, call: string, root: string): void {
    this.writer = writer
    try {
      writer.value(value, call, root, this)
      writer.end()
    } catch (error) {
      writer.undo()
      for (const number of this.sent) this.ledger.unsendFunction(number)
      throw error
    } finally {
      this.sent.length = 0
    }
  }

  /** Throws MalformedValueError. */
  read(bytes: Uint8Array, attachments: readonly Uint8Array[]): unknown {
    this.attachments = attachments
    this.nextAttachment = 0
    return unpack(bytes, this)
  }

  put(value: object, to: Packer): boolean {
    const place = placeOf(value)
    if (place) {
      if (place.origin.owner === this.ledger.owner && place.origin.isPending) {
        to.putTag(tags.answer)
        to.putU32(place.origin.number)
        to.put(place.path)
      } else this.putFunction(() => value, tags.promise, to)
      return true
    }
    if (typeof value === 'function') {
      this.putFunction(value, tags.function, to)
      return true
    }
    if (value instanceof Promise) {
      this.putFunction(() => value, tags.promise, to)
      return true
    }
    if (ArrayBuffer.isView(value))
      return !(value instanceof DataView) && value.byteLength >= attachedBytes && this.putAttached(value, to)
    if (value instanceof AbortSignal) {
      to.putTag(tags.signal)
      to.putU32(this.ledger.sendSignal(value))
      return true
    }
    if (isStream(value)) {
      to.putTag(tags.stream)
      to.putU32(this.ledger.sendStream(value))
      return true
    }
    return false
  }

  take(tag: number, from: Unpacker): unknown {
    switch (tag) {
      case tags.function:
        return this.ledger.receiveFunction(from.u32())
      case tags.promise:
        return this.ledger.receiveFunction(from.u32())()
      case tags.signal:
        return this.ledger.receiveSignal(from.u32())
      case tags.stream:
        return this.ledger.receiveStream(from.u32())
      case tags.answer: {
        const reply = from.u32()
        const path = from.take()
        if (!Array.isArray(path) || !path.every(key => typeof key === 'string'))
          return from.malformed('a path that is none')
        return this.ledger.answered(reply, path)
      }
      case tags.attached: {
        const type = classOf(from.byte())
        const bytes = this.attachments[this.nextAttachment++]
        if (bytes === undefined || bytes.length % type.BYTES_PER_ELEMENT !== 0)
          return from.malformed('a typed array whose bytes did not come')
        return from.note(new type(bytes.buffer as never, bytes.byteOffset, bytes.length / type.BYTES_PER_ELEMENT))
      }
    }
    return from.malformed(`tag ${tag}`)
  }

  private putFunction(fn: Function, tag: number, to: Packer): void {
    const number = this.ledger.sendFunction(fn)
    this.sent.push(number)
    to.putTag(tag)
    to.putU32(number)
  }

  /** A copy: what the caller does with the array afterwards must not change what was sent. */
  private putAttached(view: ArrayBufferView, to: Packer): boolean {
    to.note(view)
    to.putTag(tags.attached)
    to.putTag(kindOf(view as Uint8Array))
    this.writer.attach(new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice())
    return true
  }
}

const isStream = (value: object): value is AsyncIterable<unknown> =>
  Symbol.asyncIterator in value ||
  (Symbol.iterator in value && typeof (value as { next?: unknown }).next === 'function')
