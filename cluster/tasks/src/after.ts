/** Timers of any length: Node's own go off at once from 2^31 milliseconds on. */

const longestMs = 2 ** 31 - 1

/**
 * Calls back after so many milliseconds; Infinity: never. What it returns stops it.
 *
 * @param holds whether the process stays alive for it
 */
export function after(ms: number, call: () => void, holds = true): () => void {
  let timer: NodeJS.Timeout | undefined
  const wait = (left: number): void => {
    timer = setTimeout(() => (left > longestMs ? wait(left - longestMs) : call()), Math.min(left, longestMs))
    if (!holds) timer.unref()
  }
  if (ms !== Number.POSITIVE_INFINITY) wait(ms)
  return () => clearTimeout(timer)
}
