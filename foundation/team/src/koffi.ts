/**
 * The C library, by way of koffi: an optional package, and 5 ms and a megabyte for each thread that loads it, so nobody does before it needs something.
 */

import { createRequire } from 'node:module'
import { withoutTermination } from './loading.ts'

export type Koffi = typeof import('koffi')

let koffi: Koffi | undefined

/**
 * Of a thread's usual stack, for koffi calls on one of its own: with more than one thread OpenBLAS puts two megabytes on it at once, all of which koffi would have. Pages that are not touched take no memory. It can be
 * said before the first library is loaded only.
 */
export const stackBytes = 8 << 20

/** @throws what `require` throws where the package is not there */
export const loadKoffi = (): Koffi => {
  koffi ??= withoutTermination(() => {
    const loaded = createRequire(import.meta.url)('koffi') as Koffi
    try {
      loaded.config({ sync_stack_size: stackBytes, async_stack_size: stackBytes })
    } catch {
      // The program itself has loaded a library by it. Who needs the room looks (`koffi.config()`).
    }
    // Only this makes the memory by which it calls; without it a call of a decoded function is a fault (koffi 3.3.4).
    loaded.load(null)
    return loaded
  })
  return koffi
}
