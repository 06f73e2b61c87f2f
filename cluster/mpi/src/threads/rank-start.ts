/**
 * What a thread does before it is a rank: sets its streams up, then becomes the program as if Node had been started with it.
 * What is imported here is loaded once for each rank before anything of the user's runs, so there is next to nothing but what its program will ask for.
 */

import { createReadStream, fstatSync, readlinkSync } from 'node:fs'
import { runMain } from 'node:module'
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads'
import { packInUse } from '@skein/base/pack'
import { endWithCare } from '@skein/team/loading'
import { preload } from '../preload.ts'
import { type OutputForm, type Printer, printDirectly } from './rank-output.ts'

/** Where `world.ts` finds what this thread is. */
const rankStart = Symbol.for('skein.mpi.rank')

/** What the launcher tells. */
export interface RankSettings extends Printer {
  readonly file: string
  readonly form: OutputForm
  readonly readsStdin: boolean
  /** First the lock of the output; then a word for each rank: 1 when it is to wait for its cores, its thread's number while it does. */
  readonly board: Int32Array<SharedArrayBuffer>
  /** The environment names a folder for compiled code only for the start of the ranks. */
  readonly ownCache: boolean
  /** The launcher's: see `rank-entry.ts`. */
  readonly pack: string | undefined
}

const settings = getEnvironmentData('skein.mpi.launch') as unknown as RankSettings
const { file, form, readsStdin, board, ownCache, id } = settings
// Threads inherit the environment's data. This is meant for this one, and not for those that the program starts.
;(globalThis as { [rankStart]?: unknown })[rankStart] = getEnvironmentData('skein.mpi')
for (const key of ['skein.mpi', 'skein.mpi.launch']) setEnvironmentData(key, undefined as unknown as string)
if (ownCache) delete process.env.NODE_COMPILE_CACHE
endWithCare()

printDirectly(settings, form, board.subarray(0, 1))
if (readsStdin) readDirectly()

const mine = 1 + id
if (board[mine] === 1) {
  // The launcher ties this thread to its cores, before it makes memory and threads of its own.
  Atomics.store(board, mine, Number(readlinkSync('/proc/thread-self').split('/').at(-1)))
  Atomics.notify(board, mine)
  for (let seen = 0; (seen = Atomics.load(board, mine)) !== 0; ) Atomics.wait(board, mine, seen)
}

if (packInUse() === undefined) preload('threads')
process.argv[1] = file
runMain(file)

/** Standard input is the process's own, opened when the program asks for it: until then it may read descriptor 0 by itself. */
function readDirectly(): void {
  const given = Object.getOwnPropertyDescriptor(process, 'stdin')!
  let stream: unknown
  const open = (): unknown => {
    const kind = fstatSync(0)
    if (kind.isFile()) return createReadStream('', { fd: 0, autoClose: false })
    const tty = process.getBuiltinModule('node:tty')
    if (tty.isatty(0)) return new tty.ReadStream(0)
    if (kind.isFIFO() || kind.isSocket()) {
      const net = process.getBuiltinModule('node:net')
      return new net.Socket({ fd: 0, readable: true, writable: false })
    }
    // Nothing comes from /dev/null.
    return given.get!.call(process)
  }
  Object.defineProperty(process, 'stdin', { ...given, get: () => (stream ??= open()) })
}
