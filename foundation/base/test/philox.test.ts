import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ArgumentError, philox4x32, Random, uniform32At, uniform64At } from '../src/index.ts'

const hex = (words: Uint32Array): string => Array.from(words, word => word.toString(16).padStart(8, '0')).join(' ')

/** Lines "philox4x32 rounds counter key expected" of Random123's kat_vectors. */
const knownAnswers: [rounds: number, counter: string, key: string, expected: string][] = [
  [7, '00000000 00000000 00000000 00000000', '00000000 00000000', '5f6fb709 0d893f64 4f121f81 4f730a48'],
  [7, 'ffffffff ffffffff ffffffff ffffffff', 'ffffffff ffffffff', '5207ddc2 45165e59 4d8ee751 8c52f662'],
  [7, '243f6a88 85a308d3 13198a2e 03707344', 'a4093822 299f31d0', '4dfccaba 190a87f0 c47362ba b6b5242a'],
  [10, '00000000 00000000 00000000 00000000', '00000000 00000000', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
  [10, 'ffffffff ffffffff ffffffff ffffffff', 'ffffffff ffffffff', '408f276d 41c83b0e a20bc7c6 6d5451fd'],
  [10, '243f6a88 85a308d3 13198a2e 03707344', 'a4093822 299f31d0', 'd16cfe09 94fdcceb 5001e420 24126ea1'],
]
const words = (text: string): number[] => text.split(' ').map(word => Number.parseInt(word, 16))

/** Philox written again in 64-bit integers, as the paper gives it. */
const oracle = (counter: number[], key: number[], rounds: number): string => {
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint]
  let [k0, k1] = key.map(BigInt) as [bigint, bigint]
  for (let round = 0; round < rounds; round++) {
    const p0 = 0xd2511f53n * c0
    const p1 = 0xcd9e8d57n * c2
    ;[c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & 0xffffffffn, (p0 >> 32n) ^ c3 ^ k1, p0 & 0xffffffffn]
    k0 = (k0 + 0x9e3779b9n) & 0xffffffffn
    k1 = (k1 + 0xbb67ae85n) & 0xffffffffn
  }
  return [c0, c1, c2, c3].map(word => word.toString(16).padStart(8, '0')).join(' ')
}

const seed = Number(process.env.SEED ?? 20011)

describe('philox4x32', () => {
  for (const [rounds, counter, key, expected] of knownAnswers) {
    it(`equals Random123 for ${rounds} rounds of counter ${counter}`, () => {
      assert.equal(hex(philox4x32(words(counter), words(key), new Uint32Array(4), rounds)), expected)
    })
  }

  it('equals the paper in 64-bit integers, for any rounds', () => {
    const word = fc.integer({ min: 0, max: 0xffffffff })
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word), fc.nat(16), (counter, key, rounds) => {
        assert.equal(hex(philox4x32(counter, key, new Uint32Array(4), rounds)), oracle(counter, key, rounds))
      }),
      { seed, numRuns: 2000 },
    )
  })
})

describe('the map from seed and index', () => {
  it('is the documented one', () => {
    const safe = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER })
    const word = fc.integer({ min: 0, max: 0xfffffffe })
    const halves = (x: number): [number, number] => {
      const bits = BigInt.asUintN(64, BigInt(x))
      return [Number(bits & 0xffffffffn), Number(bits >> 32n)]
    }
    fc.assert(
      fc.property(safe, safe, word, word, (s, i, draw, stream) => {
        const out = philox4x32([...halves(i), draw, stream], halves(s))
        assert.equal(uniform32At(s, i, draw, stream), (out[0]! >>> 8) * 2 ** -24)
        const f64 = ((out[0]! >>> 5) * 2 ** 26 + (out[1]! >>> 6)) * 2 ** -53
        assert.equal(uniform64At(s, i, draw, stream), f64)
        assert.equal(new Random(s, stream).at(i, draw), f64)
      }),
      { seed },
    )
  })

  it('holds still: a change here would change every saved result', () => {
    assert.deepEqual(
      [0, 1, 2 ** 32].map(i => uniform64At(1, i)),
      frozen.f64,
    )
    assert.deepEqual(
      [0, 1, 2 ** 32].map(i => uniform32At(-1, i)),
      frozen.f32,
    )
    assert.equal(new Random(1).split(2).split(3).u32(), frozen.split)
    assert.equal(new Random(1).normal(), frozen.normal)
  })
})

const frozen = {
  f64: [0.8902591757080309, 0.6719982689180368, 0.5126948813663814],
  f32: [0.44782203435897827, 0.10154467821121216, 0.5222049355506897],
  split: 1208508205,
  normal: -1.8045566655837295,
}

describe('Random', () => {
  it('walks along the indices', () => {
    const random = new Random(seed)
    for (let i = 0; i < 100; i++) assert.equal(random.uniform(), uniform64At(seed, i))
    random.position = 7
    assert.equal(random.uniform32(), uniform32At(seed, 7))
    assert.equal(random.normal(), random.normalAt(8))
  })

  it('fills every kind of array with the numbers of its walk', () => {
    assert.deepEqual(
      new Random(5).fill(new Float64Array(9)),
      Float64Array.from({ length: 9 }, (_, i) => uniform64At(5, i)),
    )
    assert.deepEqual(
      new Random(5).fill(new Float32Array(9)),
      Float32Array.from({ length: 9 }, (_, i) => uniform32At(5, i)),
    )
    const u32 = new Random(5).fill(new Uint32Array(9))
    assert.deepEqual(
      new Random(5).fill(new Uint8ClampedArray(9)),
      Uint8ClampedArray.from(u32, word => word & 0xff),
    )
    assert.deepEqual(new Random(5).fill(new Int16Array(9)), Int16Array.from(u32))
    const u64 = new Random(5).fill(new BigUint64Array(9))
    assert.deepEqual(
      Uint32Array.from(u64, word => Number(word & 0xffffffffn)),
      u32,
    )
    if ('Float16Array' in globalThis) {
      const made = new Random(5).fill(
        new (globalThis as unknown as { Float16Array: typeof Float32Array }).Float16Array(999),
      )
      assert.ok(made.every(x => x >= 0 && x < 1))
    }
    assert.throws(() => new Random(5).fill([1] as unknown as Float32Array), ArgumentError)
  })

  it('draws whole numbers within any range', () => {
    const safe = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER })
    fc.assert(
      fc.property(safe, safe, safe, (s, a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)]
        fc.pre(high > low && Number.isSafeInteger(high - low))
        const x = new Random(s).integer(low, high)
        assert.ok(Number.isSafeInteger(x) && x >= low && x < high, `${x}`)
      }),
      { seed, numRuns: 1000 },
    )
  })

  it('shuffles without losing an item', () => {
    fc.assert(
      fc.property(fc.array(fc.anything()), fc.nat(), (items, s) => {
        assert.deepEqual(new Set(new Random(s).shuffle([...items])), new Set(items))
      }),
      { seed },
    )
  })

  const refused: [string, () => unknown, RegExp][] = [
    ['a fractional seed', () => new Random(1.5), /seed must be a whole number .* but it is 1\.5/],
    ['NaN', () => new Random(Number.NaN), /NaN/],
    ['a negative stream', () => new Random(1, -1), /stream must be a whole number from 0 to 2\^32 - 1/],
    ['an empty range', () => new Random(1).integer(3, 3), /high must be more than low, which is 3, but it is 3/],
    ['a range too wide', () => new Random(1).integer(-(2 ** 53 - 1), 2 ** 53 - 1), /at most 2\^53 - 1 above low/],
    ['an infinite bound', () => new Random(1).integer(0, Infinity), /Infinity/],
    ['a fractional split', () => new Random(1).split(0.5), /k must be/],
  ]
  for (const [what, call, message] of refused) {
    it(`refuses ${what}`, () => assert.throws(call, { name: 'ArgumentError', code: 'SKEIN_ARGUMENT', message }))
  }
})

/**
 * Statistics at fixed seeds: each bound is five standard deviations or the like, so a good generator passes with all
 * but one in a million seeds, and at these seeds it passes always.
 */
describe('statistics', () => {
  const n = 200_000
  const chiSquare = (counts: ArrayLike<number>, expected: number): number =>
    Array.from(counts).reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  /** Five standard deviations above the mean of the chi-square distribution. */
  const bound = (degrees: number): number => degrees + 5 * Math.sqrt(2 * degrees)

  for (const s of [0, 1, -1, 2 ** 53 - 1, seed]) {
    it(`seed ${s}: uniforms fill 256 bins evenly, singly and in pairs`, () => {
      const random = new Random(s)
      const single = new Uint32Array(256)
      const pairs = new Uint32Array(256)
      let last = 0
      for (let i = 0; i < n; i++) {
        const x = random.uniform()
        single[Math.floor(x * 256)]!++
        if (i % 2 === 1) pairs[Math.floor(last * 16) * 16 + Math.floor(x * 16)]!++
        last = x
      }
      assert.ok(chiSquare(single, n / 256) < bound(255))
      assert.ok(chiSquare(pairs, n / 512) < bound(255))
    })
  }

  it('every bit of u32 is set half the time', () => {
    const random = new Random(seed)
    const counts = new Uint32Array(32)
    for (let i = 0; i < n; i++) {
      const word = random.u32()
      for (let bit = 0; bit < 32; bit++) counts[bit]! += (word >>> bit) & 1
    }
    for (const count of counts) assert.ok(Math.abs(count - n / 2) < 5 * Math.sqrt(n / 4), `${count}`)
  })

  it('normals have the moments, the tails and the distribution they should (Kolmogorov–Smirnov)', () => {
    const random = new Random(seed)
    const x = Float64Array.from({ length: n }, () => random.normal())
    const moment = (k: number): number => x.reduce((sum, value) => sum + value ** k, 0) / n
    assert.ok(Math.abs(moment(1)) < 5 / Math.sqrt(n))
    assert.ok(Math.abs(moment(2) - 1) < 5 * Math.sqrt(2 / n))
    assert.ok(Math.abs(moment(3)) < 5 * Math.sqrt(15 / n))
    assert.ok(Math.abs(moment(4) - 3) < 5 * Math.sqrt(96 / n))
    x.sort()
    let distance = 0
    for (let i = 0; i < n; i++) distance = Math.max(distance, Math.abs(normalBelow(x[i]!) - i / n))
    assert.ok(distance < 2.6 / Math.sqrt(n), `${distance}`)
  })

  it('whole numbers of an awkward range are equally likely', () => {
    const random = new Random(seed)
    const counts = new Uint32Array(1000)
    // 3 * 2^30 values: without rejection, the lower third would come up twice as often.
    const third = new Uint32Array(3)
    for (let i = 0; i < n; i++) {
      counts[random.integer(0, 1000)]!++
      third[Math.floor(random.integer(-5, 3 * 2 ** 30 - 5) / 2 ** 30 + 5 / 2 ** 30)]!++
    }
    assert.ok(chiSquare(counts, n / 1000) < bound(999))
    assert.ok(chiSquare(third, n / 3) < bound(2))
  })

  it('all orders of four items are equally likely', () => {
    const random = new Random(seed)
    const counts = new Map<string, number>()
    for (let i = 0; i < 48_000; i++) {
      const order = random.shuffle([0, 1, 2, 3]).join('')
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    assert.equal(counts.size, 24)
    assert.ok(chiSquare([...counts.values()], 2000) < bound(23))
  })

  it('streams, splits and neighbouring seeds are uncorrelated', () => {
    const families: [string, Random, Random][] = [
      ['streams', new Random(seed, 0), new Random(seed, 1)],
      ['splits', new Random(seed).split(0), new Random(seed).split(1)],
      ['parent and child', new Random(seed), new Random(seed).split(0)],
      ['seeds', new Random(seed), new Random(seed + 1)],
    ]
    for (const [name, a, b] of families) {
      let sum = 0
      for (let i = 0; i < n; i++) sum += (a.uniform() - 0.5) * (b.uniform() - 0.5)
      assert.ok(Math.abs(sum) < (5 * Math.sqrt(n)) / 12, name)
    }
  })
})

/** The normal distribution function, by Abramowitz and Stegun 26.2.17: error below 7.5e-8. */
const normalBelow = (x: number): number => {
  const t = 1 / (1 + 0.2316419 * Math.abs(x))
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  const tail = (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * poly
  return x > 0 ? 1 - tail : tail
}
