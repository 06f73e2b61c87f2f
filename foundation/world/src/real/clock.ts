import { checkDelay } from '../asked.ts'
import type { Clock } from '../world.ts'

/** More would be taken for none: timers count in 31 bits. */
const longestMs = 2 ** 31 - 1

/** The machine's own. */
export const realClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, run, options) => {
    // Timers count whole milliseconds, and may fire a part of one early: what is not due yet waits again.
    const dueMs = performance.now() + checkDelay(delayMs)
    if (dueMs === Number.POSITIVE_INFINITY) return { cancel: () => {} }
    let timer: ReturnType<typeof setTimeout>
    const wait = (): void => {
      timer = setTimeout(fire, Math.min(longestMs, Math.max(0, Math.ceil(dueMs - performance.now()))))
      if (options?.background) (timer as { unref?(): void }).unref?.()
    }
    const fire = (): void => (performance.now() < dueMs ? wait() : run())
    wait()
    return { cancel: () => clearTimeout(timer) }
  },
}
