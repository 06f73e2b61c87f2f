/** The engine contract on Open MPI and on MPICH, each rank a process of its launcher. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needs } from '@skein/testing'
import { libraries, runRanks } from './native-launch.ts'

const programs: readonly [program: string, ranks: readonly number[], only?: string][] = [
  ['native-messages.ts', [2]],
  ['native-collectives.ts', [1, 2, 4]],
  ['native-communicators.ts', [4]],
  ['native-buffers.ts', [2]],
  ['native-errors.ts', [2]],
  // Open MPI has them from version 5 on.
  ['native-partitioned.ts', [2], 'mpich'],
]

for (const library of libraries) {
  for (const [program, sizes, only] of programs) {
    if (only !== undefined && only !== library) continue
    for (const ranks of sizes) {
      test(`${program} on ${library}, ${ranks} ranks`, { skip: needs(library) }, async () => {
        const { code, stdout, stderr } = await runRanks(library, ranks, program)
        assert.equal(code, 0, `${stdout}${stderr}`)
        assert.match(stdout, /^ok /m)
      })
    }
  }
}
