// Ports that are given out on a machine: each to one at a time, by a key with a lease. Whoever does not ask here is noticed by listening for a moment; between that and listening for good somebody else may come, as ever with ports.
import { ArgumentError, nodeModule } from '@skein/base'
import type { RegistryBackend } from './backend.ts'
import { NoPortError } from './errors.ts'
import { checkPort } from './service.ts'

/** The first and the last. */
export type PortRange = readonly [low: number, high: number]

/** Below those that systems give out by themselves (Linux from 32,768, others from 49,152 on). */
export const defaultPorts: PortRange = [10_000, 32_767]

export interface PortSearch {
  readonly machine: string
  readonly range: PortRange
  readonly owner: string
  readonly lease: string
  /** Whether nobody listens there. */
  readonly isFree: (port: number) => boolean | Promise<boolean>
}

/** Rejects with NoPortError. */
export const findPort = async (backend: RegistryBackend, search: PortSearch): Promise<number> => {
  const { machine, owner, lease, isFree } = search
  const [low, high] = search.range
  const count = high - low + 1
  const first = backend.chance.integer(0, count)
  let claimed = new Set<number>()
  for (let i = 0; i < count; i++) {
    const port = low + ((first + i) % count)
    if (claimed.has(port) || !(await isFree(port))) continue
    if (await backend.claimPort({ machine, port, owner }, lease)) return port
    // Others have some: which ones is asked once, and after that only what was taken meanwhile is tried in vain.
    if (claimed.size === 0) claimed = new Set(await backend.claimedPorts(machine))
  }
  throw new NoPortError(machine, low, high)
}

/** Throws ArgumentError. */
export const checkPorts = (call: string, range: unknown): PortRange => {
  if (!Array.isArray(range) || range.length !== 2)
    throw new ArgumentError(call, 'ports', 'the first and the last port, [low, high]', range)
  const [low, high] = range.map((port, i) => checkPort(call, `ports[${i}]`, port))
  if (low > high) throw new ArgumentError(call, 'ports', 'the first and the last port, in order', range)
  return [low, high]
}

/** Whether a process of this machine could listen at the port now, on all of its addresses. */
export const isPortFree = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const server = nodeModule<typeof import('node:net')>('node:net')!.createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, exclusive: true }, () => server.close(() => resolve(true)))
  })
