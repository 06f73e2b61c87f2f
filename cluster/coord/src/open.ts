import { ArgumentError } from '@skein/base'
import type { Chance, Clock } from '@skein/world'
import { Coordinator } from './coordinator.ts'
import { MemoryStore } from './stores/memory.ts'

export interface OpenOptions {
  /** Of `memory:`: measures leases, and what is waited for. Default: the machine's. */
  clock?: Clock
  /** Of `memory:`: for delays that must not be the same for all. Default: the machine's. */
  chance?: Chance
}

/**
 * The store at a URL, with what is built on it: `memory:`, or `file:` and the path of a file that is made if it is not there. Rejects with StoreFileError, NotSupportedError; throws ArgumentError.
 */
export const open = async (url: string, options: OpenOptions = {}): Promise<Coordinator> => {
  if (url === 'memory:') return new Coordinator(new MemoryStore(options.clock, options.chance))
  if (typeof url === 'string' && url.startsWith('file:') && url.length > 5) {
    const { SqliteStore } = await import('./stores/sqlite/store.ts')
    return new Coordinator(new SqliteStore(url.slice(5)))
  }
  throw new ArgumentError('open', 'url', 'memory: or file:path', url)
}
