/**
 * Arrays outside the heap of which a kernel touches nothing but the element at the range's index go through the heap a slice
 * at a time: copied in, computed with by all threads, copied back. A slice stays in the cache meanwhile, so that the arrays
 * themselves pass memory once, as if the kernel had worked on them.
 */
import { heap } from '@skein/heap'
import type { Launch } from '../backend.ts'
import { ELEMENT_BYTES, type KernelIR, type Value } from '../ir/ir.ts'

/** Of each array: a few of them fit into the caches together, and copying one takes longer than waking threads. */
const SLICE_BYTES = 1 << 20

interface Through {
  /** Which array. */
  readonly array: number
  readonly bytes: Uint8Array
  readonly elementBytes: number
  readonly length: number
  readonly room: number
  readonly copyIn: boolean
  readonly copyOut: boolean
}

/** Which arrays a kernel touches at the range's index alone. */
export const touchedAtIndex = (ir: KernelIR, all: readonly Value[]): boolean[] =>
  ir.buffers.map((buffer, i) => {
    if (ir.rank !== 1 || buffer.space !== 'global') return false
    return all.every(v => v.attr?.buffer !== i || v.op === 'lload' || v.op === 'lstore' || v.args[0].op === 'index')
  })

export class Slices {
  /** Indices of the range that go at a time. */
  readonly length: number
  /** Of arrays in the heap. NaN for the others: what goes through by itself shares memory with nothing. */
  readonly addresses: readonly number[]
  readonly #arrays: readonly Through[]

  /** Undefined when some array outside the heap has to be there as a whole, or none is outside. */
  static of(
    ir: KernelIR,
    launch: Launch,
    atIndex: readonly boolean[],
    written: readonly boolean[],
    overwritten: readonly boolean[],
  ): Slices | undefined {
    const { arrays } = launch
    if (launch.extents[0].step !== 1 || arrays.every(a => heap.owns(a))) return undefined
    const outside = arrays.flatMap((a, i) => (heap.owns(a) ? [] : [i]))
    if (!outside.every(i => atIndex[i])) return undefined
    const overlap = (i: number, j: number): boolean =>
      arrays[i].buffer === arrays[j].buffer &&
      arrays[i].byteOffset < arrays[j].byteOffset + arrays[j].byteLength &&
      arrays[j].byteOffset < arrays[i].byteOffset + arrays[i].byteLength
    if (outside.some(i => written[i] && outside.some(j => j !== i && overlap(i, j)))) return undefined
    const widest = Math.max(...outside.map(i => ELEMENT_BYTES[ir.buffers[i].element]))
    return new Slices(ir, launch, outside, SLICE_BYTES / widest, written, overwritten)
  }

  private constructor(
    ir: KernelIR,
    { arrays }: Launch,
    outside: readonly number[],
    length: number,
    written: readonly boolean[],
    overwritten: readonly boolean[],
  ) {
    this.length = length
    this.addresses = arrays.map((a, i) => (outside.includes(i) ? Number.NaN : heap.addressOf(a)))
    const made: Through[] = []
    this.#arrays = made
    try {
      for (const i of outside) {
        const { buffer, byteOffset, byteLength } = arrays[i]
        const elementBytes = ELEMENT_BYTES[ir.buffers[i].element]
        made.push({
          array: i,
          bytes: new Uint8Array(buffer, byteOffset, byteLength),
          elementBytes,
          length: byteLength / elementBytes,
          room: heap.allocate(length * elementBytes + 64, { label: `slices for kernel ${ir.name}` }),
          copyIn: !overwritten[i],
          copyOut: written[i],
        })
      }
    } catch (e) {
      this.free()
      throw e
    }
  }

  /** Copies indices [begin, end) in. `place` is told where each array would begin, were all of it there. */
  enter(begin: number, end: number, place: (array: number, address: number) => void): void {
    for (const t of this.#arrays) {
      if (t.copyIn) this.#copy(t, begin, end, false)
      place(t.array, t.room - begin * t.elementBytes)
    }
  }

  /** Copies what was written of indices [begin, end) back; after a failure, nothing that was never copied in. */
  leave(begin: number, end: number, succeeded: boolean): void {
    for (const t of this.#arrays) if (t.copyOut && (succeeded || t.copyIn)) this.#copy(t, begin, end, true)
  }

  free(): void {
    for (const t of this.#arrays) heap.free(t.room)
  }

  /** Indices outside of the array are left out: the kernel will not touch them either. */
  #copy({ bytes, elementBytes, length, room }: Through, begin: number, end: number, back: boolean): void {
    const from = Math.max(begin, 0)
    const to = Math.min(end, length)
    if (from >= to) return
    const slice = heap.view(Uint8Array, room + (from - begin) * elementBytes, (to - from) * elementBytes)
    const part = bytes.subarray(from * elementBytes, to * elementBytes)
    if (back) part.set(slice)
    else slice.set(part)
  }
}
