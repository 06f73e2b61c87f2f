/** Images: what is refused, what has no elements, and what holds of every image. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import * as nd from '../src/index.ts'
import { imageOf } from './images.ts'

const { image } = nd
const list = (x: nd.NDArray) => [x.toList()].flat(Number.POSITIVE_INFINITY) as number[]

describe('what holds', () => {
  test('a median is that of the sorted neighbours, whichever way it is found', () => {
    const size = fc.constantFrom<[number, number]>([3, 3], [5, 5], [1, 4], [8, 8], [9, 9])
    const dtype = fc.constantFrom<nd.DType>('uint8', 'int16', 'float32', 'float64')
    fc.assert(
      fc.property(
        size,
        dtype,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        (window, type, rows, columns) => {
          const x = imageOf('noise', type, [rows, columns])
          const values = x.toList() as number[][]
          const clamp = (k: number, n: number) => Math.min(Math.max(k, 0), n - 1)
          const expected = values.flatMap((row, r) =>
            row.map((_, c) => {
              const found: number[] = []
              for (let i = 0; i < window[0]; i++)
                for (let j = 0; j < window[1]; j++)
                  found.push(values[clamp(r + i - (window[0] >> 1), rows)][clamp(c + j - (window[1] >> 1), columns)])
              return found.sort((a, b) => a - b)[found.length >> 1]
            }),
          )
          assert.deepEqual(list(image.medianFilter(x, { size: window, mode: 'nearest' })), expected)
        },
      ),
      { numRuns: 30 },
    )
  })
  test('opening again, or closing again, changes nothing; erosion is the dilation of the negative', () => {
    const x = imageOf('noise', 'float64', [13, 17])
    for (const options of [{ size: 3 }, { footprint: image.disk(2) }, { footprint: image.diamond(1) }]) {
      for (const f of [image.opening, image.closing]) assert.ok(nd.arrayEqual(f(f(x, options), options), f(x, options)))
      assert.ok(nd.arrayEqual(image.erode(x, options), nd.negative(image.dilate(nd.negative(x), options))))
    }
  })
  test('channels, and images of a stack, are each filtered for itself', () => {
    const x = imageOf('noise', 'float32', [6, 5, 2, 3])
    const filters: ((y: nd.NDArray) => nd.NDArray)[] = [
      y => image.gaussianFilter(y, { sigma: 1 }),
      y => image.medianFilter(y),
      y => image.dilate(y, { footprint: image.disk(1) }),
      y => image.sobel(y, { axis: 0 }),
    ]
    for (const filter of filters) {
      const found = filter(x)
      for (let k = 0; k < 6; k++) {
        const index = `..., ${k >> 1}, ${k % 3}`
        if (k >> 1 < 2) assert.deepEqual(list(found.at(index)), list(filter(x.at(index))))
      }
    }
  })
  test('views are filtered as copies of them, and values read later are those of before', async () => {
    const x = imageOf('noise', 'float64', [8, 9])
    const turned = image.gaussianFilter(x.t.at('::-1'), { sigma: 1 })
    assert.deepEqual(list(turned), list(image.gaussianFilter(nd.copy(x.t.at('::-1')), { sigma: 1 })))
    const before = list(image.medianFilter(x))
    const later = image.medianFilter(x)
    x.set('0', 1000)
    assert.deepEqual(Array.from((await later.values()) as Float64Array), before)
  })
  test('splines of every order go through the pixels', () => {
    const x = imageOf('noise', 'float64', [9, 7])
    const places = nd.stack(nd.meshgrid(nd.arange(9), nd.arange(7), { indexing: 'ij' }))
    for (const order of [0, 1, 2, 3, 4, 5] as const)
      for (const mode of ['reflect', 'mirror', 'nearest', 'wrap', 'constant'] as const)
        assert.ok(
          nd.allclose(image.mapCoordinates(x, places, { order, mode }), x, {
            rtol: 0,
            atol: mode === 'nearest' ? 1e-5 : 1e-12,
          }),
          `${order} ${mode}`,
        )
  })
  test('what is turned four times by a quarter, or moved there and back, is what it was', () => {
    const x = imageOf('noise', 'uint8', [5, 8, 3])
    let turned: nd.NDArray = x
    for (let k = 0; k < 4; k++) turned = image.rotate(turned, 90)
    assert.ok(nd.arrayEqual(turned, x))
    assert.ok(nd.arrayEqual(image.shift(image.shift(x, [2, -3], { mode: 'wrap' }), [-2, 3], { mode: 'wrap' }), x))
    const corners = [
      [0, 0],
      [0, 7],
      [4, 0],
      [4, 7],
    ]
    const seen = image.perspectiveFrom(corners, [
      [0, 1],
      [1, 6],
      [4, 0],
      [3, 7],
    ])
    const there = nd.matmul(seen, nd.asarray([0, 7, 1])).toList() as number[]
    assert.ok(nd.allclose(nd.asarray(there.slice(0, 2).map(v => v / there[2])), nd.asarray([1, 6])))
    assert.ok(nd.arrayEqual(image.warp(x, image.perspectiveFrom(corners, corners)), x))
  })
  test('resized images keep what is even, and sums where areas are whole', () => {
    const even = nd.full([6, 9], 3, { dtype: 'uint16' })
    for (const method of ['nearest', 'bilinear', 'bicubic', 'lanczos', 'area'] as const)
      for (const size of [
        [3, 3],
        [13, 4],
        [1, 20],
      ] as const)
        assert.deepEqual(list(image.resize(even, size, { method })), new Array(size[0] * size[1]).fill(3))
    const x = imageOf('noise', 'float64', [6, 9])
    assert.ok(nd.allclose(nd.mean(image.resize(x, [2, 3], { method: 'area' })), nd.mean(x)))
    assert.ok(
      nd.arrayEqual(
        image.resize(imageOf('noise', 'bool', [4, 4]), [4, 4], { method: 'nearest' }),
        imageOf('noise', 'bool', [4, 4]),
      ),
    )
  })
  test('an integral image gives the sum of any rectangle; peaks are found where corners are', () => {
    const x = imageOf('noise', 'uint8', [7, 6])
    const s = image.integralImage(x).toList() as number[][]
    assert.equal(s[5][4] - s[2][4] - s[5][1] + s[2][1], Number(nd.sum(x.at('2:5, 1:4')).item()))
    const square = nd.zeros([20, 20])
    square.set('5:14, 6:15', 1)
    const found = image.peakLocalMax(image.harris(square), { minDistance: 2, thresholdRel: 0.1 }).toList() as number[][]
    assert.deepEqual(
      found.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]),
      [
        [5, 6],
        [5, 14],
        [13, 6],
        [13, 14],
      ],
    )
    assert.equal(Number(nd.countNonzero(image.fast(nd.zeros([9, 9]))).item()), 0)
    assert.deepEqual(list(image.adaptiveThreshold(nd.asarray([[0, 9, 0]]), 3)), [false, true, false])
    assert.deepEqual(list(image.crop(x, { top: 1, left: 2, height: 2, width: 1 })), list(x.at('1:3, 2:3')))
  })
  test('colours come back', () => {
    const x = imageOf('noise', 'float64', [5, 7, 3])
    const ways = [
      [image.rgb2hsv, image.hsv2rgb],
      [image.rgb2ycbcr, image.ycbcr2rgb],
      [image.rgb2xyz, image.xyz2rgb],
      [image.rgb2lab, image.lab2rgb],
      [image.srgb2linear, image.linear2srgb],
    ]
    for (const [there, back] of ways) assert.ok(nd.allclose(back(there(x)), x, { atol: 1e-5 }), there.name)
    const bytes = imageOf('noise', 'uint8', [5, 7])
    assert.deepEqual(list(image.imgAsUbyte(image.imgAsFloat(bytes))), list(bytes))
    assert.deepEqual(list(image.imgAsUbyte(nd.asarray([-1, 0.5, 2, 1]))), [0, 128, 255, 255])
  })
  test('bilateral filters keep edges, and are means where chromatic weights are wide', () => {
    const x = nd.astype(nd.broadcastTo(nd.greaterEqual(nd.arange(10), 5), [8, 10]), 'float64')
    assert.ok(nd.allclose(image.bilateral(x, { spatialSigma: 1, chromaticSigma: 0.05 }), x, { atol: 1e-9 }))
    const weights: number[][] = [-2, -1, 0, 1, 2].map(r =>
      [-2, -1, 0, 1, 2].map(c => (r * r + c * c <= 4 ? Math.exp(-(r * r + c * c) / 2) : 0)),
    )
    const sum = weights.flat().reduce((s, w) => s + w, 0)
    const mean = image.correlate(
      x,
      weights.map(row => row.map(w => w / sum)),
    )
    assert.ok(nd.allclose(image.bilateral(x, { spatialSigma: 1, chromaticSigma: 1e9 }), mean))
  })
})

describe('edges of what there is', () => {
  test('images without elements, and of one', () => {
    for (const shape of [
      [0, 5],
      [5, 0],
      [0, 0],
      [4, 4, 0],
    ]) {
      const x = nd.zeros(shape)
      const found = [image.gaussianFilter(x, { sigma: 1 }), image.medianFilter(x), image.erode(x), image.sobel(x)]
      for (const y of found) assert.deepEqual([y.shape, list(y)], [shape, []])
    }
    assert.deepEqual(image.label(nd.zeros([0, 3])).count, 0)
    const one = nd.asarray([[7]], { dtype: 'uint8' })
    for (const mode of ['reflect', 'mirror', 'nearest', 'wrap'] as const) {
      assert.deepEqual(list(image.gaussianFilter(one, { sigma: 2, mode })), [7])
      assert.deepEqual(list(image.medianFilter(one, { size: 5, mode })), [7])
    }
  })
  test('NaN spreads as far as a window reaches', () => {
    const x = nd.zeros([5, 5])
    x.set('2, 2', Number.NaN)
    for (const size of [3, 9]) {
      const reach = size >> 1
      const near = (k: number) => Math.abs((k % 5) - 2) <= reach && Math.abs(Math.floor(k / 5) - 2) <= reach
      for (const y of [image.medianFilter(x, { size }), image.erode(x, { size }), image.uniformFilter(x, { size })])
        for (const [k, v] of list(y).entries()) assert.equal(Number.isNaN(v), near(k), `${size} ${k}`)
    }
  })
  test('whole numbers are rounded and kept in range', () => {
    const x = nd.asarray([[0, 255, 255]], { dtype: 'uint8' })
    assert.deepEqual(list(image.correlate1d(x, [-1, 2, 1])), [255, 255, 255])
    assert.deepEqual(list(image.correlate1d(x, [0, -1, 0])), [0, 0, 0])
    assert.deepEqual(list(image.uniformFilter(nd.asarray([[0, 1]], { dtype: 'int16' }), { size: [1, 2] })), [0, 1])
  })
})

describe('what is refused', () => {
  const x = nd.zeros([4, 4])
  const refused: [string, () => unknown, RegExp][] = [
    ['ShapeError', () => image.gaussianFilter(nd.zeros([4]), { sigma: 1 }), /rows and columns .* \[4\]/],
    ['ArgumentError', () => image.gaussianFilter(x, { sigma: -1 }), /sigma/],
    ['ArgumentError', () => image.gaussianFilter(x, { sigma: 1, mode: 'around' as 'wrap' }), /mode .*reflect/],
    ['ArgumentError', () => image.medianFilter(x, { size: 0 }), /size/],
    ['ArgumentError', () => image.medianFilter(x, { footprint: [[0]] }), /footprint/],
    ['ArgumentError', () => image.rankFilter(x, 9), /-9 to 8/],
    ['ArgumentError', () => image.percentileFilter(x, 101), /percentile/],
    ['DTypeError', () => image.erode(nd.zeros([3, 3], { dtype: 'complex64' })), /complex64/],
    ['DTypeError', () => image.sobel(nd.zeros([3, 3], { dtype: 'int64' })), /int64/],
    ['ArgumentError', () => image.sobel(x, { axis: 2 as 1 }), /axis/],
    ['ShapeError', () => image.correlate(x, [1, 2]), /two axes/],
    ['ArgumentError', () => image.correlate1d(x, [1, 2, 1], { origin: 2 }), /origin/],
    ['ShapeError', () => image.rgb2hsv(nd.zeros([3, 4])), /3 channels/],
    ['ShapeError', () => image.canny(nd.zeros([3, 4, 3])), /two axes/],
    ['ArgumentError', () => image.canny(x, { low: 2, high: 1 }), /high/],
    ['ArgumentError', () => image.label(x, { connectivity: 8 as 2 }), /connectivity/],
    ['ArgumentError', () => image.resize(x, [2, -1]), /size/],
    ['ShapeError', () => image.resize(nd.zeros([0, 3]), [2, 2]), /no pixels/],
    ['ArgumentError', () => image.resize(x, [2, 2], { method: 'best' as 'area' }), /nearest, area/],
    [
      'ShapeError',
      () =>
        image.warp(x, [
          [1, 0],
          [0, 1],
        ]),
      /\[3, 3\]/,
    ],
    [
      'ArgumentError',
      () =>
        image.affineTransform(x, [
          [1, 0, 0],
          [0, 1, 0],
          [0, 1, 1],
        ]),
      /warp/,
    ],
    ['ArgumentError', () => image.rotate(x, Number.NaN), /angle/],
    ['ArgumentError', () => image.zoom(x, 0), /factor/],
    ['ArgumentError', () => image.shift(x, 1, { order: 6 as 5 }), /order/],
    ['ShapeError', () => image.mapCoordinates(x, [1, 2, 3]), /\[2, \.\.\.\]/],
    ['ShapeError', () => image.crop(x, { height: 5, width: 1 }), /5 rows from 0/],
    ['DTypeError', () => image.clahe(x), /uint8 and uint16/],
    ['ArgumentError', () => image.thresholdOtsu(nd.zeros([0, 2])), /at least one/],
    ['ArgumentError', () => image.thresholdLocal(x, 4), /odd/],
    ['ArgumentError', () => image.fast(x, { n: 17 }), /1 to 16/],
    ['ShapeError', () => image.ssim(x, x), /window of 7/],
    ['ShapeError', () => image.psnr(x, nd.zeros([3, 4])), /one shape/],
    [
      'LinearAlgebraError',
      () =>
        image.perspectiveFrom(
          [
            [0, 0],
            [1, 1],
            [2, 2],
            [3, 3],
          ],
          [
            [0, 0],
            [1, 1],
            [2, 2],
            [3, 3],
          ],
        ),
      /singular/,
    ],
    ['ArgumentError', () => image.bilateral(x, { spatialSigma: 0, chromaticSigma: 1 }), /spatialSigma/],
  ]
  for (const [name, call, message] of refused) test(String(message), () => assert.throws(call, { name, message }))
})
