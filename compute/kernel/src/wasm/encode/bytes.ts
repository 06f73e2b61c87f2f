import { AssemblerError } from './errors.ts'

const encoder = new TextEncoder()
const scratch = new DataView(new ArrayBuffer(8))

/**
 * A growable byte buffer with WebAssembly's number formats. `data` may be longer than what was written: only the first
 * `length` bytes count. LEB128 numbers are written in their shortest form.
 */
export class ByteWriter {
  data: Uint8Array
  length = 0

  constructor(capacity = 256) {
    this.data = new Uint8Array(capacity)
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.length + count
    if (needed <= this.data.length) return
    const grown = new Uint8Array(Math.max(needed, this.data.length * 2))
    grown.set(this.data.subarray(0, this.length))
    this.data = grown
  }

  u8(value: number): void {
    if (this.length === this.data.length) this.reserve(1)
    this.data[this.length++] = value
  }

  /** The one to four bytes of an opcode. */
  opcode(code: readonly number[]): void {
    this.reserve(code.length)
    for (let i = 0; i < code.length; i++) this.data[this.length++] = code[i]
  }

  /** An opcode of one byte and an unsigned number: most of all code. */
  indexed(code: number, index: number): void {
    this.u8(code)
    if ((index & 0x7f) === index && this.length < this.data.length) this.data[this.length++] = index
    else this.unsigned(index)
  }

  bytes(source: ArrayLike<number>): void {
    this.reserve(source.length)
    this.data.set(source, this.length)
    this.length += source.length
  }

  /** Appends all that another writer holds. */
  append(other: ByteWriter): void {
    this.bytes(other.data.subarray(0, other.length))
  }

  /** Unsigned LEB128 of an integer in [0, 2^53); also used where the format has u64 (memory64 offsets, limits). */
  unsigned(value: number): void {
    if (value >= 0 && value < 0x80 && Number.isInteger(value)) {
      this.u8(value)
      return
    }
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new AssemblerError({ problem: `expected an unsigned integer below 2^53, found ${value}` })
    }
    let rest = value
    while (rest >= 0x80) {
      this.u8((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    this.u8(rest)
  }

  /** Signed LEB128 of a 32-bit integer; the unsigned half [2^31, 2^32) is taken as the same bits. */
  signed32(value: number): void {
    if (value !== (value | 0) && value !== value >>> 0) {
      throw new AssemblerError({ problem: `expected a 32-bit integer, found ${value}` })
    }
    let rest = value | 0
    for (;;) {
      const low = rest & 0x7f
      rest >>= 7
      if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
        this.u8(low)
        return
      }
      this.u8(low | 0x80)
    }
  }

  /** Signed LEB128 of a 64-bit integer; the unsigned half [2^63, 2^64) is taken as the same bits. */
  signed64(value: number | bigint): void {
    if (typeof value === 'number') {
      if (value === (value | 0)) {
        this.signed32(value)
        return
      }
      if (!Number.isSafeInteger(value)) {
        throw new AssemblerError({ problem: `expected a 64-bit integer (beyond 2^53 a bigint), found ${value}` })
      }
    } else if (value < -0x8000000000000000n || value > 0xffffffffffffffffn) {
      throw new AssemblerError({ problem: `expected a 64-bit integer, found ${value}` })
    }
    let rest = BigInt.asIntN(64, BigInt(value))
    for (;;) {
      const low = Number(rest & 0x7fn)
      rest >>= 7n
      if ((rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)) {
        this.u8(low)
        return
      }
      this.u8(low | 0x80)
    }
  }

  /** Four bytes, little endian. */
  bits32(bits: number): void {
    this.reserve(4)
    const { data, length } = this
    data[length] = bits
    data[length + 1] = bits >>> 8
    data[length + 2] = bits >>> 16
    data[length + 3] = bits >>> 24
    this.length = length + 4
  }

  /** The f32 nearest to `value`; a NaN keeps the sign and the leading payload bits the engine holds for it. */
  f32(value: number): void {
    scratch.setFloat32(0, value)
    this.bits32(scratch.getUint32(0))
  }

  f64(value: number): void {
    scratch.setFloat64(0, value)
    this.bits32(scratch.getUint32(4))
    this.bits32(scratch.getUint32(0))
  }

  /** Length-prefixed UTF-8. */
  name(text: string): void {
    const utf8 = encoder.encode(text)
    this.unsigned(utf8.length)
    this.bytes(utf8)
  }

  /** A copy of exactly what was written. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.data.slice(0, this.length) as Uint8Array<ArrayBuffer>
  }
}
