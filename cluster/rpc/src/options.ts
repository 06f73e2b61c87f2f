// What `connect` and `listen` are told alike, and what a session needs of it.
import type { TlsOptions } from 'node:tls'
import { realClock } from '@skein/world'
import { type Heartbeat, heartbeatOf } from './heartbeat.ts'
import { type Limits, limitsOf } from './limits.ts'
import type { SessionOptions } from './session.ts'

export interface CommonOptions {
  limits?: Partial<Limits>
  /** Names of classes (`registerTravel`) whose instances travel, both ways, where the other side says so too. Default: none. */
  classes?: readonly string[]
  /** For `tls:` and `wss:` addresses: certificates and keys, as Node's `tls` takes them. */
  tls?: TlsOptions & { servername?: string }
  /** Notices that the other side is gone without a word. Default for addresses: after 10 s it is asked for one, and has 60 s for it (5 s in `up`). False: that is left to the system. */
  heartbeat?: Partial<Heartbeat> | false
  /** The other side sent what is no message, or called what is not there. */
  onFault?: (error: Error) => void
  /** A function threw that an old peer has called; it cannot be told. Default: a warning of the process. */
  onError?: (error: unknown) => void
}

/** `silenceMs` is how long a side that is asked for a word has for it; undefined: it is asked if the options say so. Throws ArgumentError. */
export const sessionOptions = (
  call: string,
  { limits, classes, heartbeat, onFault, onError }: CommonOptions,
  silenceMs: number | undefined,
): SessionOptions => ({
  limits: limitsOf(call, limits),
  classes,
  clock: realClock,
  soon,
  nonce,
  heartbeat: heartbeatOf(call, heartbeat ?? (silenceMs === undefined ? false : {}), silenceMs),
  onFault,
  onError: onError ?? warn,
})

const engine = globalThis as {
  setImmediate?: (run: () => void) => unknown
  process?: { emitWarning?: (warning: Error) => void }
}

/** In pages a message to oneself comes as soon; timers there wait four milliseconds. */
const posted = (): ((run: () => void) => void) => {
  const { port1, port2 } = new MessageChannel()
  const due: (() => void)[] = []
  port1.onmessage = () => due.shift()!()
  return run => {
    due.push(run)
    port2.postMessage(null)
  }
}

/** Asked of the engine at each call: tests put others in its place. */
const soon: (run: () => void) => void = engine.setImmediate ? run => void engine.setImmediate!(run) : posted()

/** `randomUUID` is not in pages that come without TLS. */
const nonce = (): string => String(crypto.getRandomValues(new BigUint64Array(1))[0])

const warn = (error: unknown): void => {
  const warning = error instanceof Error ? error : new Error(String(error))
  if (engine.process?.emitWarning) engine.process.emitWarning(warning)
  else console.warn(warning)
}
