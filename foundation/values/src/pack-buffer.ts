import { newBytes } from './engine.ts'

/** Bytes that grow while values are packed into them, to be used again and again. */
export class PackBuffer {
  bytes: Buffer
  view: DataView

  constructor(bytes = 1 << 12) {
    this.bytes = newBytes(bytes)
    this.view = viewOf(this.bytes)
  }
}

/** What stands before `used` is kept. */
export function grown(bytes: Buffer, used: number, needed: number): Buffer {
  const larger = newBytes(Math.max(bytes.length * 2, used + needed))
  bytes.copy(larger, 0, 0, used)
  return larger
}

export const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
