// What a network is like between two hosts. Each switch is one of the eight fallacies of distributed computing (P. Deutsch and others, Sun, 1994–97): what
// people take for granted until it fails. Two of them are no matter of links: hosts come, go and move (`Simulation.node`, `SimulatedNode.moveTo`), and nodes run
// different versions (`NodeOptions.version`).

export interface Conditions {
  /** The network is reliable: how often a message is lost. A stream sends again what was lost, `resendMs` later. */
  lossRate: number
  /** How often a message arrives twice. */
  duplicateRate: number
  /** Latency is zero: one way, least and most. Messages overtake each other. */
  latencyMs: readonly [number, number]
  /** Bandwidth is infinite: bytes a millisecond, one after another. */
  bytesPerMs: number
  /** The network is secure: how often a bit of a message, or of a piece of a stream, is another when it arrives. */
  tamperRate: number
  /** Transport cost is zero: for how long sender and receiver are busy with each message, or piece of a stream. */
  costMs: number
  /** The network is homogeneous: streams arrive in pieces of that size at most. */
  mtuBytes: number
  /** How often a piece of a stream is cut at some place. */
  cutRate: number
  /** When a stream sends again. */
  resendMs: number
  /** How long a stream is without an answer until it breaks. */
  streamTimeoutMs: number
}

/** A quiet local network. */
export const quiet: Conditions = {
  lossRate: 0,
  duplicateRate: 0,
  latencyMs: [0.5, 0.5],
  bytesPerMs: Number.POSITIVE_INFINITY,
  tamperRate: 0,
  costMs: 0,
  mtuBytes: Number.POSITIVE_INFINITY,
  cutRate: 0,
  resendMs: 200,
  streamTimeoutMs: 30_000,
}

/** Everything at once, as bad as it gets between data centres on a bad day. */
export const rough: Conditions = {
  ...quiet,
  lossRate: 0.05,
  duplicateRate: 0.02,
  latencyMs: [1, 50],
  bytesPerMs: 1000,
  costMs: 0.02,
  mtuBytes: 1448,
  cutRate: 0.1,
}
