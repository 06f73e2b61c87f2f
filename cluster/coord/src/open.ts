import { ArgumentError } from '@skein/base'
import type { Chance, Clock } from '@skein/world'
import { Coordinator } from './coordinator.ts'
import type { EtcdOptions } from './stores/etcd/options.ts'
import { MemoryStore } from './stores/memory.ts'

/** Those of etcd are in the URL, too, but for `tls` and times. */
export interface OpenOptions extends EtcdOptions {
  /** Not of `file:`: measures leases, and what is waited for. Default: the machine's. */
  clock?: Clock
  /** Not of `file:`: for delays that must not be the same for all. Default: the machine's. */
  chance?: Chance
}

/**
 * The store at a URL, with what is built on it: `memory:`; `file:` and the path of a file that is made if it is not there; or `etcd://[user:password@]host:port[,host:port…][/prefix]`, with `etcds:` over TLS.
 * Rejects with StoreFileError, NotSupportedError; of etcd with StoreUnavailableError, StoreAccessError, WrongServerError; throws ArgumentError.
 */
export const open = async (url: string, options: OpenOptions = {}): Promise<Coordinator> => {
  if (url === 'memory:') return new Coordinator(new MemoryStore(options.clock, options.chance))
  if (typeof url === 'string' && url.startsWith('file:') && url.length > 5) {
    const { SqliteStore } = await import('./stores/sqlite/store.ts')
    return new Coordinator(await SqliteStore.open({ path: url.slice(5) }))
  }
  if (typeof url === 'string' && /^etcds?:/.test(url)) {
    const { EtcdStore } = await import('./stores/etcd/store.ts')
    return new Coordinator(await EtcdStore.open(url, options))
  }
  throw new ArgumentError('open', 'url', 'memory:, file:path or etcd://host:port,…', url)
}
