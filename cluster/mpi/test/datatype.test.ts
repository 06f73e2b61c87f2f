import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ArgumentError } from '@skein/base'
import fc from 'fast-check'
import * as basic from '../src/datatype/basic.ts'
import { Datatype } from '../src/datatype/datatype.ts'
import { kinds } from '../src/datatype/kinds.ts'
import { randomTypes } from './random-types.ts'
import { seedOf } from './seed.ts'
import { boundsOf, kindsOf, packNaively, typeMapOf } from './type-map.ts'

const { basics, float64, int8, int32, typeOf } = basic

const runsOf = (type: Datatype): number[][] => [...type.offsets].map((offset, r) => [offset, type.lengths[r]])

// The standard's type1 = {(double, 0), (char, 8)}, of extent 16.
const doubleChar = Datatype.struct([1, 1], [0, 8], [float64, int8])

describe("the standard's examples", () => {
  const table: [string, Datatype, { lb: number; extent: number; size: number; runs: number[][] }][] = [
    ['5.1', doubleChar, { lb: 0, extent: 16, size: 9, runs: [[0, 9]] }],
    [
      '5.2 contiguous',
      doubleChar.contiguous(3),
      {
        lb: 0,
        extent: 48,
        size: 27,
        runs: [
          [0, 9],
          [16, 9],
          [32, 9],
        ],
      },
    ],
    [
      '5.3 vector',
      doubleChar.vector(2, 3, 4),
      {
        lb: 0,
        extent: 112,
        size: 54,
        runs: [
          [0, 9],
          [16, 9],
          [32, 9],
          [64, 9],
          [80, 9],
          [96, 9],
        ],
      },
    ],
    [
      '5.4 vector of negative stride',
      doubleChar.vector(3, 1, -2),
      {
        lb: -64,
        extent: 80,
        size: 27,
        runs: [
          [0, 9],
          [-32, 9],
          [-64, 9],
        ],
      },
    ],
    [
      '5.5 indexed',
      doubleChar.indexed([3, 1], [4, 0]),
      {
        lb: 0,
        extent: 112,
        size: 36,
        runs: [
          [64, 9],
          [80, 9],
          [96, 9],
          [0, 9],
        ],
      },
    ],
    [
      '5.7 struct',
      Datatype.struct([2, 1, 3], [0, 16, 26], [basic.float32, doubleChar, int8]),
      {
        lb: 0,
        extent: 32,
        size: 20,
        runs: [
          [0, 8],
          [16, 9],
          [26, 3],
        ],
      },
    ],
    ['5.9 resized', int32.resized(-3, 9), { lb: -3, extent: 9, size: 4, runs: [[0, 4]] }],
    [
      '5.9 two of it',
      int32.resized(-3, 9).contiguous(2),
      {
        lb: -3,
        extent: 18,
        size: 8,
        runs: [
          [0, 4],
          [9, 4],
        ],
      },
    ],
    [
      'a struct with bounds that a part of it has: they alone count',
      Datatype.struct([1, 1], [0, 8], [int32.resized(0, 2), float64]),
      {
        lb: 0,
        extent: 2,
        size: 12,
        runs: [
          [0, 4],
          [8, 8],
        ],
      },
    ],
    [
      // 5.17: the elements of a row of chars' matrix with integers; here 2 x 3 of a 4 x 5 one
      'subarray in C order',
      int32.subarray([4, 5], [2, 3], [1, 2]),
      {
        lb: 0,
        extent: 80,
        size: 24,
        runs: [
          [28, 12],
          [48, 12],
        ],
      },
    ],
    [
      'subarray in Fortran order',
      int32.subarray([4, 5], [2, 3], [1, 2], 'F'),
      {
        lb: 0,
        extent: 80,
        size: 24,
        runs: [
          [36, 8],
          [52, 8],
          [68, 8],
        ],
      },
    ],
    [
      // 5.1.4: an array of 10 over 2 processes, cyclic(2): the second has 2, 3, 6, 7
      'darray',
      int8.darray({ size: 2, rank: 1, gsizes: [10], distribs: ['cyclic'], dargs: [2], psizes: [2] }),
      {
        lb: 0,
        extent: 10,
        size: 4,
        runs: [
          [2, 2],
          [6, 2],
        ],
      },
    ],
    ['nothing', float64.contiguous(0), { lb: 0, extent: 0, size: 0, runs: [] }],
    ['nothing, with bounds', float64.contiguous(0).resized(8, 24), { lb: 8, extent: 24, size: 0, runs: [] }],
    ['a pair', basic.doubleInt, { lb: 0, extent: 16, size: 12, runs: [[0, 12]] }],
    [
      'a pair with a gap',
      basic.shortInt,
      {
        lb: 0,
        extent: 8,
        size: 6,
        runs: [
          [0, 2],
          [4, 4],
        ],
      },
    ],
  ]
  for (const [name, type, expected] of table)
    test(name, () => {
      const { lb, extent, size } = type
      assert.deepEqual({ lb, extent, size, runs: runsOf(type) }, expected)
    })

  test('5.13: the transpose of a matrix, sent as columns', () => {
    const row = float64.vector(100, 1, 100)
    const transpose = row.hvector(100, 1, 8)
    assert.equal(transpose.size, 80_000)
    assert.deepEqual([...transpose.offsets.slice(0, 2), ...transpose.offsets.slice(99, 102)], [0, 800, 79_200, 8, 808])
    assert.equal(transpose.trueExtent, 80_000)
    assert.equal(transpose.isContiguous, false)
  })
})

test('darray covers an array once, whatever the distribution', () => {
  const gsizes = [6, 5]
  for (const distribs of [
    ['block', 'cyclic'],
    ['cyclic', 'none'],
    ['none', 'block'],
  ] as const)
    for (const order of ['C', 'F'] as const) {
      const psizes = distribs.map(d => (d === 'none' ? 1 : 2))
      const size = psizes[0] * psizes[1]
      const seen = new Uint8Array(30)
      for (let rank = 0; rank < size; rank++) {
        const dargs = [undefined, undefined]
        const part = int8.darray({ size, rank, gsizes, distribs, dargs, psizes, order })
        for (const [offset, length] of runsOf(part)) for (let i = 0; i < length; i++) seen[offset + i]++
      }
      assert.deepEqual(seen, new Uint8Array(30).fill(1))
    }
})

test('random types have the bounds, runs and kinds of their type maps', t => {
  fc.assert(
    fc.property(randomTypes(3), type => {
      const map = typeMapOf(type)
      const { lb, extent, trueLb, trueExtent } = type
      assert.deepEqual({ lb, extent, trueLb, trueExtent }, boundsOf(map))
      const all = kindsOf(type)
      assert.equal(type.basics, all.length)
      const expected: number[] = []
      for (const { is, displ } of map)
        if (is !== 'lb' && is !== 'ub') for (let b = 0; b < kinds[is].size; b++) expected.push(displ + b)
      const found = runsOf(type).flatMap(([offset, length]) => Array.from({ length }, (_, b) => offset + b))
      assert.deepEqual(found, expected)
      for (let r = 1; r < type.offsets.length; r++)
        assert.notEqual(type.offsets[r], type.offsets[r - 1] + type.lengths[r - 1], 'touching runs are joined')
      assert.equal(type.size, expected.length)
      assert.equal(
        type.isContiguous,
        type.lb === 0 && type.extent === type.size && expected.every((byte, i) => byte === i),
      )
    }),
    { ...seedOf(t), numRuns: 1500 },
  )
})

test('the type of a view is found by its class, or by what it derives from', () => {
  const table: [ArrayBufferView, Datatype][] = [
    [new Float64Array(1), float64],
    [new Float32Array(1), basic.float32],
    [new BigInt64Array(1), basic.int64],
    [new BigUint64Array(1), basic.uint64],
    [new Uint8ClampedArray(1), basic.uint8],
    [new DataView(new ArrayBuffer(1)), basic.byte],
    [Buffer.alloc(1), basic.uint8],
    [new (class extends Int16Array {})(1), basic.int16],
  ]
  for (const [view, type] of table) assert.equal(typeOf(view), type)
  assert.throws(() => typeOf([] as any), ArgumentError)
  if (globalThis.Float16Array) assert.equal(typeOf(new Float16Array(1)), basic.float16)
})

test('arguments that are none are refused by name', () => {
  const freed = float64.contiguous(2)
  freed.free()
  const darray = { size: 2, rank: 0, gsizes: [4], distribs: ['block'], dargs: [undefined], psizes: [2] } as const
  const table: [() => unknown, RegExp][] = [
    [() => float64.contiguous(-1), /Datatype.contiguous: count must be a whole number from 0 on, but it is -1/],
    [() => float64.vector(2, 1.5, 1), /vector: blockLength .* 1.5/],
    [() => float64.hvector(2, 1, Number.NaN), /hvector: stride .* NaN/],
    [() => float64.indexed([1, 2], [0]), /indexed: displs must be as many numbers as there are blocks \(2\)/],
    [() => float64.hindexed([1, -2], [0, 0]), /hindexed: blockLengths\[1\] .* -2/],
    [() => float64.indexedBlock(1, 'no' as any), /indexedBlock: displs must be a list/],
    [() => Datatype.struct([1], [0], []), /struct: types must be as many datatypes/],
    [() => Datatype.struct([1], [0], [8 as any]), /struct: types\[0\] must be a datatype, but it is 8/],
    [() => float64.subarray([4, 4], [2, 2], [0, 3]), /subarray: starts\[1\] must be at most .* 2, but it is 3/],
    [() => float64.subarray([4], [5], [0]), /subarray: subsizes\[0\] must be at most sizes\[0\], 4, but it is 5/],
    [() => float64.subarray([], [], []), /subarray: sizes must be of one dimension/],
    [() => float64.subarray([4], [2], [0], 'R' as any), /order must be one of 'C', 'F'/],
    [() => float64.darray({ ...darray, rank: 2 }), /darray: rank must be less than size, 2/],
    [() => float64.darray({ ...darray, psizes: [3] }), /psizes must be numbers whose product is size, 2/],
    [() => float64.darray({ ...darray, dargs: [1] }), /dargs\[0\] must be at least 2/],
    [() => float64.darray({ ...darray, distribs: ['none'] }), /psizes\[0\] must be 1/],
    [() => float64.resized(0, 1e300), /resized: extent/],
    [() => freed.vector(1, 1, 1), /vector: the type must be one that was not freed/],
    [() => freed.free(), /free: the type must be one that was not freed/],
    [() => basics.int8.free(), /free: the type must be a derived one, but it is 'int8'/],
  ]
  for (const [call, message] of table)
    assert.throws(
      call,
      (error: Error) => error instanceof ArgumentError && (assert.match(error.message, message), true),
    )
})

test('a type of more pieces than memory could hold is refused; blocks that touch are one', () => {
  assert.throws(() => float64.vector(1e9, 1, 2), ArgumentError)
  assert.throws(() => float64.vector(2 ** 26 + 1, 1, 2), /count must be 67108864 at most/)
  const one = float64.vector(1e9, 1, 1)
  assert.deepEqual([one.size, one.extent, one.isContiguous, runsOf(one)], [8e9, 8e9, true, [[0, 8e9]]])
  assert.deepEqual(runsOf(float64.vector(3, 2, 2)), [[0, 48]])
  assert.deepEqual(runsOf(float64.hvector(2, 1, 8)), [[0, 16]])
})

test('a type says how it was made', () => {
  assert.equal(String(float64.vector(3, 2, 4).resized(0, 8)), 'resized(0, 8) of vector(3, 2, 4) of float64')
  assert.equal(String(doubleChar.contiguous(2)), 'contiguous(2) of struct of 2 types')
})

test('packNaively packs what the runs say', () => {
  const memory = Uint8Array.from({ length: 64 }, (_, i) => i)
  assert.deepEqual([...packNaively(memory, 0, 2, basics.shortInt)], [0, 1, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15])
})
