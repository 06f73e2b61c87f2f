/** Charts: small ones in text to the character, what SVG holds, what thinning keeps, and bad input. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import * as nd from '../src/index.ts'
import { type Cells, shrunk, spanOf, thinned } from '../src/show/chart.ts'

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
console.log(`fast-check seed ${seed} (SEED=${seed} repeats this run)`)

const drawn = (...lines: string[]): string => lines.join('\n')
const text = (x: Parameters<typeof nd.show>[0], options: nd.ShowOptions = {}): Promise<string> =>
  nd.show(x, { width: 30, height: 7, ...options, as: 'text' })

test('a line in text', async () => {
  assert.equal(
    await text(nd.asarray([0, 1, 2, 3]), { title: 'upwards' }),
    drawn(
      'upwards',
      '  │                    ⢀⣀⠤⠤⠒⠒⠉',
      '2 ┤             ⢀⣀⠤⠤⠒⠊⠉⠁',
      '  │      ⢀⣀⡠⠤⠒⠒⠉⠁',
      '0 ┤⣀⠤⠤⠒⠊⠉⠁',
      '  └───────────────────────────',
      '   0                2',
    ),
  )
})

test('gaps where there is nothing finite, and a point alone', async () => {
  assert.equal(
    await text(nd.asarray([1, 2, Number.NaN, 4, Number.NaN, 1, Number.POSITIVE_INFINITY])),
    drawn(
      '4 ┤             ⠈',
      '  │',
      '  │',
      '2 ┤   ⡠⠔',
      '  │⡠⠔⠉                   ⡀',
      '  └───────────────────────────',
      '   0       2        4        6',
    ),
  )
})

test('several lines with their names, points, bars and shades in text', async () => {
  const k = nd.arange(9)
  const two = nd.stack([k, nd.subtract(8, k)], { axis: 1 })
  assert.equal(
    await text(two, { kind: 'line', labels: ['up', 'down'], height: 8 }),
    drawn(
      'up   down',
      '  │⠉⠒⠤⣀⡀                 ⢀⣀⠤⠒⠉',
      '  │    ⠈⠉⠒⠢⠤⢄⣀     ⣀⡠⠤⠔⠒⠉⠁',
      '5 ┤           ⣉⣒⠤⢖⣉',
      '  │    ⢀⣀⠤⠔⠒⠊⠉     ⠉⠑⠒⠢⠤⣀⡀',
      '0 ┤⣀⠤⠒⠉⠁                 ⠈⠉⠒⠤⣀',
      '  └───────────────────────────',
      '   0               5',
    ),
  )
  assert.equal(
    await text(two, { kind: 'scatter' }),
    drawn(
      '  │⠈   ⡀',
      '  │       ⠂  ⡀',
      '5 ┤             ⠠',
      '  │                ⠈  ⠠',
      '0 ┤                      ⠈   ⡀',
      '  └───────────────────────────',
      '   0               5',
    ),
  )
  assert.equal(
    await text([1, 2, 2, 3, 3, 3, Number.NaN], { kind: 'histogram', bins: 3 }),
    drawn(
      '  │                  ▇▇▇▇▇▇▇▇▇',
      '2 ┤         ▂▂▂▂▂▂▂▂▂█████████',
      '  │         ██████████████████',
      '  │▅▅▅▅▅▅▅▅▅██████████████████',
      '0 ┤███████████████████████████',
      '  └───────────────────────────',
      '   1            2            3',
    ),
  )
  assert.equal(
    await text(
      nd.asarray([
        [0, 1, 2],
        [3, Number.NaN, 5],
      ]),
      { height: 8 },
    ),
    drawn(
      '0 ┤         ░░░░░░░░░▒▒▒▒▒▒▒▒▒',
      '  │         ░░░░░░░░░▒▒▒▒▒▒▒▒▒',
      '1 ┤         ░░░░░░░░░▒▒▒▒▒▒▒▒▒',
      '  │▓▓▓▓▓▓▓▓▓×××××××××█████████',
      '2 ┤▓▓▓▓▓▓▓▓▓×××××××××█████████',
      '  └───────────────────────────',
      '   0                2',
      '   0.000  ░▒▓█ 5.000',
    ),
  )
})

test('of an empty array there are axes', async () => {
  for (const x of [nd.zeros([0]), nd.zeros([0, 3]), nd.zeros([3, 0]), nd.asarray([Number.NaN])]) {
    for (const kind of ['line', 'scatter', 'histogram', 'heatmap'] as const) {
      if (kind === 'heatmap' && x.ndim !== 2) continue
      assert.match(await text(x, { kind }), /└─+/, `${kind} of [${x.shape}]`)
      const svg = await nd.show(x, { kind, as: 'svg' })
      assert.match(svg, /^<svg .*<\/svg>$/)
      assert.doesNotMatch(svg, /NaN|Infinity|undefined/)
    }
  }
})

test('no line is longer than the page', async () => {
  const x = nd.random.normal([5000], { seed: 1 })
  for (const kind of ['line', 'scatter', 'histogram'] as const) {
    for (const width of [20, 33, 100]) {
      const lines = (await text(nd.multiply(x, 1e6), { kind, width, height: 12 })).split('\n')
      assert.ok(lines.length <= 12 && lines.every(line => line.length <= width), `${kind}, ${width}`)
    }
  }
})

test('colours are there when they are asked for', async () => {
  const grid = nd.arange(12).reshape([3, 4])
  assert.ok(!(await text(grid)).includes('\u001b'))
  assert.ok((await text(grid, { colour: true })).includes('\u001b[38;2;68;1;84m\u001b[48;2;'))
})

test('SVG has what the array has', async () => {
  const line = await nd.show([1, 2, Number.NaN, 3], { as: 'svg', width: 200, height: 100, title: 'a < b & c' })
  assert.match(line, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 200 100" width="200" height="100"/)
  assert.match(line, /aria-label="a &lt; b &amp; c"/)
  // One run of two points, one of a point alone.
  assert.match(line, /<path d="M58,\d+(\.\d)?h0L100,\d+(\.\d)?M184,\d+(\.\d)?h0" fill="none" stroke="#1f77b4"/)
  const scatter = await nd.show(
    nd.asarray([
      [0, 0],
      [1, 1],
      [1, 1],
    ]),
    { kind: 'scatter', as: 'svg' },
  )
  assert.equal(scatter.match(/h0/g)?.length, 2, 'points on one place are drawn once')
  const bars = await nd.show([1, 1, 2, 5], { kind: 'histogram', bins: 4, as: 'svg' })
  assert.equal(bars.match(/M[\d.]+,[\d.]+V[\d.]+H[\d.]+V[\d.]+Z/g)?.length, 3)
  const grid = await nd.show(
    nd.asarray([
      [0, 1],
      [Number.NaN, 2],
    ]),
    { as: 'svg' },
  )
  assert.equal(grid.match(/crispEdges/g)?.length, 3)
})

test('large arrays make small pictures, with their extremes', async () => {
  const x = nd.random.normal([1_000_000], { seed: 3 })
  x.set(123_456, 50)
  const svg = await nd.show(x, { as: 'svg' })
  assert.ok(svg.length < 60_000, `${svg.length} characters`)
  assert.match(svg, />50</)
  const grid = await nd.show(nd.random.normal([700, 900], { seed: 3 }), { as: 'svg' })
  assert.ok(grid.length < 1_200_000, `${grid.length} characters`)
})

test('thinning keeps the lowest and the highest of each column, and gaps', () => {
  const element = fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: -50, max: 50 }) },
    { weight: 1, arbitrary: fc.constant(Number.NaN) },
  )
  fc.assert(
    fc.property(fc.array(element, { minLength: 1, maxLength: 400 }), fc.integer({ min: 1, max: 20 }), (ys, columns) => {
      const xs = ys.map((_, k) => k)
      const span = spanOf(xs)
      const [tx, ty] = thinned({ x: xs, y: ys }, span, columns)
      assert.ok(ty.length <= Math.max(4 * columns, 2 * (columns + 1)))
      const column = (x: number): number => Math.floor(((x - span.low) * columns) / (span.high - span.low))
      for (let c = 0; c <= columns; c++) {
        const before = ys.filter((y, k) => column(xs[k]) === c && !Number.isNaN(y))
        const after = Array.from(ty).filter((y, k) => column(tx[k]) === c && !Number.isNaN(y))
        assert.equal(Math.min(...after), Math.min(...before))
        assert.equal(Math.max(...after), Math.max(...before))
      }
    }),
    { seed, numRuns: 300 },
  )
})

test('large grids are means of blocks', () => {
  const grid: Cells = {
    is: 'cells',
    rows: 2,
    columns: 4,
    values: [1, 3, 5, Number.NaN, 5, 7, Number.NaN, Number.NaN],
    range: { low: 1, high: 7 },
  }
  assert.deepEqual([...(shrunk(grid, 1, 2).values as Float64Array)], [4, 5])
  assert.deepEqual([...(shrunk(grid, 2, 2).values as Float64Array)], [2, 5, 6, Number.NaN])
  assert.equal(shrunk(grid, 9, 9), grid)
})

test('whole numbers of 64 bits, booleans, lists, typed arrays and views', async () => {
  const line = await text([0, 1, 2, 3])
  assert.equal(await text(nd.asarray([0n, 1n, 2n, 3n])), line)
  assert.equal(await text(new Uint8Array([0, 1, 2, 3])), line)
  assert.equal(await text(nd.asarray([3, 9, 2, 9, 1, 9, 0]).at('::-2')), line)
  assert.equal(await text(nd.asarray([false, true])), await text([0, 1]))
})

test('it prints, unless it is asked for text', async t => {
  const printed: unknown[] = []
  t.mock.method(console, 'log', (line: unknown) => printed.push(line))
  assert.equal(await nd.show([0, 1], { width: 30, height: 7 }), undefined)
  assert.deepEqual(printed, [await text([0, 1], {})])
})

test('bad input', async () => {
  const cases: [x: Parameters<typeof nd.show>[0], options: object, name: string, message: RegExp][] = [
    [
      [1, 2],
      { kind: 'pie' },
      'ArgumentError',
      /kind must be one of line, scatter, histogram, heatmap, but it is 'pie'/,
    ],
    [[1, 2], { as: 'png' }, 'ArgumentError', /as must be one of terminal, text, svg/],
    [[1, 2], { as: 'text', width: 3 }, 'ArgumentError', /width must be a whole number from 20/],
    [[1, 2], { as: 'svg', height: 1.5 }, 'ArgumentError', /height/],
    [[1, 2], { kind: 'histogram', bins: 0 }, 'ArgumentError', /bins/],
    [[1, 2], { kind: 'heatmap' }, 'ShapeError', /a heatmap is of arrays with two axes, not of shape \[2\]/],
    [nd.zeros([2, 2, 2]), {}, 'ShapeError', /not of shape \[2, 2, 2\]/],
    [3, {}, 'ShapeError', /not of shape \[\]/],
    [[1, 2], { x: [1, 2, 3] }, 'ShapeError', /x of shape \[3\] does not say where 2 rows are/],
    [nd.full([2], { re: 0, im: 1 }), {}, 'DTypeError', /complex128.*nd\.abs/],
  ]
  for (const [x, options, name, message] of cases) await assert.rejects(nd.show(x, options), { name, message })
})
