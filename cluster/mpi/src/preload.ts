/** Loads the room's modules before the program asks for them, and faster. Nothing is opened: that is left to the program's own import. */

import { createRequire } from 'node:module'
import { knowImports } from '@skein/base/known-imports'
import { openPack } from '@skein/base/pack'

/** Source, or what was built of it. */
const ending = import.meta.url.slice(import.meta.url.lastIndexOf('.'))

/**
 * Loads what ranks of an engine need, or has it at hand.
 *
 * @param pack the launcher's, which has just looked whether it is old
 * @param flag the module that was given to `--import` for this
 */
export function preload(engine: 'threads' | 'native', pack?: string, flag?: string): void {
  if (pack !== undefined && openPack(pack, engine, { isChecked: true, flag }) !== undefined) return
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
