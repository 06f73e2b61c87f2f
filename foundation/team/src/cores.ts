/**
 * Threads of one call belong on cores of their own. Linux does not see to that by itself: on a machine that was busy a moment
 * ago it does not search for an idle core (fair.c, SIS_UTIL), wakes a thread on the core of the one that woke it, and takes
 * ten to twenty milliseconds to notice. A call of a few milliseconds then takes twice as long. So a caller that has worked
 * for a while moves its threads off its own core.
 *
 * The calls into libc go through `foreign`: where that cannot be had, and elsewhere than on Linux, threads stay where they
 * were put. It is loaded on main threads only.
 */

import { readlinkSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { foreign } from './foreign.ts'

/** cpu_set_t of libc: 1024 cores. */
const setBytes = 128

export interface Cores {
  /** The core this thread runs on. */
  current(): number
  /** Moves a thread of this process off a core, if it is there and may run elsewhere. Where it may run stays as it was. */
  moveOff(systemId: number, core: number): void
  /** Moves threads off the core this one runs on; a number of 0 is none. */
  clear(systemIds: readonly number[]): void
  /** Does what wakes threads so that they wake on other cores than this one's, if they may run elsewhere. Where they may run stays as it was. */
  wakeApart<T>(systemIds: readonly number[], wake: () => T): T
  /** Lets others run that stand in the queue of this thread's core; at once back when none does. */
  yield(): void
}

/** The system's number of the calling thread, as under /proc/self/task; 0 where there is none. */
export const systemThreadId = (): number => {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1)) | 0
  } catch {
    return 0 // Only Linux has it.
  }
}

/** Said in loops that wait: the core's other hardware thread runs the faster for it. Nothing before Node 25. */
export const pause: (times?: number) => void = (Atomics as { pause?: (times?: number) => void }).pause ?? (() => {})

/** What libc can say and do about cores; undefined where that cannot be had. */
const openCores = (): Cores | undefined => {
  if (process.platform !== 'linux' || !isMainThread) return undefined
  try {
    const native = foreign()
    const current = native.libc('sched_getcpu', 'i', '')
    const get = native.libc('sched_getaffinity', 'i', 'ilp')
    const set = native.libc('sched_setaffinity', 'i', 'ilp')
    const giveWay = native.libc('sched_yield', 'i', '')
    if (current() < 0) return undefined
    /** Where a thread may run, if it now may not on this core; undefined: it is as it was. */
    const narrow = (systemId: number, core: number): Uint8Array | undefined => {
      const allowed = new Uint8Array(setBytes)
      // Asked anew each time: the user may have said otherwise meanwhile.
      if (!(core >= 0 && core < 8 * setBytes) || get(systemId, setBytes, allowed) < 0) return undefined
      const others = allowed.slice()
      others[core >> 3] &= ~(1 << (core & 7))
      // The system refuses an empty set: a thread with one core stays there.
      return set(systemId, setBytes, others) === 0 ? allowed : undefined
    }
    const moveOff = (systemId: number, core: number): void => {
      const allowed = narrow(systemId, core)
      if (allowed !== undefined) set(systemId, setBytes, allowed)
    }
    const wakeApart = <T>(systemIds: readonly number[], wake: () => T): T => {
      const core = current()
      const narrowed = systemIds.map(id => (id > 0 ? narrow(id, core) : undefined))
      try {
        return wake()
      } finally {
        for (const [k, allowed] of narrowed.entries()) {
          if (allowed !== undefined) set(systemIds[k], setBytes, allowed)
        }
      }
    }
    const clear = (systemIds: readonly number[]): void => {
      const core = current()
      for (const id of systemIds) if (id > 0) moveOff(id, core)
    }
    return { current, moveOff, clear, wakeApart, yield: giveWay }
  } catch {
    return undefined
  }
}

let cores: Cores | null | undefined
let isAskedFor = false

/**
 * Loading takes some milliseconds. At the first need it is put off until the event loop turns; a program that needs it again
 * without turning its loop loads it there and then.
 */
export const coresWhenNeeded = (): Cores | undefined => {
  if (cores === undefined && isAskedFor) cores = openCores() ?? null
  if (!isAskedFor) {
    isAskedFor = true
    setImmediate(() => {
      cores ??= openCores() ?? null
    }).unref()
  }
  return cores ?? undefined
}
