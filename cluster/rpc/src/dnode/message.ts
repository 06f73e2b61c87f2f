// A message of the dnode protocol (github.com/substack/dnode-protocol, doc/protocol.markdown): a line of JSON that asks the other side to call a function.

/** Where something is in the arguments: keys from the root. Numbers are written as text by some, as numbers by others. */
export type Path = readonly (string | number)[]

export interface Link {
  readonly from: Path
  readonly to: Path
}

export interface Message {
  /** `methods`, `cull`, the name of a method, or the number of a function that was sent. */
  readonly method: string | number
  readonly arguments: unknown[]
  /** Where functions are, by their numbers. */
  readonly callbacks: Record<string, Path>
  /** What is in one place because it is in another. */
  readonly links: readonly Link[]
}

/** What hostile peers may not exceed. */
export interface MessageLimits {
  /** Functions that come with one message. */
  readonly callbacks: number
  readonly links: number
  /** Keys of a path. */
  readonly pathLength: number
  readonly arguments: number
}

export const messageLimits: MessageLimits = { callbacks: 10_000, links: 10_000, pathLength: 1000, arguments: 1000 }
