/** What is known of a message: whose it was, and how much of it came. */

export class Status {
  source = -1
  tag = -1
  /** Bytes that came. */
  bytes = 0
  isCancelled = false
  /** Elements that came, of the type it was received with; undefined when they are not a whole number of them. */
  count: number | undefined = 0
}
