/** Fourier transforms: as NumPy has them, as they are defined, and what holds of them. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { type BackendName, backends } from '@skein/kernel/compiler'
import fc from 'fast-check'
import * as nd from '../src/index.ts'
import { disagreement } from './agree.ts'
import { arrayOf, type RecordedArray, samples } from './recorded.ts'

const file = new URL('./numpy/recorded-fft.json.gz', import.meta.url)
const recorded = JSON.parse(gunzipSync(readFileSync(file)).toString()) as {
  cases: { call: string; dtype: nd.DType; shape: number[]; options: object; out: RecordedArray }[]
  frequencies: { call: 'fftfreq' | 'rfftfreq'; n: number; d: number; out: RecordedArray }[]
}
const transforms = nd.fft as unknown as Record<string, (x: nd.NDArray, options?: object) => nd.NDArray>

const epsilon = (dtype: nd.DType) => (dtype === 'complex64' || dtype === 'float32' ? 2 ** -23 : 2 ** -52)
/** How far two arrays are apart, in units of rounding of the largest element. */
function apart(x: nd.NDArray, y: nd.NDArray): number {
  assert.deepEqual(x.shape, y.shape)
  if (x.size === 0) return 0
  const wide = (a: nd.NDArray) => nd.astype(a, 'complex128')
  const largest = Number(nd.max(nd.abs(wide(y))).item())
  const most = Number(nd.max(nd.abs(nd.subtract(wide(x), wide(y)))).item())
  return most / (largest || 1) / epsilon(x.dtype)
}

/** e^(2πi·k/n), by its angle from the next quarter of the circle. */
function rootOf(k: number, n: number): [number, number] {
  const quarter = Math.round((4 * k) / n)
  const angle = ((4 * k - quarter * n) * Math.PI) / (2 * n)
  const [c, s] = [Math.cos(angle), Math.sin(angle)]
  return (
    [
      [c, s],
      [-s, c],
      [-c, -s],
      [s, -c],
    ] as [number, number][]
  )[quarter % 4]
}

/** As defined, in doubles, of whose sums the rounding is summed too (A. Neumaier, 1974). @param x of lines along the middle one of three axes */
function defined(x: nd.NDArray): nd.NDArray {
  const [outer, n, inner] = x.shape
  const from = nd.astype(x, 'complex128').toTypedArray() as Float64Array
  const roots = Array.from({ length: n }, (_, k) => rootOf(k, n))
  const [cosines, sines] = [roots.map(r => r[0]), roots.map(r => -r[1])]
  const found = Array.from({ length: from.length / 2 }, () => ({ re: 0, im: 0 }))
  const sums = [0, 0]
  const lost = [0, 0]
  const add = (part: 0 | 1, term: number) => {
    const sum = sums[part] + term
    lost[part] += Math.abs(sums[part]) >= Math.abs(term) ? sums[part] - sum + term : term - sum + sums[part]
    sums[part] = sum
  }
  for (let line = 0; line < outer * inner; line++) {
    const start = Math.floor(line / inner) * n * inner + (line % inner)
    for (let k = 0; k < n; k++) {
      sums.fill(0)
      lost.fill(0)
      for (let j = 0, t = 0; j < n; j++, t = (t + k) % n) {
        const at = 2 * (start + j * inner)
        add(0, from[at] * cosines[t] - from[at + 1] * sines[t])
        add(1, from[at] * sines[t] + from[at + 1] * cosines[t])
      }
      found[start + k * inner] = { re: sums[0] + lost[0], im: sums[1] + lost[1] }
    }
  }
  return nd.reshape(nd.asarray(found, { dtype: 'complex128' }), x.shape)
}

describe('recorded of NumPy', () => {
  for (const call of new Set(recorded.cases.map(c => c.call))) {
    test(call, () => {
      for (const { dtype, shape, options, out } of recorded.cases.filter(c => c.call === call)) {
        const found = transforms[call](samples(dtype, shape), options)
        assert.equal(farFrom(found, out), undefined, `${dtype} [${shape}] ${JSON.stringify(options)}`)
      }
    })
  }
  /** Elements are exact relative to the largest, not each for itself. */
  function farFrom(found: nd.NDArray, out: RecordedArray): string | undefined {
    if (found.dtype !== out.dtype || String(found.shape) !== String(out.shape))
      return `${found.dtype} [${found.shape}], not ${out.dtype} [${out.shape}]`
    const far = apart(found, arrayOf(out))
    return far < 8 ? undefined : `${far} units of rounding apart`
  }
  test('frequencies', () => {
    for (const { call, n, d, out } of recorded.frequencies)
      assert.equal(disagreement(nd.fft[call](n, { d }), out, { ulps: 1 }), undefined, `${call}(${n}, ${d})`)
  })
})

const names = Object.keys(backends) as BackendName[]

for (const name of names) {
  const skip = backends[name].unavailable() ?? false
  const isReference = name === 'reference'
  describe(`transforms on ${name}`, { skip }, () => {
    const on = (work: () => void) => () => {
      nd.backend(name)
      try {
        work()
      } finally {
        nd.backend(undefined)
      }
    }
    const check = (shape: readonly number[], dtype: nd.DType) => {
      const x = samples(dtype, shape)
      const expected = defined(x)
      const most = 6 + Math.log2(shape[1])
      const found = nd.fft.fft(x, { axis: 1 })
      assert.ok(apart(found, expected) < most, `${dtype} [${shape}]: ${apart(found, expected)}`)
      const back = nd.fft.ifft(found, { axis: 1 })
      assert.ok(apart(back, nd.astype(x, found.dtype)) < 2 * most, `${dtype} [${shape}], back: ${apart(back, x)}`)
    }
    // Few points are transformed by plain loops, more by kernels: whole lines side by side, one behind the other, or one by itself.
    test(
      'as defined, lengths up to 64',
      on(() => {
        for (let n = 1; n <= 64; n += isReference ? 7 : name === 'wasm' && n > 16 ? 4 : 1) {
          const dtype = n % 2 ? 'complex128' : 'complex64'
          check([1, n, 1], 'complex128')
          if (n <= 16 || n % 3 > 0) check([Math.ceil(4500 / n), n, 1], dtype)
          if (n <= 16 || n % 3 === 0) check([2, n, Math.ceil(2300 / n)], dtype)
        }
      }),
    )
    test(
      'as defined, longer lines',
      on(() => {
        const lengths = isReference ? [1001] : [513, 1001, 1009, 1331, 2 * 521]
        for (const n of lengths) {
          check([1, n, 1], 'complex128')
          check([1, n, 1], 'complex64')
          check([2, n, 1], 'float64')
        }
        if (!isReference) check([1, 4096, 1], 'complex128')
        if (!isReference) check([70, 130, 1], 'complex128')
        if (!isReference) check([2, 130, 15], 'float32')
      }),
    )
    test(
      'of reals: the half of the complex transform, and back',
      on(() => {
        for (const shape of isReference
          ? [[3, 1100]]
          : [[1100], [1025], [3, 2000], [400, 64], [40, 63], [2, 1018], [8192]]) {
          for (const dtype of ['float64', 'float32'] as const) {
            const x = samples(dtype, shape)
            const n = shape[shape.length - 1]
            const found = nd.fft.rfft(x)
            const whole = nd.fft.fft(x)
            const half = whole.at('...', { end: Math.floor(n / 2) + 1 })
            assert.ok(apart(found, half) < 16, `${dtype} [${shape}]: ${apart(found, half)}`)
            const back = nd.fft.irfft(found, { n })
            assert.equal(back.dtype, dtype)
            assert.ok(apart(back, x) < 16, `${dtype} [${shape}], back: ${apart(back, x)}`)
          }
        }
      }),
    )
    // One kernel has whole lines as lanes; what begins at an odd element has no pairs in place.
    test(
      'of many short lines of reals, wherever they begin',
      on(() => {
        for (const h of isReference ? [3] : name === 'wasm' ? [1, 6, 25] : [1, 2, 6, 9, 15, 25, 32, 33]) {
          const all = samples('float64', [70 * 2 * h + 2])
          for (const begin of [0, 1, 2]) {
            const x = all.at({ begin, end: begin + 140 * h }).reshape([70, 2 * h])
            const found = nd.fft.rfft(x)
            const expected = nd.fft.fft(nd.astype(x, 'complex128')).at('...', { end: h + 1 })
            assert.ok(apart(found, expected) < 8, `${h}, ${begin}: ${apart(found, expected)}`)
            assert.ok(apart(nd.fft.irfft(found), x) < 8, `${h}, ${begin}, back`)
            assert.ok(apart(nd.fft.irfft(found.at('20:')), x.at('20:')) < 8, `${h}, ${begin}, some back`)
          }
        }
      }),
    )
    test(
      'of axes and strides of any kind',
      on(() => {
        const x = samples('complex128', [14, 20, 30])
        const lines = defined(x)
        const turned = nd.permuteDims(x, [2, 1, 0])
        assert.ok(apart(nd.fft.fft(turned, { axis: 1 }), nd.permuteDims(lines, [2, 1, 0])) < 16)
        assert.ok(apart(nd.fft.fft(nd.flip(x, 2), { axis: 1 }), nd.flip(lines, 2)) < 16)
        const some = x.at('::2, :, 1:')
        assert.ok(apart(nd.fft.fft(some, { axis: 1 }), defined(nd.copy(some))) < 16)
        const wide = nd.broadcastTo(x.at('0:1'), [20, 20, 30])
        assert.ok(apart(nd.fft.fft(wide, { axis: 1 }), defined(nd.copy(wide))) < 16)
        const cut = nd.fft.fft(x, { axis: 1, n: 18 })
        assert.ok(apart(cut, defined(nd.copy(x.at(':, 0:18')))) < 16)
        const filled = nd.fft.fft(x, { axis: 1, n: 25 })
        assert.ok(
          apart(
            filled,
            defined(
              nd.pad(x, [
                [0, 0],
                [0, 5],
                [0, 0],
              ]),
            ),
          ) < 16,
        )
        const last = nd.fft.rfft(nd.real(x), { axis: 0, n: 4 })
        assert.ok(apart(last, nd.fft.fft(nd.real(x), { axis: 0, n: 4 }).at('0:3')) < 16)
      }),
    )
  })
}

describe('what holds', () => {
  const signal = (n: number, seed: number) =>
    nd.asarray(
      Array.from({ length: n }, (_, k) => ({ re: Math.sin(seed + k * k), im: Math.cos(seed * k + 1) })),
      { dtype: 'complex128' },
    )
  const length = fc.integer({ min: 1, max: 4000 })
  test('it is linear', () => {
    fc.assert(
      fc.property(length, fc.nat(100), fc.double({ min: -3, max: 3, noNaN: true }), (n, seed, factor) => {
        const [x, y] = [signal(n, seed), signal(n, seed + 1)]
        const together = nd.fft.fft(nd.add(x, nd.multiply(y, factor)))
        const apartFirst = nd.add(nd.fft.fft(x), nd.multiply(nd.fft.fft(y), factor))
        assert.ok(apart(together, apartFirst) < 64)
      }),
      { numRuns: 40 },
    )
  })
  test('with ortho the sum of squares stays (Parseval), and the inverse gives the signal', () => {
    fc.assert(
      fc.property(length, fc.nat(100), (n, seed) => {
        const x = signal(n, seed)
        const found = nd.fft.fft(x, { norm: 'ortho' })
        const squares = (a: nd.NDArray) => Number(nd.sum(nd.square(nd.abs(a))).item())
        assert.ok(Math.abs(squares(found) / squares(x) - 1) < 1e-13)
        assert.ok(apart(nd.fft.ifft(found, { norm: 'ortho' }), x) < 32)
      }),
      { numRuns: 40 },
    )
  })
  test('a shift turns the elements', () => {
    const [n, by] = [6000, 11]
    const x = signal(n, 3)
    const moved = nd.fft.fft(nd.roll(x, by)).toTypedArray() as Float64Array
    const still = nd.fft.fft(x).toTypedArray() as Float64Array
    for (let k = 0; k < n; k++) {
      const angle = (-2 * Math.PI * ((k * by) % n)) / n
      const re = still[2 * k] * Math.cos(angle) - still[2 * k + 1] * Math.sin(angle)
      assert.ok(Math.abs(re - moved[2 * k]) < 1e-9)
    }
  })
  test('every backend gives the same bits', () => {
    const x = samples('complex128', [3, 1000])
    const reals = [samples('float64', [3, 1000]), samples('float64', [90, 20])]
    const bits = names
      .filter(name => !backends[name].unavailable())
      .map(name => {
        nd.backend(name)
        try {
          return [nd.fft.fft(x), ...reals.map(r => nd.fft.rfft(r))].map(found => found.toList())
        } finally {
          nd.backend(undefined)
        }
      })
    for (const other of bits) assert.deepEqual(other, bits[0])
  })
  test('is computed when it is read, beside too, of what the array was', async () => {
    const x = samples('complex128', [5000])
    const before = nd.copy(x)
    const found = nd.fft.fft(x)
    assert.equal(found.isEvaluated, false)
    x.assign(0)
    await found.values()
    assert.ok(apart(found, nd.fft.fft(before)) === 0)
  })
  test('transforms beside each other do not mix', async () => {
    const signals = Array.from({ length: 4 }, (_, k) => signal(6000, k))
    const found = await Promise.all(signals.map(x => nd.fft.fft(x).evalAsync()))
    for (const [k, x] of signals.entries()) assert.ok(apart(found[k], nd.fft.fft(x)) === 0)
  })
  test('shifts take each other back', () => {
    const x = nd.arange(15).reshape([3, 5])
    assert.deepEqual(nd.fft.ifftshift(nd.fft.fftshift(x)).toList(), x.toList())
  })
})

describe('edges', () => {
  test('a NaN is in every element', () => {
    const x = nd.asarray([1, NaN, 3, 4])
    assert.ok((nd.abs(nd.fft.fft(x)).toList() as number[]).every(Number.isNaN))
  })
  test('arrays without lines give arrays without elements', () => {
    assert.deepEqual(nd.fft.fft(nd.zeros([0, 4])).toList(), [])
    assert.deepEqual(nd.fft.rfft(nd.zeros([4, 0]), { axis: 0 }).shape, [3, 0])
    assert.deepEqual(nd.fft.irfft(nd.zeros([3, 0]), { axis: 0 }).toList(), [[], [], [], []])
    assert.deepEqual(nd.fft.fft(nd.zeros([0]), { n: 3 }).toList(), nd.zeros([3], { dtype: 'complex128' }).toList())
    assert.deepEqual(nd.fft.irfft(nd.zeros([0]), { n: 3 }).toList(), [0, 0, 0])
  })
  test('what there is no transform of says why', () => {
    const { fft, rfft, fftn, fftfreq, irfft } = nd.fft
    const x = nd.zeros([2, 3])
    assert.throws(() => fft(nd.zeros([3, 0])), {
      name: 'ShapeError',
      message: /axis -1 of the shape \[3, 0\] has 0 elements/,
    })
    assert.throws(() => irfft(nd.zeros([1])), { name: 'ShapeError' })
    assert.throws(() => fft(x, { axis: 2 }), { name: 'ShapeError' })
    assert.throws(() => fft(x, { n: 0 }), { name: 'ArgumentError' })
    assert.throws(() => fft(x, { n: 1.5 }), { name: 'ArgumentError' })
    assert.throws(() => fft(x, { norm: 'backwards' as 'backward' }), { name: 'ArgumentError', message: /'ortho'/ })
    assert.throws(() => fft(nd.asarray(5)), { name: 'ShapeError' })
    assert.throws(() => rfft(nd.fft.fft(x)), {
      name: 'DTypeError',
      message: /rfft: takes real numbers, not complex128/,
    })
    assert.throws(() => fftn(x, { s: [1, 2, 3] }), { name: 'ShapeError' })
    assert.throws(() => fftn(x, { s: [1], axes: [0, 1] }), { name: 'ArgumentError' })
    assert.throws(() => fftn(x, { axes: [0, -2] }), { name: 'ArgumentError', message: /different axes/ })
    assert.throws(() => fftfreq(0), { name: 'ArgumentError' })
    assert.throws(() => fftfreq(4, { dtype: 'int32' as 'float32' }), { name: 'DTypeError' })
  })
})
