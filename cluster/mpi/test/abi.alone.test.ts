/** The ABI of MPI-5: programs of the suite under a library that has it. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { needs } from '@skein/testing'
import { makeAbiLibrary } from './abi-library.ts'
import { runRanks } from './native-launch.ts'

const skip = needs('openmpi') || needs('gcc') || (process.platform !== 'linux' && 'it is made of the Open MPI of Linux')
const folder = mkdtempSync(join(tmpdir(), 'skein-abi-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** What they use of the library is in no array. */
const programs = ['modes', 'probes', 'started', 'reductions', 'communicators', 'errors']

describe('the ABI of MPI-5', { skip }, () => {
  const file = skip ? '' : makeAbiLibrary(folder)
  test('it is known by its name', async () => {
    const { code, stdout, stderr } = await runRanks('openmpi', 2, 'version.ts', [], { SKEIN_MPI_LIBRARY: file })
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^mpi Open MPI.* single$/m)
  })
  for (const program of programs) {
    test(program, async () => {
      const { code, stdout, stderr } = await runRanks('openmpi', 2, `${program}.ts`, [], { SKEIN_MPI_LIBRARY: file })
      assert.equal(code, 0, `${stdout}${stderr}`)
      assert.match(stdout, new RegExp(`^ok ${program}$`, 'm'))
    })
  }
})
