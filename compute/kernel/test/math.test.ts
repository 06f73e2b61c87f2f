import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BOUNDS, boundOf, errorByMath, errorByOracle, type FloatType } from '../../../testing/ulp/accuracy.ts'
import { evaluator, floats, machinesHere, operandsOf, operationCount } from '../../../testing/ulp/evaluate.ts'
import { pairs, SPECIAL, strata } from '../../../testing/ulp/strata.ts'
import { Builder } from '../src/ir/builder.ts'
import { expand, MATH_ARITY } from '../src/math/index.ts'
import { INVERSE_PI } from '../src/math/reduction.ts'

const SEED = 20260

/** Operands of a function: many for f32, whose truth is cheap, fewer for f64. */
function operands(name: string, type: FloatType): Float64Array[] {
  if (operandsOf(name) === 1) return [type === 'f32' ? strata(type, SEED, 24, 3000) : strata(type, SEED, 4, 400)]
  return pairs(name, type, SEED, type === 'f32' ? 20_000 : 2000)
}

const others = machinesHere().filter(machine => machine !== 'reference')

describe(`functions of Math in kernels (seed ${SEED})`, () => {
  for (const name of Object.keys(BOUNDS))
    for (const type of ['f32', 'f64'] as const) {
      const [bound, fastBound] = [boundOf(name, type, false), boundOf(name, type, true)]
      it(`${name} ${type}: within ${bound} units of the last place, the same on all of reference, ${others.join(', ')}; with fast within ${fastBound}`, () => {
        const arrays = operands(name, type).map(x => floats(type, x))
        const { length } = arrays[0]
        const compute = (...how: Parameters<typeof evaluator>) => {
          const out = floats(type, length)
          evaluator(...how)(arrays, out)
          return out
        }
        const error = (i: number, got: number) => {
          const x = arrays.map(a => a[i])
          return type === 'f32' ? errorByMath(name, x, got) : errorByOracle(type, name, x, got)
        }
        const at = (i: number) => `${name}(${arrays.map(a => a[i]).join(', ')})`
        const out = compute(name, 'reference')
        const errors = Float64Array.from(out, (got, i) => error(i, got))
        for (const [i, e] of errors.entries()) if (!(e <= bound)) assert.fail(`${at(i)} = ${out[i]} is ${e} units off`)
        for (const machine of others) {
          const same = compute(name, machine)
          for (let i = 0; i < length; i++)
            if (!Object.is(out[i], same[i])) assert.fail(`${at(i)}: reference ${out[i]}, ${machine} ${same[i]}`)
          const fast = compute(name, machine, true)
          for (let i = 0; i < length; i++) {
            const e = Object.is(out[i], fast[i]) ? errors[i] : error(i, fast[i])
            if (!(e <= fastBound)) assert.fail(`${at(i)} = ${fast[i]} is ${e} units off on ${machine} with fast`)
          }
        }
      })
    }

  it('NaN of any payload gives NaN', () => {
    const payloads = Uint32Array.of(0x7f800001, 0x7fc00000, 0x7fffffff, 0xff812345, 0xffc00001, 0xffffffff)
    const x = new Float32Array(payloads.buffer)
    const wide = BigUint64Array.of(0x7ff0000000000001n, 0x7ff8000000000fffn, 0xfff123456789abcdn, 0xffffffffffffffffn)
    const xd = new Float64Array(wide.buffer)
    for (const name of MATH_ARITY.keys())
      for (const nan of [x, xd]) {
        const type = nan === x ? 'f32' : 'f64'
        const out = floats(type, nan.length)
        const arrays = operandsOf(name) === 1 ? [nan] : [nan, floats(type, nan.length).fill(3)]
        for (const machine of others) {
          evaluator(name, machine)(arrays, out.fill(0))
          assert.ok(out.every(Number.isNaN), `${name} ${type} on ${machine}: ${out}`)
        }
      }
  })

  it('hypot takes one operand and more than two', () => {
    const b = new Builder()
    const value = (xs: number[]) =>
      expand(
        b,
        'hypot',
        xs.map(x => b.const('f64', x)),
      ).attr
    assert.equal(value([-3]), 3)
    assert.equal(value([2, 3, 6]), 7)
    assert.equal(value([1e-200, 1e-200]), Math.SQRT2 * 1e-200)
  })

  it('folds for constants to what it computes at run time', () => {
    for (const name of MATH_ARITY.keys()) {
      if (operandsOf(name) !== 1) continue
      const x = floats('f64', SPECIAL)
      const out = floats('f64', x.length)
      evaluator(name, 'reference')([x], out)
      for (const [i, v] of x.entries()) {
        const b = new Builder()
        const folded = expand(b, name, [b.const('f64', v)])
        // Tables are not folded: huge angles stay code.
        if (folded.op === 'const') assert.ok(Object.is(folded.attr, out[i]), `${name}(${v}): ${folded.attr}, ${out[i]}`)
      }
    }
  })

  it('the paths that benchmarks run are short', () => {
    assert.ok(operationCount('exp', 'f32') <= 23)
    assert.ok(operationCount('sin', 'f32') <= 25)
  })
})

describe('powers with a constant exponent', () => {
  it('are products where these are as good, with the rules of pow', () => {
    const x = floats('f64', [...SPECIAL, 1.1, -7.25, 1e-160, 1e160])
    for (const power of [0, 1, 2, 3, 4, -1, 0.5, 2.5, -2]) {
      const b = new Builder()
      for (const v of x) {
        const got = expand(b, 'pow', [b.const('f64', v), b.const('f64', power)])
        assert.equal(got.op, 'const')
        const want = v ** power
        assert.ok(
          Object.is(got.attr, want) || Math.abs(got.attr - want) <= 3e-16 * Math.abs(want) + 1e-323,
          `${v} ** ${power} = ${got.attr}, not ${want}`,
        )
      }
    }
  })
})

describe('Payne–Hanek reduction', () => {
  it('has the bits of 1/π', () => {
    const bits = 1280n
    // Machin's formula once more, with guard bits; the oracle has fewer than this.
    const one = 1n << (bits + 64n)
    const arctanInverse = (n: bigint) => {
      let sum = 0n
      for (let k = 1n, term = one / n; term !== 0n; k += 2n, term /= n * n)
        sum += k % 4n === 1n ? term / k : -(term / k)
      return sum
    }
    const pi = 4n * (4n * arctanInverse(5n) - arctanInverse(239n))
    assert.equal((one << bits) / pi, INVERSE_PI)
  })
})
