/**
 * A join of tables, what the three styles share. Each flight is joined with the airport it leaves and the one it comes to, by their codes, and what
 * comes out is summed by the two states:
 *
 *     select a.state, b.state, count(*), sum(f.delay), sum(abs(b.zone - a.zone))
 *     from flights f join airports a on f.origin = a.code join airports b on f.destination = b.code
 *     group by a.state, b.state
 *
 * A flight without a partner is left out.
 */

import type { Tables } from './inputs.ts'

/** Sums of a pair of states: flights, minutes late, minutes between clocks. */
export const SUMS = 3

/**
 * An index of codes: an open-addressed table of rows, probed one slot after the other. At least half of its slots are empty (-1), so that every search ends.
 */
export function indexOf(code: Int32Array): Int32Array {
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * code.length + 1))).fill(-1)
  for (let row = 0; row < code.length; row++) {
    let slot = slotOf(code[row], slots.length)
    while (slots[slot] >= 0) slot = (slot + 1) & (slots.length - 1)
    slots[slot] = row
  }
  return slots
}

/** Where the search for a code begins. Multiplication spreads codes over the upper bits. */
export const slotOf = (code: number, slots: number): number => (Math.imul(code, 0x9e3779b1) >>> 12) & (slots - 1)

/** The row of a code, or -1. */
export function find(code: number, codes: Int32Array, slots: Int32Array): number {
  let slot = slotOf(code, slots.length)
  while (slots[slot] >= 0 && codes[slots[slot]] !== code) slot = (slot + 1) & (slots.length - 1)
  return slots[slot]
}

/** Joins flights with airports on one thread: [state][state][SUMS]. */
export function joinPlain({ flights, airports }: Tables): Int32Array {
  const { code, state, zone, states } = airports
  const { origin, destination, delay } = flights
  const slots = indexOf(code)
  const sums = new Int32Array(states * states * SUMS)
  for (let i = 0; i < origin.length; i++) {
    const from = find(origin[i], code, slots)
    const to = find(destination[i], code, slots)
    if (from < 0 || to < 0) continue
    const at = (state[from] * states + state[to]) * SUMS
    sums[at]++
    sums[at + 1] += delay[i]
    sums[at + 2] += Math.abs(zone[to] - zone[from])
  }
  return sums
}
