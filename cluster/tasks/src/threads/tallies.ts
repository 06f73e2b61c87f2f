/** Tallies of the client and of its workers (`values/tally.ts`), from when someone looks. */

import { noTransfers, type Transfers } from '../observe/transfers.ts'
import { countsOf, setTally, Tally, tally } from '../values/tally.ts'
import { tallyOf } from './board.ts'

export class Tallies {
  readonly #workers: readonly Float64Array[]
  #own: Tally | undefined
  /** Workers' numbers only grow: what they were when looking began. */
  #before: readonly Float64Array[] = []

  constructor(board: SharedArrayBuffer, workers: number) {
    this.#workers = Array.from({ length: workers }, (_, worker) => tallyOf(board, worker))
  }

  /** Workers are told by message. */
  count(on: boolean): void {
    if (on) {
      this.#own = new Tally()
      this.#before = this.#workers.map(numbers => numbers.slice())
      setTally(this.#own)
    } else if (tally === this.#own) setTally(undefined)
  }

  look(): Transfers {
    if (this.#own === undefined) return noTransfers
    return { ...this.#own.look(), workers: this.#workers.map((numbers, i) => countsOf(numbers, this.#before[i])) }
  }
}
