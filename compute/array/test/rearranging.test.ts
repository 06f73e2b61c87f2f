/** Joining, repeating, padding, accumulating, counting, asking: properties, special cases, and what is refused. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import * as nd from '../src/index.ts'

const flat = (x: nd.NDArray): any[] => [x.toList()].flat(Number.POSITIVE_INFINITY)
const launches = (work: () => void): number => {
  const before = nd.stats().launched
  work()
  return nd.stats().launched - before
}

describe('joining', () => {
  test('split takes apart what concat puts together', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { minLength: 1, maxLength: 5 }), fc.constantFrom(0, 1), (lengths, axis) => {
        const list = lengths.map((n, k) => nd.full(axis === 0 ? [n, 3] : [3, n], k))
        const joined = nd.concat(list, { axis })
        const cuts = lengths.slice(0, -1).map((_, k) => lengths.slice(0, k + 1).reduce((a, b) => a + b, 0))
        assert.deepEqual(nd.split(joined, cuts, { axis }).map(flat), list.map(flat))
      }),
    )
  })
  test('an expression is computed into its place, by one kernel', () => {
    const x = nd.linspace(0, 1, 1000)
    const tree = nd.sin(nd.multiply(x, 2))
    let joined = x
    assert.equal(
      launches(() => (joined = nd.concat([tree]) as typeof x)),
      1,
    )
    assert.ok(nd.allclose(joined, nd.sin(nd.multiply(x, 2))))
  })
  test('takes the dtype in which arrays meet', () => {
    assert.equal(nd.concat([nd.zeros([1], { dtype: 'int8' }), nd.zeros([1], { dtype: 'uint8' })]).dtype, 'int16')
    assert.equal(nd.stack([nd.zeros([1], { dtype: 'float32' }), nd.asarray([true])]).dtype, 'float32')
  })
  test('unstack and split give views', () => {
    const x = nd.zeros([2, 2])
    nd.unstack(x, { axis: 1 })[1].assign(1)
    nd.split(x, 2)[0].assign(5)
    assert.deepEqual(x.toList(), [
      [5, 5],
      [0, 1],
    ])
  })
  test('takes arrays without elements', () => {
    assert.deepEqual(nd.concat([nd.zeros([0]), nd.ones([2])]).toList(), [1, 1])
    assert.deepEqual(nd.stack([nd.zeros([0, 2]), nd.zeros([0, 2])], { axis: -1 }).shape, [0, 2, 2])
    assert.deepEqual(nd.unstack(nd.zeros([0, 2])), [])
  })
})

describe('moving and repeating', () => {
  test('roll there and back is the array', () => {
    fc.assert(
      fc.property(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 }), (a, b) => {
        const x = nd.arange(12).reshape([3, 4])
        const rolled = nd.roll(x, [a, b], { axis: [0, 1] })
        assert.deepEqual(nd.roll(rolled, [-a, -b], { axis: [0, 1] }).toList(), x.toList())
        assert.equal(rolled.at(((a % 3) + 3) % 3, ((b % 4) + 4) % 4).item(), 0)
      }),
    )
    assert.deepEqual(nd.roll(nd.zeros([0, 3]), 1).shape, [0, 3])
  })
  test('what comes out is its own', () => {
    const x = nd.zeros([2])
    for (const y of [
      nd.tile(x, 1),
      nd.repeat(x, 1),
      nd.roll(x, 0),
      nd.pad(x, 0),
      nd.pad(x, 0, { mode: 'edge' }),
      nd.clip(x),
    ])
      y.assign(1)
    for (const y of nd.meshgrid(x, x)) y.assign(1)
    assert.deepEqual(x.toList(), [0, 0])
  })
  test('padding keeps the array in its middle', () => {
    const modes: nd.PadMode[] = [
      'constant',
      'edge',
      'reflect',
      'symmetric',
      'wrap',
      'linearRamp',
      'maximum',
      'minimum',
      'mean',
    ]
    fc.assert(
      fc.property(fc.constantFrom(...modes), fc.nat(9), fc.nat(9), (mode, before, after) => {
        const x = nd.arange(6).reshape([2, 3])
        const padded = nd.pad(
          x,
          [
            [before, after],
            [after, 0],
          ],
          { mode },
        )
        const inside = padded.at({ begin: before, end: before + 2 }, { begin: after })
        assert.deepEqual(inside.toList(), x.toList())
      }),
    )
    assert.deepEqual(nd.pad(nd.zeros([0]), 2, { value: 7 }).toList(), [7, 7, 7, 7])
    assert.deepEqual(nd.pad(nd.asarray([1]), 2, { mode: 'reflect' }).toList(), [1, 1, 1, 1, 1])
  })
})

describe('accumulating', () => {
  test('differences of sums are the elements', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { maxLength: 50 }), list => {
        const x = nd.asarray(list, { dtype: 'int32' })
        const sums = nd.cumulativeSum(x, { includeInitial: true })
        assert.deepEqual(nd.diff(sums).toList(), list.map(BigInt))
        assert.deepEqual(nd.diff(nd.cumulativeSum(x), { prepend: 0n }).toList(), list.map(BigInt))
      }),
    )
  })
  test('takes views in any order and expressions', () => {
    const x = nd.arange(12).reshape([3, 4])
    assert.deepEqual(nd.cumulativeSum(x.t, { axis: 1 }).toList(), nd.cumulativeSum(x, { axis: 0 }).t.toList())
    assert.deepEqual(x.flip(0).cumulativeSum({ axis: 0 }).at(-1).toList(), x.sum({ axis: 0 }).toList())
    assert.deepEqual(nd.cumulativeProd(nd.add(nd.arange(4), 1)).toList(), [1, 2, 6, 24])
  })
  test('integers wrap', () => {
    const x = nd.full([3], 100, { dtype: 'int8' })
    assert.deepEqual(nd.cumulativeSum(x, { dtype: 'int8' }).toList(), [100, -56, 44])
    assert.deepEqual(nd.cumulativeProd(nd.full([3], 2 ** 31, { dtype: 'uint32' })).toList(), [
      2n ** 31n,
      2n ** 62n,
      2n ** 93n % 2n ** 64n,
    ])
    assert.deepEqual(nd.diff(nd.asarray([3, 5, 4], { dtype: 'uint8' })).toList(), [2, 255])
  })
  test('of nothing', () => {
    assert.deepEqual(nd.cumulativeSum(nd.zeros([0])).toList(), [])
    assert.deepEqual(nd.cumulativeSum(nd.zeros([0]), { includeInitial: true }).toList(), [0])
    assert.deepEqual(nd.cumulativeProd(nd.zeros([0, 2]), { axis: 0, includeInitial: true }).toList(), [[1, 1]])
    assert.deepEqual(nd.diff(nd.zeros([0])).toList(), [])
    assert.deepEqual(nd.diff(nd.zeros([2]), { n: 3 }).toList(), [])
  })
})

describe('counting', () => {
  test('a histogram has all elements that are in its range', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noDefaultInfinity: true, min: -1e6, max: 1e6 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        (list, bins) => {
          const { counts, edges } = nd.histogram(nd.asarray(list), { bins, range: [-10, 1000] })
          const limits = flat(edges)
          const expected = limits
            .slice(1)
            .map((end, k) => list.filter(x => x >= limits[k] && (x < end || (k === bins - 1 && x === end))).length)
          assert.deepEqual(flat(counts), expected)
        },
      ),
    )
  })
  test('of one value, of nothing', () => {
    assert.deepEqual(nd.histogram(nd.full([4], 2), { bins: 2 }).counts.toList(), [0, 4])
    assert.deepEqual(nd.histogram(nd.zeros([0]), { bins: 2 }).counts.toList(), [0, 0])
    assert.deepEqual(nd.bincount([]).toList(), [])
  })
  test('quantiles are between the extremes and in order', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e3, max: 1e3 }), { minLength: 1, maxLength: 30 }), list => {
        const x = nd.asarray(list)
        const found = flat(nd.quantile(x, [0, 0.25, 0.5, 0.75, 1]))
        assert.deepEqual(plain(found), plain([...found].sort((a, b) => a - b)))
        assert.deepEqual(plain([found[0], found[4]]), plain([Math.min(...list), Math.max(...list)]))
        assert.deepEqual(plain([found[2]]), plain([nd.median(x).item()]))
      }),
    )
  })
})
const plain = (x: unknown[]) => x.map(v => (Object.is(v, -0) ? 0 : v))

describe('bounds and agreement', () => {
  test('bounds beyond what a dtype holds are its ends', () => {
    const x = nd.asarray(new Uint8Array([0, 100, 255]))
    assert.deepEqual(nd.clip(x, -5, 300).toList(), [0, 100, 255])
    assert.deepEqual(x.clip(50, Infinity).toList(), [50, 100, 255])
    assert.equal(nd.clip(x, 1, 2).dtype, 'uint8')
    assert.deepEqual(nd.clip([1, NaN, 5].map(v => nd.asarray(v))[1], 0, 1).toList(), NaN)
    assert.deepEqual(nd.clip(nd.asarray([1, 2, 3]), 5, 2).toList(), [2, 2, 2])
  })
  test('whether arrays agree', () => {
    assert.ok(nd.allclose(nd.asarray([1, 2]), nd.asarray([1 + 1e-9, 2])))
    assert.ok(!nd.allclose(nd.asarray([NaN]), nd.asarray([NaN])))
    assert.ok(nd.arrayEqual([1, NaN], [1, NaN], { equalNaN: true }))
    assert.ok(!nd.arrayEqual([1, NaN], [1, NaN]))
    assert.ok(!nd.arrayEqual([1], [1, 1]))
    assert.ok(nd.allclose(nd.asarray([{ re: 1, im: 1 }]), nd.asarray([{ re: 1, im: 1 + 1e-9 }])))
  })
})

describe('what dtypes are', () => {
  test('where arrays, dtypes and numbers meet', () => {
    assert.equal(nd.resultType('int8', nd.zeros([1], { dtype: 'uint8' })), 'int16')
    assert.equal(nd.resultType('float32', 2.5, 1n), 'float32')
    assert.equal(nd.resultType(1, 'int8', 0.5), 'float64')
    assert.equal(nd.resultType(1, 2), 'float64')
    assert.equal(nd.resultType(1n), 'int64')
  })
  test('what goes over into what', () => {
    assert.ok(nd.canCast('int8', 'int16'))
    assert.ok(!nd.canCast('int16', 'int8'))
    assert.ok(!nd.canCast('int8', 'uint8'))
    assert.ok(nd.canCast(nd.zeros([1], { dtype: 'float32' }), 'complex64'))
    assert.ok(!nd.canCast('complex64', 'float64'))
  })
  test('of which kind they are', () => {
    assert.ok(nd.isdtype('int8', 'signed integer'))
    assert.ok(nd.isdtype('uint8', ['signed integer', 'uint8']))
    assert.ok(nd.isdtype('bool', 'bool'))
    assert.ok(!nd.isdtype('bool', 'numeric'))
    assert.ok(nd.isdtype('float32', 'numeric'))
    assert.deepEqual(nd.info().dtypes({ kind: 'complex floating' }), ['complex64', 'complex128'])
    assert.equal(nd.info().defaultDtypes().realFloating, nd.zeros([1]).dtype)
    assert.equal(nd.info().defaultDtypes().indexing, nd.argsort(nd.zeros([1])).dtype)
    assert.deepEqual(nd.info().devices(), ['cpu'])
  })
  test('what they hold', () => {
    assert.deepEqual(nd.finfo('float32').eps, 2 ** -23)
    assert.equal(nd.finfo('complex64').dtype, 'float32')
    assert.equal(nd.finfo(nd.zeros([1])).max, Number.MAX_VALUE)
    assert.equal(Math.fround(nd.finfo('float32').max), nd.finfo('float32').max)
    assert.equal(nd.finfo('float64').smallestNormal, 2.2250738585072014e-308)
    assert.deepEqual([nd.iinfo('int8').min, nd.iinfo('int8').max], [-128, 127])
    assert.equal(nd.iinfo('uint64').max, 2n ** 64n - 1n)
  })
})

describe('what is refused', () => {
  const bad: [string, () => unknown, string, RegExp][] = [
    ['no arrays', () => nd.concat([]), 'ArgumentError', /concat: arrays must be a list of one array or more/],
    [
      'shapes that differ elsewhere',
      () => nd.concat([nd.zeros([2, 3]), nd.zeros([2, 4])]),
      'ShapeError',
      /\[2, 3\] and \[2, 4\] differ elsewhere than along axis 0/,
    ],
    ['numbers without an axis', () => nd.concat([nd.asarray(1)]), 'ShapeError', /concat: axis 0/],
    [
      'stacks of different shapes',
      () => nd.stack([nd.zeros([2]), nd.zeros([3])]),
      'ShapeError',
      /stack: the shapes \[2\] and \[3\] differ/,
    ],
    ['no pieces', () => nd.split(nd.zeros([3]), 0), 'ArgumentError', /split: pieces/],
    ['half a place', () => nd.roll(nd.zeros([3]), 0.5), 'ArgumentError', /roll: shift/],
    [
      'more shifts than axes',
      () => nd.roll(nd.zeros([3]), [1, 2], { axis: 0 }),
      'ArgumentError',
      /one for each of 1 axes/,
    ],
    [
      'fewer than none',
      () => nd.repeat(nd.zeros([3]), -1),
      'ArgumentError',
      /repeat: repeats must be a whole number from 0/,
    ],
    [
      'repeats that do not go with the axis',
      () => nd.repeat(nd.zeros([3]), [1, 2]),
      'ShapeError',
      /repeat.*\[2\].*\[3\]/,
    ],
    [
      'more repeats than an array can have',
      () => nd.repeat(nd.zeros([2]), [2e9, 2e9]),
      'ArgumentError',
      /repeat: shape must be one of at most/,
    ],
    ['a huge tile', () => nd.tile(nd.zeros([1000]), [1e9]), 'ArgumentError', /tile: shape must be one of at most/],
    ['half an array as padding', () => nd.pad(nd.zeros([3]), 0.5), 'ArgumentError', /pad: width/],
    [
      'pairs for other axes',
      () =>
        nd.pad(nd.zeros([3]), [
          [1, 1],
          [2, 2],
        ]),
      'ShapeError',
      /pad/,
    ],
    [
      'padding with nothing to repeat',
      () => nd.pad(nd.zeros([0, 2]), 1, { mode: 'edge' }),
      'ShapeError',
      /axis 0 of the shape \[0, 2\] has no elements/,
    ],
    [
      'another mode',
      () => nd.pad(nd.zeros([2]), 1, { mode: 'round' as 'edge' }),
      'ArgumentError',
      /pad: mode must be one of constant/,
    ],
    [
      'sums of several axes',
      () => nd.cumulativeSum(nd.zeros([2, 2])),
      'ArgumentError',
      /cumulativeSum: axis must be named for an array of 2 axes/,
    ],
    [
      'real sums of complex numbers',
      () => nd.cumulativeSum(nd.asarray([{ re: 1, im: 1 }]), { dtype: 'float64' }),
      'DTypeError',
      /complex128/,
    ],
    ['differences of a number', () => nd.diff(1), 'ShapeError', /diff: takes arrays with an axis/],
    [
      'a grid of planes',
      () => nd.meshgrid(nd.zeros([2, 2])),
      'ShapeError',
      /meshgrid: takes arrays of one axis, not of \[2, 2\]/,
    ],
    ['the triangle of a row', () => nd.tril(nd.zeros([3])), 'ShapeError', /tril: takes arrays of two axes or more/],
    ['the median of nothing', () => nd.median(nd.zeros([0])), 'ShapeError', /median: there is none of no elements/],
    [
      'shares above 1',
      () => nd.quantile(nd.zeros([3]), 1.5),
      'ArgumentError',
      /quantile: q must be numbers from 0 to 1/,
    ],
    ['a share that is NaN', () => nd.quantile(nd.zeros([3]), NaN), 'ArgumentError', /q must be numbers from 0 to 1/],
    [
      'the median of complex numbers',
      () => nd.median(nd.asarray([{ re: 1, im: 1 }])),
      'DTypeError',
      /median: takes real numbers/,
    ],
    [
      'a range to infinity',
      () => nd.histogram(nd.asarray([1, Infinity])),
      'ArgumentError',
      /histogram: range must be two finite numbers/,
    ],
    [
      'edges out of order',
      () => nd.histogram(nd.zeros([2]), { bins: [1, 0] }),
      'ArgumentError',
      /histogram: bins must be edges in order/,
    ],
    [
      'weights of another shape',
      () => nd.histogram(nd.zeros([2]), { weights: [1] }),
      'ShapeError',
      /weights of shape \[1\].*\[2\]/,
    ],
    ['negative numbers to count', () => nd.bincount([-1]), 'ArgumentError', /bincount: x must be integers from 0/],
    [
      'fractions to count',
      () => nd.bincount(nd.asarray([0.5])),
      'DTypeError',
      /bincount: takes integers from 0, not float64/,
    ],
    [
      'the place of nothing but NaN',
      () => nd.nanargmax(nd.asarray([NaN])),
      'ShapeError',
      /nanargmax: there is no place/,
    ],
    [
      'integers as floats',
      () => nd.finfo('int8' as 'float32'),
      'DTypeError',
      /finfo: takes floats and complex numbers, not int8/,
    ],
    ['floats as integers', () => nd.iinfo('float32' as 'int8'), 'DTypeError', /iinfo: takes integers, not float32/],
    ['kinds that are none', () => nd.isdtype('int8', 'whole' as 'integral'), 'ArgumentError', /isdtype: kind/],
    ['a result of nothing', () => nd.resultType(), 'ArgumentError', /resultType/],
    ['a negative tolerance', () => nd.isclose(1, 1, { rtol: -1 }), 'ArgumentError', /isclose: rtol/],
  ]
  for (const [what, call, name, message] of bad) test(what, () => assert.throws(call, { name, message }))
})
