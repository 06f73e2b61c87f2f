/**
 * Ready tasks in the order they are served: higher priority first; within a priority, callers in turn; within a caller,
 * first come first served. A list per caller, linked through the tasks themselves, so that a queued task costs nothing here.
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
    if (line.head === undefined) line.head = line.tail = work
    else if (first) {
      work.next = line.head
      line.head = work
    } else {
      line.tail!.next = work
      line.tail = work
    }
    this.#size++
  }

  /** The next in turn, or undefined. */
  take(): Work | undefined {
    const level = this.#levels[0]
    if (level === undefined) return undefined
    const line = level.lines[level.turn]
    const work = line.head!
    line.head = work.next
    work.next = undefined
    this.#size--
    if (line.head !== undefined) level.turn = (level.turn + 1) % level.lines.length
    else this.#drop(level, level.turn)
    return work
  }

  /** Takes a task out, wherever it stands; false when it is not here. Cost: the length of its caller's line. */
  remove(work: Work): boolean {
    const level = this.#levels.find(({ priority }) => priority === work.priority)
    const index = level ? level.lines.findIndex(({ caller }) => caller === work.caller) : -1
    if (index < 0) return false
    const line = level!.lines[index]
    let before: Work | undefined
    let found = line.head
    for (; found !== undefined && found !== work; found = found.next) before = found
    if (found === undefined) return false
    if (before) before.next = work.next
    else line.head = work.next
    if (line.tail === work) line.tail = before
    work.next = undefined
    this.#size--
    if (line.head === undefined) this.#drop(level!, index)
    return true
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

  #line({ lines }: Level, caller: number): Line {
    let line = lines.find(one => one.caller === caller)
    if (!line) lines.push((line = { caller, head: undefined, tail: undefined }))
    return line
  }

  #drop(level: Level, index: number): void {
    level.lines.splice(index, 1)
    if (level.turn > index) level.turn--
    if (level.turn >= level.lines.length) level.turn = 0
    if (level.lines.length === 0) this.#levels.splice(this.#levels.indexOf(level), 1)
  }
}
