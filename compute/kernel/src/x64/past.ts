/**
 * Stores past the caches. A line of a cache that is written is read first, and what is larger than the caches is gone from them before anybody reads it: stored past them it costs a third of the traffic less in
 * a copy, a quarter in a triad. Such a store needs whole, aligned vectors, and what goes line after line.
 */

import type { Launch } from '../backend.ts'
import { ELEMENT_BYTES, type Element, isPure, type KernelIR, type Value, walk } from '../ir/ir.ts'
import type { Access } from '../lanes/accesses.ts'

/**
 * The store of a kernel that can go past the caches: its only one, done for every position, into an array that it does not read. Kernels with loops have other worries than memory.
 */
export function storeOf(ir: KernelIR): Value | undefined {
  const all = walk(ir.body)
  const [store, ...others] = all.filter(v => v.op === 'store' || v.op === 'atomic')
  if (store?.op !== 'store' || others.length > 0 || !ir.body.ops.includes(store)) return undefined
  const { buffer, element } = store.attr as Access
  if (ELEMENT_BYTES[element as Element] < 4 || all.some(v => v.op === 'loop')) return undefined
  const isRead = all.some(v => v.op === 'load' && v.attr.buffer === buffer)
  return isRead || !goesStepwise(store.args[0], ir.rank) ? undefined : store
}

/** Whether an index is the last dimension's, and besides that made of what is the same for a row. Others that are contiguous are missed. */
export function goesStepwise(index: Value, rank: number): boolean {
  if (index.op === 'index') return index.attr === rank - 1
  if (index.op !== 'add') return false
  const [a, b] = index.args
  return (goesStepwise(a, rank) && isOfRow(b, rank)) || (goesStepwise(b, rank) && isOfRow(a, rank))
}

const isOfRow = (v: Value, rank: number): boolean =>
  v.op === 'index' ? v.attr !== rank - 1 : isPure(v) && v.args.every(a => isOfRow(a, rank))

interface Span {
  readonly begin: number
  readonly end: number
}

/** What the last large launch of this thread that wrote anything wrote. */
let lastOutput: readonly Span[] = []

/**
 * Whether a large launch reads what the one before it wrote, as those do that compute step by step from one array into another and back. Then its own output will be read soon, too: of arrays
 * of 32 MiB each step takes 0.6 of the time if that is left to the caches.
 *
 * @param written which arrays the launch writes: remembered for the next one
 */
export function goesOn(launch: Launch, addresses: readonly number[], written: readonly boolean[]): boolean {
  const spans = addresses.map((begin, i): Span => ({ begin, end: begin + launch.arrays[i].byteLength }))
  const reads = spans.filter((_, i) => !written[i])
  const found = reads.some(a => lastOutput.some(b => a.begin < b.end && b.begin < a.end))
  if (reads.length < spans.length) lastOutput = spans.filter((_, i) => written[i])
  return found
}
