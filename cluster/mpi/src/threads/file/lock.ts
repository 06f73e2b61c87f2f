/**
 * What keeps ranks out of each other's way in a file: a word of the world's block, which all that have the file open find by the file's number in its
 * file system. Writers of whole runs share it. Who writes back what lies between its runs, or is to be atomic, has it alone. Nobody waits for a message
 * while it has it, so those who wait for it may block.
 */

const free = 0
const exclusive = -1

export class FileLock {
  readonly #words: Int32Array
  readonly #word: number
  /** It has it alone: what is done meanwhile needs no more. */
  #isHeld = false

  constructor(words: Int32Array, word: number) {
    this.#words = words
    this.#word = word
  }

  /** Does something while nobody has it alone. */
  shared<T>(does: () => T): T {
    return this.#isHeld ? does() : this.#shared(does)
  }

  #shared<T>(does: () => T): T {
    const words = this.#words
    const word = this.#word
    for (;;) {
      const holders = Atomics.load(words, word)
      if (holders === exclusive) Atomics.wait(words, word, exclusive)
      else if (Atomics.compareExchange(words, word, holders, holders + 1) === holders) break
    }
    try {
      return does()
    } finally {
      if (Atomics.sub(words, word, 1) === 1) Atomics.notify(words, word)
    }
  }

  /** Does something while nobody else has it at all. */
  alone<T>(does: () => T): T {
    if (this.#isHeld) return does()
    const words = this.#words
    const word = this.#word
    for (;;) {
      const holders = Atomics.compareExchange(words, word, free, exclusive)
      if (holders === free) break
      Atomics.wait(words, word, holders)
    }
    this.#isHeld = true
    try {
      return does()
    } finally {
      this.#isHeld = false
      Atomics.store(words, word, free)
      Atomics.notify(words, word)
    }
  }
}
