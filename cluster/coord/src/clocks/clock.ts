// Clocks that stamp events, behind one interface. What they differ in is what an order of stamps tells about the events, and what they need for it: a counter, a member list, a wall clock
// that is nearly right, or somebody to ask.

/** Of two stamps: which one came first; `concurrent`: the clock does not say. */
export type Order = 'before' | 'after' | 'equal' | 'concurrent'

/**
 * Stamps events. Whoever sends a message sends a stamp with it (`now`), whoever receives it lets the clock see it (`observe`). For every clock: stamps of one clock only grow, and
 * what may have caused an event is never stamped after it.
 */
export interface EventClock<Stamp> {
  /** `total`: of two stamps one is before the other. `partial`: some are concurrent. */
  readonly order: 'total' | 'partial'
  /**
   * `exact`: a stamp is before another if and only if the one event may have caused the other. `consistent`: a cause is never after its effect, but what is before something need not be its cause.
   */
  readonly causality: 'exact' | 'consistent'
  /** The stamp of an event that happens now. */
  now(): Stamp | Promise<Stamp>
  /** The stamp of an event that the one with that stamp has caused, such as the receipt of a message. */
  observe(remote: Stamp): Stamp | Promise<Stamp>
  compare(a: Stamp, b: Stamp): Order
  /** Bytes for the wire. Where the order is total they are in the same order, byte by byte. */
  encode(stamp: Stamp): Uint8Array<ArrayBuffer>
  /** Throws TimestampFormatError. */
  decode(bytes: Uint8Array): Stamp
}

/** Of versions with stamps those that none of the others replaces: the last one, or several that were made without knowledge of each other. */
export const siblings = <Version, Stamp>(
  clock: Pick<EventClock<Stamp>, 'compare'>,
  versions: readonly Version[],
  stampOf: (version: Version) => Stamp,
): Version[] =>
  versions.filter((version, i) =>
    versions.every((other, j) => {
      const order = clock.compare(stampOf(version), stampOf(other))
      return order !== 'before' && !(order === 'equal' && j < i)
    }),
  )

/** The order of two numbers. */
export const orderOf = (difference: number): Order => (difference < 0 ? 'before' : difference > 0 ? 'after' : 'equal')
