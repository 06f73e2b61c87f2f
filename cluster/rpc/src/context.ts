// What belongs to a call and to all that is called for it, here and elsewhere: until when it makes sense, and whether somebody still waits for it.
import { ArgumentError, asyncStorage, tracer } from '@skein/base'
import { type Clock, realClock } from '@skein/world'
import { type TraceContext, traceContextOf } from './trace-context.ts'

export interface CallContext {
  /** Milliseconds that are left; Infinity: as many as one likes. */
  readonly remainingMs: number
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal
  /** The trace that the call is part of. Calls made for it carry it on, without being told. */
  readonly trace: TraceContext | undefined
}

const storage = asyncStorage<CallContext>()
const never = new AbortController().signal
const unbounded: CallContext = { remainingMs: Number.POSITIVE_INFINITY, signal: never, trace: undefined }

/**
 * Of the call that is being served: how much time is left for it, and a signal that is aborted when that is over, or when the caller waits no longer. What is called for it has no more time than
 * that, without being told. In a browser it is there until the first `await` of the function that is called: ask before.
 */
export const callContext = (): CallContext => storage.getStore() ?? unbounded

/** @internal */
export const enter = <T>(context: CallContext, run: () => T): T => storage.run(context, run)

/**
 * Runs `run`: calls that it makes, and what is called for those elsewhere, have `deadlineMs` from now, all together, and no more than is left of what they are themselves part of. Those that are not answered by then
 * reject with TimeoutError. Throws ArgumentError.
 */
export const within = <T>(deadlineMs: number, run: () => T, clock: Clock = realClock): T => {
  if (typeof deadlineMs !== 'number' || !(deadlineMs >= 0))
    throw new ArgumentError('within', 'deadlineMs', 'milliseconds from 0', deadlineMs)
  const outer = callContext()
  const untilMs = clock.monotonicMs() + Math.min(deadlineMs, outer.remainingMs)
  return enter(
    {
      get remainingMs() {
        return untilMs - clock.monotonicMs()
      },
      signal: outer.signal,
      trace: outer.trace,
    },
    run,
  )
}

/**
 * Runs `run` as part of a trace: that of a request that came by HTTP, or of another tracer. Calls that it makes carry it; spans begun in it (`span` of skein) are children of its span. Where the
 * house's own tracer is on, that is not needed: calls carry the current span by themselves. Throws ArgumentError.
 */
export const withTrace = <T>(trace: TraceContext | string, run: () => T): T => {
  const context = traceContextOf('withTrace', trace)
  const outer = callContext()
  const inner: CallContext = {
    get remainingMs() {
      return outer.remainingMs
    },
    signal: outer.signal,
    trace: context,
  }
  return enter(inner, () => tracer.within(context.traceparent, run))
}
