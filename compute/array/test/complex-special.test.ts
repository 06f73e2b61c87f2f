/** Complex numbers with NaN, infinities and zeros of both signs: the tables of the array API standard 2024.12 (elementwise functions, special cases), on each backend. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type BackendName, backends } from '@skein/kernel/compiler'
import * as nd from '../src/index.ts'
import { testRecorded } from './cases.ts'

/**
 * Rows "a b → re im". Of the operand: `fin` a finite number, `pos` a positive one, `nz` one that is not 0, `any` anything. Of the result: `±` says that the sign is not
 * told, `cis` is a part of cos b + i sin b times what stands before it.
 */
const tables: Record<string, string> = {
  acos: `0 0 → π/2 -0; -0 0 → π/2 -0; 0 nan → π/2 nan; -0 nan → π/2 nan; fin inf → π/2 -inf; nz nan → nan nan; -inf pos → π -inf; inf pos → 0 -inf; -inf inf → 3π/4 -inf;
    inf inf → π/4 -inf; inf nan → nan ±inf; -inf nan → nan ±inf; nan fin → nan nan; nan inf → nan -inf; nan nan → nan nan`,
  acosh: `0 0 → 0 π/2; -0 0 → 0 π/2; fin inf → inf π/2; nz nan → nan nan; 0 nan → nan ±π/2; -inf pos → inf π; inf pos → inf 0; -inf inf → inf 3π/4; inf inf → inf π/4;
    inf nan → inf nan; -inf nan → inf nan; nan fin → nan nan; nan inf → inf nan; nan nan → nan nan`,
  asinh: `0 0 → 0 0; pos inf → inf π/2; fin nan → nan nan; inf pos → inf 0; inf inf → inf π/4; nan 0 → nan 0; nan nz → nan nan; nan inf → ±inf nan; nan nan → nan nan`,
  atanh: `0 0 → 0 0; 0 nan → 0 nan; 1 0 → inf 0; pos inf → 0 π/2; nz nan → nan nan; inf pos → 0 π/2; inf inf → 0 π/2; inf nan → 0 nan; nan fin → nan nan; nan inf → ±0 π/2; nan nan → nan nan`,
  cosh: `0 0 → 1 0; 0 inf → nan ±0; 0 nan → nan ±0; nz inf → nan nan; nz nan → nan nan; inf 0 → inf 0; inf nz → infcis infcis; inf inf → ±inf nan; inf nan → inf nan; nan 0 → nan ±0; nan -0 → nan ±0;
    nan nz → nan nan; nan nan → nan nan`,
  sinh: `0 0 → 0 0; 0 inf → ±0 nan; 0 nan → ±0 nan; pos inf → nan nan; pos nan → nan nan; inf 0 → inf 0; inf pos → infcis infcis; inf inf → ±inf nan; inf nan → ±inf nan; nan 0 → nan 0; nan nz → nan nan;
    nan nan → nan nan`,
  tanh: `0 0 → 0 0; nz inf → nan nan; 0 inf → 0 nan; nz nan → nan nan; 0 nan → 0 nan; inf pos → 1 ±0; inf inf → 1 ±0; inf nan → 1 ±0; nan 0 → nan 0; nan nz → nan nan; nan inf → nan nan; nan nan → nan nan`,
  exp: `0 0 → 1 0; -0 0 → 1 0; fin inf → nan nan; fin nan → nan nan; inf 0 → inf 0; -inf fin → 0cis 0cis; inf nz → infcis infcis; -inf inf → ±0 ±0; inf inf → ±inf nan; -inf nan → ±0 ±0; inf nan → ±inf nan;
    nan 0 → nan 0; nan nz → nan nan; nan inf → nan nan; nan nan → nan nan`,
  expm1: `0 0 → ±0 0; -0 0 → ±0 0; fin inf → nan nan; fin nan → nan nan; inf 0 → inf 0; -inf fin → -1 0cis; inf nz → infcis infcis; -inf inf → -1 ±0; inf inf → ±inf nan; -inf nan → -1 ±0; inf nan → ±inf nan;
    nan 0 → nan 0; nan nz → nan nan; nan inf → nan nan; nan nan → nan nan`,
  log: `-0 0 → -inf π; 0 0 → -inf 0; fin inf → inf π/2; fin nan → nan nan; -inf pos → inf π; inf pos → inf 0; -inf inf → inf 3π/4; inf inf → inf π/4; inf nan → inf nan; -inf nan → inf nan; nan fin → nan nan;
    nan inf → inf nan; nan nan → nan nan`,
  log1p: `-1 0 → -inf 0; fin inf → inf π/2; fin nan → nan nan; -inf pos → inf π; inf pos → inf 0; -inf inf → inf 3π/4; inf inf → inf π/4; inf nan → inf nan; -inf nan → inf nan; nan fin → nan nan;
    nan inf → inf nan; nan nan → nan nan`,
  sqrt: `0 0 → 0 0; -0 0 → 0 0; any inf → inf inf; fin nan → nan nan; -inf pos → 0 inf; inf pos → inf 0; -inf nan → nan ±inf; inf nan → inf nan; nan fin → nan nan; nan nan → nan nan`,
  sign: `0 0 → 0 0; -0 0 → ±0 0; nan any → nan nan; any nan → nan nan; inf 0 → nan 0; inf inf → nan nan; pos inf → 0 nan`,
}

/** By which further rows follow of a row: f(conj x) = conj f(x) of all; f(−x) = −f(x), or f(x). */
const odd = new Set(['asinh', 'atanh', 'sinh', 'tanh'])
const even = new Set(['cosh'])

const { NaN: nan, POSITIVE_INFINITY: inf, MAX_VALUE } = Number
const operandsOf = (word: string): number[] => {
  const positive = [0.5, 1, 2.5, 40, 500]
  const nonzero = [...positive, ...positive.map(x => -x)]
  const sets: Record<string, number[]> = {
    pos: positive,
    nz: nonzero,
    fin: [0, -0, ...nonzero],
    any: [0, -0, ...nonzero, inf, -inf, nan],
    inf: [inf],
    '-inf': [-inf],
    nan: [nan],
    '-0': [-0],
  }
  return sets[word] ?? [Number(word)]
}

interface Expected {
  readonly value: number
  readonly isSigned: boolean
}

const angles: Record<string, number> = {
  π: Math.PI,
  'π/2': Math.PI / 2,
  'π/4': Math.PI / 4,
  '3π/4': (3 * Math.PI) / 4,
  inf,
  nan,
}

function expectedOf(word: string, cis: number): Expected {
  if (word.endsWith('cis')) return { value: (word === 'infcis' ? inf : 0) * cis, isSigned: true }
  const isSigned = !word.startsWith('±')
  const isNegative = word.startsWith('-')
  const name = word.replace(/^[±-]/, '')
  const size = angles[name] ?? Number(name)
  return { value: isNegative ? -size : size, isSigned }
}

interface Row {
  readonly at: nd.Complex
  readonly re: Expected
  readonly im: Expected
}

const negated = ({ value, isSigned }: Expected): Expected => ({ value: -value, isSigned })

function rowsOf(call: string): Row[] {
  const rows: Row[] = []
  for (const line of tables[call].split(';')) {
    const [a, b, arrow, re, im] = line.trim().split(/\s+/)
    assert.equal(arrow, '→', line)
    for (const x of operandsOf(a)) {
      for (const y of operandsOf(b)) {
        const row = { at: { re: x, im: y }, re: expectedOf(re, Math.cos(y)), im: expectedOf(im, Math.sin(y)) }
        const rowAndConjugate = [row, { at: { re: x, im: -y }, re: row.re, im: negated(row.im) }]
        rows.push(...rowAndConjugate)
        for (const { at, re, im } of rowAndConjugate) {
          const opposite = { re: -at.re, im: -at.im }
          if (odd.has(call)) rows.push({ at: opposite, re: negated(re), im: negated(im) })
          if (even.has(call)) rows.push({ at: opposite, re, im })
        }
      }
    }
  }
  return rows
}

function agrees(found: number, { value, isSigned }: Expected, isSingle: boolean): boolean {
  const [x, y] = isSigned ? [found, value] : [Math.abs(found), Math.abs(value)]
  if (Number.isFinite(y) && y !== 0) return Math.abs(x - y) <= Math.abs(y) * (isSingle ? 2 ** -22 : 2 ** -51)
  return Object.is(x, y)
}

const functions = nd as unknown as Record<string, (x: nd.NDArray) => nd.NDArray>
const told = (x: number) => (Object.is(x, -0) ? '-0' : String(x))

for (const name of Object.keys(backends) as BackendName[]) {
  describe(`complex special values on ${name}`, { skip: backends[name].unavailable() ?? false }, () => {
    const on = (work: () => void) => () => {
      nd.backend(name)
      try {
        work()
      } finally {
        nd.backend(undefined)
      }
    }
    for (const call of Object.keys(tables)) {
      test(
        call,
        on(() => {
          const rows = rowsOf(call)
          for (const dtype of ['complex64', 'complex128'] as const) {
            const x = nd.asarray(
              rows.map(({ at }) => at),
              { dtype },
            )
            const found = functions[call](x).toList() as nd.Complex[]
            const wrong = rows.flatMap(({ at, re, im }, k) => {
              const isSingle = dtype === 'complex64'
              if (agrees(found[k].re, re, isSingle) && agrees(found[k].im, im, isSingle)) return []
              return [
                `${dtype} ${call}(${told(at.re)}, ${told(at.im)}) is (${told(found[k].re)}, ${told(found[k].im)}), not (${told(re.value)}, ${told(im.value)})`,
              ]
            })
            assert.deepEqual(wrong, [])
          }
        }),
      )
    }

    test(
      'asin, atan, sin, cos and tan are those of imaginary arguments',
      on(() => {
        const parts = [0, -0, 1, -2.5, inf, -inf, nan]
        const all = parts.flatMap(re => parts.map(im => ({ re, im })))
        const times = (z: nd.Complex) => ({ re: -z.im, im: z.re })
        const back = (z: nd.Complex) => ({ re: z.im, im: -z.re })
        const of = (call: string, list: nd.Complex[]) => functions[call](nd.asarray(list)).toList() as nd.Complex[]
        const turned = all.map(times)
        for (const [call, other] of [
          ['asin', 'asinh'],
          ['atan', 'atanh'],
          ['sin', 'sinh'],
          ['tan', 'tanh'],
        ])
          assert.deepEqual(of(call, all), of(other, turned).map(back), call)
        assert.deepEqual(of('cos', all), of('cosh', turned))
      }),
    )

    test(
      'abs and what kind of number',
      on(() => {
        const parts = [0, -0, 3, -4, inf, -inf, nan]
        const all = parts.flatMap(re => parts.map(im => ({ re, im })))
        const z = nd.asarray(all)
        for (const [k, size] of (nd.abs(z).toList() as number[]).entries())
          assert.ok(agrees(size, { value: Math.hypot(all[k].re, all[k].im), isSigned: true }, false), `${k}: ${size}`)
        const kinds: [string, (x: number) => boolean, boolean][] = [
          ['isnan', Number.isNaN, true],
          ['isinf', x => Math.abs(x) === inf, true],
          ['isfinite', Number.isFinite, false],
        ]
        for (const [call, is, some] of kinds)
          assert.deepEqual(
            functions[call](z).toList(),
            all.map(({ re, im }) => (some ? is(re) || is(im) : is(re) && is(im))),
            call,
          )
      }),
    )

    test(
      'a real operand meets each part by itself',
      on(() => {
        const z = nd.asarray([
          { re: inf, im: 1 },
          { re: -0, im: -0 },
          { re: 2, im: nan },
        ])
        const two = nd.asarray([2, -0, inf])
        for (const [by, at] of [
          [two, (k: number) => [2, -0, inf][k]],
          [2, () => 2],
        ] as [nd.NDArray | number, (k: number) => number][]) {
          const list = z.toList() as nd.Complex[]
          const each = (of: (x: nd.Complex, y: number) => nd.Complex) => list.map((x, k) => of(x, at(k)))
          const product = each((x, y) => ({ re: x.re * y, im: x.im * y }))
          assert.deepEqual(nd.multiply(z, by).toList(), product)
          assert.deepEqual(nd.multiply(by, z).toList(), product)
          assert.deepEqual(
            nd.divide(z, by).toList(),
            each((x, y) => ({ re: x.re / y, im: x.im / y })),
          )
          const sum = each((x, y) => ({ re: x.re + y, im: x.im }))
          assert.deepEqual(nd.add(z, by).toList(), sum)
          assert.deepEqual(nd.add(by, z).toList(), sum)
          assert.deepEqual(
            nd.subtract(z, by).toList(),
            each((x, y) => ({ re: x.re - y, im: x.im })),
          )
          assert.deepEqual(
            nd.subtract(by, z).toList(),
            each((x, y) => ({ re: y - x.re, im: -x.im })),
          )
        }
        assert.equal(
          nd.multiply(nd.asarray([1, 2], { dtype: 'int32' }), nd.astype(z.at('0:2'), 'complex64')).dtype,
          'complex128',
        )
      }),
    )

    test(
      'powers of 0, and with infinities',
      on(() => {
        const power = (re: number, im: number, y: nd.Complex | number) =>
          nd.pow(nd.asarray([{ re, im }]), y).toList() as nd.Complex[]
        for (const [re, im] of [
          [0, 0],
          [nan, nan],
          [inf, -inf],
          [3, 4],
        ]) {
          assert.deepEqual(power(re, im, 0), [{ re: 1, im: 0 }])
          assert.deepEqual(power(re, im, { re: 0, im: 0 }), [{ re: 1, im: 0 }])
        }
        assert.deepEqual(power(0, 0, { re: 1, im: 5 }), [{ re: 0, im: 0 }])
        assert.deepEqual(power(inf, 0, 3), [{ re: inf, im: 0 }])
        assert.deepEqual(power(inf, 0, -3), [{ re: 0, im: -0 }])
        assert.ok(Object.values(power(0, 0, { re: -1, im: 0 })[0]).every(Number.isNaN))
      }),
    )

    test(
      'quotients by zero',
      on(() => {
        const z = nd.asarray([
          { re: 1, im: 0 },
          { re: -2, im: 3 },
          { re: 0, im: 0 },
        ])
        for (const zero of [
          { re: 0, im: 0 },
          { re: -0, im: -0 },
        ])
          assert.deepEqual(nd.divide(z, zero).toList(), [
            { re: inf, im: nan },
            { re: -inf, im: inf },
            { re: nan, im: nan },
          ])
      }),
    )

    test(
      'numbers whose squares are out of range',
      on(() => {
        const m = MAX_VALUE
        const z = nd.asarray([
          { re: m, im: m },
          { re: -m, im: m },
          { re: 5e-324, im: 5e-324 },
          { re: 1e-200, im: -1e-200 },
        ])
        const near = (found: nd.NDArray, re: number[], im: number[]) => {
          for (const [k, x] of (found.toList() as nd.Complex[]).entries()) {
            assert.ok(Math.abs(x.re - re[k]) <= 1e-14 * Math.abs(re[k]), `${k}: ${x.re}, not ${re[k]}`)
            assert.ok(Math.abs(x.im - im[k]) <= 1e-14 * Math.abs(im[k]), `${k}: ${x.im}, not ${im[k]}`)
          }
        }
        const quarter = Math.PI / 4
        const large = Math.log(m) + Math.LN2 / 2
        const least = Math.log(5e-324) + Math.LN2 / 2
        near(
          nd.log(z),
          [large, large, least, Math.log(1e-200) + Math.LN2 / 2],
          [quarter, 3 * quarter, quarter, -quarter],
        )
        const root = 2 ** 0.25 * Math.sqrt(m)
        const [c, s] = [Math.cos(Math.PI / 8), Math.sin(Math.PI / 8)]
        const small = 2 ** 0.25 * 2 ** -537
        near(
          nd.sqrt(z),
          [root * c, root * s, small * c, 2 ** 0.25 * 1e-100 * c],
          [root * s, root * c, small * s, -(2 ** 0.25) * 1e-100 * s],
        )
        // e^710 is out of range, its products are not.
        const of710 = (part: number) => Math.exp(700) * part * Math.exp(10)
        near(nd.exp(nd.asarray([{ re: 710, im: 0.75 }])), [of710(Math.cos(0.75))], [of710(Math.sin(0.75))])
      }),
    )
  })
}

/** Numbers on both sides of branch cuts, and far from and near to 0, where NumPy and the standard say the same. */
const calls = 'acos acosh asin asinh atan atanh cos cosh exp expm1 log log10 log1p log2 sin sinh sqrt tan tanh'.split(
  ' ',
)
testRecorded({
  file: 'recorded-complex.json.gz',
  places: new Set(),
  tolerances: Object.fromEntries(calls.map(call => [call, { ulps: 16 }])),
})
