/**
 * Giving way. Ranks that share cores wait best by letting each other run: the next one has the core after one or two microseconds, while to sleep and
 * be woken takes ten and more. Only libc's `sched_yield` does that, which is reached through koffi. That is optional, and takes a rank six milliseconds to load:
 * it does so when it has slept so often that this would have paid. Without it ranks sleep.
 *
 * A thread that is terminated while it loads koffi takes the process with it. So there is a word in the world's block: how many ranks are loading. Whoever
 * starts ranks opens it, and before it ends them closes it and waits until none is. It is closed where nobody looks after that.
 */

import { createRequire } from 'node:module'
import { isClosed, loading } from './world-block.ts'

/** Loading takes this thread's share of a core for some milliseconds; one that takes longer than this does not end. */
const mostLoadingMs = 1000

/** Sleeps of a rank that take about as long as loading does. */
export const sleepsBefore = 200

/** Lets others run that stand in the queue of this thread's core. Undefined: that cannot be had. */
export function loadGiveWay(c: Int32Array): (() => void) | undefined {
  if (process.platform !== 'linux' || !mayLoad(c)) return undefined
  try {
    const { load } = createRequire(import.meta.url)('koffi') as typeof import('koffi')
    const giveWay = load(null).func('int sched_yield()') as () => number
    giveWay()
    return giveWay
  } catch {
    return undefined
  } finally {
    Atomics.sub(c, loading, 1)
    Atomics.notify(c, loading)
  }
}

function mayLoad(c: Int32Array): boolean {
  for (;;) {
    const seen = Atomics.load(c, loading)
    if ((seen & isClosed) !== 0) return false
    if (Atomics.compareExchange(c, loading, seen, seen + 1) === seen) return true
  }
}

// Of who starts the ranks.

/** Ranks may load from now on, until `close`. */
export function open(c: Int32Array): void {
  Atomics.store(c, loading, 0)
}

/** No rank loads any more, nor begins to. */
export function close(c: Int32Array): void {
  Atomics.or(c, loading, isClosed)
  const until = performance.now() + mostLoadingMs
  for (let seen = 0; (seen = Atomics.load(c, loading)) !== isClosed && performance.now() < until; ) {
    Atomics.wait(c, loading, seen, until - performance.now())
  }
}
