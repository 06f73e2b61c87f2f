/**
 * Calls that keep their order: those of one caller to one actor. While one waits for what it needs, the next stands behind it, though it may
 * need nothing; it goes on when the one ahead is ready, or is given up. So only those that wait stand in a line.
 */

export class Line<W> {
  /** Who came last, of those that wait. */
  tail: W | undefined
}

/** Where a task stands. */
interface Standing<W> {
  readonly line: Line<W>
  ahead: W | undefined
  behind: W | undefined
}

/** Where each task stands that waits in a line. */
export class Lines<W> {
  readonly #standing = new Map<W, Standing<W>>()

  get size(): number {
    return this.#standing.size
  }

  /** It waits from now on, behind all that wait in its line. */
  stand(work: W, line: Line<W>): void {
    const ahead = line.tail
    this.#standing.set(work, { line, ahead, behind: undefined })
    if (ahead !== undefined) this.#standing.get(ahead)!.behind = work
    line.tail = work
  }

  /** It waits no longer. @returns who stood behind it, and has nobody ahead now */
  leave(work: W): W | undefined {
    const standing = this.#standing.get(work)
    if (standing === undefined) return undefined
    const { line, ahead, behind } = standing
    this.#standing.delete(work)
    if (ahead !== undefined) this.#standing.get(ahead)!.behind = behind
    if (behind === undefined) line.tail = ahead
    else this.#standing.get(behind)!.ahead = ahead
    return ahead === undefined ? behind : undefined
  }

  behind(work: W): W | undefined {
    return this.#standing.get(work)?.behind
  }

  /** Each that stands in a line, and whether its neighbours agree where. */
  *checked(): Generator<[work: W, isRight: boolean]> {
    for (const [work, { line, ahead, behind }] of this.#standing) {
      const isAhead = (behind === undefined ? line.tail : this.#standing.get(behind)?.ahead) === work
      yield [work, isAhead && (ahead === undefined || this.#standing.get(ahead)?.behind === work)]
    }
  }
}
