/**
 * Whether numbers are distributed as they should be: continuous ones by Kolmogorov and Smirnov's test, whole ones by chi-square. The seeds are fixed and
 * printed; a right distribution fails a test for fewer than one seed in a million.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as nd from '../src/index.ts'

const { random } = nd
const n = 30_000
const seeds = [101, 202]

/** sup |F − Fn|·√n: above 2.7 with probability 2·e^(−2·2.7²) < 1e-6. */
function kolmogorov(sample: Float64Array, cdf: (x: number) => number): number {
  const sorted = sample.slice().sort()
  let worst = 0
  for (const [k, x] of sorted.entries()) {
    const p = cdf(x)
    worst = Math.max(worst, p - k / sorted.length, (k + 1) / sorted.length - p)
  }
  return worst * Math.sqrt(sorted.length)
}

/** What of x has a density on the whole line, up to a factor, as a distribution function: Simpson's rule, linear between 40,000 points. */
function integrated(density: (y: number) => number, low: number, high: number, of = (x: number) => x) {
  const panels = 40_000
  const h = (high - low) / panels
  const sums = new Float64Array(panels + 1)
  for (let k = 0; k < panels; k++) {
    const y = low + k * h
    sums[k + 1] = sums[k] + (density(y) + 4 * density(y + h / 2) + density(y + h)) / 6
  }
  return (x: number) => {
    const at = Math.min(Math.max((of(x) - low) / h, 0), panels)
    const k = Math.min(Math.floor(at), panels - 1)
    return (sums[k] + (at - k) * (sums[k + 1] - sums[k])) / sums[panels]
  }
}

const normalCdf = integrated(y => Math.exp((-y * y) / 2), -12, 12)
/** On the logarithm, where small a is no pole. */
const gammaCdf = (a: number) => integrated(y => Math.exp(a * y - Math.exp(y)), -60 / Math.min(a, 1), 8, Math.log)
const logit = (x: number) => Math.log(x / (1 - x))
const betaCdf = (a: number, b: number) =>
  integrated(y => Math.exp(a * y - (a + b) * Math.log1p(Math.exp(y))), -36 / Math.min(a, 1), 36, logit)
const studentCdf = (df: number) =>
  integrated(y => Math.cosh(y) * (1 + Math.sinh(y) ** 2 / df) ** (-(df + 1) / 2), -30, 30, Math.asinh)

type Make = (options: { seed: number; dtype?: 'float32' | 'float64' }) => nd.NDArray
const continuous: [string, Make, (x: number) => number][] = [
  ['uniform', o => random.uniform([n], { low: -1, high: 3, ...o }), x => (x + 1) / 4],
  ['normal', o => random.normal([n], { mean: 1, std: 2, ...o }), x => normalCdf((x - 1) / 2)],
  ['lognormal', o => random.lognormal([n], { mean: 1, std: 0.5, ...o }), x => normalCdf((Math.log(x) - 1) / 0.5)],
  ['exponential', o => random.exponential([n], { scale: 2, ...o }), x => -Math.expm1(-x / 2)],
  ['weibull', o => random.weibull([n], { a: 1.7, scale: 3, ...o }), x => -Math.expm1(-((x / 3) ** 1.7))],
  ['logistic', o => random.logistic([n], { loc: 1, scale: 2, ...o }), x => 1 / (1 + Math.exp(-(x - 1) / 2))],
  [
    'laplace',
    o => random.laplace([n], { loc: 1, scale: 2, ...o }),
    x => (x < 1 ? Math.exp((x - 1) / 2) / 2 : 1 - Math.exp(-(x - 1) / 2) / 2),
  ],
  ['gumbel', o => random.gumbel([n], { loc: 1, scale: 2, ...o }), x => Math.exp(-Math.exp(-(x - 1) / 2))],
  ['cauchy', o => random.cauchy([n], { loc: 1, scale: 2, ...o }), x => 0.5 + Math.atan((x - 1) / 2) / Math.PI],
  ['gamma of 0.3', o => random.gamma([n], { a: 0.3, ...o }), gammaCdf(0.3)],
  ['gamma of 1', o => random.gamma([n], { a: 1, scale: 3, ...o }), x => -Math.expm1(-x / 3)],
  ['gamma of 7.5', o => random.gamma([n], { a: 7.5, scale: 0.5, ...o }), x => gammaCdf75(x / 0.5)],
  ['chiSquare', o => random.chiSquare([n], { df: 3, ...o }), x => gammaCdf15(x / 2)],
  ['beta of 0.5, 0.5', o => random.beta([n], { a: 0.5, b: 0.5, ...o }), betaCdf(0.5, 0.5)],
  ['beta of 2, 5', o => random.beta([n], { a: 2, b: 5, ...o }), betaCdf(2, 5)],
  ['studentT of 1', o => random.studentT([n], { df: 1, ...o }), x => 0.5 + Math.atan(x) / Math.PI],
  ['studentT of 5', o => random.studentT([n], { df: 5, ...o }), studentCdf(5)],
]
const gammaCdf75 = gammaCdf(7.5)
const gammaCdf15 = gammaCdf(1.5)

for (const [name, make, cdf] of continuous)
  test(`${name}: Kolmogorov–Smirnov`, t => {
    for (const seed of seeds) {
      const found = make({ seed }).toTypedArray() as unknown as Float64Array
      const d = kolmogorov(found, cdf)
      t.diagnostic(`seed ${seed}: ${d.toFixed(2)}`)
      assert.ok(d < 2.7, `seed ${seed}: ${d}`)
      const single = make({ seed, dtype: 'float32' }).toTypedArray()
      if (name !== 'uniform') assert.deepEqual(single, new Float32Array(found))
    }
  })

test('a wrong distribution is found out', () => {
  const sample = random.normal([n], { seed: 1, std: 1.15 }).toTypedArray() as unknown as Float64Array
  assert.ok(kolmogorov(sample, normalCdf) > 2.7)
  const counts = random.poisson([n], { lam: 12.3, seed: 1 }).toList() as number[]
  assert.ok(chiSquare(counts, poisson(12)) > 4.76)
})

test('gamma numbers with a of each element', () => {
  const found = random.gamma([2, n], { a: nd.asarray([[0.3], [7.5]]), seed: 5 })
  assert.ok(kolmogorov(found.at(0).copy().toTypedArray() as unknown as Float64Array, gammaCdf(0.3)) < 2.7)
  assert.ok(kolmogorov(found.at(1).copy().toTypedArray() as unknown as Float64Array, gammaCdf75) < 2.7)
})

/** Probabilities of 0, 1, … from how each is to the one before. */
function masses(first: number, most: number, ratio: (k: number) => number): number[] {
  const logs = [0]
  for (let k = 1; k <= most; k++) logs.push(logs[k - 1] + Math.log(ratio(k)))
  const largest = Math.max(...logs)
  const all = logs.map(x => Math.exp(x - largest))
  const total = all.reduce((a, b) => a + b)
  return [...new Array<number>(first).fill(0), ...all.map(x => x / total)]
}
const poisson = (lam: number) => masses(0, Math.ceil(lam + 40 * Math.sqrt(lam) + 60), k => lam / k)
const binomial = (trials: number, p: number) => masses(0, trials, k => ((trials - k + 1) * p) / (k * (1 - p)))

/** Chi-square of counts as a normal number (E. B. Wilson and M. M. Hilferty, 1931): above 4.76 with probability 1e-6. Classes of fewer than 20 are put together. */
function chiSquare(sample: readonly number[], expected: readonly number[]): number {
  const counts = new Float64Array(expected.length)
  for (const k of sample) {
    assert.ok(k >= 0 && k < expected.length, `${k} cannot be`)
    counts[k]++
  }
  let [sum, classes, seen, wanted] = [0, 0, 0, 0]
  let left = sample.length
  for (const [k, p] of expected.entries()) {
    seen += counts[k]
    wanted += p * sample.length
    left -= p * sample.length
    if ((wanted < 20 || left < 20) && k < expected.length - 1) continue
    if (wanted > 0) {
      sum += (seen - wanted) ** 2 / wanted
      classes++
    }
    seen = wanted = 0
  }
  const df = Math.max(1, classes - 1)
  return ((sum / df) ** (1 / 3) - (1 - 2 / (9 * df))) / Math.sqrt(2 / (9 * df))
}

const equal = (k: number): number[] => new Array<number>(k).fill(1 / k)
const whole: [string, (seed: number) => nd.NDArray, number[]][] = [
  ['integers below 6', seed => random.integers([n], { high: 6, seed }), equal(6)],
  ['integers of a byte', seed => random.integers([n], { high: 255, endpoint: true, dtype: 'uint8', seed }), equal(256)],
  [
    'integers of 64 bits, high parts',
    seed => nd.floorDivide(random.integers([n], { high: 3n * 2n ** 60n, dtype: 'uint64', seed }), 2n ** 58n),
    equal(12),
  ],
  [
    'integers of 64 bits in a small range',
    seed =>
      nd.subtract(random.integers([n], { low: 2n ** 61n, high: 2n ** 61n + 7n, dtype: 'int64', seed }), 2n ** 61n),
    equal(7),
  ],
  ['binomial of 10, 0.3', seed => random.binomial([n], { n: 10, p: 0.3, seed }), binomial(10, 0.3)],
  ['binomial of 10, 0.9', seed => random.binomial([n], { n: 10, p: 0.9, seed }), binomial(10, 0.9)],
  ['binomial of 100, 0.3', seed => random.binomial([n], { n: 100, p: 0.3, seed }), binomial(100, 0.3)],
  ['binomial of 1000, 0.6', seed => random.binomial([n], { n: 1000, p: 0.6, seed }), binomial(1000, 0.6)],
  ['binomial of 20, 0.5', seed => random.binomial([n], { n: 20, p: 0.5, seed }), binomial(20, 0.5)],
  ['poisson of 0.5', seed => random.poisson([n], { lam: 0.5, seed }), poisson(0.5)],
  ['poisson of 9.9', seed => random.poisson([n], { lam: 9.9, seed }), poisson(9.9)],
  ['poisson of 10', seed => random.poisson([n], { lam: 10, seed }), poisson(10)],
  ['poisson of 250', seed => random.poisson([n], { lam: 250, seed }), poisson(250)],
  ['geometric of 0.2', seed => random.geometric([n], { p: 0.2, seed }), masses(1, 200, () => 0.8)],
  ['choice', seed => random.choice(4, [n], { seed }), equal(4)],
  ['choice with weights', seed => random.choice(4, [n], { p: [1, 0, 2, 1], seed }), [0.25, 0, 0.5, 0.25]],
]
for (const [name, make, expected] of whole)
  test(`${name}: chi-square`, t => {
    for (const seed of seeds) {
      const z = chiSquare((make(seed).toList() as (number | bigint)[]).map(Number), expected)
      t.diagnostic(`seed ${seed}: ${z.toFixed(2)}`)
      assert.ok(z < 4.76, `seed ${seed}: ${z}`)
    }
  })

test('both ends of probabilities', () => {
  assert.deepEqual(random.binomial([4], { n: 9, p: nd.asarray([0, 1, 0, 1]), seed: 1 }).toList(), [0, 9, 0, 9])
  assert.deepEqual(random.geometric([3], { p: 1, seed: 1 }).toList(), [1, 1, 1])
  assert.deepEqual(random.poisson([2], { lam: 0, seed: 1 }).toList(), [0, 0])
  assert.deepEqual(random.gamma([2], { a: 0, seed: 1 }).toList(), [0, 0])
  assert.equal(random.geometric([], { p: 1e-300, seed: 1 }).item(), 2 ** 31 - 1)
})

test('multinomial counts: each class binomial, all together the trials', () => {
  const found = random.multinomial([n], { n: 30, p: [2, 3, 0, 5], seed: 7 })
  assert.deepEqual(found.shape, [n, 4])
  assert.ok((found.sum({ axis: 1 }).toList() as (number | bigint)[]).every(x => Number(x) === 30))
  for (const [j, p] of [0.2, 0.3, 0, 0.5].entries())
    if (p > 0) assert.ok(chiSquare(found.at(':', j).toList() as number[], binomial(30, p)) < 4.76)
    else assert.ok((found.at(':', j).toList() as number[]).every(x => x === 0))
})

test('dirichlet vectors: each part beta, their sum 1', () => {
  const found = random.dirichlet([n], { alpha: [0.5, 1, 3], seed: 8 })
  assert.ok((found.sum({ axis: 1 }).toList() as number[]).every(x => Math.abs(x - 1) < 1e-15 * 4))
  for (const [j, a] of [0.5, 1, 3].entries()) {
    const part = found.at(':', j).copy().toTypedArray() as unknown as Float64Array
    assert.ok(kolmogorov(part, betaCdf(a, 4.5 - a)) < 2.7)
  }
  assert.ok(nd.all(nd.isfinite(random.dirichlet([100], { alpha: [1e-4, 1e-4], seed: 1 }))).item())
})

test('multivariate normal vectors have their means and covariances, singular ones too', () => {
  const mean = [1, -2, 3]
  const cov = [
    [4, 2, 2],
    [2, 3, 1],
    [2, 1, 1],
  ]
  const found = random.multivariateNormal([n], { mean, cov, seed: 9 })
  for (const [k, m] of mean.entries()) {
    const part = found.at(':', k).copy().toTypedArray() as unknown as Float64Array
    assert.ok(kolmogorov(part, x => normalCdf((x - m) / Math.sqrt(cov[k][k]))) < 2.7)
  }
  const rows = found.toList() as number[][]
  for (let i = 0; i < 3; i++)
    for (let j = 0; j <= i; j++) {
      const c = rows.reduce((s, r) => s + (r[i] - mean[i]) * (r[j] - mean[j]), 0) / n
      const deviation = Math.sqrt((cov[i][i] * cov[j][j] + cov[i][j] ** 2) / n)
      assert.ok(Math.abs(c - cov[i][j]) < 5.5 * deviation, `${i}, ${j}: ${c}`)
    }
  const flat = random
    .multivariateNormal([50], {
      mean: [0, 0],
      cov: [
        [1, 2],
        [2, 4],
      ],
      seed: 1,
    })
    .toList() as number[][]
  for (const [x, y] of flat) assert.ok(Math.abs(y - 2 * x) < 1e-12)
})

test('moments of normal numbers: mean, deviation, skewness, kurtosis, neighbours', () => {
  const size = 400_000
  const x = random.normal([size], { seed: 10 }).toTypedArray() as unknown as Float64Array
  const moment = (f: (k: number) => number) => {
    let s = 0
    for (let k = 0; k < size; k++) s += f(k)
    return s / size
  }
  // What is averaged, what it should be, and its variance.
  const rows: [(k: number) => number, number, number][] = [
    [k => x[k], 0, 1],
    [k => x[k] ** 2, 1, 2],
    [k => x[k] ** 3, 0, 15],
    [k => x[k] ** 4, 3, 96],
    [k => x[k] * x[(k + 1) % size], 0, 1],
    [k => x[k] * x[(k + 8) % size], 0, 1],
  ]
  for (const [f, expected, variance] of rows)
    assert.ok(Math.abs(moment(f) - expected) < 5.5 * Math.sqrt(variance / size), String(f))
})

test('each order is as likely as any other', () => {
  const generator = new random.Generator(11)
  const orders = Array.from({ length: 6000 }, () => String(generator.permutation(4).toList()))
  const names = [...new Set(orders)].sort()
  assert.equal(names.length, 24)
  assert.ok(
    chiSquare(
      orders.map(o => names.indexOf(o)),
      equal(24),
    ) < 4.76,
  )
})

test('permutation, shuffle and choice move whole parts', () => {
  const x = nd.arange(12).reshape([3, 4])
  const sorted = (rows: unknown) => (rows as number[][]).slice().sort((a, b) => a[0] - b[0])
  assert.deepEqual(sorted(random.permutation(x, { seed: 1 }).toList()), x.toList())
  assert.deepEqual(sorted(random.permutation(x, { seed: 1, axis: 1 }).t.toList()), x.t.toList())
  const y = x.copy()
  assert.equal(random.shuffle(y, { seed: 3 }), y)
  assert.deepEqual(y.toList(), random.permutation(x, { seed: 3 }).toList())
  const view = nd.arange(20)
  random.shuffle(view.at('::2'), { seed: 4 })
  assert.deepEqual(view.at('1::2').toList(), nd.arange(1, 20, 2).toList())
  assert.deepEqual(view.sort().toList(), nd.arange(20).toList())
  assert.deepEqual(random.choice(x, [5, 2], { axis: 1, seed: 1 }).shape, [3, 5, 2])
  const some = random.choice(100, [40], { replace: false, seed: 2 }).toList() as number[]
  assert.equal(new Set(some).size, 40)
  assert.equal(typeof random.choice(3, [], { seed: 1 }).item(), 'number')
})

test('weights without replacement: the first is chosen by weight, the second of those left', () => {
  const generator = new random.Generator(12)
  const p = [0.5, 0.3, 0.2]
  const pairs = Array.from({ length: 5000 }, () => generator.choice(3, [2], { replace: false, p }).toList() as number[])
  const expected = p.flatMap((a, i) => p.map((b, j) => (i === j ? 0 : (a * b) / (1 - a))))
  assert.ok(
    chiSquare(
      pairs.map(([a, b]) => 3 * a + b),
      expected,
    ) < 4.76,
  )
})
