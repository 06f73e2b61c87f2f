/** Many small buffers, some of which lose their memory meanwhile: the addresses that the engine remembers must stay right. On two ranks. */

import assert from 'node:assert/strict'
import { int32 } from '../../src/datatype/basic.ts'
import { openNativeEngine } from '../../src/native/engine.ts'
import { sum } from '../../src/op.ts'
import { newStatus } from './native-parts.ts'

const engine = openNativeEngine()
const { world } = engine
const { rank } = world
const status = newStatus()
const peer = 1 - rank

// The same sequence on both ranks.
let state = 1
const random = (below: number) => (state = (state * 1103515245 + 12345) & 0x7fffffff) % below

let views = Array.from({ length: 12 }, (_, i) => new Int32Array(1 + i))
for (let turn = 0; turn < 2000; turn++) {
  const which = random(views.length - 1)
  // Often the same, so that it is remembered; at times its memory goes to another array.
  for (let again = random(6); again >= 0; again--) {
    const view = views[which].fill(turn + rank)
    const part = { view, count: view.length, type: int32 }
    if (rank === 0) world.send('standard', part, peer, 0)
    const into = views[(which + 1) % views.length]
    if (rank === 1) {
      world.recv({ view: into, count: into.length, type: int32 }, peer, 0, status)
      assert.deepEqual([into[0], status.count], [turn, view.length])
    }
    if (into.length < view.length) continue
    world.run({ is: 'allreduce', send: part, recv: { ...part, view: into }, op: sum })
    assert.equal(into[view.length - 1], 2 * turn + 1)
  }
  if (turn % 50 === 0) views = views.map(view => (random(2) === 0 ? new Int32Array(view.buffer.transfer()) : view))
}
if (rank === 0) console.log('ok buffers')
engine.finalize()
