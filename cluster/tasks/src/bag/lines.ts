/**
 * The lines of a part of a file. A line belongs to the range in which it begins: a reader skips the line that it begins within, and
 * reads its last one to its end. So ranges that meet give each line once, wherever their borders fall.
 */

import { closeSync, openSync, readSync } from 'node:fs'

/** The text of a chunk of this size is made where young objects are; of a larger one, where it is dearer to make and to take away. */
const chunkBytes = 1 << 16
/** Past the end of the range, a line's rest is looked for in steps of this size. */
const restBytes = 1 << 12
const newline = 10

export interface LineRange {
  readonly path: string
  readonly from: number
  readonly to: number
  readonly encoding: string
}

/** Lines without their ends (`\n` or `\r\n`), some hundred at a time. */
export function* linesOf({ path, from, to, encoding }: LineRange): Generator<string[]> {
  const file = openSync(path, 'r')
  try {
    let buffer = Buffer.allocUnsafeSlow(Math.max(restBytes, Math.min(chunkBytes, to - from + 1)))
    // From the byte before: when that ends a line, the first line begins here.
    let at = Math.max(0, from - 1)
    let isSkipping = from > 0
    let isStart = from === 0
    let end = to
    /** Bytes of the line that has begun: they lie before what is read next. */
    let begun = 0
    const read = (most: number): number => {
      if (begun === buffer.length) buffer = Buffer.concat([buffer], 2 * begun)
      const bytes = readSync(file, buffer, begun, Math.min(most, buffer.length - begun), at)
      at += bytes
      return bytes
    }
    const text = (start: number, stop: number) => buffer.toString(encoding as BufferEncoding, start, stop)
    while (at < end) {
      const length = begun + read(end - at)
      // The file has become shorter.
      if (length === begun) end = at
      const chunk = buffer.subarray(0, length)
      const first = isSkipping ? chunk.indexOf(newline) + 1 : 0
      if (isSkipping && first === 0) continue
      isSkipping = false
      const next = Math.max(first, chunk.lastIndexOf(newline) + 1)
      if (next > first) {
        yield split(text(first, next - 1), isStart)
        isStart = false
      }
      chunk.copyWithin(0, next)
      begun = length - next
    }
    while (begun > 0) {
      const length = begun + read(restBytes)
      const rest = buffer.subarray(begun, length).indexOf(newline)
      if (rest >= 0 || length === begun) {
        yield split(text(0, rest < 0 ? length : begun + rest), isStart)
        return
      }
      begun = length
    }
  } finally {
    closeSync(file)
  }
}

function split(text: string, isStart: boolean): string[] {
  const lines = (isStart && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text).split('\n')
  if (text.includes('\r')) {
    for (let i = 0; i < lines.length; i++) if (lines[i].endsWith('\r')) lines[i] = lines[i].slice(0, -1)
  }
  return lines
}
