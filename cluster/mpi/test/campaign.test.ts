/** Some of the programs of `npm run fuzz -- mpi`: random ones on threads, and a few in C as well. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needs } from '@skein/testing'
import { judge } from './campaign/campaign.ts'
import { drawProgram } from './campaign/draw.ts'
import { runCampaign } from './campaign/main.ts'
import { seedOf } from './seed.ts'

const some = { leastRanks: 1, mostRanks: 8, oracle: 0, say: () => {} }

test('120 random programs on 1 to 8 ranks of threads receive what was sent', async t => {
  const { seed } = seedOf(t)
  const { programs, calls, fault } = await runCampaign({ ...some, programs: 120, seed })
  t.diagnostic(`${programs} programs, ${calls} calls`)
  assert.equal(fault, undefined)
})

test('random programs in C under Open MPI receive the same', { skip: needs('openmpi') }, async t => {
  const { seed } = seedOf(t)
  for (const ranks of [2, 3]) {
    const numbers = { leastRanks: ranks, mostRanks: ranks }
    const { inC, fault } = await runCampaign({ ...some, ...numbers, oracle: 1, programs: 40, seed })
    assert.equal(fault, undefined)
    assert.ok(inC > 20)
  }
})

test('the same seed draws the same program, and a byte that differs is found', async () => {
  const call = /^coll allgather now buffers .* -1 part \d+ \d+ \d+ [1-9]/
  const seed = Array.from({ length: 500 }, (_, s) => s).find(s =>
    drawProgram(s, 2)
      .texts[0].split('\n')
      .some(l => call.test(l)),
  )!
  const [one, other] = [drawProgram(seed, 2), drawProgram(seed, 2)]
  assert.deepEqual(one.texts, other.texts)
  // Another seed of a buffer that rank 0 sends from: what comes elsewhere is not what was drawn.
  const lines = one.texts[0].split('\n')
  const line = lines.findIndex(text => call.test(text))
  lines[line] = lines[line].replace(/part (\d+) (\d+)/, (_, bytes, seed) => `part ${bytes} ${Number(seed) + 1}`)
  const changed = { ...one, texts: [lines.join('\n'), one.texts[1]] }
  const [fault] = await judge([{ seed, program: changed }], 'threads')
  assert.match(fault?.story ?? '', /step \d+: .* instead of/)
})
