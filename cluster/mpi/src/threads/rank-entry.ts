/**
 * The first module on the thread of a rank. All others, `rank-start.ts` too, come out of the launcher's pack where there is one: what is loaded before a pack is
 * opened is another copy of what the program gets, and takes Node longer.
 */

import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { getEnvironmentData } from 'node:worker_threads'
import { openPack } from '@skein/base/pack'

const { pack } = getEnvironmentData('skein.mpi.launch') as unknown as { readonly pack: string | undefined }
const start = new URL('./rank-start.ts', import.meta.url)
// The launcher has just looked whether it is old.
const load = pack === undefined ? undefined : openPack(pack, 'threads', { isChecked: true })
// Without waiting: see world.ts.
if (load === undefined) createRequire(import.meta.url)(fileURLToPath(start))
else load(start.href)
