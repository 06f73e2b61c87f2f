/** The peers of the native suite that need no Python compute the same as plain JavaScript, at small sizes. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Peer } from '../harness/peer.ts'
import type { Row } from '../harness/results.ts'
import { agree } from '../harness/statistics.ts'
import { type BenchCase, caseId, launchOf } from '../harness/suite.ts'
import { checksum, onHeap, plainId } from '../kernels/data.ts'
import { jobs } from '../kernels/plainjobs.ts'
import { cases } from '../native/cases.ts'
import { native } from '../native/suite.ts'

/** As small as every peer can do with, whole vectors and blocks, and with something left behind them where they can. */
function sizeOf({ name, quick }: BenchCase): number {
  if (/^(n-body|floyd)/.test(name)) return 128
  if (/^(mandelbrot|life|heat|gemm|gemv)/.test(name)) return 74
  if (name === 'spmv') return 8
  return name.startsWith('batch') ? quick : Math.min(quick, 2003)
}

const expected = new Map<BenchCase, number>()
for (const benchCase of cases) {
  const job = jobs[plainId(caseId(benchCase))]
  // Products of any size are the same one here.
  if (!job || /^gemm-(512|1024|2048)/.test(benchCase.name)) continue
  const n = sizeOf(benchCase)
  const arrays = job.arrays(n, onHeap, 1)
  job.before?.(arrays, n)
  for (let phase = 0; phase < (job.phases?.(n, 1) ?? 1); phase++) job.part(arrays, n, phase, 0, 1)
  expected.set(benchCase, job.value?.(arrays) ?? checksum(...job.outputs(arrays)))
}

test('case names are unique, and each but compiling has a plain loop', () => {
  const ids = cases.map(caseId)
  assert.equal(new Set(ids).size, ids.length)
  const withoutLoop = cases.map(caseId).filter(id => !jobs[plainId(id)])
  assert.deepEqual(withoutLoop, ['first-call_f32', 'first-call-from-disk_f32'])
})

test('machine code is compared with wasm by the mean of ratios', () => {
  const row = (name: string, who: string, median: number) =>
    ({ case: name, dtype: 'f32', who, seconds: { median, min: median, max: median } }) as Row
  const rows = [
    row('a', 'skein:x64', 1),
    row('a', 'skein:wasm', 1),
    row('b', 'skein:x64', 1),
    row('b', 'skein:wasm', 16),
  ]
  const alone = [row('c', 'skein:x64', 1), row('first-call', 'skein:x64', 9), row('first-call', 'skein:wasm', 1)]
  assert.deepEqual(native.summary!([...rows, ...alone]), ['met     geometric mean of 2 cases against wasm ≥ 2×: 4.00×'])
  assert.match(native.summary!(rows.slice(0, 2))[0], /^MISSED .*1.00×$/)
  assert.deepEqual(native.summary!(alone), [])
})

const compared = ['skein:x64', 'skein:wasm', 'C by hand, strict', 'C gcc', 'OpenBLAS']
const peers = native.peers(2)
for (const name of compared) {
  const spec = peers.find(({ label }) => label.startsWith(name))
  assert.ok(spec, name)
  const launch = launchOf(spec)
  const skip = 'absent' in launch && launch.absent
  test(`${name} computes what plain JavaScript does`, { skip }, async () => {
    const peer = new Peer({ ...spec, launch })
    after(() => peer.quit())
    await peer.start()
    let count = 0
    for (const [benchCase, sum] of expected) {
      if (!(spec.cases?.(benchCase) ?? true)) continue
      const prepared = await peer.prepare(caseId(benchCase), sizeOf(benchCase), 60_000, benchCase.threads)
      if ('skip' in prepared) continue
      count++
      const told = `${caseId(benchCase)}: ${prepared.checksum}, plain JavaScript ${sum}`
      assert.ok(agree(prepared.checksum!, sum, benchCase.tolerance), told)
      if (benchCase.threads) assert.equal(prepared.threads, benchCase.threads)
    }
    assert.ok(count >= (name === 'OpenBLAS' ? 12 : 35), `${count} cases`)
    await peer.quit()
  })
}
