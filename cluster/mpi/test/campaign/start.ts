/** Starts a program on threads: `start.ts FILE RANKS ARGUMENTS…`. */

import { launch } from '@skein/mpi/launch'

const [file, ranks, ...args] = process.argv.slice(2)
const { outcome } = await launch({ programs: [{ ranks: Number(ranks), file, args, env: {} }] })
if (outcome.is !== 'done') {
  console.error(outcome)
  process.exit(1)
}
