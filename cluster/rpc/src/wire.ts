// Between a session and what carries its bytes: streams, ports, connections of a world.

/** Where bytes go. */
export interface Wire {
  /** The other end, for people. */
  readonly peer: string
  /** Takes the bytes over; `isText`: they are lines. False: much waits to go out; `drained` is to be called when that is over. */
  send(bytes: Uint8Array, isText?: boolean): boolean
  /** The same for bytes that are the caller's again when it returns. Where it is missing they have to be copied. */
  sendBorrowed?(bytes: Uint8Array): boolean
  close(): void
  abort(): void
  /** Whether bytes are wanted; some may come nevertheless. Where it is missing they come as they will. */
  reading?(isOn: boolean): void
  /** Bytes that were sent are no longer to be looked at. */
  readonly movesBytes?: boolean
  /** It may go on over another connection when one breaks. */
  readonly lasting?: Lasting
}

/** What a session and a wire that outlives its connections say to each other. */
export interface Lasting {
  /** What the greeting says of it. */
  readonly greeting: string | number
  /** What the greeting of the other side says. Throws MalformedMessageError. */
  greeted(theirs: unknown): void
  /** Both sides do it. */
  readonly isAgreed: boolean
  /** There is no connection at present. */
  readonly isSuspended: boolean
  /** Bytes that have come, over all connections. */
  readonly receivedBytes: number
  /** So many have come to the other side; they need not be kept. Throws MalformedMessageError. */
  acknowledged(bytes: number): void
  /** The connection is of no use any more. */
  lose(error: Error): void
}

/** Who is told of what happens on a wire: a session, or what stands before one. */
export interface WireHandlers {
  /** Bytes have come; they are not kept. */
  receive(bytes: Uint8Array): void
  /** What was given to the wire has gone out. */
  drained(): void
  /** The wire has ended; with what went wrong, if something did. */
  end(error?: Error): void
}
