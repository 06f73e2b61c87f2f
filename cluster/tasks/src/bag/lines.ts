/**
 * The lines of a part of a file. A line belongs to the range in which it begins: a reader skips the line that it begins within, and
 * reads its last one to its end. So ranges that meet give each line once, wherever their borders fall.
 */

import { closeSync, openSync, readSync } from 'node:fs'

const chunkBytes = 1 << 20
/** Past the end of the range, a line's rest is looked for in steps of this size. */
const restBytes = 1 << 12
const newline = 10

export interface LineRange {
  readonly path: string
  readonly from: number
  readonly to: number
  readonly encoding: string
}

/** Lines without their ends (`\n` or `\r\n`), some thousand at a time. */
export function* linesOf({ path, from, to, encoding }: LineRange): Generator<string[]> {
  const text = (bytes: Buffer): string => bytes.toString(encoding as BufferEncoding)
  const file = openSync(path, 'r')
  try {
    const buffer = Buffer.allocUnsafeSlow(Math.max(restBytes, Math.min(chunkBytes, to - from + 1)))
    // From the byte before: when that ends a line, the first line begins here.
    let at = Math.max(0, from - 1)
    let isSkipping = from > 0
    let isStart = from === 0
    /** The line that has begun, when it goes beyond a chunk. */
    let begun: Buffer[] = []
    while (at < to) {
      const read = readSync(file, buffer, 0, Math.min(buffer.length, to - at), at)
      if (read === 0) break
      let chunk = buffer.subarray(0, read)
      at += read
      if (isSkipping) {
        const end = chunk.indexOf(newline)
        if (end < 0) continue
        isSkipping = false
        chunk = chunk.subarray(end + 1)
      }
      const last = chunk.lastIndexOf(newline)
      if (last >= 0) {
        const whole = chunk.subarray(0, last)
        yield split(text(begun.length === 0 ? whole : Buffer.concat([...begun, whole])), isStart)
        begun = []
        isStart = false
      }
      if (last + 1 < chunk.length) begun.push(Buffer.from(chunk.subarray(last + 1)))
    }
    if (begun.length === 0) return
    for (;;) {
      const read = readSync(file, buffer, 0, restBytes, at)
      const end = buffer.subarray(0, read).indexOf(newline)
      begun.push(Buffer.from(buffer.subarray(0, end < 0 ? read : end)))
      at += read
      if (read === 0 || end >= 0) break
    }
    yield split(text(Buffer.concat(begun)), isStart)
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
