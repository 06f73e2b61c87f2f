/** Point to point, between two ranks. */

import assert from 'node:assert/strict'
import { anySource, anyTag, procNull } from '../../src/constants.ts'
import { byte, int32 } from '../../src/datatype/basic.ts'
import type { SendMode } from '../../src/engine.ts'
import { openNativeEngine } from '../../src/native/engine.ts'
import { doubles, ints, newStatus, valuesOf } from './native-parts.ts'

const engine = openNativeEngine()
const { world } = engine
const { rank } = world
const status = newStatus()
const modes: readonly SendMode[] = ['standard', 'synchronous', 'buffered', 'ready']

/** Rank 1 is told that rank 0 has come this far. */
const together = () => world.run({ is: 'barrier' })

const exchange: { [name: string]: readonly [zero: () => void, one: () => void] } = {
  'every mode': [
    () => {
      for (const mode of modes) {
        together()
        world.send(mode, ints(1, 2, 3), 1, 5)
        together()
        const request = world.isend(mode, ints(4, 5), 1, 6)
        request.wait(status)
      }
    },
    () => {
      for (const _ of modes) {
        const first = world.irecv(ints(0, 0, 0), 0, 5)
        together()
        first.wait(status)
        assert.deepEqual({ ...status }, { source: 0, tag: 5, bytes: 12, isCancelled: false, count: 3 })
        const into = ints(0, 0, 0)
        const second = world.irecv(into, 0, 6)
        together()
        second.wait(status)
        assert.deepEqual([status.count, valuesOf(into)], [2, [4, 5, 0]])
      }
    },
  ],
  'any source, any tag': [
    () => world.send('standard', doubles(1.5), 1, 77),
    () => {
      const into = doubles(0)
      world.recv(into, anySource, anyTag, status)
      assert.deepEqual([status.source, status.tag, status.bytes, valuesOf(into)], [0, 77, 8, [1.5]])
    },
  ],
  'to and from nobody': [
    () => {
      world.send('standard', ints(1), procNull, 0)
      const into = ints(9)
      world.recv(into, procNull, 3, status)
      assert.deepEqual([status.source, status.tag, status.count, valuesOf(into)], [procNull, anyTag, 0, [9]])
    },
    () => {},
  ],
  sendrecv: [
    () => {
      const into = ints(0)
      world.sendrecv(ints(10), 1, 1, into, 1, 2, status)
      assert.deepEqual([valuesOf(into), status.tag], [[11], 2])
    },
    () => {
      const into = ints(0)
      world.sendrecv(ints(11), 0, 2, into, 0, 1, status)
      assert.deepEqual([valuesOf(into), status.tag], [[10], 1])
    },
  ],
  'a test is false until it is true': [
    () => {
      together()
      world.send('standard', ints(1), 1, 0)
    },
    () => {
      const request = world.irecv(ints(0), 0, 0)
      assert.equal(request.test(status), false)
      together()
      while (!request.test(status));
      assert.equal(status.count, 1)
      assert.equal(request.test(status), true)
    },
  ],
  'a receive is cancelled': [
    () => {},
    () => {
      const request = world.irecv(ints(0), 0, 1234)
      request.cancel()
      request.wait(status)
      assert.equal(status.isCancelled, true)
    },
  ],
  'persistent requests': [
    () => {
      for (const mode of ['standard', 'synchronous', 'buffered'] as const) {
        const part = ints(0)
        const request = world.sendInit(mode, part, 1, 1)
        for (let turn = 0; turn < 3; turn++) {
          part.view instanceof Int32Array && part.view.fill(turn)
          request.start()
          request.wait(status)
        }
        request.free()
      }
    },
    () => {
      for (let mode = 0; mode < 3; mode++) {
        const part = ints(0)
        const request = world.recvInit(part, 0, 1)
        for (let turn = 0; turn < 3; turn++) {
          request.start()
          request.wait(status)
          assert.deepEqual([valuesOf(part), status.count], [[turn], 1])
        }
        request.free()
      }
    },
  ],
  probes: [
    () => {
      for (let tag = 1; tag <= 4; tag++) world.send('standard', ints(...Array(tag).fill(tag)), 1, tag)
    },
    () => {
      world.probe(0, 1, status)
      assert.deepEqual([status.tag, status.bytes], [1, 4])
      world.recv(ints(0), 0, 1, status)
      while (!world.iprobe(anySource, 2, status));
      assert.equal(status.bytes, 8)
      world.recv(ints(0, 0), 0, 2, status)
      const third = world.mprobe(0, 3, status)
      assert.equal(world.iprobe(0, 3, status), false)
      const into = ints(0, 0, 0)
      third.recv(into, status)
      assert.deepEqual([valuesOf(into), status.count], [[3, 3, 3], 3])
      let fourth = world.improbe(0, 4, status)
      while (!fourth) fourth = world.improbe(0, 4, status)
      const last = ints(0, 0, 0, 0)
      fourth.irecv(last).wait(status)
      assert.deepEqual(valuesOf(last), [4, 4, 4, 4])
      assert.equal(world.improbe(0, anyTag, status), undefined)
    },
  ],
  'derived datatypes': [
    () => world.send('standard', { view: Int32Array.from({ length: 9 }, (_, i) => i), count: 1, type: column }, 1, 0),
    () => {
      const into = ints(0, 0, 0)
      world.recv(into, 0, 0, status)
      assert.deepEqual(valuesOf(into), [0, 3, 6])
    },
  ],
  'a buffered send of a type with gaps': [
    () => {
      const view = Int32Array.from({ length: 9 }, (_, i) => i)
      world.send('buffered', { view, count: 1, type: column }, 1, 0)
      view.fill(-1)
      together()
    },
    () => {
      together()
      const into = { view: new Int32Array(9).fill(8), count: 1, type: column }
      world.recv(into, 0, 0, status)
      assert.deepEqual(valuesOf(into), [0, 8, 8, 3, 8, 8, 6, 8, 8])
      assert.equal(status.count, 1)
    },
  ],
  'the count of what is no whole number of elements': [
    () => world.send('standard', { view: new Uint8Array(6), count: 6, type: byte }, 1, 0),
    () => {
      world.recv(ints(0, 0), 0, 0, status)
      assert.deepEqual([status.bytes, status.count], [6, undefined])
    },
  ],
  'views with an offset, and memory shared between threads': [
    () =>
      world.send(
        'standard',
        { view: new Int32Array(new SharedArrayBuffer(16), 4, 2).fill(6), count: 2, type: int32 },
        1,
        0,
      ),
    () => {
      const all = new Int32Array(4)
      world.recv({ view: all.subarray(1, 3), count: 2, type: int32 }, 0, 0, status)
      assert.deepEqual([...all], [0, 6, 6, 0])
      const view = new DataView(new ArrayBuffer(8))
      const request = world.irecv({ view, count: 0, type: int32 }, procNull, 0)
      request.wait(status)
    },
  ],
  'many requests, and no buffer is collected under them': [
    () => {
      together()
      for (let i = 0; i < 200; i++) world.send('standard', doubles(...Array(4096).fill(i)), 1, i)
    },
    () => {
      const requests = Array.from({ length: 200 }, (_, tag) => world.irecv(doubles(...Array(4096).fill(0)), 0, tag))
      globalThis.gc?.()
      together()
      for (const request of requests) request.wait(status)
      assert.equal(status.count, 4096)
    },
  ],
  'a freed request goes on': [
    () => {
      world.isend('standard', doubles(...Array(1 << 16).fill(2)), 1, 0).free()
      together()
    },
    () => {
      together()
      const into = doubles(...Array(1 << 16).fill(0))
      world.recv(into, 0, 0, status)
      assert.equal(valuesOf(into).at(-1), 2)
    },
  ],
}

const column = int32.vector(3, 1, 3)

for (const [name, [zero, one]] of Object.entries(exchange)) {
  if (rank === 0) zero()
  else one()
  together()
  if (rank === 1) console.log(`ok ${name}`)
}
engine.finalize()
