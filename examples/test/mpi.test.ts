/** The examples of message passing, on ranks that are threads and on those of Open MPI. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { needs } from '@skein/testing'

const command = fileURLToPath(new URL('../../skein/src/bin.mjs', import.meta.url))

function mpirun(
  engine: string,
  ranks: number,
  file: string,
  ...args: string[]
): Promise<{ code: number | null; printed: string }> {
  const program = fileURLToPath(new URL(`../mpi/${file}`, import.meta.url))
  const env = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' }
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [command, 'mpirun', '--engine', engine, '-n', String(ranks), program, ...args],
      { stdio: ['ignore', 'pipe', 'pipe'], env },
    )
    let printed = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => (printed += text))
    child.on('error', reject)
    child.on('close', code => resolve({ code, printed }))
  })
}

const programs: readonly [file: string, args: readonly string[], says: RegExp][] = [
  ['ring.ts', ['7'], /^7 rounds of 4 ranks: 42$/m],
  ['cpi.ts', ['100000'], /^π is about 3\.14159265\d+, off by .* on 4 ranks$/m],
  ['mandelbrot.ts', ['60'], /^60 × 48 on 4 ranks: \d+ points inside, 0 differences$/m],
  ['heat.ts', ['37', '20'], /^20 steps of 37 × 37 on 2 × 2 ranks .*, 0 differences$/m],
  ['sort.ts', ['1001'], /^4004 numbers on 4 ranks: sorted$/m],
]

for (const [file, args, says] of programs) {
  for (const engine of ['threads', 'openmpi']) {
    test(`${file} on ${engine}`, { skip: engine === 'openmpi' && needs('openmpi') }, async () => {
      const { code, printed } = await mpirun(engine, 4, file, ...args)
      assert.equal(code, 0, printed)
      assert.match(printed, says)
    })
  }
}
