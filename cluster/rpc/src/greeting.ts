// What a Skein says of itself in `methods`, beside what dnode knows.
import type { Limits } from './limits.ts'

const version = 1
const features = ['frames', 'answers', 'pipelining', 'streams', 'signals', 'deadlines', 'pings', 'traces']

/** Less than this nobody can take who is to be told of errors. */
const leastBytes = 1024

/** What the other side has said. */
export interface Greeting {
  /** Bytes of a message that it takes; Infinity if it does not say. */
  readonly messageBytes: number
  /** What it said that nobody else says. */
  readonly nonce: string | undefined
  readonly features: ReadonlySet<unknown>
  /** Whether it goes on over another connection, and how (`lasting.ts`). */
  readonly resume: unknown
}

/** `nonce`: what comes back with it is an echo. */
export const greetingOf = ({ messageBytes }: Limits, nonce: string | undefined, resume: unknown): object => ({
  version,
  features,
  nonce,
  limits: { messageBytes },
  resume,
})

/** Undefined: it is no Skein, or one of another version. What is not as it should be counts as not said. */
export const greetingIn = (skein: unknown): Greeting | undefined => {
  if (!isObject(skein) || skein.version !== version) return undefined
  const messageBytes = isObject(skein.limits) ? skein.limits.messageBytes : undefined
  return {
    messageBytes: typeof messageBytes === 'number' ? Math.max(leastBytes, messageBytes) : Number.POSITIVE_INFINITY,
    features: new Set(Array.isArray(skein.features) ? skein.features : []),
    resume: skein.resume,
    nonce: typeof skein.nonce === 'string' ? skein.nonce : undefined,
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
