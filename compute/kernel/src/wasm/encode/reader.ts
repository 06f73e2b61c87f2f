import { MalformedModuleError } from './errors.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })

/** Reads what `ByteWriter` writes, between `at` and `end`; LEB128 numbers of any permitted length. */
export class ByteReader {
  readonly data: Uint8Array
  at: number
  readonly end: number

  constructor(data: Uint8Array, at = 0, end = data.length) {
    this.data = data
    this.at = at
    this.end = end
  }

  get done(): boolean {
    return this.at === this.end
  }

  fail(problem: string): never {
    throw new MalformedModuleError(problem, this.at)
  }

  u8(): number {
    if (this.at >= this.end) this.fail('it ends too early')
    return this.data[this.at++]
  }

  bytes(count: number): Uint8Array {
    if (this.at + count > this.end) this.fail(`${count} bytes were announced, ${this.end - this.at} are left`)
    this.at += count
    return this.data.subarray(this.at - count, this.at)
  }

  /** A reader of the next `count` bytes, which this one skips. */
  part(count: number): ByteReader {
    const from = this.at
    this.bytes(count)
    return new ByteReader(this.data, from, from + count)
  }

  /** Unsigned LEB128 below 2^53. */
  unsigned(): number {
    let value = 0
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.u8()
      value += (byte & 0x7f) * scale
      if (!Number.isSafeInteger(value)) this.fail('a number is beyond 2^53')
      if (byte < 0x80) return value
    }
  }

  /** Signed LEB128 of up to 64 bits. */
  signed(): bigint {
    let value = 0n
    for (let shift = 0n; ; ) {
      const byte = this.u8()
      value |= BigInt(byte & 0x7f) << shift
      shift += 7n
      if (byte < 0x80) return BigInt.asIntN(Number(shift), value)
      if (shift > 63n) this.fail('a number is longer than 64 bits')
    }
  }

  name(): string {
    const utf8 = this.bytes(this.unsigned())
    try {
      return decoder.decode(utf8)
    } catch {
      return this.fail('a name is no UTF-8')
    }
  }

  /** `count` things, each read by `one`. */
  list<T>(one: (index: number) => T, count = this.unsigned()): T[] {
    const items: T[] = []
    for (let i = 0; i < count; i++) items.push(one(i))
    return items
  }

  /** Fails unless every byte was read. */
  finish(what: string): void {
    if (this.at !== this.end) this.fail(`${what} has ${this.end - this.at} bytes more than its contents`)
  }
}
