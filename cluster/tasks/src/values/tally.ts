/**
 * Counts, on each thread, what bringing values to other threads costs. Only while someone looks: until then whoever packs, unpacks or copies
 * finds that there is no tally, and does nothing else. A worker's numbers lie on the board, where the client reads them as they grow.
 */

import { byTime, type CallTransfers, type TransferCounts, transferFields } from '../observe/transfers.ts'

/** 64-bit floats that a tally takes. */
export const tallySize = transferFields.length

const [packedAt, unpackedAt, copiedAt] = (['packed', 'unpacked', 'copied'] as const).map(f => transferFields.indexOf(f))
const [copyMsAt, againAt, sharedAt] = (['copyMs', 'copiedAgain', 'shared'] as const).map(f => transferFields.indexOf(f))

/** Functions that are counted each by itself. */
const mostCalls = 1000

export class Tally {
  readonly #numbers: Float64Array
  readonly #calls = new Map<string, Float64Array>()
  /** Of the call that is served now. */
  #call: Float64Array | undefined
  readonly #copiedBefore = new WeakSet<object>()

  constructor(numbers: Float64Array = new Float64Array(tallySize)) {
    this.#numbers = numbers
  }

  /** Milliseconds on a clock that stands still while arrays are copied: packing takes none of that time. */
  clock(): number {
    return performance.now() - this.#numbers[copyMsAt]
  }

  /** A value has become bytes. @param since when that began, by `clock` */
  packed(bytes: number, since: number): void {
    this.#add(packedAt, bytes, this.clock() - since)
  }

  /** A value was made of bytes. */
  unpacked(bytes: number, since: number): void {
    this.#add(unpackedAt, bytes, this.clock() - since)
  }

  /** An array was copied into the heap. @param since when that began, by `performance` */
  copied(array: ArrayBufferView, since: number): void {
    this.#add(copiedAt, array.byteLength, performance.now() - since)
    if (this.#copiedBefore.has(array)) this.#add(againAt, array.byteLength)
    else this.#copiedBefore.add(array)
  }

  /** An array was passed as it lies. */
  shared(array: ArrayBufferView): void {
    this.#add(sharedAt, array.byteLength)
  }

  #add(at: number, bytes: number, ms?: number): void {
    addTo(this.#numbers, at, bytes, ms)
    if (this.#call !== undefined) addTo(this.#call, at, bytes, ms)
  }

  /** What is done here is a function's, or a method's, unless it is one's already. */
  of<T>(name: string, act: () => T): T {
    if (this.#call !== undefined) return act()
    let call = this.#calls.get(name)
    if (call === undefined && this.#calls.size < mostCalls) {
      this.#calls.set(name, (call = new Float64Array(tallySize)))
    }
    this.#call = call
    try {
      return act()
    } finally {
      this.#call = undefined
    }
  }

  look(): { client: TransferCounts; calls: CallTransfers[] } {
    const calls = [...this.#calls].map(([name, numbers]) => ({ name, ...countsOf(numbers) }))
    return { client: countsOf(this.#numbers), calls: byTime(calls) }
  }
}

function addTo(numbers: Float64Array, at: number, bytes: number, ms: number | undefined): void {
  numbers[at]++
  numbers[at + 1] += bytes
  if (ms !== undefined) numbers[at + 2] += ms
}

/** @param before what had been counted when looking began */
export const countsOf = (numbers: Float64Array, before?: Float64Array): TransferCounts =>
  Object.fromEntries(transferFields.map((f, i) => [f, numbers[i] - (before?.[i] ?? 0)])) as TransferCounts

/** This thread's, while someone looks. */
export let tally: Tally | undefined

export function setTally(next: Tally | undefined): void {
  tally = next
}
