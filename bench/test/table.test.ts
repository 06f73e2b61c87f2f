import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MarkersMissing, markdownTable, replaceBetween } from '../harness/markdown.ts'
import { findMismatches, mergeRows, printRows, type Row } from '../harness/results.ts'
import type { BenchCase } from '../harness/suite.ts'
import { caseTable, duration, isNamed, judge, threeDigits } from '../harness/table.ts'

const row = (who: string, median: number, more: Partial<Row> = {}): Row => ({
  suite: 'kernels',
  case: 'triad',
  n: 1000,
  dtype: 'f32',
  threads: 2,
  who,
  seconds: { median, min: median * 0.9, max: median * 1.1 },
  checksum: 1,
  ...more,
})

const triad: BenchCase = {
  name: 'triad',
  dtype: 'f32',
  about: 'z = x + s y',
  n: 1000,
  quick: 10,
  bytes: n => 12 * n,
  flops: n => 2 * n,
  tolerance: 1e-6,
  targets: [{ than: 'C gcc', atLeast: 0.9 }],
}

test('durations and numbers have three digits and a fitting unit', () => {
  const cases: [number, string][] = [
    [2.5e-9, '2.50 ns'],
    [43.21e-6, '43.2 µs'],
    [0.0123, '12.3 ms'],
    [1.5, '1.50 s'],
    [245.6, '246 s'],
  ]
  for (const [seconds, text] of cases) assert.equal(duration(seconds), text)
  assert.equal(threeDigits(0), '0')
  assert.equal(threeDigits(0.01234), '0.0123')
  assert.equal(threeDigits(12345.6), '12346')
})

test('a case is printed with rates, share of the limit, ratio to the baseline and the verdict', () => {
  const rows = [row('skein:wasm', 1e-6), row('C gcc 12 -O3', 0.8e-6), row('plain JS', 4e-6, { threads: 1 })]
  const text = caseTable(triad, rows, { own: 'skein:wasm', limit: 24e9 })
  assert.equal(
    text,
    [
      'triad f32, n = 1000: z = x + s y',
      '  who           threads   median      min      max    ±  GB/s  % limit  GFLOP/s  ÷ skein:wasm',
      '  skein:wasm          2  1.00 µs   900 ns  1.10 µs  10%  12.0      50%     2.00         1.00×',
      '  C gcc 12 -O3        2   800 ns   720 ns   880 ns  10%  15.0      63%     2.50        0.800×',
      '  plain JS            1  4.00 µs  3.60 µs  4.40 µs  10%  3.00      13%    0.500         4.00×',
      '  MISSED  skein:wasm ≥ 0.9× the speed of C gcc: 0.800×',
    ].join('\n'),
  )
})

test('a case may count items, or measure bytes', () => {
  const own = 'skein:threads'
  const noop: BenchCase = {
    name: 'noop',
    dtype: 'none',
    about: 'n tasks',
    n: 1000,
    quick: 10,
    tolerance: 0,
    items: { name: 'tasks', of: n => n },
    targets: [{ atLeastPerSecond: 1_000_000 }],
  }
  const text = caseTable(noop, [row(own, 0.5e-3), row('pool', 0.0123)], { own })
  assert.match(text, /tasks\/s {2}÷ skein:threads\n.* 2,000,000 {12}1\.00×\n.* 81,300 {12}24\.6×\n/)
  assert.match(text, /met {5}skein:threads ≥ 1,000,000 tasks\/s: 2,000,000$/)
  const queued: BenchCase = { ...noop, items: undefined, unit: 'bytes', targets: [{ atMost: 300 }] }
  const bytes = caseTable(queued, [row(own, 320)], { own })
  assert.match(bytes, /320 B {2}288 B {2}352 B/)
  assert.match(bytes, /MISSED {2}skein:threads ≤ 300 B: 320 B$/)
})

test('a peer is named by the beginning of its name and words of it', () => {
  assert.ok(isNamed('Numba 0.68.1 fastmath', 'Numba'))
  assert.ok(isNamed('Numba 0.68.1 fastmath', 'Numba fastmath'))
  assert.ok(!isNamed('Numba 0.68.1', 'Numba fastmath'))
  assert.ok(!isNamed('NumPy 2', 'Py'))
})

test('a promise is judged only where both sides ran', () => {
  const own = 'skein:wasm'
  const target = { than: 'plain JS', threads: 1, atLeast: 4 }
  assert.equal(judge(triad, target, [row('skein:wasm', 1)], own), undefined)
  assert.equal(judge(triad, target, [row('skein:wasm', 1), row('plain JS', 8)], own), undefined)
  assert.equal(judge(triad, target, [row('skein:wasm', 1), row('plain JS', 8, { threads: 1 })], own)?.met, true)
  assert.equal(judge(triad, { atMostSeconds: 1e-6 }, [row('skein:wasm', 2e-6)], own)?.met, false)
})

test('checksums are compared with the reference, and peers without one take no part', () => {
  const rows = [
    row('skein:wasm', 1, { checksum: 2 }),
    row('C', 1, { checksum: 1 }),
    row('Numba', 1, { checksum: 1 + 1e-9 }),
    row('NumPy', 1, { checksum: null }),
  ]
  const wrong = findMismatches(rows, 1e-6, r => r.who === 'C')
  assert.deepEqual(
    wrong.map(m => [m.row.who, m.reference.who]),
    [['skein:wasm', 'C']],
  )
  assert.deepEqual(
    findMismatches([], 0, () => true),
    [],
  )
})

test('a new run replaces its cases as a whole and keeps the others', () => {
  const old = [row('a', 1), row('b', 1), row('a', 1, { dtype: 'f64' })]
  const merged = mergeRows(old, [row('a', 2)])
  assert.deepEqual(
    merged.map(r => [r.who, r.dtype, r.seconds.median]),
    [
      ['a', 'f64', 1],
      ['a', 'f32', 2],
    ],
  )
  assert.deepEqual(JSON.parse(printRows(merged)), merged)
})

test('the Markdown table shows a line per case and a dash for who was not there', () => {
  const rows = [
    row('skein:wasm', 1e-3),
    row('plain JS (Node 26)', 4e-3, { threads: 1 }),
    row('plain JS (Node 26)', 2e-3),
    row('NumPy 2', 3e-3, { threads: 1 }),
    row('C gcc', 1, { case: 'limit' }),
  ]
  const plain = { title: 'plain JS', who: ['plain JS'], threads: 1 }
  const columns = [
    { title: 'Skein', who: ['skein:wasm'] },
    { title: 'C', who: ['C gcc'] },
    { title: 'NumPy', who: ['NumPy', 'SciPy'] },
    plain,
  ]
  assert.equal(
    markdownTable(rows, columns, { title: 'over plain JS', over: plain }),
    [
      '| case | Skein | C | NumPy | plain JS | over plain JS |',
      '| --- | ---: | ---: | ---: | ---: | ---: |',
      '| triad f32 | 1.00 ms | – | 3.00 ms | 4.00 ms | 4.00× |',
    ].join('\n'),
  )
})

test('text goes between its markers, and nowhere when they are missing', () => {
  const document = 'a\n<!-- m -->\nold\n<!-- /m -->\nb\n'
  assert.equal(replaceBetween(document, 'm', 'new'), 'a\n<!-- m -->\nnew\n<!-- /m -->\nb\n')
  assert.equal(replaceBetween(replaceBetween(document, 'm', 'new'), 'm', 'old'), document)
  assert.throws(() => replaceBetween('no markers', 'm', ''), MarkersMissing)
})
