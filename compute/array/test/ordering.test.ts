/** What is in order: sorting, searching, sets, top-k. Against plain JavaScript, for any arrays; and what is refused. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import * as nd from '../src/index.ts'

const compare = (a: number | bigint, b: number | bigint): number =>
  Number.isNaN(a as number)
    ? Number.isNaN(b as number)
      ? 0
      : 1
    : Number.isNaN(b as number)
      ? -1
      : a < b
        ? -1
        : a > b
          ? 1
          : 0
const down = (a: number, b: number): number => (Number.isNaN(a) || Number.isNaN(b) ? compare(a, b) : compare(b, a))

/** Lists that have equal elements, NaN and zeros of both signs, as long as each way of sorting takes. */
const lists = fc
  .tuple(fc.constantFrom(0, 1, 2, 5, 39, 41, 200, 5000), fc.constantFrom(3, 50, 1e9), fc.nat())
  .map(([length, range, seed]) => {
    let state = seed | 1
    return Array.from({ length }, () => {
      state = (Math.imul(state, 1103515245) + 12345) | 0
      const x = (state >> 3) % 97
      return x === 5 ? NaN : x === 6 ? -0 : x === 7 ? 0 : x === 8 ? -Infinity : (state % range) / 7
    })
  })

const flat = (x: nd.NDArray): any[] => [x.toList()].flat(Number.POSITIVE_INFINITY)
const plain = (x: unknown[]) => x.map(v => (Object.is(v, -0) ? 0 : v))

describe('sorting', () => {
  for (const dtype of ['float64', 'float32', 'int32', 'int8', 'uint8', 'uint16', 'int64', 'uint64'] as const) {
    test(`of ${dtype} puts in order, and argsort keeps equal elements as they stand`, () => {
      fc.assert(
        fc.property(lists, fc.boolean(), (list, descending) => {
          const x = nd.astype(nd.asarray(list), dtype)
          const items = flat(x)
          const order = items
            .map((_, k) => k)
            .sort((i, j) => (descending ? down : compare)(items[i], items[j]) || i - j)
          assert.deepEqual(flat(nd.argsort(x, { descending })), order)
          assert.deepEqual(plain(flat(nd.sort(x, { descending }))), plain(order.map(k => items[k])))
        }),
        { numRuns: 30 },
      )
    })
  }
  test('floats of 64 bits that differ in their last digits only', () => {
    const items = Array.from({ length: 3000 }, (_, k) => 1 + ((k * 7919) % 3000) * 2 ** -52)
    const sorted = [...items].sort((a, b) => a - b)
    assert.deepEqual(nd.sort(nd.asarray(items)).toList(), sorted)
    assert.deepEqual(nd.takeAlongAxis(nd.asarray(items), nd.argsort(nd.asarray(items))).toList(), sorted)
  })
  test('leaves the array as it is, and takes views and expressions', () => {
    const x = nd.asarray([3, 1, 2])
    assert.deepEqual(x.sort().toList(), [1, 2, 3])
    assert.deepEqual(x.toList(), [3, 1, 2])
    assert.deepEqual(x.at('::-1').sort({ descending: true }).toList(), [3, 2, 1])
    assert.deepEqual(nd.sort(nd.multiply(x, -1)).toList(), [-3, -2, -1])
    assert.deepEqual(
      nd
        .sort(
          nd.asarray([
            [3, 1],
            [2, 0],
          ]),
          { axis: null },
        )
        .toList(),
      [0, 1, 2, 3],
    )
  })
  test('NaN is last in both directions, -0 before 0', () => {
    const x = nd.asarray([NaN, 1, -0, 0, -0, NaN, -Infinity])
    assert.deepEqual(nd.sort(x).toList(), [-Infinity, -0, -0, 0, 1, NaN, NaN])
    assert.deepEqual(nd.sort(x, { descending: true }).toList(), [1, 0, -0, -0, -Infinity, NaN, NaN])
    assert.deepEqual(nd.argsort(x).toList(), [6, 2, 3, 4, 1, 0, 5])
  })
  test('of nothing, and along axes without elements', () => {
    assert.deepEqual(nd.sort(nd.zeros([0])).shape, [0])
    assert.deepEqual(nd.argsort(nd.zeros([3, 0])).shape, [3, 0])
    assert.deepEqual(nd.sort(nd.zeros([0, 3]), { axis: 0 }).shape, [0, 3])
    assert.deepEqual(nd.sort(nd.asarray(5)).toList(), [5])
  })
})

test('the few largest of many, with equal ones, NaN and zeros of both signs, are the first of what is sorted', () => {
  const values = [3, -0, 0, NaN, 7.5, -Infinity, 7.5, 2]
  for (const dtype of ['float64', 'float32', 'int32'] as const) {
    const list = Array.from({ length: 900 }, (_, k) => values[(k * k + 3 * k) % values.length] + (k % 7))
    const x = nd.asarray(dtype === 'int32' ? list.map(v => (Number.isFinite(v) ? Math.trunc(v) : 1)) : list, { dtype })
    const rows = nd.stack([x, nd.flip(x)])
    for (const largest of [true, false])
      for (const k of [1, 2, 17, 56]) {
        const { indices } = nd.topK(rows, k, { largest })
        const all = nd.argsort(rows, { descending: largest })
        assert.deepEqual(indices.toList(), all.at(`:, :${k}`).toList(), `${dtype} ${largest} ${k}`)
      }
  }
  // Long enough that it is looked where the largest are first.
  const long = nd.random.integers([3, 40_001], { high: 5000, seed: 3 }).astype('float64')
  long.set('1, 7', Number.NaN)
  for (const largest of [true, false]) {
    const { indices } = nd.topK(long, 2, { largest })
    assert.deepEqual(indices.toList(), nd.argsort(long, { descending: largest }).at(':, :2').toList())
  }
  const most = nd.asarray(Array.from({ length: 200 }, (_, k) => (k % 50 === 0 ? k : NaN)))
  assert.deepEqual(nd.topK(most, 6).indices.toList(), [150, 100, 50, 0, 1, 2])
})

test('top-k is the beginning of what is sorted', () => {
  fc.assert(
    fc.property(lists, fc.boolean(), fc.oneof(fc.nat(100), fc.nat(5000)), (list, largest, few) => {
      const x = nd.asarray(list)
      const k = Math.min(few, list.length)
      const { values, indices } = nd.topK(x, k, { largest })
      const order = flat(nd.argsort(x, { descending: largest })).slice(0, k)
      assert.deepEqual(flat(indices), order)
      assert.deepEqual(
        flat(values),
        order.map(i => list[i]),
      )
    }),
    { numRuns: 60 },
  )
  const { values, indices } = nd.topK(
    nd.asarray([
      [1, 5, 3],
      [9, 2, 7],
    ]),
    1,
    { axis: 0 },
  )
  assert.deepEqual([values.toList(), indices.toList()], [[[9, 5, 7]], [[1, 0, 1]]])
})

for (const dtype of ['float16', 'float32', 'float64', 'int32', 'int64'] as const) {
  const skip = dtype === 'float16' && (globalThis as { Float16Array?: unknown }).Float16Array === undefined
  test(`a few quantiles of ${dtype} are those of many, which are read from what is sorted`, { skip }, () => {
    const many = Array.from({ length: 50 }, () => 0.5)
    fc.assert(
      fc.property(lists, fc.double({ min: 0, max: 1, noNaN: true }), (list, q) => {
        fc.pre(list.length > 0)
        const x = nd.astype(nd.asarray(list), dtype)
        for (const f of [nd.quantile, nd.nanquantile]) {
          const [few, all] = [f(x, [q, 0.5]), f(x, [q, ...many])]
          assert.deepEqual(plain(flat(few)), plain(flat(all).slice(0, 2)))
        }
      }),
      { numRuns: 40 },
    )
  })
}

test('searchsorted keeps an array in order', () => {
  fc.assert(
    fc.property(lists, lists, fc.constantFrom('left', 'right'), (list, wanted, side) => {
      const sorted = [...list].sort(compare)
      const before = (x: number, v: number) => (side === 'left' ? compare(x, v) < 0 : compare(x, v) <= 0)
      const few = wanted.slice(0, 50)
      const expected = few.map(v => sorted.filter(x => before(x, v)).length)
      assert.deepEqual(flat(nd.searchsorted(nd.asarray(sorted), nd.asarray(few), { side: side as 'left' })), expected)
    }),
    { numRuns: 40 },
  )
})

test('what unique finds makes the array again', () => {
  fc.assert(
    fc.property(lists, list => {
      const x = nd.asarray(list)
      const { values, indices, inverseIndices, counts } = nd.uniqueAll(x)
      assert.deepEqual(plain(flat(nd.take(values, inverseIndices))), plain(list))
      assert.deepEqual(flat(nd.take(x, indices)), flat(values))
      assert.equal(
        flat(counts).reduce((a, b) => a + b, 0),
        list.length,
      )
      assert.deepEqual(plain(flat(nd.uniqueValues(x))), plain(flat(values)))
      const different = new Set(list.filter(v => !Number.isNaN(v)))
      assert.equal(values.size, different.size + list.filter(Number.isNaN).length)
    }),
    { numRuns: 40 },
  )
})

test('isin of whole numbers, near each other or not, is membership', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -300, max: 300 })),
      fc.array(fc.integer({ min: -40, max: 40 })),
      fc.boolean(),
      (a, b, isFar) => {
        const among = isFar ? [...b, 2 ** 30] : b
        const [x, y] = [nd.asarray(a, { dtype: 'int32' }), nd.asarray(among, { dtype: 'int32' })]
        assert.deepEqual(
          flat(nd.isin(x, y)),
          a.map(v => among.includes(v)),
        )
      },
    ),
  )
})

test('isin is membership', () => {
  assert.deepEqual(nd.isin([1, 2, NaN, -0], [0, 2, NaN]).toList(), [false, true, false, true])
  assert.deepEqual(nd.isin([[1, 2]], []).toList(), [[false, false]])
  const x = nd.asarray([
    { re: 1, im: 2 },
    { re: NaN, im: 0 },
    { re: 0, im: -0 },
  ])
  assert.deepEqual(
    nd
      .isin(
        x,
        nd.asarray([
          { re: 1, im: 2 },
          { re: NaN, im: 0 },
          { re: 0, im: 0 },
        ]),
      )
      .toList(),
    [true, false, true],
  )
})

describe('what is refused', () => {
  const complex = nd.asarray([{ re: 1, im: 2 }])
  const bad: [string, () => unknown, string, RegExp][] = [
    [
      'an axis that is not there',
      () => nd.sort(nd.zeros([2, 3]), { axis: 2 }),
      'ShapeError',
      /sort: axis 2 is not among.*\[2, 3\]/,
    ],
    [
      'more than there are',
      () => nd.topK(nd.zeros([3]), 4),
      'ArgumentError',
      /topK: k must be a whole number from 0 to 3/,
    ],
    ['the largest complex numbers', () => nd.topK(complex, 1), 'DTypeError', /topK: takes real numbers.*complex128/],
    [
      'searching in two axes',
      () => nd.searchsorted(nd.zeros([2, 3]), 1),
      'ShapeError',
      /searchsorted: x1 has one axis, not the shape \[2, 3\]/,
    ],
    ['searching complex numbers', () => nd.searchsorted(complex, 1), 'DTypeError', /searchsorted: takes real numbers/],
    [
      'a third side',
      () => nd.searchsorted(nd.zeros([2]), 1, { side: 'middle' as 'left' }),
      'ArgumentError',
      /'left' or 'right'/,
    ],
    ['nonzero of a number', () => nd.nonzero(1), 'ShapeError', /nonzero: takes arrays with an axis/],
    [
      'places beyond the axis',
      () => nd.takeAlongAxis(nd.zeros([2, 3]), [[3]], { axis: 1 }),
      'ShapeError',
      /takeAlongAxis: index 3 is out of range on axis 1 of the shape \[2, 3\]/,
    ],
    [
      'places with other axes',
      () => nd.takeAlongAxis(nd.zeros([2, 3]), [0]),
      'ShapeError',
      /\[1\] have not as many axes as the shape \[2, 3\]/,
    ],
    [
      'fractions as places',
      () => nd.takeAlongAxis(nd.zeros([2]), nd.asarray([0.5])),
      'DTypeError',
      /integers as indices, not float64/,
    ],
  ]
  for (const [what, call, name, message] of bad) test(what, () => assert.throws(call, { name, message }))
  test('a place out of range leaves the array as it was', () => {
    const x = nd.zeros([3])
    assert.throws(() => nd.putAlongAxis(x, [0, 3], 1), { name: 'ShapeError' })
    assert.deepEqual(x.toList(), [0, 0, 0])
  })
})

test('putAlongAxis writes through views, and leaves what was computed from the old elements', () => {
  const x = nd.arange(6).reshape([2, 3])
  const late = nd.add(x, 0)
  nd.putAlongAxis(x.at(':, ::-1'), [[0], [1]], [[-1], [-2]])
  assert.deepEqual(x.toList(), [
    [0, 1, -1],
    [3, -2, 5],
  ])
  assert.deepEqual(late.toList(), [
    [0, 1, 2],
    [3, 4, 5],
  ])
})
