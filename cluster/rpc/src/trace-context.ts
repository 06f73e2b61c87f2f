// The trace that a call is part of, as W3C Trace Context has it (https://www.w3.org/TR/trace-context/). It travels with calls; who has a tracer of their own continues it, who has none hands it on.
import { ArgumentError, formatTraceparent, parseTraceparent, tracer } from '@skein/base'
import type { FrameParts } from './frames/reader.ts'
import type { FrameWriter } from './frames/writer.ts'

export interface TraceContext {
  /** `00-<trace>-<span>-<flags>`. */
  readonly traceparent: string
  /** What vendors add, as a list: `vendor=value,other=value`. */
  readonly tracestate?: string
}

/** Characters of a `traceparent`, whatever later versions add; of a `tracestate` (section 3.3.1.5). */
const [mostParent, mostState] = [128, 512]

const isText = (text: string, most: number): boolean => text.length <= most && /^[\x20-\x7e]*$/.test(text)

/** Throws ArgumentError. */
export const traceContextOf = (call: string, given: TraceContext | string): TraceContext => {
  const { traceparent, tracestate } =
    typeof given === 'string' ? { traceparent: given } : ((given ?? {}) as TraceContext)
  if (typeof traceparent !== 'string' || !isText(traceparent, mostParent) || !parseTraceparent(traceparent))
    throw new ArgumentError(call, 'traceparent', "W3C's, as 00-<32 digits>-<16 digits>-01", traceparent)
  if (tracestate !== undefined && (typeof tracestate !== 'string' || !isText(tracestate, mostState)))
    throw new ArgumentError(call, 'tracestate', `a list of at most ${mostState} characters of ASCII`, tracestate)
  return tracestate ? { traceparent, tracestate } : { traceparent }
}

/** What goes with a call that is made now, in a call that is part of `outer`. */
export const traceOfCall = (outer: TraceContext | undefined): TraceContext | undefined => {
  const span = tracer.current()
  if (span === undefined) return outer
  const traceparent = formatTraceparent(span)
  // What vendors have added belongs to the trace.
  const isSame = outer !== undefined && outer.traceparent.slice(3, 35) === span.traceId
  return isSame ? { ...outer, traceparent } : { traceparent }
}

/** v length and text, twice. */
export const writeTrace = (writer: FrameWriter, { traceparent, tracestate = '' }: TraceContext): void => {
  for (const text of [traceparent, tracestate]) {
    writer.varint(text.length)
    for (let i = 0; i < text.length; i++) writer.byte(text.charCodeAt(i))
  }
}

/** One that is broken is none: it starts a new trace, and does not stop the work (section 3.2.2). Throws MalformedMessageError if it is cut off. */
export const readTrace = (parts: FrameParts): TraceContext | undefined => {
  const [traceparent, tracestate] = [parts.ascii(), parts.ascii()]
  if (!isText(traceparent, mostParent) || !parseTraceparent(traceparent)) return undefined
  return tracestate !== '' && isText(tracestate, mostState) ? { traceparent, tracestate } : { traceparent }
}
