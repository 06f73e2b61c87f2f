/** Random numbers: what they are to the bit, on every backend; generators; what is refused. */

import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { philox4x32, Random, threefry4x32 } from '@skein/base'
import { type BackendName, backends } from '@skein/kernel/compiler'
import * as nd from '../src/index.ts'

const { random } = nd
const algorithms = ['philox', 'threefry'] as const
const flat = (x: nd.NDArray): unknown[] => [x.toList()].flat(Number.POSITIVE_INFINITY)
const names = (Object.keys(backends) as BackendName[]).filter(name => !backends[name].unavailable())

afterEach(() => nd.backend(undefined))

/** Each function with parameters that take all its ways. */
const calls: Record<string, (generator: nd.random.Generator) => nd.NDArray> = {
  uniform: g => g.uniform([203], { low: -1, high: 3 }),
  'uniform of float32': g => g.uniform([203], { dtype: 'float32' }),
  normal: g => g.normal([29, 7], { mean: 2, std: nd.arange(7) }),
  lognormal: g => g.lognormal([203]),
  exponential: g => g.exponential([203], { scale: 2, dtype: 'float32' }),
  weibull: g => g.weibull([203], { a: 1.5 }),
  logistic: g => g.logistic([203]),
  laplace: g => g.laplace([203]),
  gumbel: g => g.gumbel([203]),
  cauchy: g => g.cauchy([203]),
  gamma: g => g.gamma([203], { a: nd.linspace(0, 4, 203) }),
  beta: g => g.beta([203], { a: 0.01, b: 0.02 }),
  chiSquare: g => g.chiSquare([203], { df: 3 }),
  studentT: g => g.studentT([203], { df: 2.5 }),
  integers: g => g.integers([203], { low: -3, high: 1000 }),
  'integers of 64 bits': g => g.integers([203], { low: -(2n ** 62n), high: 2n ** 62n + 12345n, dtype: 'int64' }),
  binomial: g => g.binomial([203], { n: 100, p: nd.linspace(0, 1, 203) }),
  poisson: g => g.poisson([203], { lam: nd.linspace(0, 40, 203) }),
  geometric: g => g.geometric([203], { p: 0.05, dtype: 'int64' }),
  multinomial: g => g.multinomial([20], { n: 50, p: [1, 0, 5, 4] }),
  dirichlet: g => g.dirichlet([20], { alpha: [0.1, 1, 5] }),
  multivariateNormal: g =>
    g.multivariateNormal([20], {
      mean: [1, 2],
      cov: [
        [2, 1],
        [1, 2],
      ],
    }),
  permutation: g => g.permutation(203),
  choice: g => g.choice(10, [203], { p: [1, 2, 3, 4, 0, 0, 0, 1, 1, 1] }),
  'choice without replacement': g => g.choice(nd.arange(500), [203], { replace: false }),
}

describe('every backend gives the same bits', () => {
  for (const [name, call] of Object.entries(calls))
    test(name, () => {
      for (const algorithm of algorithms) {
        const found = names.map(backend => {
          nd.backend(backend)
          return flat(call(new random.Generator(11, { algorithm })))
        })
        for (const other of found.slice(1)) assert.deepEqual(other, found[0], algorithm)
        assert.ok(found[0].every(x => typeof x === 'bigint' || Number.isFinite(x)))
        assert.notDeepEqual(flat(call(new random.Generator(12, { algorithm }))), found[0])
      }
    })
})

test('the known answers of Random123 come out of kernels', () => {
  // Counter and key 0: words 0 and 1 of kat_vectors.
  const words = { philox: [0x6627e8d5, 0xe169c58d], threefry: [0x9c6ca96a, 0xe17eae66] }
  for (const algorithm of algorithms) {
    const [high, low] = words[algorithm]
    const bits = (high >>> 5) * 2 ** 26 + (low >>> 6)
    for (const backend of names) {
      nd.backend(backend)
      const generator = () => new random.Generator(0, { algorithm })
      assert.equal(generator().uniform([]).item(), bits * 2 ** -53)
      // What rejects takes its numbers by other code.
      assert.equal(
        generator()
          .integers([], { high: 2 ** 53 - 1, dtype: 'int64' })
          .item(),
        BigInt(bits),
      )
    }
  }
})

test('element k is the number at k, of the words of seed and k', () => {
  const seed = -123456789012345
  const at = 2 ** 33 - 5
  const base = new Random(seed)
  const found = new random.Generator(seed).jump(at).uniform([100_000]).toTypedArray() as unknown as Float64Array
  const one = new random.Generator(seed, { algorithm: 'threefry' }).jump(at).uniform([100_000])
  const other = one.toTypedArray() as unknown as Float64Array
  const key = BigInt.asUintN(64, BigInt(seed))
  const halves = (x: bigint) => [Number(x & 0xffffffffn), Number(x >> 32n)]
  for (let k = 0; k < 100_000; k++) {
    assert.equal(found[k], base.at(at + k))
    const out = threefry4x32([...halves(BigInt(at + k)), 0, 0], [...halves(key), 0, 0])
    assert.equal(other[k], ((out[0] >>> 5) * 2 ** 26 + (out[1] >>> 6)) * 2 ** -53)
  }
  const normal = new random.Generator(seed).normal([100]).toList() as number[]
  for (const [k, x] of normal.entries()) assert.ok(Math.abs(x - base.normalAt(k)) < 1e-14)
})

describe('generators', () => {
  test('give again what a seed gave, and go on', () => {
    const first = random.normal([1000, 1000], { seed: 1 })
    assert.deepEqual(first.shape, [1000, 1000])
    const generator = new random.Generator(1)
    const parts = [generator.normal([400_000]), generator.normal([600_000])]
    assert.ok(nd.arrayEqual(nd.concat(parts), first.reshape([-1])))
    assert.equal(generator.position, 1_000_000n)
    assert.notDeepEqual(generator.normal([3]).toList(), generator.normal([3]).toList())
    assert.deepEqual(
      random.gamma([5], { a: 2, generator: new random.Generator(9) }).toList(),
      random.gamma([5], { a: 2, seed: 9n }).toList(),
    )
  })
  test('take the numbers when they are called, not when these are read', () => {
    const generator = new random.Generator(4)
    const [a, b] = [generator.uniform([3]), generator.uniform([3])]
    b.eval()
    const whole = random.uniform([6], { seed: 4 }).toList()
    assert.deepEqual([...(a.toList() as number[]), ...(b.toList() as number[])], whole)
  })
  test('without blocking', async () => {
    const x = random.normal([100_000], { seed: 3 })
    assert.deepEqual(await x.values(), random.normal([100_000], { seed: 3 }).toTypedArray())
  })
  test('jump, also back', () => {
    const generator = new random.Generator(5)
    const far = generator
      .jump(10n ** 15n)
      .uniform([2])
      .toList()
    assert.deepEqual(generator.jump(-2).uniform([2]).toList(), far)
    assert.deepEqual(
      generator
        .jump(-(10n ** 15n) - 2n)
        .uniform([2])
        .toList(),
      random.uniform([2], { seed: 5 }).toList(),
    )
  })
  test('are taken up again where their state was', () => {
    for (const algorithm of algorithms) {
      const generator = new random.Generator(2n ** 64n - 1n, { algorithm })
      generator.normal([7])
      generator.split(2)
      const kept = JSON.parse(JSON.stringify(generator.state))
      const again = random.Generator.from(kept)
      assert.deepEqual(again.normal([7]).toList(), generator.normal([7]).toList())
      assert.deepEqual(again.split(1)[0].uniform([7]).toList(), generator.split(1)[0].uniform([7]).toList())
    }
  })
  test('split into streams that have nothing in common', () => {
    for (const algorithm of algorithms) {
      const parent = new random.Generator(6, { algorithm })
      const children = [...parent.split(3), ...parent.split(1), ...parent.split(1)[0].split(2), parent]
      const n = 20_000
      const rows = children.map(g => g.normal([n]).toTypedArray() as unknown as Float64Array)
      for (let i = 0; i < rows.length; i++)
        for (let j = 0; j < i; j++) {
          let s = 0
          for (let k = 0; k < n; k++) s += rows[i][k] * rows[j][k]
          // A normal number of deviation 1; 5.5 is met once in 26 million times.
          assert.ok(Math.abs(s / Math.sqrt(n)) < 5.5, `streams ${i} and ${j}`)
        }
      assert.equal(new Set(rows.map(r => r[0])).size, rows.length)
    }
    const out = philox4x32([0, 0, 0xffffffff, 0], [6, 0])
    const child = new random.Generator((BigInt(out[1]) << 32n) | BigInt(out[0]))
    const [split] = new random.Generator(6).split(1)
    assert.deepEqual(split.uniform([4]).toList(), child.uniform([4]).toList())
    assert.equal((split.uniform([1]).toList() as number[])[0], new Random(6).split(0).at(4))
  })
  test('of the program go on, and begin anew with a seed', () => {
    assert.notDeepEqual(random.uniform([4]).toList(), random.uniform([4]).toList())
    random.seed(8)
    const first = random.uniform([4]).toList()
    assert.deepEqual(first, random.uniform([4], { seed: 8 }).toList())
    assert.notDeepEqual(random.uniform([4]).toList(), first)
  })
})

test('empty shapes', () => {
  const generator = new random.Generator(1)
  assert.deepEqual(generator.normal([0, 3]).toList(), [])
  assert.deepEqual(generator.gamma([2, 0], { a: nd.zeros([0]) }).shape, [2, 0])
  assert.deepEqual(generator.multinomial([0], { n: 3, p: [1, 1] }).shape, [0, 2])
  assert.deepEqual(generator.dirichlet(0, { alpha: [1, 1] }).shape, [0, 2])
  assert.deepEqual(generator.multivariateNormal([0], { mean: [0], cov: [[1]] }).shape, [0, 1])
  assert.deepEqual(generator.permutation(0).shape, [0])
  assert.deepEqual(generator.choice(nd.zeros([0]), [0]).shape, [0])
  assert.deepEqual(generator.normal([]).shape, [])
  assert.equal(generator.position, 1n)
})

test('what cannot be is refused', () => {
  const wrong: [() => unknown, string, RegExp][] = [
    [() => random.normal([-1]), 'ArgumentError', /shape/],
    [() => random.normal([2], { std: -1 }), 'ArgumentError', /random\.normal: std must be a finite number from 0/],
    [() => random.normal([2], { mean: Number.NaN }), 'ArgumentError', /mean/],
    [() => random.normal([2], { mean: [0, Infinity] }), 'ArgumentError', /element 1/],
    [() => random.normal([2], { mean: nd.zeros([3]) }), 'ShapeError', /\[3\].*\[2\]/],
    [() => random.normal([2], { mean: nd.zeros([2, 2]) }), 'ShapeError', /\[2, 2\]/],
    [() => random.normal([2], { mean: nd.zeros([2], { dtype: 'complex64' }) }), 'DTypeError', /complex64/],
    [() => random.normal([2], { mean: 'x' as never }), 'ArgumentError', /array of such/],
    [() => random.normal([2], { dtype: 'int32' as never }), 'ArgumentError', /one of float32, float64/],
    [() => random.normal([2], { seed: 0.5 }), 'ArgumentError', /seed/],
    [() => random.normal([2], { seed: 2n ** 64n }), 'ArgumentError', /64 bits/],
    [() => random.normal([2], { seed: 1, generator: new random.Generator(1) }), 'ArgumentError', /left out/],
    [() => random.normal([2], { generator: {} as never }), 'ArgumentError', /Generator/],
    [() => new random.Generator(1, { algorithm: 'mt' as never }), 'ArgumentError', /'philox' or 'threefry'/],
    [() => random.Generator.from({} as never), 'ArgumentError', /state/],
    [() => new random.Generator(1).split(-1), 'ArgumentError', /count/],
    [() => new random.Generator(1).jump(0.5), 'ArgumentError', /count/],
    [() => random.gamma([2], {} as never), 'ArgumentError', /a must be/],
    [() => random.gamma([2], undefined as never), 'ArgumentError', /a must be/],
    [() => random.beta([2], { a: 0, b: 1 }), 'ArgumentError', /a must be a finite number above 0/],
    [() => random.studentT([2], { df: -1 }), 'ArgumentError', /df/],
    [() => random.integers([2], { high: 0 }), 'ArgumentError', /more than low/],
    [() => random.integers([2], { low: 1, high: 0, endpoint: true }), 'ArgumentError', /at least low/],
    [() => random.integers([2], { high: 300, dtype: 'uint8' }), 'ArgumentError', /uint8, from 0 to 255/],
    [() => random.integers([2], { high: 2 ** 31 + 1 }), 'ArgumentError', /int32/],
    [() => random.integers([2], { high: 1.5 }), 'ArgumentError', /whole number/],
    [() => random.binomial([2], { n: -1, p: 0.5 }), 'ArgumentError', /n must be/],
    [() => random.binomial([2], { n: 1, p: 1.5 }), 'ArgumentError', /p must be a number from 0 to 1/],
    [() => random.poisson([2], { lam: 2 ** 31 }), 'ArgumentError', /for int32/],
    [() => random.geometric([2], { p: 0 }), 'ArgumentError', /above 0/],
    [() => random.multinomial([2], { n: 1, p: [0, 0] }), 'ArgumentError', /sum above 0/],
    [() => random.multinomial([2], { n: 1, p: [1, -1] }), 'ArgumentError', /p must be/],
    [() => random.multinomial([2], { n: 0.5, p: [1] }), 'ArgumentError', /n must be/],
    [() => random.dirichlet([2], { alpha: [] }), 'ShapeError', /alpha/],
    [() => random.dirichlet([2], { alpha: [1, 0] }), 'ArgumentError', /alpha/],
    [() => random.multivariateNormal([2], { mean: [0], cov: [[1, 2]] }), 'ShapeError', /\[1, 2\]/],
    [
      () =>
        normals([
          [1, 2],
          [2, 1],
        ]),
      'LinearAlgebraError',
      /not positive semidefinite/,
    ],
    [
      () =>
        normals([
          [0, 1],
          [1, 1],
        ]),
      'LinearAlgebraError',
      /not positive semidefinite/,
    ],
    [
      () =>
        normals([
          [1, 1],
          [0, 1],
        ]),
      'LinearAlgebraError',
      /not symmetric/,
    ],
    [() => random.choice(3, [4], { replace: false }), 'ArgumentError', /at most 3/],
    [() => random.choice(3, [3], { replace: false, p: [1, 1, 0] }), 'ArgumentError', /at most 2/],
    [() => random.choice(3, [1], { p: [1, 1] }), 'ShapeError', /2 weights/],
    [() => random.choice(0, [1]), 'ArgumentError', /choose from/],
    [() => random.choice(-1), 'ArgumentError', /x must be/],
    [() => random.permutation(nd.zeros([2]), { axis: 1 }), 'ShapeError', /axis/],
    [() => random.shuffle([1, 2] as never), 'ArgumentError', /array/],
  ]
  for (const [call, name, message] of wrong) assert.throws(call, { name, message }, String(call))
})

const normals = (cov: number[][]) => random.multivariateNormal([2], { mean: [0, 0], cov })
