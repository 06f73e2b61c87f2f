/** `@skein/kernel/order`: words in typed arrays in order, and picked out of them, as machine code (x86-64 with AVX-512, Linux). */

import { ArgumentError, NotSupportedError } from '@skein/base'
import { changesOf as changes, placesOfTruths as places } from './x64/order/picked.ts'
import { sortWords as sort, type Words } from './x64/order/sort.ts'
import type { WordKind } from './x64/order/words.ts'
import { isa, refusal } from './x64/run/cpu.ts'

export type { WordKind, Words }

export interface WordOrder {
  /** What the words are. */
  readonly kind: WordKind
  /** The largest first. */
  readonly descending?: boolean
}

/** Why words cannot be sorted here; undefined where they can. */
export const orderRefusal = (): string | undefined =>
  refusal() ??
  (isa() === 'avx512' ? undefined : 'it takes AVX-512, which this CPU has not, or SKEIN_ISA keeps from use')

function demand(call: string): void {
  const reason = orderRefusal()
  if (reason !== undefined) throw new NotSupportedError(call, 'machine code', reason)
}

/**
 * Words in order, on all threads: NaN last, whichever the direction, −0 before 0. Equal words are alike, so the result is the same on any number of threads.
 *
 * @param to as many words of the same width; it may be `from`
 * @throws ArgumentError; NotSupportedError where such code cannot run
 */
export function sortWords(from: Words, to: Words, { kind, descending = false }: WordOrder): void {
  demand('sortWords')
  if (to.length !== from.length || to.BYTES_PER_ELEMENT !== from.BYTES_PER_ELEMENT)
    throw new ArgumentError('sortWords', 'to', `${from.length} words of ${from.BYTES_PER_ELEMENT} bytes`, to)
  sort(from, to, { bytes: from.BYTES_PER_ELEMENT as 4 | 8, kind, descending })
}

/**
 * Places of bytes that are not 0, by all threads.
 *
 * @param make the array for so many of them
 * @throws NotSupportedError where such code cannot run
 */
export function placesOfTruths(truths: Uint8Array, make: (count: number) => Int32Array): Int32Array {
  demand('placesOfTruths')
  return truths.length === 0 ? make(0) : places(truths, make)
}

/**
 * Words that differ from those before them, and the first one, by all threads: of words in order the different ones. Floats differ as numbers do: zeros of either sign are equal, NaN is equal to none.
 *
 * @param make the array for so many of them
 * @throws NotSupportedError where such code cannot run
 */
export function changesOf<W extends Words>(words: W, kind: WordKind, make: (count: number) => W): W {
  demand('changesOf')
  return words.length === 0 ? make(0) : changes(words, kind, make)
}
