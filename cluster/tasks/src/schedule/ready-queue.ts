/**
 * Ready tasks in the order they are served: higher priority first; within a priority, callers in turn; within a caller,
 * first come first served. A list per caller, linked through the tasks themselves, so that a queued task costs nothing here,
 * and can be taken out from anywhere at once.
 */

import type { Work } from './work.ts'

interface Line {
  readonly caller: number
  head: Work | undefined
  tail: Work | undefined
}

interface Level {
  readonly priority: number
  /** Callers that have tasks here; `turn` is whose turn it is. */
  readonly lines: Line[]
  turn: number
}

export class ReadyQueue {
  /** By priority, highest first; only levels that have tasks. */
  readonly #levels: Level[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  /** @param first before everything of its caller: for what has waited already */
  push(work: Work, first = false): void {
    const line = this.#line(this.#level(work.priority), work.caller)
    if (first) link(line, undefined, work, line.head)
    else link(line, line.tail, work, undefined)
    this.#size++
  }

  /** The next in turn, or undefined. */
  peek(): Work | undefined {
    const level = this.#levels[0]
    return level?.lines[level.turn].head
  }

  /** Takes the next in turn, or gives undefined. */
  take(): Work | undefined {
    const level = this.#levels[0]
    if (level === undefined) return undefined
    const line = level.lines[level.turn]
    const work = line.head!
    unlink(line, work)
    this.#size--
    if (line.head !== undefined) level.turn = (level.turn + 1) % level.lines.length
    else this.#drop(level, level.turn)
    return work
  }

  /** Takes the one that came last, of those with the highest priority. */
  takeNewest(): Work | undefined {
    const level = this.#levels[0]
    if (level === undefined) return undefined
    const newest = level.lines.reduce((a, b) => (b.tail!.id > a.tail!.id ? b : a)).tail!
    this.remove(newest)
    return newest
  }

  /** Takes a task out that stands here, wherever. */
  remove(work: Work): void {
    const level = this.#level(work.priority)
    const line = this.#line(level, work.caller)
    unlink(line, work)
    this.#size--
    if (line.head === undefined) this.#drop(level, level.lines.indexOf(line))
  }

  *[Symbol.iterator](): Generator<Work> {
    for (const { lines } of this.#levels) for (const { head } of lines) for (let w = head; w; w = w.next) yield w
  }

  #level(priority: number): Level {
    let i = 0
    while (i < this.#levels.length && this.#levels[i].priority > priority) i++
    if (this.#levels[i]?.priority !== priority) this.#levels.splice(i, 0, { priority, lines: [], turn: 0 })
    return this.#levels[i]
  }

  /** A caller that comes anew is behind all others: right before the one whose turn it is. */
  #line(level: Level, caller: number): Line {
    let line = level.lines.find(one => one.caller === caller)
    if (!line) {
      line = { caller, head: undefined, tail: undefined }
      level.lines.splice(level.turn, 0, line)
      if (level.lines.length > 1) level.turn++
    }
    return line
  }

  #drop(level: Level, index: number): void {
    level.lines.splice(index, 1)
    if (level.turn > index) level.turn--
    if (level.turn >= level.lines.length) level.turn = 0
    if (level.lines.length === 0) this.#levels.splice(this.#levels.indexOf(level), 1)
  }
}

function link(line: Line, previous: Work | undefined, work: Work, next: Work | undefined): void {
  work.previous = previous
  work.next = next
  if (previous) previous.next = work
  else line.head = work
  if (next) next.previous = work
  else line.tail = work
}

function unlink(line: Line, work: Work): void {
  const { previous, next } = work
  if (previous) previous.next = next
  else line.head = next
  if (next) next.previous = previous
  else line.tail = previous
  work.previous = work.next = undefined
}
