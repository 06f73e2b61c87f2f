/**
 * The C library, by way of koffi: an optional package, and 5 ms and a megabyte for each thread that loads it, so nobody does before it needs something.
 */

import { createRequire } from 'node:module'
import { withoutTermination } from './loading.ts'

export type Koffi = typeof import('koffi')

let koffi: Koffi | undefined

/** @throws what `require` throws where the package is not there */
export const loadKoffi = (): Koffi => {
  koffi ??= withoutTermination(() => {
    const loaded = createRequire(import.meta.url)('koffi') as Koffi
    // Only this makes the memory by which it calls; without it a call of a decoded function is a fault (koffi 3.3.4).
    loaded.load(null)
    return loaded
  })
  return koffi
}
