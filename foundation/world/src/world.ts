// What a program needs that is not computation: time, other machines, disks, chance. Programs that ask for all four here, and for nothing elsewhere,
// run in the simulator as they ship.
//
// Everything that takes time calls back, and nothing returns a promise: a simulated world then runs a whole event without going through the
// engine's queue of promises, which would cost ten times as long. `sleep` and the like, below, are made of these for those who rather await.
import type { WorldError } from './errors.ts'

export interface World {
  /** The node's: a machine, or a process on it. */
  readonly name: string
  readonly clock: Clock
  readonly network: Network
  readonly storage: Storage
  readonly chance: Chance
  /** Tells what happened, for people: a line of the simulation's story, or an event of the trace. */
  note(text: string): void
}

export interface Clock {
  /** Milliseconds since 1970, as this machine believes: may be wrong, drift, and jump both ways. */
  wallMs(): number
  /** Milliseconds since some moment: never runs backwards, and does not jump, but drifts. For durations. */
  monotonicMs(): number
  /** Calls `run` once, `delayMs` later by the monotonic clock; never before `after` has returned. Below 0 is at once, Infinity never. Throws ArgumentError. */
  after(delayMs: number, run: () => void, options?: TimerOptions): Timer
}

export interface TimerOptions {
  /** Does not keep the program running by itself. */
  background?: boolean
}

export interface Timer {
  /** After this `run` is not called. More than once is harmless. */
  cancel(): void
}

export interface Chance {
  /** On [0, 1), 53 bits. */
  uniform(): number
  /** A whole number, low <= x < high, each as likely. */
  integer(low: number, high: number): number
  bytes(length: number): Uint8Array
}

/**
 * Addresses are `host:port`, or `unix:` and a path. Port 0 is any free one. A simulated host is the name of a node.
 */
export interface Network {
  /** Streams. Waits for those who connect. */
  listen(address: string, handlers: ListenHandlers): Listener
  /** The connection can be written to at once; what is written waits until it stands. */
  connect(address: string, handlers: ConnectionHandlers): Connection
  /**
   * Messages: each arrives once, more often, late, after a later one, or never; whole or not at all. `send` never waits and never fails.
   * Over the real network they travel on streams, of which one is kept to each receiver and made anew when it broke: what was in it is lost.
   */
  mailbox(address: string, handlers: MailboxHandlers): Mailbox
}

export interface ListenHandlers {
  /** Someone has connected; returns what is to be told of the connection. */
  connected(connection: Connection): ConnectionHandlers
  /** The address is taken, with the port that was given. */
  listening?(address: string): void
  /** The address cannot be had, or was lost. */
  failed?(error: WorldError): void
}

export interface Listener {
  /** Takes no more connections; those that stand stay. */
  close(): void
}

export interface ConnectionHandlers {
  opened?(): void
  /** The next bytes, in order; however many a message had, for streams know none. Valid until `data` returns. */
  data(bytes: Uint8Array): void
  /** What was written has gone out, after `send` has said false. */
  drained?(): void
  /** The other side has written its last and closed; or, with an error, the connection broke. Called once, nothing after it. */
  closed(error?: WorldError): void
}

export interface Connection {
  /** The other end's address. */
  readonly peer: string
  /** Takes the bytes over. False: much waits to go out; better to wait for `drained`. */
  send(bytes: Uint8Array): boolean
  /** Reading on and off: what the other side sends waits with it, in the end. */
  pause(): void
  resume(): void
  /** Writes what waits, then closes. */
  close(): void
  /** Breaks it off: what waits is lost, and the other side told so, if it can be. */
  abort(): void
}

export interface MailboxHandlers {
  /** `from` is the sender's mailbox. */
  received(message: Uint8Array, from: string): void
  ready?(address: string): void
  failed?(error: WorldError): void
}

export interface Mailbox {
  /** Takes the bytes over. */
  send(to: string, message: Uint8Array): void
  close(): void
}

/**
 * A folder of files, without folders in it. Names, places and sizes that are none are an ArgumentError. Calls return when the page cache has what they did; only what was synced before a crash is sure to be
 * there after it. Of what was not, any part may be: some of the writes, some sectors of 512 bytes of one of them, in any order.
 */
export interface Storage {
  /** Opens a file, empty if there was none. */
  open(name: string): StorageFile
  /** Names of files, in order. */
  list(): string[]
  /** Takes the place of a file of the new name, whole or not at all. */
  rename(name: string, to: string): void
  remove(name: string): void
  /** That files are there, renamed and removed, survives a crash after `done()`. */
  sync(done: (error?: WorldError) => void): void
}

export interface StorageFile {
  readonly sizeBytes: number
  /** At most `length` bytes from `offset`; fewer at the end of the file. Throws WorldError. */
  read(offset: number, length: number): Uint8Array
  /** Throws WorldError: the disk is full, or broken. */
  write(offset: number, bytes: Uint8Array): void
  truncate(sizeBytes: number): void
  /**
   * `done()`: all that was written before the call survives a crash. `done(error)`: nobody knows what does, and another sync will not say; the only
   * way on is to read the file anew, after a restart (A. Rebello and others, "Can applications recover from fsync failures?", 2020).
   */
  sync(done: (error?: WorldError) => void): void
  close(): void
}

/** Resolves after `delayMs`; rejects with the reason of the signal. */
export const sleep = (
  clock: Clock,
  delayMs: number,
  options: TimerOptions & { signal?: AbortSignal } = {},
): Promise<void> =>
  new Promise((resolve, reject) => {
    const { signal, background } = options
    if (signal?.aborted) return reject(signal.reason)
    const abort = () => {
      timer.cancel()
      reject(signal!.reason)
    }
    const slept = () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }
    const timer = clock.after(delayMs, slept, { background })
    signal?.addEventListener('abort', abort, { once: true })
  })

/** Calls `run` each `periodMs`, first after one; a call that takes longer than that is followed by the next at once. */
export const every = (clock: Clock, periodMs: number, run: () => void, options?: TimerOptions): Timer => {
  let due = clock.monotonicMs() + periodMs
  let ended = false
  let timer: Timer
  const again = (): void => {
    timer = clock.after(
      Math.max(0, due - clock.monotonicMs()),
      () => {
        due = Math.max(due + periodMs, clock.monotonicMs())
        run()
        if (!ended) again()
      },
      options,
    )
  }
  again()
  return {
    cancel() {
      ended = true
      timer.cancel()
    },
  }
}
