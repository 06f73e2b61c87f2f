/**
 * Arrays outside the heap: their bytes are copied into it for the launch, and back where the kernel writes. Views of one
 * buffer are copied together, so that those that overlap still do.
 */
import { ArgumentError } from '@skein/base'
import { heap } from '@skein/heap'
import type { KernelIR } from '../ir/ir.ts'

export interface Staged {
  /** Address of each array's element 0. */
  addresses: number[]
  /** Copies back what was written, and gives the room back. After a failure what was never copied in is not copied out. */
  release(succeeded: boolean): void
}

interface Region {
  buffer: ArrayBufferLike
  from: number
  to: number
  /** Bytes of the arrays that the kernel writes. */
  written: { from: number; to: number }[]
  /** The kernel writes every element and reads none: there is nothing to copy in. */
  overwritten: boolean
  address: number
}

const nothing = () => {}

/** @param overwritten arrays of which the kernel writes every element and reads none */
export function stage(
  ir: KernelIR,
  arrays: readonly ArrayBufferView[],
  written: readonly boolean[],
  overwritten: readonly boolean[],
): Staged {
  const addresses: number[] = new Array(arrays.length)
  let outside = false
  for (let i = 0; i < arrays.length; i++) {
    if (heap.owns(arrays[i])) addresses[i] = heap.addressOf(arrays[i])
    else outside = true
  }
  if (!outside) return { addresses, release: nothing }
  const regions: Region[] = []
  arrays.forEach((a, i) => {
    if (addresses[i] !== undefined) return
    const from = a.byteOffset
    const to = from + a.byteLength
    const known = regions.find(r => r.buffer === a.buffer)
    if (known) {
      known.from = Math.min(known.from, from)
      known.to = Math.max(known.to, to)
      known.overwritten = false
      if (written[i]) known.written.push({ from, to })
    } else {
      const whole = written[i] ? [{ from, to }] : []
      regions.push({ buffer: a.buffer, from, to, written: whole, overwritten: overwritten[i], address: 0 })
    }
  })
  const free = () => {
    for (const r of regions) if (r.address) heap.free(r.address)
  }
  try {
    for (const r of regions) {
      // Elements keep their place within a cache line.
      if (!r.overwritten) r.from -= r.from % 64
      r.address = heap.allocate(r.to - r.from + 64, { label: `copies for kernel ${ir.name}` })
      if (r.overwritten) continue
      heap.view(Uint8Array, r.address, r.to - r.from).set(new Uint8Array(r.buffer, r.from, r.to - r.from))
    }
  } catch (e) {
    free()
    throw e
  }
  arrays.forEach((a, i) => {
    if (addresses[i] !== undefined) return
    const r = regions.find(x => x.buffer === a.buffer)!
    addresses[i] = r.address + a.byteOffset - r.from
  })
  return {
    addresses,
    release(succeeded) {
      let gone: Region | undefined
      for (const r of regions) {
        if (!succeeded && r.overwritten) continue
        // Only what belongs to an array that was written: between the arrays of one buffer other calls may be at work.
        for (const { from, to } of r.written) {
          if ((r.buffer as ArrayBuffer).detached || r.buffer.byteLength < to) gone = r
          else
            new Uint8Array(r.buffer, from, to - from).set(heap.view(Uint8Array, r.address + from - r.from, to - from))
        }
      }
      free()
      if (gone) {
        const found = (gone.buffer as ArrayBuffer).detached ? 'detached' : `cut to ${gone.buffer.byteLength} bytes`
        throw new ArgumentError(
          `kernel ${ir.name}`,
          'an array',
          'as it was until the call ends',
          found,
          'Wait for the call, or use arrays of the heap.',
        )
      }
    },
  }
}
