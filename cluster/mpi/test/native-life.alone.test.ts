/** How ranks of a library's launcher end: with it, and not later. */

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import { needs } from '@skein/testing'
import { launcherOf, MpiLibraryError, openLibrary } from '../src/native/library.ts'
import { libraries, runRanks, startRanks } from './native-launch.ts'

const notLinux = process.platform !== 'linux' && 'only Linux ends a process with its parent'

for (const library of libraries) {
  test(`a killed launcher of ${library} leaves no rank behind`, { skip: needs(library) || notLinux }, async () => {
    const launcher = startRanks(library, 2, 'native-endless.ts')
    let text = ''
    for await (const chunk of launcher.stdout) {
      text += chunk
      if (text.split('\n').length > 2) break
    }
    const ranks = [...text.matchAll(/^pid (\d+)$/gm)].map(match => match[1])
    assert.equal(ranks.length, 2, text)
    launcher.kill('SIGKILL')
    while (ranks.some(pid => existsSync(`/proc/${pid}`))) await after(5)
  })

  test(`abort ends all ranks of ${library}, with its code`, { skip: needs(library) }, async () => {
    const { code, stderr } = await runRanks(library, 2, 'native-abort.ts')
    assert.equal(code, 7)
    assert.match(stderr, /^rank 1 of 2 called abort with code 7; the others are ended$/m)
  })
}

for (const library of libraries) {
  test(`a rank of ${library} that throws ends the others, with its code`, { skip: needs(library) }, async () => {
    const { code, stderr } = await runRanks(library, 2, 'native-abort.ts', ['throw'])
    assert.equal(code, 1)
    assert.match(stderr, /^rank 1 of 2 threw; the others are ended:\nRangeError: out of luck/m)
  })

  test(`a rank of ${library} that exits with a code ends the others, and its code is told`, {
    skip: needs(library),
  }, async () => {
    for (const [how, expected] of [
      ['exit', 6],
      ['exitCode', 4],
    ] as const) {
      const { code, stderr } = await runRanks(library, 4, 'native-ends.ts', [how])
      assert.equal(code, expected)
      assert.match(stderr, new RegExp(`^rank 1 of 4 ended with exit code ${expected}; the others are ended$`, 'm'))
    }
  })

  test(`what a rank of ${library} throws is told with its cause, once`, { skip: needs(library) }, async () => {
    for (const how of ['throw', 'reject']) {
      const { code, stderr } = await runRanks(library, 4, 'native-ends.ts', [how])
      assert.equal(code, 1)
      assert.equal(stderr.match(/RangeError: out of luck\n +at /g)?.length, 1, stderr)
      if (how === 'throw') assert.match(stderr, /\[cause\]: 'seven'/)
    }
  })

  test(`ranks of ${library} that end without finalize end well`, { skip: needs(library) }, async () => {
    const { code, stderr } = await runRanks(library, 2, 'native-abort.ts', ['end'])
    assert.equal(code, 0, stderr)
  })
}

test('the launcher is known by its environment', () => {
  assert.equal(launcherOf({ OMPI_COMM_WORLD_RANK: '0', PMIX_RANK: '0' }), 'openmpi')
  assert.equal(launcherOf({ PMI_RANK: '1', PMI_SIZE: '2' }), 'mpich')
  assert.equal(launcherOf({ PMIX_RANK: '1' }), 'mpi')
  assert.equal(launcherOf({ PATH: '/usr/bin' }), undefined)
})

test('a library that is not there, or is none, is refused', () => {
  const nowhere = { SKEIN_MPI_LIBRARY: '/nowhere/libmpi.so' }
  assert.throws(
    () => openLibrary('openmpi', nowhere),
    /SKEIN_MPI_LIBRARY: the file must be a library that can be loaded/,
  )
  assert.throws(() => openLibrary('mpich', { SKEIN_MPI_LIBRARY: 'libc.so.6' }), MpiLibraryError)
})
