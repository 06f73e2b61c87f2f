/** What each peer can do, and the processes that do it. */

/** One client of a store; what it does is safe on the disk before it says so. */
export interface Client {
  /** Puts a short text under the i-th of a thousand keys of its own. */
  put(i: number): unknown
  /** Adds one to a number of its own, by its revision. */
  compareAndSet(): unknown
  /** Takes a lock of its own, which nobody else wants, and lets it go. */
  lock(): unknown
  /** Takes a lock that all want and holds it for some milliseconds. Undefined: the peer has no locks. */
  hold?(holdMs: number): Promise<Hold>
  close(): unknown
}

/** The larger the token, the later it was held; both times in milliseconds of the machine's clock. */
export interface Hold {
  token: number
  heldAtMs: number
  releasedAtMs: number
}

/** A client of its own for each process. */
export type Connect = (address: string, index: number) => Client | Promise<Client>

export const value = JSON.stringify({ id: 7, name: 'hello world', values: [1.5, 2.5, 3.5] })

/** Of a clock that all processes of the machine have in common. */
export const machineMs = (): number => Number(process.hrtime.bigint()) / 1e6

export interface Spell {
  fromMs: number
  toMs: number
  holds: Hold[]
}

/** So many of what a case is made of. */
export const work = async (client: Client, what: string, count: number): Promise<Spell> => {
  const fromMs = machineMs()
  const holds: Hold[] = []
  switch (what) {
    case 'put':
      for (let i = 0; i < count; i++) await client.put(i)
      break
    case 'put-64': {
      let next = 0
      const one = async (): Promise<void> => {
        while (next < count) await client.put(next++)
      }
      await Promise.all(Array.from({ length: 64 }, one))
      break
    }
    case 'compare-and-set':
      for (let i = 0; i < count; i++) await client.compareAndSet()
      break
    case 'lock':
      for (let i = 0; i < count; i++) await client.lock()
      break
    case 'hand-over':
      for (let i = 0; i < count; i++) holds.push(await client.hold!(2))
      break
    default:
      throw new Error(`nobody knows how to ${what}`)
  }
  return { fromMs, toMs: machineMs(), holds }
}
