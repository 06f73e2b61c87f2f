/** A rank that is lost while others wait for it in a window ends them; ranks on threads that wait for each other there are told so. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { needs } from '@skein/testing'
import { mpiProgram } from '../../../scripts/components.mjs'
import { launcherEnvironment, libraries } from './native-launch.ts'

const programs = join(import.meta.dirname, 'programs')
const program = join(programs, 'window-lost.ts')

/** @param loss how a rank is lost, and in which call the others are */
async function run(loss: string, command: string, args: readonly string[]) {
  const env = { ...launcherEnvironment, SKEIN_TEST_LOSS: loss }
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 50_000 })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (printed += chunk))
  const [code, signal] = await once(child, 'close')
  return { code, signal, printed }
}

const threads = (loss: string) => run(loss, process.execPath, [join(programs, 'start.ts'), program, '3'])

for (const where of ['lock', 'fence', 'start']) {
  test(`a rank on threads that throws while others wait in ${where} ends them`, async () => {
    const { code, printed } = await threads(`throw ${where}`)
    assert.equal(code, 1)
    assert.match(printed, /RangeError.*: out of luck/)
  })
}

test('ranks on threads that wait for a lock are told who holds it', async () => {
  const { printed } = await threads('stand lock')
  assert.match(printed, /DeadlockError/)
  for (const rank of [0, 1])
    assert.match(printed, new RegExp(`rank ${rank} waits in lock of rank 0 of world window, which rank 2 holds \\(`))
  assert.match(printed, /rank 2 waits in recv from rank 0/)
})

test('ranks on threads that wait for locks of all are told who is in the way', async () => {
  const { printed } = await threads('stand lockAll')
  assert.match(printed, /rank 0 waits in lockAll of world window, while rank 2 has exclusive locks/)
})

test('ranks on threads that wait in a fence are told for whom', async () => {
  const { printed } = await threads('stand fence')
  assert.match(printed, /rank 0 waits in fence of world window for rank 2 \(.*window-lost\.ts:\d+/)
})

for (const library of libraries) {
  for (const loss of ['throw lock', 'kill fence']) {
    test(`a rank of ${library} that is lost ends the others: ${loss}`, { skip: needs(library) }, async () => {
      const { code, signal } = await run(loss, mpiProgram(library, 'mpirun')!, ['-n', '3', process.execPath, program])
      assert.equal(signal, null, 'it ended by itself')
      assert.notEqual(code, 0)
    })
  }
}
