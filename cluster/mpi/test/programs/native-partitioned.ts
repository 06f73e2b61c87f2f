/** Partitioned messages, on two ranks of a library of MPI-4. */

import assert from 'node:assert/strict'
import { openNativeEngine } from '../../src/native/engine.ts'
import { ints, newStatus, valuesOf } from './native-parts.ts'

const engine = openNativeEngine()
const { world } = engine
const status = newStatus()
if (world.rank === 0) {
  const request = world.psendInit(2, ints(1, 2, 3, 4), 1, 0)
  for (let turn = 0; turn < 2; turn++) {
    request.start()
    request.ready(1)
    request.ready(0)
    request.wait(status)
  }
  request.free()
} else {
  const into = ints(0, 0, 0, 0)
  const request = world.precvInit(2, into, 0, 0)
  for (let turn = 0; turn < 2; turn++) {
    into.view instanceof Int32Array && into.view.fill(0)
    request.start()
    while (!request.arrived(1));
    request.wait(status)
    assert.deepEqual(valuesOf(into), [1, 2, 3, 4])
  }
  request.free()
  console.log('ok partitions')
}
engine.finalize()
