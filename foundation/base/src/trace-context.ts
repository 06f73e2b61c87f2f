/**
 * The identity of a span as it travels: W3C Trace Context (https://www.w3.org/TR/trace-context/), as an object or as
 * `traceparent`.
 */

import { Random } from './philox.ts'

/** Plain data: `postMessage`, JSON and a header all carry it. */
export interface SpanContext {
  /** 32 lowercase hexadecimal digits, not all 0. */
  readonly traceId: string
  /** 16 lowercase hexadecimal digits, not all 0. */
  readonly spanId: string
}

/** `00-<trace>-<span>-01`: version 0, sampled. */
export const formatTraceparent = (context: SpanContext): string => `00-${context.traceId}-${context.spanId}-01`

/**
 * Undefined for what is no `traceparent`, as the standard asks (section 3.2.2): a broken header starts a new trace,
 * it does not stop the work. Later versions may carry more after the flags.
 */
export const parseTraceparent = (text: string): SpanContext | undefined => {
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/.exec(text.trim())
  if (!match) return undefined
  const [, version, traceId, spanId, rest] = match
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined
  if (/^0+$/.test(traceId!) || /^0+$/.test(spanId!)) return undefined
  return { traceId: traceId!, spanId: spanId! }
}

/**
 * Ids must differ between threads and machines, so their seed is the system's randomness; drawing it for each id
 * would be slow.
 */
let ids: Random | undefined

const word = (): number => {
  if (ids === undefined) {
    const [low, high] = crypto.getRandomValues(new Uint32Array(2))
    ids = new Random((high! >>> 11) * 2 ** 32 + low!)
  }
  return ids.u32()
}
const hex = (bits: number): string => bits.toString(16).padStart(8, '0')

export const newSpanId = (): string => {
  const low = word()
  // All zeros would be no id.
  return hex(word()) + hex(low || 1)
}
export const newTraceId = (): string => newSpanId() + newSpanId()
