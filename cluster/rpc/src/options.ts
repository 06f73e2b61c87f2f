// What `connect` and `listen` are told alike, and what a session needs of it.
import type { TlsOptions } from 'node:tls'
import { realClock } from '@skein/world'
import { type Limits, limitsOf } from './limits.ts'
import type { SessionOptions } from './session.ts'

export interface CommonOptions {
  limits?: Partial<Limits>
  /** Names of classes (`registerTravel`) whose instances travel, both ways, where the other side says so too. Default: none. */
  classes?: readonly string[]
  /** For `tls:` and `wss:` addresses: certificates and keys, as Node's `tls` takes them. */
  tls?: TlsOptions & { servername?: string }
  /** The other side sent what is no message, or called what is not there. */
  onFault?: (error: Error) => void
  /** A function threw that an old peer has called; it cannot be told. Default: a warning of the process. */
  onError?: (error: unknown) => void
}

/** Throws ArgumentError. */
export const sessionOptions = (call: string, { limits, classes, onFault, onError }: CommonOptions): SessionOptions => ({
  limits: limitsOf(call, limits),
  classes,
  clock: realClock,
  soon,
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

const warn = (error: unknown): void => {
  const warning = error instanceof Error ? error : new Error(String(error))
  if (engine.process?.emitWarning) engine.process.emitWarning(warning)
  else console.warn(warning)
}
