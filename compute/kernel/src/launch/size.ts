/** How much a launch is, and which of its arrays meet. */

import type { Launch } from '../backend.ts'

export const lengthOf = (launch: Launch, array: number): number =>
  (launch.arrays[array] as unknown as { length: number }).length

/** @param addresses of the arrays' first bytes */
export const sharesMemory = (launch: Launch, addresses: readonly number[], i: number, j: number): boolean =>
  addresses[i] < addresses[j] + launch.arrays[j].byteLength && addresses[j] < addresses[i] + launch.arrays[i].byteLength

export interface Size {
  counts: number[]
  rows: number
  rowLength: number
  total: number
}

export function sizeOf(launch: Launch): Size {
  if (launch.extents.length === 1) {
    const [{ begin, end, step }] = launch.extents
    const total = Math.max(0, Math.ceil((end - begin) / step))
    return { counts: [total], rows: 1, rowLength: total, total }
  }
  const counts = launch.extents.map(e => Math.max(0, Math.ceil((e.end - e.begin) / e.step)))
  const rowLength = counts[counts.length - 1]
  const rows = counts.slice(0, -1).reduce((a, c) => a * c, 1)
  return { counts, rows, rowLength, total: rows * rowLength }
}
