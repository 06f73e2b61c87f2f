/**
 * Rank 0 throws, or has the launcher end the process, while rank 1 is as if it loaded what it gives way with: it must not be ended before it
 * has. As a main program it is the launcher.
 */

import { writeSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { heap } from '@skein/heap'
import { isClosed, layoutOf, loading } from '../../src/threads/world-block.ts'

const how = process.argv[2]

if (isMainThread) {
  const { launch } = await import('@skein/mpi/launch')
  process.once('SIGUSR2', () => process.exit(3))
  const { outcome } = await launch({ programs: [{ ranks: 2, file: import.meta.filename, args: [how], env: {} }] })
  if (outcome.is === 'failed') console.log(`rank ${outcome.rank}: ${outcome.thrown?.error}`)
} else {
  const { world } = await import('@skein/mpi')
  const layout = layoutOf((globalThis as any)[Symbol.for('skein.mpi.rank')])
  const c = heap.view(Int32Array, layout.address, layout.words)
  if (world.rank === 1) {
    Atomics.add(c, loading, 1)
    world.send('loading', 0)
    for (let seen = 0; ((seen = Atomics.load(c, loading)) & isClosed) === 0; ) Atomics.wait(c, loading, seen, 1)
    // Long enough to be ended in the middle, if anything ended it.
    Atomics.wait(c, loading, Atomics.load(c, loading), 100)
    writeSync(1, 'has loaded\n')
    Atomics.sub(c, loading, 1)
    Atomics.notify(c, loading)
    world.recv(0)
  }
  world.recv(1)
  if (how === 'throw') throw new RangeError('out of luck')
  process.kill(process.pid, 'SIGUSR2')
  world.recv(1)
}
