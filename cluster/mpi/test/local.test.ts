/** Packing by hand and combining two buffers, as users call them. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ArgumentError } from '@skein/base'
import {
  Datatype,
  float64,
  int32,
  MpiError,
  max,
  maxloc,
  Op,
  pack,
  packSize,
  reduceLocal,
  sum,
  unpack,
} from '@skein/mpi'

test('what was packed is unpacked, and positions go on', () => {
  const column = float64.vector(3, 1, 2)
  const matrix = Float64Array.of(1, 2, 3, 4, 5, 6)
  const out = new DataView(new ArrayBuffer(40), 4)
  assert.equal(packSize({ buffer: matrix, count: 1, type: column }), 24)
  let position = pack(Int32Array.of(7), out)
  position = pack({ buffer: matrix, offset: 1, count: 1, type: column }, out, position)
  assert.equal(position, 28)
  const [seven, back] = [new Int32Array(1), new Float64Array(6)]
  position = unpack(out, 0, seven)
  assert.equal(unpack(out, position, { buffer: back, count: 1, type: column }), 28)
  assert.deepEqual([...seven, ...back], [7, 2, 0, 4, 0, 6, 0])
})

test('what has no room is refused', () => {
  const out = new Uint8Array(8)
  assert.throws(() => pack(new Float64Array(2), out), ArgumentError)
  assert.throws(() => pack(new Float64Array(1), out, 1), /a whole number from 0 to 0/)
  assert.throws(() => pack(new Float64Array(1), out, Number.NaN), ArgumentError)
  assert.throws(() => unpack(out, 0, new Float64Array(2)), ArgumentError)
  assert.throws(() => pack([1] as never, out), MpiError)
  assert.throws(() => pack(new Float64Array(1), structuredClone(out, { transfer: [out.buffer] }) && out), /transferred/)
})

test('two buffers are combined, the first of the lower ranks', () => {
  const inout = Float64Array.of(1, 5)
  reduceLocal(Float64Array.of(3, 4), inout, sum)
  assert.deepEqual([...inout], [4, 9])
  reduceLocal(Float64Array.of(5, 5), inout, max)
  assert.deepEqual([...inout], [5, 9])
  const minus = Op.create<number>((a, b) => a - b)
  reduceLocal(Float64Array.of(1, 1), inout, minus)
  assert.deepEqual([...inout], [-4, -8])
})

test('buffers that do not go together, and ops that are not defined, are refused', () => {
  const x = new Float64Array(2)
  assert.throws(() => reduceLocal(x, new Float64Array(3), sum), /MPI_ERR_TYPE|3 of float64/)
  assert.throws(() => reduceLocal(x, new Int32Array(2), sum), MpiError)
  assert.throws(() => reduceLocal(x, x, sum), /other memory/)
  assert.throws(() => reduceLocal(x, new Float64Array(2), maxloc), /one that is defined for float64/)
  assert.throws(() => reduceLocal(x, new Float64Array(2), 'sum' as never), ArgumentError)
  const type = Datatype.struct([1], [0], [int32])
  assert.throws(() => reduceLocal({ buffer: x, type }, { buffer: new Float64Array(2), type }, sum), /createForArrays/)
  const freed = Op.create((a: number) => a)
  freed.free()
  assert.throws(() => reduceLocal(x, new Float64Array(2), freed), /freed/)
})
