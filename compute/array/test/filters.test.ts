/** Signals: filters, spectra, samples and peaks, as SciPy has them. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { type BackendName, backends } from '@skein/kernel/compiler'
import * as nd from '../src/index.ts'
import { near } from './images.ts'
import { arrayOf, type RecordedArray, samples } from './recorded.ts'

const { signal } = nd
const file = new URL('./numpy/recorded-filters.json.gz', import.meta.url)
type Given = { signal: [nd.DType, number[]] } | number | number[]
const { cases } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as {
  cases: { call: string; args: Given[]; options: object | null; names: string[]; out: RecordedArray[] }[]
}
const functions = signal as unknown as Record<string, (...given: unknown[]) => Record<string, nd.NDArray> & nd.NDArray>

/** Where roots lie near each other, or sums cancel, last places differ. */
const rough = 1e-9

for (const name of Object.keys(backends) as BackendName[]) {
  describe(`recorded of SciPy, on ${name}`, { skip: backends[name].unavailable() ?? false }, () => {
    for (const call of new Set(cases.map(c => c.call))) {
      test(call, () => {
        nd.backend(name)
        try {
          for (const { args, options, names, out } of cases.filter(c => c.call === call)) {
            const given = args.map(a => (typeof a === 'object' && 'signal' in a ? samples(...a.signal) : a))
            const found = options === null ? functions[call](...given) : functions[call](...given, options)
            const told = `${call} ${JSON.stringify(args).slice(0, 200)} ${JSON.stringify(options)}`
            const results = names.length === 0 ? [found] : names.map(n => found[n])
            for (const [k, result] of results.entries())
              near(result, arrayOf(out[k]), `${told} ${names[k] ?? ''}`, rough)
          }
        } finally {
          nd.backend(undefined)
        }
      })
    }
  })
}

const list = (x: nd.NDArray) => [x.toList()].flat(Number.POSITIVE_INFINITY) as number[]
const close = (x: nd.NDArray, y: nd.NDArray) => nd.allclose(x, y, { rtol: 0, atol: 1e-9 })

describe('what holds', () => {
  const x = samples('float64', [3, 60])
  test('a state at the end of one part begins the next; forms of a filter are alike', () => {
    const zpk = signal.cheby1(4, 1, 0.3, { output: 'zpk' })
    assert.deepEqual([zpk.z.dtype, zpk.p.shape], ['complex128', [4]])
    const { b, a } = signal.cheby1(4, 1, 0.3, { output: 'ba' })
    const sos = signal.cheby1(4, 1, 0.3)
    assert.ok(close(signal.lfilter(b, a, x), signal.sosfilt(sos, x)))
    const resting = signal.lfilter(b, a, nd.ones([10]), { zi: signal.lfilterZi(b, a) })
    assert.ok(close(resting, nd.full([10], list(resting)[0])))
    const h = signal.freqz(b, a, { worN: 16 }).h
    assert.ok(close(nd.abs(nd.subtract(h, signal.freqzSos(sos, { worN: 16 }).h)), nd.zeros([16])))
  })
  test('a Bessel filter delays what passes alike', () => {
    const { b, a } = signal.bessel(5, 0.2, { norm: 'delay', output: 'ba' })
    const { h } = signal.freqz(b, a, { worN: [0.01, 0.02, 0.2, 0.21] })
    const phase = list(nd.angle(h))
    // The bilinear transform stretches frequencies, and with them delays.
    const delay = (k: number, w: number) => ((phase[k] - phase[k + 1]) * 100) / (1 + Math.tan(w / 2) ** 2)
    const [low, high] = [delay(0, 0.015), delay(2, 0.205)]
    assert.ok(Math.abs(low / high - 1) < 1e-3, `${low}, ${high}`)
  })
  test('filters pass what they are to pass', () => {
    for (const sos of [signal.butter(6, 0.4), signal.cheby2(6, 40, 0.4), signal.ellip(5, 0.1, 40, 0.4)]) {
      const size = list(nd.abs(signal.freqzSos(sos, { worN: [0, 0.95 * Math.PI] }).h))
      assert.ok(Math.abs(size[0] - 1) < 0.02 && size[1] < 0.011, String(size))
    }
  })
  test('transforms of pieces come back', () => {
    for (const options of [
      { nperseg: 16 },
      { nperseg: 15, noverlap: 10 },
      { nperseg: 16, window: 'boxcar', noverlap: 0, scaling: 'psd' as const, fs: 8 },
    ]) {
      const found = signal.istft(signal.stft(x, options).zxx, options).x
      assert.ok(close(found.at('..., 0:60'), x), JSON.stringify(options))
    }
  })
  test('as many samples as there are change nothing; more of them meet the old ones', () => {
    assert.ok(close(signal.resample(x, 60), x))
    assert.ok(close(signal.resample(x, 180).at('..., ::3'), x))
    assert.ok(nd.arrayEqual(signal.resamplePoly(x, 4, 4), x))
  })
  test('a signal of float32 stays one, and is computed when it is read', async () => {
    const single = nd.astype(x, 'float32')
    const later = signal.sosfiltfilt(signal.butter(2, 0.2), single)
    assert.equal(later.dtype, 'float32')
    assert.ok(
      nd.allclose(
        nd.astype(nd.asarray(await later.values()), 'float64'),
        signal.sosfiltfilt(signal.butter(2, 0.2), x).reshape([180]),
        { atol: 1e-5 },
      ),
    )
    for (const y of [
      signal.resample(single, 30),
      signal.detrend(single),
      signal.savgolFilter(single, 5, 2),
      signal.welch(single).pxx,
    ])
      assert.equal(y.dtype, 'float32')
    assert.equal(signal.hilbert(single).dtype, 'complex64')
  })
  test('a line has no trend; the envelope of a wave is its height', () => {
    assert.ok(close(signal.detrend(nd.arange(20)), nd.zeros([20])))
    const wave = nd.map((t: number) => 3 * Math.cos(t), nd.multiply(nd.arange(64), Math.PI / 8))
    assert.ok(close(nd.abs(signal.hilbert(wave)), nd.full([64], 3)))
  })
})

describe('what is refused', () => {
  const x = nd.zeros([20])
  const refused: [string, () => unknown, RegExp][] = [
    ['ArgumentError', () => signal.bessel(26, 0.2), /bessel: n must be a whole number from 1 to 25/],
    ['ArgumentError', () => signal.bessel(3, 0.2, { norm: 'flat' as 'mag' }), /'phase', 'delay' or 'mag'/],
    ['ArgumentError', () => signal.butter(0, 0.2), /from 1 to 500/],
    ['ArgumentError', () => signal.butter(2, 1.2), /between 0 and 1/],
    ['ArgumentError', () => signal.butter(2, [0.5, 0.2]), /in order/],
    ['ArgumentError', () => signal.butter(2, 0.2, { btype: 'band' as 'bandpass' }), /btype/],
    ['ArgumentError', () => signal.cheby1(2, -1, 0.2), /decibels/],
    ['ArgumentError', () => signal.ellip(2, 40, 30, 0.2), /more decibels/],
    ['ArgumentError', () => signal.lfilter([1], [0, 1], x), /not 0/],
    ['ShapeError', () => signal.lfilter([1, 2], [1], x, { zi: [1, 2, 3] }), /state/],
    ['ShapeError', () => signal.sosfilt([1, 2, 3], x), /\[n, 6\]/],
    ['ShapeError', () => signal.filtfilt([1, 1], [1], nd.zeros([4])), /too short/],
    ['DTypeError', () => signal.lfilter([1], [1], nd.zeros([3], { dtype: 'complex128' })), /real/],
    ['ArgumentError', () => signal.firwin(20, 0.3, { passZero: false }), /odd/],
    ['ArgumentError', () => signal.firwin(20, 0.3, { window: 'none' }), /hann/],
    ['ArgumentError', () => signal.savgolFilter(x, 5, 5), /polyorder/],
    ['ArgumentError', () => signal.savgolFilter(x, 21, 2), /at most 20/],
    ['ArgumentError', () => signal.resample(x, 0), /num/],
    ['ArgumentError', () => signal.welch(x, { nperseg: 8, noverlap: 8 }), /less than nperseg/],
    ['ShapeError', () => signal.welch(nd.zeros([0])), /no samples/],
    ['ArgumentError', () => signal.findPeaks(x, { distance: 0 }), /distance/],
    ['ArgumentError', () => signal.medfilt(x, 4), /odd/],
    ['DTypeError', () => signal.istft(nd.zeros([3, 3])), /complex/],
  ]
  for (const [name, call, message] of refused) test(String(message), () => assert.throws(call, { name, message }))
  test('signals that are not there, and of no samples', () => {
    assert.deepEqual(signal.lfilter([1], [1], nd.zeros([0, 5])).shape, [0, 5])
    assert.deepEqual(signal.sosfilt(signal.butter(2, 0.2), nd.zeros([3, 0])).shape, [3, 0])
    assert.deepEqual(signal.findPeaks([1]).peaks.toList(), [])
    assert.ok(
      list(signal.lfilter([1], [1, -0.5], [1, Number.NaN, 1]))
        .slice(1)
        .every(Number.isNaN),
    )
  })
})
