/** Starts a program on threads: `start.ts FILE RANKS`. */

import { launch } from '@skein/mpi/launch'

const [file, ranks] = process.argv.slice(2)
const { outcome } = await launch({ programs: [{ ranks: Number(ranks), file, args: [], env: {} }], timeoutMs: 30_000 })
if (outcome.is !== 'done') {
  console.error(outcome.is === 'late' ? 'it does not end' : outcome)
  process.exit(1)
}
