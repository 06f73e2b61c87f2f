import { ArgumentError } from '@skein/base'
import type { Clock } from '@skein/world'
import type { Store } from './store.ts'
import { MemoryStore } from './stores/memory.ts'

export interface OpenOptions {
  /** Measures leases of `memory:`. Default: the machine's. */
  clock?: Clock
}

/**
 * The store at a URL: `memory:`, or `file:` and the path of a file that is made if it is not there. Rejects with StoreFileError, NotSupportedError; throws ArgumentError.
 */
export const open = async (url: string, options: OpenOptions = {}): Promise<Store> => {
  if (url === 'memory:') return new MemoryStore(options.clock)
  if (typeof url === 'string' && url.startsWith('file:') && url.length > 5) {
    const { SqliteStore } = await import('./stores/sqlite/store.ts')
    return new SqliteStore(url.slice(5))
  }
  throw new ArgumentError('open', 'url', 'memory: or file:path', url)
}
