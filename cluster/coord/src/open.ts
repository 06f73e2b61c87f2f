import { ArgumentError } from '@skein/base'
import type { Clock } from '@skein/world'
import type { Store } from './store.ts'
import { MemoryStore } from './stores/memory.ts'

export interface OpenOptions {
  /** Measures leases. Default: the machine's. */
  clock?: Clock
}

/** The store at a URL: `memory:`. Throws ArgumentError. */
export const open = async (url: string, options: OpenOptions = {}): Promise<Store> => {
  if (url === 'memory:') return new MemoryStore(options.clock)
  throw new ArgumentError('open', 'url', 'memory:', url)
}
