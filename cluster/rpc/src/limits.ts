import { ArgumentError } from '@skein/base'

/** What the other side may not exceed. Beyond it the connection is closed, with the limit as the reason. */
export interface Limits {
  /** Bytes of one message. Default 64 MiB. */
  messageBytes: number
  /** Levels of a line of JSON; frames have 1000. Default 1000. */
  depth: number
  /** Functions of one message of an old peer, and links in it. Default 10,000. */
  callbacks: number
  /** Functions of theirs that are held here at a time. Default 1,000,000. */
  functions: number
  /** Calls of theirs that are not answered yet. Default 100,000. */
  calls: number
  /** Answers that are kept for them, because they have not said that they have come. Default 1,000,000. */
  answers: number
  /** Signals of theirs, of calls that are not answered. Default 100,000. */
  signals: number
  /** Streams of theirs that are open. Default 10,000. */
  streams: number
  /** Calls of theirs that are begun in a second, over time; faster ones wait on their side. Default: as many as come. */
  callsPerSecond: number
  /** Calls of theirs that may come at once, before it is `callsPerSecond` that counts. Default: those of one second, and at least one. */
  callsBurst: number
  /** Bytes that wait to go out to them, while they read too slowly. Default 1 GiB. */
  waitingBytes: number
}

export const defaultLimits: Limits = {
  messageBytes: 64 * 2 ** 20,
  depth: 1000,
  callbacks: 10_000,
  functions: 1_000_000,
  calls: 100_000,
  answers: 1_000_000,
  signals: 100_000,
  streams: 10_000,
  callsPerSecond: Number.POSITIVE_INFINITY,
  callsBurst: Number.POSITIVE_INFINITY,
  waitingBytes: 2 ** 30,
}

/** Throws ArgumentError. */
export const limitsOf = (call: string, given: Partial<Limits> = {}): Limits => {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaultLimits, name))
      throw new ArgumentError(call, 'limits', `of ${Object.keys(defaultLimits).join(', ')}`, name)
    if (typeof value !== 'number' || !(value > 0))
      throw new ArgumentError(call, `limits.${name}`, 'a number above 0', value)
  }
  const limits = { ...defaultLimits, ...given }
  return { ...limits, callsBurst: Math.max(1, given.callsBurst ?? limits.callsPerSecond) }
}
