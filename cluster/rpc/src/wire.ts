// Between a session and what carries its bytes: streams, ports, connections of a world.

/** Where bytes go. */
export interface Wire {
  /** The other end, for people. */
  readonly peer: string
  /** Takes the bytes over; `isText`: they are lines. False: much waits to go out; `drained` is to be called when that is over. */
  send(bytes: Uint8Array, isText?: boolean): boolean
  close(): void
  abort(): void
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
