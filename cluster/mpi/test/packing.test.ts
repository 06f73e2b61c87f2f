import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ArgumentError } from '@skein/base'
import fc from 'fast-check'
import { byte, doubleInt, float32, float64, int32, packed, uint8 } from '../src/datatype/basic.ts'
import { Datatype } from '../src/datatype/datatype.ts'
import { kinds } from '../src/datatype/kinds.ts'
import { countIn, elementsIn, gather, pack, packSize, scatterInto, spanOf, unpack } from '../src/datatype/packing.ts'
import { receivable } from '../src/datatype/signature.ts'
import { randomTypes } from './random-types.ts'
import { seedOf } from './seed.ts'
import { kindsOf, packNaively, typeMapOf } from './type-map.ts'

const doubleIntStruct = Datatype.struct([1, 1], [0, 8], [float64, int32])

/** Memory with all that elements reach over in its middle; the view begins where the first element lies. */
const around = (count: number, type: Datatype, misalign: number) => {
  const { from, to } = spanOf(count, type)
  const origin = Math.max(8, Math.ceil((8 - from) / 8) * 8) + misalign
  const memory = new Uint8Array(origin + Math.max(to, 0) + 8)
  return { memory, origin, view: new DataView(memory.buffer, origin) }
}

const random = (bytes: Uint8Array): Uint8Array => bytes.map((_, i) => (Math.imul(i + 1, 0x9e3779b1) >>> 24) | 1)

test('what is gathered is what the type map says, and what is scattered goes back there and nowhere else', t => {
  fc.assert(
    fc.property(randomTypes(3), fc.nat(4), fc.nat(3), (type, count, misalign) => {
      const { memory, origin, view } = around(count, type, misalign)
      memory.set(random(memory))
      const bytes = gather(view, count, type)
      assert.deepEqual(bytes, packNaively(memory, origin, count, type))
      const there = around(count, type, misalign)
      scatterInto(bytes, there.view, type)
      const reached = new Uint8Array(memory.length)
      for (let e = 0; e < count; e++)
        for (const { is, displ } of typeMapOf(type))
          if (is !== 'lb' && is !== 'ub') {
            const at = origin + e * type.extent + displ
            reached.fill(1, at, at + kinds[is].size)
          }
      assert.deepEqual(
        there.memory,
        memory.map((value, i) => value * reached[i]),
      )
    }),
    { ...seedOf(t), numRuns: 1500 },
  )
})

test('a message that ends early fills what it has', t => {
  fc.assert(
    fc.property(randomTypes(2), fc.nat(3), fc.nat(100), (type, count, cut) => {
      const { memory, view } = around(count, type, 0)
      memory.set(random(memory))
      const bytes = gather(view, count, type)
      const n = Math.min(cut, bytes.length)
      const there = around(count, type, 0)
      scatterInto(bytes.subarray(0, n), there.view, type)
      const expected = around(count, type, 0)
      // Later elements may lie over earlier ones, so the oracle writes in order as well.
      const map = typeMapOf(type)
      let position = 0
      for (let e = 0; e < count; e++)
        for (const { is, displ } of map)
          if (is !== 'lb' && is !== 'ub')
            for (let b = 0; b < kinds[is].size && position < n; b++)
              expected.memory[expected.origin + e * type.extent + displ + b] = bytes[position++]
      assert.deepEqual(there.memory, expected.memory)
    }),
    { ...seedOf(t), numRuns: 500 },
  )
})

test('long runs, and bits of a NaN that is none of JavaScript, come through', () => {
  const rows = float64.subarray([8, 600], [4, 500], [2, 50])
  const matrix = new Float64Array(4800).map((_, i) => i)
  new BigUint64Array(matrix.buffer)[2 * 600 + 50] = 0x7ff4_0000_dead_beefn
  const bytes = gather(matrix, 1, rows)
  const back = new Float64Array(4800)
  scatterInto(bytes, back, rows)
  for (let r = 2; r < 6; r++)
    assert.deepEqual(
      new BigUint64Array(back.buffer, (r * 600 + 50) * 8, 500),
      new BigUint64Array(matrix.buffer, (r * 600 + 50) * 8, 500),
    )
  assert.equal(back[0], 0)
  const column = float64.vector(8, 1, 600)
  const shared = new Float64Array(new SharedArrayBuffer(8 * 4800))
  shared.set(matrix)
  assert.deepEqual(new Float64Array(gather(shared, 1, column).buffer)[1], 600)
})

describe('pack and unpack', () => {
  test('go on from a position', () => {
    const out = new Uint8Array(64)
    let position = pack(new Float64Array([1, 2, 3, 4]), 1, float64.vector(2, 1, 2), out, 3)
    assert.equal(position, 3 + 16)
    position = pack(new Int32Array([7, 8]), 2, int32, out, position)
    assert.equal(position, 3 + 16 + 8)
    const x = new Float64Array(2)
    const n = new Int32Array(2)
    assert.equal(unpack(out, unpack(out, 3, x, 2, float64), n, 2, int32), position)
    assert.deepEqual([...x, ...n], [1, 3, 7, 8])
    assert.equal(packSize(3, doubleInt), 36)
  })

  test('refuse a position that leaves no room', () => {
    const out = new Uint8Array(20)
    assert.throws(
      () => pack(new Float64Array(2), 2, float64, out, 5),
      (error: Error) =>
        error instanceof ArgumentError &&
        /pack: position must be a whole number from 0 to 4, but it is 5. 2 of float64 are 16 bytes, and the buffer has 20/.test(
          error.message,
        ),
    )
    assert.throws(() => unpack(out, 0, new Float64Array(3), 3, float64), /in a buffer of 24 bytes at least/)
    assert.throws(() => pack(new Float64Array(1), 1, float64, out, -1), ArgumentError)
  })
})

test('counts of elements and of basic elements in so many bytes', () => {
  const type = Datatype.struct([1, 3], [0, 8], [float64, int32])
  const table: [number, Datatype, number | undefined, number | undefined][] = [
    [40, type, 2, 8],
    [20, type, 1, 4],
    [28, type, undefined, 5],
    [32, type, undefined, 6],
    [30, type, undefined, undefined],
    [0, type, 0, 0],
    [0, float64.contiguous(0), 0, 0],
    [8, float64.contiguous(0), undefined, undefined],
    [24, float64.contiguous(3), 1, 3],
    [16, float64.contiguous(3), undefined, 2],
    [12, doubleInt, 1, 2],
    [7, uint8, 7, 7],
  ]
  for (const [bytes, of, count, elements] of table)
    assert.deepEqual([countIn(bytes, of), elementsIn(bytes, of)], [count, elements], `${bytes} bytes of ${of}`)
})

describe('which types may be received as which', () => {
  const may = (sent: Datatype, count: number, received: Datatype) =>
    receivable(sent.signature, sent.size * count, received.layout.root)

  test('a table', () => {
    const table: [Datatype, number, Datatype, boolean][] = [
      [float64, 4, float64.vector(2, 2, 3), true],
      [float64, 4, float32, false],
      [float64, 0, float32, true],
      [int32, 4, float32, false],
      [byte, 16, float64, true],
      [float64, 2, byte, true],
      [float64, 2, packed, true],
      [doubleInt, 3, doubleIntStruct.contiguous(3), true],
      [doubleIntStruct, 2, Datatype.struct([1, 1, 1, 1], [0, 8, 16, 24], [float64, int32, float64, int32]), true],
      [doubleIntStruct, 2, Datatype.struct([1, 1, 2], [0, 8, 16], [float64, int32, float64]), false],
      // A message may end before the element does.
      [doubleIntStruct, 1, Datatype.struct([1, 1, 2], [0, 8, 16], [float64, int32, float64]), true],
      [float64, 1, doubleIntStruct, true],
      [float64, 2, doubleIntStruct, false],
      [int32, 1, doubleIntStruct, false],
    ]
    for (const [sent, count, received, expected] of table)
      assert.equal(may(sent, count, received), expected, `${count} of ${sent} as ${received}`)
  })

  const few = fc.constantFrom(float64, int32, uint8)

  test('as the sequences of kinds say', t => {
    fc.assert(
      fc.property(randomTypes(2, 1, few), fc.nat(3), randomTypes(2, 1, few), (sent, count, received) => {
        const all = Array.from({ length: count }, () => kindsOf(sent)).flat()
        if (received.basics === 0 && all.length > 0) return
        const one = kindsOf(received)
        const expected = all.every((kind, i) => kind === one[i % one.length])
        assert.equal(may(sent, count, received), expected)
      }),
      { ...seedOf(t), numRuns: 3000 },
    )
  })

  test('sequences that repeat another are as that one', t => {
    const word = fc.array(fc.constantFrom(float64, int32), { minLength: 1, maxLength: 4 })
    const struct = (types: Datatype[]) =>
      Datatype.struct(
        types.map(() => 1),
        types.map((_, i) => 8 * i),
        types,
      )
    fc.assert(
      fc.property(word, fc.integer({ min: 1, max: 4 }), (types, times) => {
        const repeated = struct(Array.from({ length: times }, () => types).flat())
        assert.equal(repeated.signature, struct(types).signature)
        assert.equal(repeated.signature, struct(types).contiguous(3).signature)
      }),
      { ...seedOf(t), numRuns: 500 },
    )
  })
})
