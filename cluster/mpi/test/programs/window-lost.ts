/** Ranks that wait for another in a window, which is lost meanwhile. How, and in which call, the environment says. */

import { world } from '@skein/mpi'

const [how, where] = process.env.SKEIN_TEST_LOSS!.split(' ')
const win = world.allocateWindow(Int32Array, 4)
const isLost = world.rank === world.size - 1
if (isLost && where.startsWith('lock')) win.lock(0, 'exclusive')
world.barrier()
if (!isLost) {
  if (where === 'lock') win.lock(0, 'exclusive')
  else if (where === 'lockAll') win.lockAll()
  else if (where === 'fence') win.fence()
  else win.start(world.group.incl([world.size - 1]))
} else if (how === 'throw') {
  throw new RangeError('out of luck')
} else if (how === 'kill') {
  process.kill(process.pid, 'SIGKILL')
} else if (where.startsWith('lock')) {
  // It keeps its lock, and waits for those that wait for it.
  world.recv(new Int32Array(1), 0)
} else {
  win.lock(0)
  win.unlock(0)
  world.recv(new Int32Array(1), 0)
}
