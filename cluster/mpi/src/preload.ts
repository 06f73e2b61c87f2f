/** Loads the room's modules before the program asks for them, and faster. Nothing is opened: that is left to the program's own import. */

import { createRequire } from 'node:module'
import { knowImports } from '@skein/base/known-imports'

/**
 * Loads what ranks of an engine need.
 *
 * @param flag the module that was given to `--import` for this
 */
export function preload(engine: 'threads' | 'native', flag?: string): void {
  const forget = knowImports([import.meta.url], flag)
  try {
    // Without waiting: see world.ts.
    const load = createRequire(import.meta.url)
    load(engine === 'threads' ? './threads/engine.ts' : './native/engine.ts')
    load('./comm/communicators.ts')
    load('./comm/attributes.ts')
    load('./pool/pool.ts')
    load('./pool/worker.ts')
  } finally {
    forget()
  }
}
