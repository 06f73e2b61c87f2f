/**
 * A lock on one word of shared memory, held for tens of nanoseconds: spin, then sleep. The word is 0 when free, else the
 * holder's number, with the sign bit set when someone sleeps for it (the three states of Drepper, "Futexes Are Tricky", 2011,
 * section 6, with the holder's name on the door). A thread can be terminated while it holds the lock: whoever waits in
 * vain asks whether the holder still lives, and takes over from the dead.
 */

import { existsSync, readlinkSync } from 'node:fs'

const spins = 200
const patienceMs = 100
const contended = 1 << 31

/** How the lock was had: from a dead holder, what it guards may be half changed. */
export type Acquired = 'free' | 'inherited'

export const acquire = (words: Int32Array, lock: number, me: number): Acquired =>
  Atomics.compareExchange(words, lock, 0, me) === 0 ? 'free' : acquireSlowly(words, lock, me)

const acquireSlowly = (words: Int32Array, lock: number, me: number): Acquired => {
  for (let i = 0; i < spins; i++) {
    if (Atomics.load(words, lock) === 0 && Atomics.compareExchange(words, lock, 0, me) === 0) return 'free'
  }
  for (;;) {
    const seen = Atomics.load(words, lock)
    // Our own: a stack overflow or the like ended our last action before it could unlock.
    if ((seen & ~contended) === me) return 'inherited'
    // Others may sleep too, so a lock had this way stays marked: at worst a wake-up in vain.
    if (seen === 0) {
      if (Atomics.compareExchange(words, lock, 0, me | contended) === 0) return 'free'
      continue
    }
    if ((seen & contended) === 0 && Atomics.compareExchange(words, lock, seen, seen | contended) !== seen) continue
    const marked = seen | contended
    const inVain = sleep(words, lock, marked)
    if (
      inVain &&
      isDead(marked & ~contended) &&
      Atomics.compareExchange(words, lock, marked, me | contended) === marked
    ) {
      return 'inherited'
    }
  }
}

/** True when nothing happened for as long as patience lasts. */
const sleep = (words: Int32Array, lock: number, value: number): boolean => {
  try {
    return Atomics.wait(words, lock, value, patienceMs) === 'timed-out'
  } catch {
    return false // A thread that may not sleep (a page's main thread) spins.
  }
}

export const unlock = (words: Int32Array, lock: number): void => {
  if (Atomics.exchange(words, lock, 0) < 0) Atomics.notify(words, lock, 1)
}

/** Numbers below this bound are system thread ids, which can be asked after; others are random. */
const systemIds = 2 ** 23

/** This thread's number: the system's, where it tells (Linux), else one at random. */
export const threadNumber = (): number => {
  try {
    const id = Number(readlinkSync('/proc/thread-self').split('/').at(-1))
    if (id > 0 && id < systemIds) return id
  } catch {
    // No such file elsewhere.
  }
  return systemIds + Math.floor(Math.random() * (2 ** 31 - systemIds))
}

const isDead = (number: number): boolean => number < systemIds && !existsSync(`/proc/self/task/${number}`)
