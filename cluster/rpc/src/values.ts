// What a connection carries besides data: functions, streams, answers that are not here yet, and typed arrays so large that they go beside the frame.

import { type ErrorWire, travelOf } from '@skein/base'
import { classOf, type Foreign, type ForeignReader, kindOf, type Packer, type Unpacker, unpack } from '@skein/values'
import { placeOf } from './answers.ts'
import { MalformedMessageError } from './errors.ts'
import { attachedBytes, tags } from './frames/format.ts'
import type { FrameWriter } from './frames/writer.ts'
import { wireOf } from './revived.ts'

export interface SentSignal {
  readonly number: number
  readonly signal: AbortSignal
}

/** What the session keeps by number. */
export interface Ledger {
  sendFunction(fn: Function): number
  /** It was not sent after all. */
  unsendFunction(number: number): void
  receiveFunction(number: number): Function
  /** What the function of that number gives. */
  receivePromise(number: number): unknown
  sendSignal(signal: AbortSignal): SentSignal
  receiveSignal(number: number): AbortSignal
  sendStream(iterable: AsyncIterable<unknown> | Iterable<unknown>): number
  /** It was not sent after all. */
  unsendStream(number: number): void
  receiveStream(number: number): unknown
  /** What a call of theirs gave, or will, at a path in it. */
  answered(reply: number, path: readonly string[]): unknown
  /** Whether instances of the class travel. */
  allows(className: string): boolean
  /** Whose calls' answers are those of this connection. */
  readonly owner: object
}

interface Sending {
  readonly writer: FrameWriter
  functions: number[] | undefined
  streams: number[] | undefined
  /** Undefined: they do not travel in this frame. */
  readonly signals: SentSignal[] | undefined
}

export class FrameValues implements Foreign, ForeignReader {
  private readonly ledger: Ledger
  /** What is being written. */
  private sending: Sending | undefined
  /** Of the call that is being read, if it is one. */
  private signals: number[] | undefined
  private attachments: readonly Uint8Array[] = []
  private nextAttachment = 0

  constructor(ledger: Ledger) {
    this.ledger = ledger
  }

  /**
   * Packs the value and ends the frame; takes the frame back if it cannot be sent. Returns signals that were among it: those of a call travel. What is packed may have getters, which may write
   * frames of their own meanwhile. Throws NotCloneableError, MessageTooLargeError, and what getters throw.
   */
  write(writer: FrameWriter, value: unknown, call: string, root: string): readonly SentSignal[] {
    const { sending: outer } = this
    const sending: Sending = {
      writer,
      functions: undefined,
      streams: undefined,
      signals: call === 'call' ? [] : undefined,
    }
    this.sending = sending
    try {
      writer.value(value, call, root, this)
      writer.check()
      writer.end()
      return sending.signals ?? []
    } catch (error) {
      writer.undo()
      for (const number of sending.functions ?? []) this.ledger.unsendFunction(number)
      for (const number of sending.streams ?? []) this.ledger.unsendStream(number)
      throw error
    } finally {
      this.sending = outer
    }
  }

  /** Ends a frame, which `begin` begins, with what was thrown; if that cannot be sent, with why not. */
  writeThrown(writer: FrameWriter, begin: () => void, thrown: unknown, root: string): void {
    begin()
    try {
      this.write(writer, wireOf(thrown), 'throw', root)
    } catch (error) {
      const { stack: _, cause: __, ...wire } = wireOf(error) as ErrorWire
      begin()
      this.write(writer, wire, 'throw', root)
    }
  }

  /** Throws MalformedValueError. */
  read(bytes: Uint8Array, attachments: readonly Uint8Array[]): unknown {
    this.attachments = attachments
    this.nextAttachment = 0
    const value = unpack(bytes, this)
    if (this.nextAttachment !== attachments.length)
      throw new MalformedMessageError('the attachments of a frame', `${this.nextAttachment}`, attachments.length)
    return value
  }

  /** Arguments, and the numbers of signals that are among them. Throws MalformedValueError. */
  readCall(bytes: Uint8Array, attachments: readonly Uint8Array[]): { args: unknown; signals: readonly number[] } {
    const signals: number[] = []
    this.signals = signals
    try {
      return { args: this.read(bytes, attachments), signals }
    } finally {
      this.signals = undefined
    }
  }

  allows(className: string): boolean {
    return this.ledger.allows(className)
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
      // Its failure is told where it is waited for, over there; it may come before it is asked for.
      Promise.prototype.then.call(value, undefined, () => {})
      this.putFunction(() => value, tags.promise, to)
      return true
    }
    if (ArrayBuffer.isView(value))
      return !(value instanceof DataView) && value.byteLength >= attachedBytes && this.putAttached(value, to)
    if (value instanceof AbortSignal) {
      const { signals } = this.sending!
      if (signals === undefined) return to.refuse('an AbortSignal', 'Those that are arguments travel.')
      const sent = this.ledger.sendSignal(value)
      signals.push(sent)
      to.putTag(tags.signal)
      to.putU32(sent.number)
      return true
    }
    const travel = travelOf(value)
    if (travel) {
      if (this.ledger.allows(travel.name)) return false
      return to.refuse(`an instance of ${travel.name}`, 'Name its class in `classes`, on both sides.')
    }
    if (isStream(value)) {
      const { sending } = this
      const number = this.ledger.sendStream(value)
      sending!.streams ??= []
      sending!.streams.push(number)
      to.putTag(tags.stream)
      to.putU32(number)
      return true
    }
    return false
  }

  take(tag: number, from: Unpacker): unknown {
    switch (tag) {
      case tags.function:
        return this.ledger.receiveFunction(from.u32())
      case tags.promise:
        return this.ledger.receivePromise(from.u32())
      case tags.signal:
        if (this.signals === undefined) return from.malformed('a signal that is no argument')
        this.signals.push(from.u32())
        return this.ledger.receiveSignal(this.signals.at(-1)!)
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
        const type = classOf(from.byte()) as ReturnType<typeof classOf> | undefined
        if (type === undefined) return from.malformed('a typed array of a kind that is none')
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
    this.sending!.functions ??= []
    this.sending!.functions.push(number)
    to.putTag(tag)
    to.putU32(number)
  }

  private putAttached(view: ArrayBufferView, to: Packer): boolean {
    to.note(view)
    to.putTag(tags.attached)
    to.putTag(kindOf(view as Uint8Array))
    this.sending!.writer.attach(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
    return true
  }
}

const isStream = (value: object): value is AsyncIterable<unknown> =>
  Symbol.asyncIterator in value ||
  (Symbol.iterator in value && typeof (value as { next?: unknown }).next === 'function')
