/**
 * Vectors sorted in registers, by bitonic merges (Batcher, Sorting networks and their applications, 1968). In the way of it that knows one direction alone: a merge begins with its second half
 * mirrored, so that least and largest of pairs are two halves which are each in order up and down.
 */

import type { Register } from '../encode/operands.ts'
import { type WordCode, working } from './words.ts'

/** @param count of vectors, a power of 2: those in the first working registers. @returns where they are then, the least keys first */
export function emitNetwork(words: WordCode, count: number): Register[] {
  const { lanes } = words
  const registers = working.slice(0, count)
  const free = working.slice(count)
  /** Least and largest of pairs of lanes of one register. */
  const within = (r: number, by: number, bit: number) => {
    const x = registers[r]
    const [partner, y] = [free.shift()!, free.shift()!]
    words.exchange(partner, x, by)
    words.lane('vpminu', [y, x, partner])
    words.lane('vpmaxu', [y, x, partner], words.withBit(bit))
    registers[r] = y
    free.push(x, partner)
  }
  /** Of two registers; the second one, for the first round of a merge, mirrored. */
  const between = (r: number, s: number, isMirrored: boolean) => {
    const x = registers[r]
    let partner = registers[s]
    if (isMirrored) {
      const mirrored = free.shift()!
      words.exchange(mirrored, partner, lanes - 1)
      free.push(partner)
      partner = mirrored
    }
    const y = free.shift()!
    words.lane('vpminu', [y, x, partner])
    words.lane('vpmaxu', [partner, x, partner])
    registers[r] = y
    registers[s] = partner
    free.push(x)
  }
  for (let size = 2; size <= count * lanes; size *= 2) {
    const vectors = size / lanes
    if (vectors <= 1) {
      for (let r = 0; r < count; r++) within(r, size - 1, size / 2)
    } else {
      for (let r = 0; r < count; r++) if ((r & (vectors / 2)) === 0) between(r, r ^ (vectors - 1), true)
      for (let by = vectors / 4; by >= 1; by /= 2)
        for (let r = 0; r < count; r++) if ((r & by) === 0) between(r, r ^ by, false)
    }
    for (let by = Math.min(size / 4, lanes / 2); by >= 1; by /= 2) for (let r = 0; r < count; r++) within(r, by, by)
  }
  return registers
}
