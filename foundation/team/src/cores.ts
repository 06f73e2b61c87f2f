/**
 * Threads of one call belong on cores of their own. Linux does not see to that by itself: on a machine that was busy a moment
 * ago it does not search for an idle core (fair.c, SIS_UTIL), wakes a thread on the core of the one that woke it, and takes
 * ten to twenty milliseconds to notice. A call of a few milliseconds then takes twice as long. So a thread that has slept
 * looks where it is, and leaves a core on which another thread of the call works.
 *
 * The calls into libc go through koffi, which is optional: without it, and elsewhere than on Linux, threads stay where they
 * were put.
 */

import { readFileSync, readlinkSync } from 'node:fs'
import { createRequire } from 'node:module'

/** cpu_set_t of libc: 1024 cores. */
const setBytes = 128

export interface Cores {
  /** The core this thread runs on. */
  current(): number
  /** The core another thread of this process runs on, or ran on last; -1 when it is not known. */
  of(systemId: number): number
  /** Moves this thread to an allowed core that is not among these, if there is one. Which cores are allowed stays as it was. */
  leave(taken: ReadonlySet<number>): void
}

/** What libc can say and do about cores; undefined where that cannot be had, or there is but one core. */
export const openCores = (): Cores | undefined => {
  if (process.platform !== 'linux') return undefined
  try {
    const { load } = createRequire(import.meta.url)('koffi') as typeof import('koffi')
    const libc = load(null)
    const current = libc.func('int sched_getcpu()') as () => number
    const get = libc.func('int sched_getaffinity(int, size_t, _Out_ uint8_t *)') as SetCall
    const set = libc.func('int sched_setaffinity(int, size_t, const uint8_t *)') as SetCall
    const allowed = new Uint8Array(setBytes)
    if (current() < 0 || get(0, setBytes, allowed) < 0 || count(allowed) < 2) return undefined
    const leave = (taken: ReadonlySet<number>): void => {
      // Asked anew: the user may have said otherwise meanwhile.
      if (get(0, setBytes, allowed) < 0) return
      const free = allowed.slice()
      for (const core of taken) if (core >= 0 && core < 8 * setBytes) free[core >> 3] &= ~(1 << (core & 7))
      if (count(free) === 0 || set(0, setBytes, free) < 0) return
      set(0, setBytes, allowed)
    }
    return { current, of: coreOf, leave }
  } catch {
    return undefined
  }
}

type SetCall = (thread: number, bytes: number, set: Uint8Array) => number

const count = (set: Uint8Array): number => {
  let n = 0
  for (let bits of set) for (; bits !== 0; bits &= bits - 1) n++
  return n
}

const coreOf = (systemId: number): number => {
  try {
    return processorIn(readFileSync(`/proc/self/task/${systemId}/stat`, 'latin1'))
  } catch {
    return -1
  }
}

/** Field 39 of proc_pid_stat(5). The second, the name, may hold spaces and parentheses. */
export const processorIn = (stat: string): number => {
  const rest = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return rest.length > 36 ? Number(rest[36]) : -1
}

/** This thread's name under /proc/self/task; 0 where there is no such folder. */
export const systemThreadId = (): number => {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1)) | 0
  } catch {
    return 0
  }
}
