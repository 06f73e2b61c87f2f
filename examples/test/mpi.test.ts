/** The examples of message passing, on ranks that are threads and on those of Open MPI. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

/** The same population and checksum on any number of ranks. */
function lives(grid: string): RegExp {
  const on = (population: number, checksum: string) =>
    `30 generations of 37 × 37 on ${grid} ranks: ${population} live, checksum ${checksum}, 0 differences`
  return new RegExp(`^glider: ${on(5, '01ad4958')}\nsoup: ${on(183, 'ef0b0724')}$`, 'm')
}

function multiplies(ranks: number): RegExp {
  const found = `101 × 101 on ${ranks} ranks, \\|A x\\| = 3736\\.124, 0 differences, in .* s`
  return new RegExp(`^by rows: ${found}\nby blocks: ${found}$`, 'm')
}

/** On four ranks, unless others are named. */
const programs: readonly [file: string, args: readonly string[], says: RegExp, ranks?: number][] = [
  ['ring.ts', ['7'], /^7 rounds of 4 ranks: 42$/m],
  ['cpi.ts', ['100000'], /^π is about 3\.14159265\d+, off by .* on 4 ranks$/m],
  ['mandelbrot.ts', ['60'], /^60 × 48 on 4 ranks: \d+ points inside, 0 differences$/m],
  ['heat.ts', ['37', '20'], /^20 steps of 37 × 37 on 2 × 2 ranks .*, 0 differences$/m],
  ['rma-counter.ts', ['60'], /^60 pieces on 4 ranks, \d+ steps: equal$/m],
  ['sort.ts', ['1001'], /^4004 numbers on 4 ranks: sorted$/m],
  ['life.ts', ['37', '30'], lives('1 × 1'), 1],
  ['life.ts', ['37', '30'], lives('2 × 1'), 2],
  ['life.ts', ['37', '30'], lives('2 × 2')],
  ['matrix-vector.ts', ['101'], multiplies(1), 1],
  ['matrix-vector.ts', ['101'], multiplies(2), 2],
  ['matrix-vector.ts', ['101'], multiplies(4)],
]

for (const [file, args, says, ranks = 4] of programs) {
  for (const engine of ['threads', 'openmpi']) {
    if (engine === 'openmpi' && ranks === 1) continue
    test(`${file} on ${engine}, ${ranks} ranks`, { skip: engine === 'openmpi' && needs('openmpi') }, async () => {
      const { code, printed } = await mpirun(engine, ranks, file, ...args)
      assert.equal(code, 0, printed)
      assert.match(printed, says)
    })
  }
}

test('life.ts with fewer rows than ranks fails', async () => {
  const { code, printed } = await mpirun('threads', 4, 'life.ts', '1')
  assert.equal(code, 1, printed)
  assert.match(printed, /RangeError: 4 ranks need a side of 2 at least, and it is 1/)
})

for (const engine of ['threads', 'openmpi']) {
  test(`checkpoint.ts on ${engine}: killed, and gone on with on other ranks`, {
    skip: engine === 'openmpi' && needs('openmpi'),
  }, async t => {
    const folder = mkdtempSync(join(tmpdir(), 'skein-checkpoint-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const file = join(folder, 'plate')
    const killed = await mpirun(engine, 4, 'checkpoint.ts', file, '37', '50', '25')
    assert.notEqual(killed.code, 0, killed.printed)
    assert.doesNotMatch(killed.printed, /differences/)
    const rest = await mpirun(engine, 3, 'checkpoint.ts', file, '37', '50')
    assert.equal(rest.code, 0, rest.printed)
    assert.match(rest.printed, /^steps 21 to 50 of 37 × 37 on 3 × 1 ranks: .*, 0 differences$/m)
    const another = await mpirun('threads', 2, 'checkpoint.ts', file, '38', '50')
    assert.notEqual(another.code, 0)
    assert.match(another.printed, /is of a plate of 37 × 37, not of 38/)
  })
}
