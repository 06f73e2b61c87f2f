/** Loads the room's modules before the program asks for them, and faster. Nothing is opened: that is left to the program's own import. */

import { createRequire } from 'node:module'
import { knowImports } from '@skein/base/known-imports'

/** Source, or what was built of it. */
const ending = import.meta.url.slice(import.meta.url.lastIndexOf('.'))

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
    const modules = [`${engine}/engine`, 'comm/communicators', 'comm/attributes', 'pool/pool', 'pool/worker']
    for (const module of modules) load(`./${module}${ending}`)
  } finally {
    forget()
  }
}
