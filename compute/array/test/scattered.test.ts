/** Values between points that lie anywhere: as SciPy has them, and what must hold. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { type BackendName, backends } from '@skein/kernel/compiler'
import fc from 'fast-check'
import * as nd from '../src/index.ts'
import { near } from './images.ts'
import { arrayOf, type RecordedArray } from './recorded.ts'

const { griddata } = nd.interpolate
const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff)
console.log(`fast-check seed ${seed} (SEED=${seed} repeats this run)`)

const file = new URL('./numpy/recorded-scattered.json.gz', import.meta.url)
const { cases } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as {
  cases: {
    points: number[][]
    values: number[]
    places: RecordedArray
    options: nd.interpolate.ScatteredOptions
    out: RecordedArray
  }[]
}

for (const name of Object.keys(backends) as BackendName[]) {
  test(`recorded of SciPy, on ${name}`, { skip: backends[name].unavailable() ?? false }, async () => {
    nd.backend(name)
    try {
      for (const { points, values, places, options, out } of cases) {
        const found = await griddata(points, values, arrayOf(places), options)
        await found.values()
        near(found, arrayOf(out), `${points.length} points ${JSON.stringify(options)}`, 1e-10)
      }
    } finally {
      nd.backend(undefined)
    }
  })
}

const coordinate = fc.oneof(fc.double({ min: -1, max: 1, noNaN: true }), fc.integer({ min: -3, max: 3 }))
const place = fc.tuple(coordinate, coordinate)

describe('what holds', () => {
  test('linear functions are met inside the hull and on it, whatever the points, and what is filled in stands outside', async () => {
    const drawn = fc.tuple(fc.array(place, { minLength: 3, maxLength: 40 }), fc.array(place, { maxLength: 30 }))
    await fc.assert(
      fc.asyncProperty(drawn, fc.tuple(coordinate, coordinate, coordinate), async ([points, others], [a, b, c]) => {
        const f = ([x, y]: readonly number[]) => a * x + b * y + c
        const middles = points.slice(1).map(([x, y], k) => [(x + points[k][0]) / 2, (y + points[k][1]) / 2])
        const beyond = [
          [9, 0],
          [-8, 7],
        ]
        let found: number[]
        try {
          const all = [...points, ...middles, ...others, ...beyond]
          found = (await griddata(points, points.map(f), all)).toList() as number[]
        } catch (error) {
          // Properly refused, if no three of them span a triangle.
          assert.match(String(error), /on one line/)
          return
        }
        const inside = [...points, ...middles]
        for (const [k, p] of inside.entries())
          assert.ok(Math.abs(found[k] - f(p)) < 1e-9, `${p}: ${found[k]}, not ${f(p)}`)
        for (const [k, p] of others.entries()) {
          const v = found[inside.length + k]
          assert.ok(Number.isNaN(v) || Math.abs(v - f(p)) < 1e-9, `${p}: ${v}, not ${f(p)}`)
        }
        assert.deepEqual(found.slice(-2), [Number.NaN, Number.NaN])
      }),
      { seed, numRuns: 300 },
    )
  })
  test('the nearest point is that of a plain search, and the first of those as near', async () => {
    const lists = fc.integer({ min: 1, max: 4 }).chain(axes => {
      const point = fc.array(coordinate, { minLength: axes, maxLength: axes })
      return fc.tuple(
        fc.array(point, { minLength: 1, maxLength: 60 }),
        fc.array(point, { minLength: 1, maxLength: 20 }),
      )
    })
    await fc.assert(
      fc.asyncProperty(lists, async ([points, places]) => {
        const numbers = nd.arange(0, points.length, 1, { dtype: 'int32' })
        const found = await griddata(nd.asarray(points), numbers, nd.asarray(places), { method: 'nearest' })
        assert.equal(found.dtype, 'int32')
        const apart = (p: number[], q: number[]) => Math.hypot(...p.map((v, d) => v - q[d]))
        for (const [k, at] of (found.toList() as number[]).entries()) {
          const least = Math.min(...points.map(p => apart(p, places[k])))
          assert.ok(apart(points[at], places[k]) <= least * (1 + 1e-12) + 1e-15)
        }
      }),
      { seed, numRuns: 200 },
    )
    const same = [3, 1, 1, 3].map(v => [v, 0])
    assert.deepEqual(
      (
        await griddata(
          same,
          [5, 6, 7, 8],
          [
            [1, 1],
            [4, 0],
          ],
          { method: 'nearest' },
        )
      ).toList(),
      [6, 5],
    )
  })
  test('a surface on a mesh, of coordinates axis by axis; points on a grid, whose squares are parted either way', async () => {
    const [x, y] = nd.meshgrid(nd.linspace(0, 1, 30), nd.linspace(0, 2, 40))
    const [at, down] = [nd.reshape(x, [-1]), nd.reshape(y, [-1])]
    const z = nd.add(nd.multiply(3, at), nd.subtract(1, down))
    const places = nd.meshgrid(nd.linspace(0, 1, 57), nd.linspace(0, 2, 31))
    const found = await griddata([at, down], z, places)
    assert.deepEqual(found.shape, [31, 57])
    assert.ok(nd.allclose(found, nd.add(nd.multiply(3, places[0]), nd.subtract(1, places[1]))))
  })
  test('values have axes of their own, and empty lists of places are empty', async () => {
    const points = [
      [0, 0],
      [1, 0],
      [0, 1],
    ]
    const values = nd.reshape(nd.arange(12), [3, 2, 2])
    const found = await griddata(points, values, [[0.25, 0.5]])
    assert.deepEqual(found.toList(), [
      [
        [5, 6],
        [7, 8],
      ],
    ])
    for (const method of ['linear', 'nearest'] as const)
      assert.deepEqual((await griddata(points, values, nd.zeros([4, 0, 2]), { method })).shape, [4, 0, 2, 2])
    const text = await griddata(points, [true, false, true], [[0.9, 0]], { method: 'nearest' })
    assert.deepEqual([text.dtype, text.toList()], ['bool', [false]])
  })
  test('points twice, and crowds of them, are no more than points', async () => {
    const crowd = Array.from({ length: 300 }, (_, k) => [1 + Math.cos(k) * 1e-7 * k, 2 + Math.sin(k * 1.3) * 1e-7 * k])
    const points = [[0, 0], [5, 0], [0, 5], [5, 5.5], [0, 0], ...crowd]
    const f = ([x, y]: number[]) => 2 * x - y
    const places = Array.from({ length: 500 }, (_, k) => [(k * 0.377) % 4.9, (k * 0.713) % 4.9])
    const found = (await griddata(points, points.map(f), places)).toList() as number[]
    for (const [k, p] of places.entries()) assert.ok(Math.abs(found[k] - f(p)) < 1e-6)
  })
})

describe('what is refused', () => {
  const three = [
    [0, 0],
    [1, 0],
    [0, 1],
  ]
  const refused: [string, () => Promise<unknown>, RegExp][] = [
    [
      'ShapeError',
      () =>
        griddata(
          [
            [0, 0],
            [1, 1],
          ],
          [1, 2],
          [[0, 0]],
        ),
      /3 points or more, not 2/,
    ],
    [
      'ShapeError',
      () => griddata(nd.zeros([0, 2]), nd.zeros([0]), [[0, 0]], { method: 'nearest' }),
      /1 points or more/,
    ],
    [
      'ArgumentError',
      () =>
        griddata(
          [0.1, 0.2, 0.3, 0.7].map(v => [v, 3 * v]),
          [1, 2, 3, 4],
          [[0, 0]],
        ),
      /on one line/,
    ],
    ['ArgumentError', () => griddata(nd.zeros([5, 2]), nd.zeros([5]), [[0, 0]]), /on one line/],
    ['ArgumentError', () => griddata([...three, [Number.NaN, 1]], [1, 2, 3, 4], [[0, 0]]), /NaN in points 3/],
    ['ArgumentError', () => griddata(three, [1, 2, 3], [[0, Infinity]], { method: 'nearest' }), /Infinity in xi 0/],
    ['ShapeError', () => griddata(three, [1, 2], [[0, 0]]), /3 points do not go with values of shape \[2\]/],
    ['ShapeError', () => griddata(three, 1, [[0, 0]]), /3 points do not go/],
    ['ShapeError', () => griddata(three, [1, 2, 3], [[0, 0, 0]]), /\[\.\.\., 2\], not \[1, 3\]/],
    ['ShapeError', () => griddata(nd.zeros([2, 2, 2]), [1, 2], [[0, 0]]), /\[n, axes\], not \[2, 2, 2\]/],
    ['ArgumentError', () => griddata(nd.zeros([9, 3]), nd.zeros([9]), [[0, 0, 0]]), /nearest/],
    [
      'ArgumentError',
      () => griddata(three, [1, 2, 3], [[0, 0]], { method: 'cubic' as 'linear' }),
      /'linear' or 'nearest'/,
    ],
    ['DTypeError', () => griddata(three, [{ re: 0, im: 1 }, 2, 3], [[0, 0]]), /real numbers as values/],
    ['DTypeError', () => griddata([{ re: 0, im: 1 }, 2, 3], [1, 2, 3], [0]), /real numbers as points/],
    ['ArgumentError', () => griddata([1, 2, 1], [1, 2, 3], [0]), /each above the one before/],
  ]
  for (const [name, call, message] of refused) test(String(message), () => assert.rejects(call, { name, message }))
})
