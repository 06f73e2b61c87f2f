/**
 * Calls that keep their order: those of one caller to one actor. While one waits for what it needs, the next stands behind it, though it may
 * need nothing; it goes on when the one ahead is ready, or is given up. So only those that wait stand in a line.
 */

export class Line<W> {
  /** Who came last, of those that wait. */
  tail: W | undefined
}

/** Where a task stands. */
export interface Standing<W> {
  readonly line: Line<W>
  ahead: W | undefined
  behind: W | undefined
}
