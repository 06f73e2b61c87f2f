/**
 * Giving way. Ranks that share cores wait best by letting each other run: the next one has the core after one or two microseconds, while to sleep and
 * be woken takes ten and more. Only libc's `sched_yield` does that, which is reached through koffi. That is optional, and takes a rank six milliseconds to load:
 * it does so when it has slept so often that this would have paid. Without it ranks sleep.
 *
 * Linux wakes a thread on the core of the one that woke it, and takes tens of milliseconds to see that ranks which give way all do so on one core while another has
 * nothing to do. So each rank has a core to go back to. It may run elsewhere as before; where the system moves it away again and again it goes back ever less often.
 */

import { loadKoffi } from '@skein/team/koffi'
import { withoutTermination } from '@skein/team/loading'
import type { LibraryHandle } from 'koffi'

/** Sleeps of a rank that take about as long as loading does. */
export const sleepsBefore = 200

/** How often a rank gives way before it looks where it is: at first, and at most. */
const [leastTurns, mostTurns] = [64, 2 ** 16]

/** cpu_set_t of libc: 1024 cores. */
const setBytes = 128

/** Lets others run that stand in the queue of this thread's core. Undefined: that cannot be had. */
export function loadGiveWay(rank: number): (() => void) | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    return withoutTermination(() => {
      const libc = loadKoffi().load(null)
      const giveWay = libc.func('int sched_yield()') as () => number
      const goBack = backToCore(libc, rank)
      let turns = goBack()
      return () => {
        giveWay()
        if (--turns === 0) turns = goBack()
      }
    })
  } catch {
    return undefined
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
