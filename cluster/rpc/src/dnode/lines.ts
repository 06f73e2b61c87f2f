// Bytes into lines of JSON, however the stream has cut them.
import { MalformedMessageError } from '../errors.ts'

const newline = 10

export interface LineLimits {
  /** Of one line. */
  readonly bytes: number
  /** Objects and arrays of one line: more than these it cannot be nested. */
  readonly depth: number
}

export class LineReader {
  private readonly limits: LineLimits
  private readonly pieces: Uint8Array[] = []
  private waiting = 0

  constructor(limits: LineLimits) {
    this.limits = limits
  }

  /** Part of a line has come, and not its end. */
  get isWithin(): boolean {
    return this.waiting > 0
  }

  /** The values of the lines that are whole now. Throws MalformedMessageError. */
  *read(bytes: Uint8Array): Generator<unknown> {
    let from = 0
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, from)) {
      const line = this.whole(bytes.subarray(from, end))
      from = end + 1
      if (line.length > 0) yield this.parse(line)
    }
    if (from === bytes.length) return
    this.waiting += bytes.length - from
    this.check(this.waiting)
    this.pieces.push(bytes.slice(from))
  }

  private whole(last: Uint8Array): Uint8Array {
    this.check(this.waiting + last.length)
    if (this.pieces.length === 0) return last
    const line = new Uint8Array(this.waiting + last.length)
    let at = 0
    for (const piece of this.pieces) {
      line.set(piece, at)
      at += piece.length
    }
    line.set(last, at)
    this.pieces.length = 0
    this.waiting = 0
    return line
  }

  private check(bytes: number): void {
    if (bytes > this.limits.bytes)
      throw new MalformedMessageError('a line', `of ${this.limits.bytes} bytes at most`, bytes)
  }

  private parse(line: Uint8Array): unknown {
    if (isNestedDeeper(line, this.limits.depth))
      throw new MalformedMessageError('a line', `nested ${this.limits.depth} levels at most`, 'deeper')
    let text: string
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(line)
      return JSON.parse(text)
    } catch (cause) {
      throw new MalformedMessageError('a line', 'JSON', new TextDecoder().decode(line.subarray(0, 100)), { cause })
    }
  }
}

/** Looks at the brackets outside of texts, and stops where they are too many. */
function isNestedDeeper(line: Uint8Array, depth: number): boolean {
  let [level, openers] = [0, 0]
  // Nearly all lines have fewer brackets than that, whatever they stand in.
  for (let i = 0; i < line.length; i++) if ((line[i] | 0x20) === 0x7b) openers++
  if (openers <= depth) return false
  let isText = false
  for (let i = 0; i < line.length; i++) {
    const byte = line[i]
    if (isText) {
      if (byte === 0x5c) i++
      else if (byte === 0x22) isText = false
    } else if (byte === 0x22) isText = true
    else if ((byte | 0x20) === 0x7b) {
      if (++level > depth) return true
    } else if ((byte | 0x20) === 0x7d) level--
  }
  return false
}
