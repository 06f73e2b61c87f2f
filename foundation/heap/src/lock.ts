/**
 * A lock on one word of shared memory, held for tens of nanoseconds: spin, then sleep. Three states as in Drepper's
 * "Futexes Are Tricky" (2011), section 6: 0 free, 1 held, 2 held and someone sleeps. The word after it holds the
 * owner's thread number, so that the death of an owner can be told from a slow one.
 */

const spins = 200

export const acquire = (words: Int32Array, lock: number, owner: number): void => {
  if (Atomics.compareExchange(words, lock, 0, 1) !== 0) acquireSlowly(words, lock)
  words[lock + 1] = owner
}

const acquireSlowly = (words: Int32Array, lock: number): void => {
  for (let i = 0; i < spins; i++) {
    if (Atomics.load(words, lock) === 0 && Atomics.compareExchange(words, lock, 0, 1) === 0) return
  }
  while (Atomics.exchange(words, lock, 2) !== 0) {
    try {
      Atomics.wait(words, lock, 2, 100)
    } catch {
      // A thread that may not sleep (a page's main thread) keeps spinning.
    }
  }
}

export const unlock = (words: Int32Array, lock: number): void => {
  words[lock + 1] = 0
  if (Atomics.exchange(words, lock, 0) === 2) Atomics.notify(words, lock, 1)
}
