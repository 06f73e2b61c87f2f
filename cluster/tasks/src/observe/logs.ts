/** What workers print, as lines, the last ones: bounded in number and in length. */

export interface LogLine {
  readonly worker: number
  readonly stream: 'stdout' | 'stderr'
  readonly atMs: number
  readonly text: string
}

const mostLines = 5000
/** A longer line is broken. */
const mostCharacters = 2000

export class Logs {
  readonly #lines: LogLine[] = []
  /** Lines ever written. */
  #written = 0
  /** By worker and stream, what has come of a line that has no end yet. */
  readonly #begun = new Map<string, string>()

  get written(): number {
    return this.#written
  }

  add(worker: number, stream: 'stdout' | 'stderr', piece: string, atMs: number): void {
    const key = `${worker} ${stream}`
    const lines = ((this.#begun.get(key) ?? '') + piece).split('\n')
    const rest = lines.pop()!
    for (const text of lines) this.#push(worker, stream, atMs, text)
    if (rest.length < mostCharacters) this.#begun.set(key, rest)
    else {
      this.#push(worker, stream, atMs, rest)
      this.#begun.delete(key)
    }
  }

  #push(worker: number, stream: 'stdout' | 'stderr', atMs: number, line: string): void {
    const end = line.endsWith('\r') ? line.length - 1 : line.length
    let from = 0
    do {
      const text = line.slice(from, Math.min(end, from + mostCharacters))
      this.#lines[this.#written++ % mostLines] = { worker, stream, atMs, text }
      from += mostCharacters
    } while (from < end)
  }

  /** Lines from number `from` on, the last `most` of them, and the number to come back with. */
  read(from: number, most: number): { lines: LogLine[]; next: number; missed: number } {
    const first = Math.max(from, this.#written - Math.min(most, mostLines), 0)
    const lines: LogLine[] = []
    for (let n = first; n < this.#written; n++) lines.push(this.#lines[n % mostLines])
    return { lines, next: this.#written, missed: first - from }
  }
}
