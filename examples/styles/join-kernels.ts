/** The join with kernels: every flight is looked up at once, in an index that all threads see, and adds to sums that all threads see. */

import { atomic, heap, kernel } from 'skein'
import type { Tables } from './inputs.ts'
import { find, indexOf, SUMS, slotOf } from './join.ts'

const add = kernel(
  (
    i,
    origin: Int32Array,
    destination: Int32Array,
    delay: Int16Array,
    code: Int32Array,
    slots: Int32Array,
    state: Uint8Array,
    zone: Int16Array,
    sums: Int32Array,
    states: number,
  ) => {
    const from = find(origin[i], code, slots)
    const to = find(destination[i], code, slots)
    if (from >= 0 && to >= 0) {
      const at = (state[from] * states + state[to]) * SUMS
      atomic.add(sums, at, 1)
      atomic.add(sums, at + 1, delay[i])
      atomic.add(sums, at + 2, Math.abs(zone[to] - zone[from]))
    }
  },
  { use: { atomic, find, slotOf, SUMS } },
)

export function joinByKernels({ flights, airports }: Tables): Int32Array {
  const { code, state, zone, states } = airports
  const { origin, destination, delay } = flights
  const slots = indexOf(code)
  const sums = heap.i32(states * states * SUMS)
  add(origin.length, origin, destination, delay, code, slots, state, zone, sums, states)
  return sums
}
