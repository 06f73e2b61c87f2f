// `skein bench`: that it measures and compares; not what it measures.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { heap } from '@skein/heap'
import { createTeam } from '@skein/team'
import { checkoutAbove } from '../src/measure/checkout.ts'
import { copyModule, memoryCopier } from '../src/measure/memory-copy.ts'
import { duration } from '../src/measure/report.ts'
import { interleave, type Row, spread } from '../src/measure/spread.ts'
import { skein } from './skein.ts'

const empty = mkdtempSync(join(tmpdir(), 'skein-bench-'))
after(() => rmSync(empty, { recursive: true, force: true }))

test('the quick benchmark: rows in the form of the project, kernels and plain loops agreeing', () => {
  const { status, stdout, stderr } = skein(['bench', '--threads', '2', '--json'], { cwd: empty })
  assert.equal(status, 0, stderr)
  const rows: Row[] = JSON.parse(stdout)
  for (const { seconds, n, suite } of rows) {
    assert.equal(suite, 'quick')
    assert.ok(n > 0)
    assert.ok(0 < seconds.min && seconds.min <= seconds.median && seconds.median <= seconds.max)
  }
  for (const name of ['triad', 'sum', 'fused', 'mandelbrot']) {
    assert.deepEqual(
      rows.filter(row => row.case === name).map(({ who, threads }) => [who, threads]),
      [
        ['skein:wasm', 2],
        ['plain JS', 1],
      ],
    )
  }
  assert.ok(rows.some(row => row.case === 'copy' && row.who === 'memory.copy'))
  assert.ok(rows.some(row => row.case === 'call, team parked'))
})

test('as a table', () => {
  const { status, stdout, stderr } = skein(['bench', '-t', '1'], { cwd: empty })
  assert.equal(status, 0, stderr)
  assert.match(stdout, /^triad +f64 +1 .*%.*×/m)
  assert.doesNotMatch(stdout, /team parked/)
})

test('a suite is the checkout’s: elsewhere it is refused, there it is run', () => {
  const refused = skein(['bench', 'kernels'], { cwd: empty })
  assert.equal(refused.status, 2)
  assert.match(refused.stderr, /'kernels' is measured in a checkout of Skein/)
  const listed = skein(['bench', 'kernels', '--list'], { cwd: import.meta.dirname })
  assert.equal(listed.status, 0, listed.stderr)
  assert.match(listed.stdout, /triad_f32/)
  assert.ok(checkoutAbove(import.meta.dirname))
  assert.equal(checkoutAbove(empty), undefined)
})

test('memory.copy copies, whole, by all threads, for both widths of addresses', async () => {
  assert.ok(WebAssembly.validate(copyModule(true) as BufferSource))
  assert.ok(WebAssembly.validate(copyModule(false) as BufferSource))
  await using team = createTeam({ threads: 2 })
  const before = heap.stats().inUseBytes
  const copier = memoryCopier(heap, team, 4 * 65536)
  copier.copy()
  copier.free()
  assert.equal(heap.stats().inUseBytes, before)
})

test('spreads and durations', () => {
  assert.deepEqual(spread([3, 1, 2]), { median: 2, min: 1, max: 3 })
  assert.deepEqual(spread([4, 1, 2, 3]), { median: 2.5, min: 1, max: 4 })
  let calls = 0
  const [timed] = interleave([() => calls++], { rounds: 5, seconds: 60 })
  assert.equal(calls, 6)
  assert.ok(timed.min <= timed.median)
  for (const [seconds, text] of [
    [1.5, '1.50 s'],
    [0.0123, '12.3 ms'],
    [4.2e-7, '0.420 µs'],
  ] as const)
    assert.equal(duration(seconds), text)
})
