// What the parts of a session share: where frames are written, and how they get out.
import type { Clock } from '@skein/world'
import type { ConnectionLostError } from './errors.ts'
import type { FrameWriter } from './frames/writer.ts'
import type { Limits } from './limits.ts'
import type { FrameValues } from './values.ts'

export interface Link {
  /** The other end, for people. */
  readonly peer: string
  readonly limits: Limits
  readonly clock: Clock
  readonly writer: FrameWriter
  readonly values: FrameValues
  /** The other side takes the trace that a call is part of. */
  readonly takesTraces: boolean
  /** What was written goes out soon. */
  flushSoon(): void
  /** Calls `run` soon, after what is done now. */
  soon(run: () => void): void
  /** The other side reads more slowly than we write: what can wait should. */
  readonly isStalled: boolean
  /** Why the connection has ended, if it has. */
  readonly lost: ConnectionLostError | undefined
}
