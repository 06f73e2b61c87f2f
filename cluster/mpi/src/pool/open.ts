/** How ranks become a pool: one of them its client, all others its workers. */

import { ArgumentError } from '@skein/base'
import { Intracomm } from '../comm/communicators.ts'
import { errorsThrow } from '../comm/error-handlers.ts'
import { world } from '../world.ts'
import { Arrived, type Functions, loadPortable, namesOf, Shipping } from './functions.ts'
import { isCrowded } from './inbox.ts'
import { Alone, Messages } from './links.ts'
import type { Reply } from './orders.ts'
import { Pool } from './pool.ts'
import { serve, Worker } from './worker.ts'

export interface PoolOptions {
  /** Its ranks. Default: `world`. */
  readonly comm?: Intracomm
  /** The client. Default: 0. */
  readonly root?: number
  /** Functions of the program, by name. Each rank gives its own: they may use whatever is around them there. */
  readonly functions?: Functions
  /** What each worker calls before its first task. */
  readonly initializer?: () => unknown
}

/**
 * All ranks of the communicator call it. On the client it gives the pool; on the others it serves, and gives undefined when the client has shut the pool down. A single rank is its own worker.
 *
 *     await using p = await pool()
 *     if (p) for await (const y of p.map(x => x * x, [1, 2, 3])) console.log(y)
 *
 * @throws ArgumentError, on every rank alike where ranks do not give the same root and functions
 */
export function pool(options: PoolOptions = {}): Promise<Pool | undefined> {
  // What takes all ranks happens before it returns, in the order of the program.
  try {
    return open(options)
  } catch (error) {
    return Promise.reject(error)
  }
}

function open({ comm = world, root = 0, functions = {}, initializer }: PoolOptions): Promise<Pool | undefined> {
  if (!(comm instanceof Intracomm)) throw new ArgumentError('pool', 'comm', 'an intracommunicator', comm)
  if (!Number.isInteger(root) || root < 0 || root >= comm.size)
    throw new ArgumentError('pool', 'root', `a rank from 0 to ${comm.size - 1}`, root)
  if (initializer !== undefined && typeof initializer !== 'function')
    throw new ArgumentError('pool', 'initializer', 'a function', initializer)
  const names = namesOf(functions)
  const own = comm.split(0)
  own.name = `a pool on ${comm.name}`
  own.errorHandler = errorsThrow
  checkSame(own, root, names)
  const crowded = isCrowded(own)
  const workers = own.size === 1 ? own : own.split(own.rank === root ? (undefined as never) : 0)
  return loadPortable().then(async portable => {
    if (own.rank !== root) {
      await serve(own, workers, root, new Arrived(functions, portable), initializer, crowded)
      workers.free()
      own.free()
      return undefined
    }
    const shipping = new Shipping(functions, portable)
    if (own.size > 1) return new Pool(comm.name, new Messages(own, root, crowded), shipping)
    const cancelled = new Set<number>()
    const listen = (): number | undefined => {
      const [first] = cancelled
      cancelled.delete(first)
      return first
    }
    const replies: Reply[] = []
    const place = { rank: 0, worker: 0, workers: 1, comm: own }
    const worker = new Worker(new Arrived(functions, portable), place, listen)
    void worker.prepare(initializer).then(reply => replies.push(reply))
    return new Pool(comm.name, new Alone(worker, own, replies, cancelled), shipping)
  })
}

/** Tasks are told by number, so every rank must count alike. */
function checkSame(own: Intracomm, root: number, names: readonly string[]): void {
  const said = own.allgather({ root, names }) as { root: number; names: string[] }[]
  const other = said.findIndex(each => each.root !== said[0].root)
  if (other > 0)
    throw new ArgumentError(
      'pool',
      'root',
      'the same on every rank',
      said.map(each => each.root),
    )
  const differs = said.findIndex(each => each.names.join() !== said[0].names.join())
  if (differs < 0) return
  const told = `${said[0].names.join(', ') || 'none'} on rank 0, and ${said[differs].names.join(', ') || 'none'} on rank ${differs}`
  throw new ArgumentError('pool', 'functions', 'the same names on every rank', told)
}
