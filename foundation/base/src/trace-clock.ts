/** One clock for the spans of all threads. */

const theProcess = (globalThis as { process?: { hrtime?: { bigint?(): bigint } } }).process

/**
 * Milliseconds from this thread's `performance.now()` to a clock all threads of the machine share. Node counts both
 * from one monotonic clock, so the difference is a constant: the least of a few readings has least time between its
 * two parts. `timeOrigin` serves elsewhere; it comes from the time of day, which may be set between two threads'
 * starts.
 */
const clockOffsetMs = ((): number => {
  if (typeof theProcess?.hrtime?.bigint !== 'function') return performance.timeOrigin
  let least = Infinity
  for (let reading = 0; reading < 5; reading++) {
    const before = performance.now()
    least = Math.min(least, Number(theProcess.hrtime.bigint()) / 1e6 - before)
  }
  return least
})()
/** µs on the shared clock. */
export const nowUs = (): number => (performance.now() + clockOffsetMs) * 1000
