/** `native-ends.ts HOW`: rank 1 ends in error in one of the ways, while rank 0 waits for it. */

import { env } from 'node:process'

const how = process.argv[2]
const mine = Number(env.OMPI_COMM_WORLD_RANK ?? env.PMI_RANK)
// Before the library is there.
if (mine === 1 && how === 'early') process.exit(5)
if (mine === 1 && how === 'missing') await import('no-such-module' as string)
const { world } = await import('@skein/mpi')
if (world.rank === 1) {
  if (how === 'exit') process.exit(6)
  if (how === 'throw') throw new RangeError('out of luck', { cause: 'seven' })
  if (how === 'reject') Promise.reject(new RangeError('out of luck'))
  if (how === 'exitCode') process.exitCode = 4
} else world.recv(1)
