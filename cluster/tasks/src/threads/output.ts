/** What a worker prints goes through the client's thread, while its own event loop turns: nothing may be left behind when it sleeps, or the program ends. */

import * as at from './board.ts'

/** How long a worker rests between two looks at whether its output has gone. */
export const outputMs = 2

export class Output {
  readonly #c: Int32Array
  readonly #owes: number

  /** From now on the board says when this worker has printed. @param me its line there */
  constructor(c: Int32Array, me: number) {
    this.#c = c
    this.#owes = me + at.owesOutput
    for (const stream of [process.stdout, process.stderr]) {
      const write = stream.write.bind(stream) as (...args: unknown[]) => boolean
      stream.write = (...args: unknown[]) => {
        c[this.#owes] = 1
        return write(...args)
      }
    }
  }

  /** Whether the client's thread still waits for something that was printed here. The program does not end before. */
  isOnItsWay(): boolean {
    if (this.#c[this.#owes] === 0) return false
    if (process.stdout.writableLength > 0 || process.stderr.writableLength > 0) return true
    Atomics.store(this.#c, this.#owes, 0)
    at.ringDone(this.#c)
    return false
  }
}
