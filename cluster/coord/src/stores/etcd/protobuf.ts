// Protocol buffers, as far as etcd's messages need them (protobuf.dev, "Encoding"): a message is described by its fields, and read and written by that. What is undefined is not written; what did
// not come is its kind's nothing, as proto3 has it. Whole numbers are those that JavaScript counts exactly; what may be larger, ids, is its 16 hexadecimal digits without zeros before them.

/** What comes is not such a message. */
export class WireError extends Error {
  override name = 'WireError'
}

/** A kind of field: how it is written after its tag and read back, and what it is when it did not come. */
export interface Kind<In, Out> {
  /** 0: a varint; 2: a length and as many bytes. */
  readonly wire: 0 | 2
  write(writer: Writer, value: In): void
  read(reader: Reader): Out
  readonly none: Out
}

export interface Field<In, Out> {
  readonly number: number
  readonly kind: Kind<any, any>
  readonly isRepeated: boolean
  readonly in?: In
  readonly out?: Out
}

type Fields = Record<string, Field<any, any>>
/** What is written; all fields may be left out. */
export type In<F extends Fields> = { readonly [K in keyof F]?: NonNullable<F[K]['in']> }
export type Out<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<any, infer T> ? T : never }

export class Writer {
  // Of Node's pool: short messages are parts of one piece of memory.
  private bytes = Buffer.allocUnsafe(256)
  private at: number

  /** `room`: bytes left free at the beginning. */
  constructor(room = 0) {
    this.at = room
  }

  varint(value: number): void {
    this.reserve(10)
    let rest = value
    while (rest >= 128) {
      this.bytes[this.at++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.bytes[this.at++] = rest
  }

  /** Of 64 bits, by halves. */
  varint64(high: number, low: number): void {
    this.reserve(10)
    let [h, l] = [high >>> 0, low >>> 0]
    while (h > 0 || l >= 128) {
      this.bytes[this.at++] = (l & 127) | 128
      l = ((l >>> 7) | (h << 25)) >>> 0
      h >>>= 7
    }
    this.bytes[this.at++] = l
  }

  raw(bytes: Uint8Array): void {
    this.varint(bytes.length)
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  text(text: string): void {
    const length = Buffer.byteLength(text)
    this.varint(length)
    this.reserve(length)
    this.bytes.write(text, this.at)
    this.at += length
  }

  finish(): Uint8Array {
    return this.bytes.subarray(0, this.at)
  }

  private reserve(length: number): void {
    if (this.at + length <= this.bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(2 * this.bytes.length, this.at + length))
    larger.set(this.bytes)
    this.bytes = larger
  }
}

export class Reader {
  readonly bytes: Uint8Array
  at: number
  end: number

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes
    this.at = at
    this.end = bytes.length
  }

  /** Signed, of 64 bits; beyond 2^53 not exact. */
  varint(): number {
    const byte = this.byte()
    if (byte < 128) return byte
    const [high, low] = this.halves(byte)
    return (high | 0) * 2 ** 32 + low
  }

  hex(): string {
    const [high, low] = this.halves(this.byte())
    return high === 0 ? low.toString(16) : high.toString(16) + low.toString(16).padStart(8, '0')
  }

  /** The bytes after their length, which stay part of what is read from. */
  raw(): Uint8Array {
    const length = this.varint()
    const from = this.at
    if (!(length >= 0 && from + length <= this.end)) throw new WireError(`${length} bytes of ${this.end - from}`)
    this.at += length
    return this.bytes.subarray(from, this.at)
  }

  /** Passes over a field that is not known. */
  skip(wire: number): void {
    if (wire === 0) this.varint()
    else if (wire === 2) this.raw()
    else if (wire === 1 || wire === 5) this.at += wire === 1 ? 8 : 4
    else throw new WireError(`a field of kind ${wire}`)
    if (this.at > this.end) throw new WireError('a field that ends after its message')
  }

  private halves(first: number): [number, number] {
    let [high, low, shift, byte] = [0, first & 127, 7, first]
    while (byte >= 128) {
      if (shift > 63) throw new WireError('a number of more than 64 bits')
      byte = this.byte()
      const bits = byte & 127
      if (shift < 32) low |= bits << shift
      if (shift >= 28) high |= shift < 32 ? bits >>> (32 - shift) : bits << (shift - 32)
      shift += 7
    }
    return [high >>> 0, low >>> 0]
  }

  private byte(): number {
    if (this.at >= this.end) throw new WireError('a message that is cut off')
    return this.bytes[this.at++]
  }
}

const decoder = new TextDecoder()

const bytesKind: Kind<Uint8Array | string, Uint8Array> = {
  wire: 2,
  write: (writer, value) => (typeof value === 'string' ? writer.text(value) : writer.raw(value)),
  // A copy: what came in may be a small part of a large piece, or be used again.
  read: reader => reader.raw().slice(),
  none: new Uint8Array(0),
}
const textKind: Kind<string, string> = {
  wire: 2,
  write: (writer, value) => writer.text(value),
  read: reader => decoder.decode(reader.raw()),
  none: '',
}
const intKind: Kind<number, number> = {
  wire: 0,
  write: (writer, value) => writer.varint(value),
  read: reader => reader.varint(),
  none: 0,
}
const idKind: Kind<string, string> = {
  wire: 0,
  write: (writer, value) => {
    const digits = value.padStart(16, '0')
    writer.varint64(Number.parseInt(digits.slice(0, 8), 16), Number.parseInt(digits.slice(8), 16))
  },
  read: reader => reader.hex(),
  none: '0',
}
const boolKind: Kind<boolean, boolean> = {
  wire: 0,
  write: (writer, value) => writer.varint(value ? 1 : 0),
  read: reader => reader.varint() !== 0,
  none: false,
}

/** A text is given as its UTF-8. */
export const bytes = (number: number): Field<Uint8Array | string, Uint8Array> => ({
  number,
  kind: bytesKind,
  isRepeated: false,
})
export const text = (number: number): Field<string, string> => ({ number, kind: textKind, isRepeated: false })
export const int = (number: number): Field<number, number> => ({ number, kind: intKind, isRepeated: false })
export const id = (number: number): Field<string, string> => ({ number, kind: idKind, isRepeated: false })
export const bool = (number: number): Field<boolean, boolean> => ({ number, kind: boolKind, isRepeated: false })

export class Message<F extends Fields> {
  private readonly fields: readonly (readonly [string, Field<any, any>])[]
  private readonly byNumber: (readonly [string, Field<any, any>] | undefined)[] = []
  private readonly nothing: Record<string, unknown> = {}
  private readonly repeated: string[] = []

  constructor(fields: F) {
    this.fields = Object.entries(fields)
    for (const [name, field] of this.fields) {
      this.byNumber[field.number] = [name, field]
      this.nothing[name] = field.kind.none
      if (field.isRepeated) this.repeated.push(name)
    }
  }

  write(writer: Writer, value: In<F>): void {
    for (const [name, { number, kind, isRepeated }] of this.fields) {
      const given = (value as Record<string, unknown>)[name]
      if (given === undefined) continue
      const tag = number * 8 + kind.wire
      for (const one of isRepeated ? (given as unknown[]) : [given]) {
        writer.varint(tag)
        kind.write(writer, one)
      }
    }
  }

  /** Throws WireError. */
  read(reader: Reader): Out<F> {
    const value: Record<string, any> = { ...this.nothing }
    for (const name of this.repeated) value[name] = []
    while (reader.at < reader.end) {
      const tag = reader.varint()
      const known = this.byNumber[tag >>> 3]
      if (known === undefined || known[1].kind.wire !== (tag & 7)) {
        reader.skip(tag & 7)
        continue
      }
      const [name, { kind, isRepeated }] = known
      const read = kind.read(reader)
      if (isRepeated) value[name].push(read)
      else value[name] = read
    }
    return value as Out<F>
  }

  private get kind(): Kind<In<F>, Out<F> | undefined> {
    return {
      wire: 2,
      write: (writer, value) => {
        const inner = new Writer()
        this.write(inner, value)
        writer.raw(inner.finish())
      },
      read: reader => {
        const inner = reader.raw()
        return this.read(new Reader(inner))
      },
      none: undefined,
    }
  }

  field(number: number): Field<In<F>, Out<F> | undefined> {
    return { number, kind: this.kind, isRepeated: false }
  }

  repeatedField(number: number): Field<readonly In<F>[], readonly Out<F>[]> {
    return { number, kind: this.kind, isRepeated: true }
  }
}
