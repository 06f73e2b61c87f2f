/**
 * Giving way. Ranks that share cores wait best by letting each other run: the next one has the core after one or two microseconds, while to sleep and
 * be woken takes ten and more. Only libc's `sched_yield` does that, which is reached through koffi. That is optional, and takes a rank six milliseconds to load:
 * it does so when it has slept so often that this would have paid. Without it ranks sleep.
 *
 * Linux wakes a thread on the core of the one that woke it, and takes tens of milliseconds to see that ranks which give way all do so on one core while another has
 * nothing to do. So each rank has a core to go back to. It may run elsewhere as before; where the system moves it away again and again it goes back ever less often.
 *
 * A thread that is terminated while it loads koffi takes the process with it. So there is a word in the world's block: how many ranks are loading. Whoever
 * starts ranks opens it, and before it ends them closes it and waits until none is. It is closed where nobody looks after that.
 */

import { createRequire } from 'node:module'
import type { LibraryHandle } from 'koffi'
import { isClosed, loading } from './world-block.ts'

/** Loading takes this thread's share of a core for some milliseconds; one that takes longer than this does not end. */
const mostLoadingMs = 1000

/** Sleeps of a rank that take about as long as loading does. */
export const sleepsBefore = 200

/** How often a rank gives way before it looks where it is: at first, and at most. */
const [leastTurns, mostTurns] = [64, 2 ** 16]

/** cpu_set_t of libc: 1024 cores. */
const setBytes = 128

/** Lets others run that stand in the queue of this thread's core. Undefined: that cannot be had. */
export function loadGiveWay(c: Int32Array, rank: number): (() => void) | undefined {
  if (process.platform !== 'linux' || !mayLoad(c)) return undefined
  try {
    const { load } = createRequire(import.meta.url)('koffi') as typeof import('koffi')
    const libc = load(null)
    const giveWay = libc.func('int sched_yield()') as () => number
    const goBack = backToCore(libc, rank)
    let turns = goBack()
    return () => {
      giveWay()
      if (--turns === 0) turns = goBack()
    }
  } catch {
    return undefined
  } finally {
    Atomics.sub(c, loading, 1)
    Atomics.notify(c, loading)
  }
}

/** Brings this thread back to its core, if it may be there. @returns after how many turns to look again */
function backToCore(libc: LibraryHandle, rank: number): () => number {
  const current = libc.func('int sched_getcpu()') as () => number
  const get = libc.func('int sched_getaffinity(int, size_t, _Out_ uint8_t *)') as SetCall
  const set = libc.func('int sched_setaffinity(int, size_t, const uint8_t *)') as SetCall
  const allowed = new Uint8Array(setBytes)
  let turns = leastTurns
  let core = -1
  return () => {
    if (current() === core) return (turns = leastTurns)
    // Asked anew each time: the user may have said otherwise meanwhile.
    if (get(0, setBytes, allowed) < 0) return mostTurns
    const cores = [...Array(8 * setBytes).keys()].filter(each => (allowed[each >> 3] & (1 << (each & 7))) !== 0)
    core = cores[rank % cores.length]
    const own = new Uint8Array(setBytes)
    own[core >> 3] = 1 << (core & 7)
    if (set(0, setBytes, own) === 0) set(0, setBytes, allowed)
    return (turns = Math.min(2 * turns, mostTurns))
  }
}

type SetCall = (thread: number, bytes: number, set: Uint8Array) => number

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
