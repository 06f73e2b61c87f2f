/**
 * Rank 0 throws, or has the launcher end the process, while rank 1 is as if it loaded what it gives way with: it must not be ended before it
 * has. As a main program it is the launcher.
 */

import { writeSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { withoutTermination } from '@skein/team/loading'

const how = process.argv[2]

if (isMainThread) {
  const { launch } = await import('@skein/mpi/launch')
  process.once('SIGUSR2', () => process.exit(3))
  const { outcome } = await launch({ programs: [{ ranks: 2, file: import.meta.filename, args: [how], env: {} }] })
  if (outcome.is === 'failed') console.log(`rank ${outcome.rank}: ${outcome.thrown?.error}`)
} else {
  const { world } = await import('@skein/mpi')
  if (world.rank === 1) {
    withoutTermination(() => {
      world.send('loading', 0)
      // Long enough to be ended in the middle, if anything ended it.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
      writeSync(1, 'has loaded\n')
    })
    world.recv(0)
  }
  world.recv(1)
  if (how === 'throw') throw new RangeError('out of luck')
  process.kill(process.pid, 'SIGUSR2')
  world.recv(1)
}
