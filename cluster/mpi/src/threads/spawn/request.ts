/**
 * What a rank asks the launcher for when it spawns, and how: text in the heap, and a line of the block that says where it lies. One rank has the
 * line at a time.
 */

import { heap } from '@skein/heap'
import { launching, type Parent } from '../world-block.ts'

// Of the line.
/** 1: a rank asks; nobody else may. */
export const isAsked = launching
/** The launcher sleeps on it. */
export const asked = launching + 1
/** 0: none yet; else one more than the first of the new ranks' numbers; below 0: the text says why not. */
export const answer = launching + 2
export const askedBy = launching + 3
/** Floats: where the text lies. */
const textAddress = (launching + 4) >> 1
const textLength = (launching + 6) >> 1

export interface SpawnRequest {
  readonly programs: readonly { readonly file: string; readonly args: readonly string[]; readonly ranks: number }[]
  /** Of the rank that asks. */
  readonly env: NodeJS.ProcessEnv
  /** The new ranks' world has the context three communicators further. */
  readonly parent: Parent
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Whoever reads it frees it. */
export function writeText(text: string, f: Float64Array): void {
  const bytes = encoder.encode(text)
  const address = heap.allocate(bytes.length, { label: 'mpi' })
  heap.view(Uint8Array, address, bytes.length).set(bytes)
  f[textAddress] = address
  f[textLength] = bytes.length
}

export function takeText(f: Float64Array): string {
  const address = f[textAddress]
  const text = decoder.decode(heap.view(Uint8Array, address, f[textLength]).slice())
  heap.free(address)
  return text
}
