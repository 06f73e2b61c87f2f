import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Builder } from '../src/ir/builder.ts'
import { type KernelIR, type Value, walk } from '../src/ir/ir.ts'
import { rewrite } from '../src/ir/rewrite.ts'
import { verify } from '../src/ir/verify.ts'
import { kernel } from '../src/kernel.ts'
import { contract } from '../src/passes/contract.ts'
import { hoistInvariants } from '../src/passes/hoist.ts'
import { invertRoots } from '../src/passes/roots.ts'
import { flattenBranches } from '../src/passes/selects.ts'
import { reference } from '../src/reference/index.ts'
import { runHere } from './backends.ts'
import { randomKernel } from './random-ir.ts'
import { difference } from './random-values.ts'

const seed = Number(process.env.SEED ?? 20254)
const cases = Number(process.env.CASES ?? 100)
console.log(`ir-passes: SEED=${seed} CASES=${cases}`)

const passes: Record<string, (ir: KernelIR) => KernelIR> = {
  flattenBranches,
  hoistInvariants: ir => hoistInvariants(rewrite(ir)),
  'both, twice': ir => hoistInvariants(flattenBranches(hoistInvariants(flattenBranches(ir)))),
}

describe('a pass keeps the meaning and the rules of random kernels', () => {
  for (const [name, pass] of Object.entries(passes)) {
    it(name, () => {
      for (let s = seed; s < seed + cases; s++) {
        const { raw, combination, makeLaunch } = randomKernel(s)
        const after = pass(raw)
        verify(after, { after: `${name}, SEED=${s}` })
        const run = (ir: KernelIR) => {
          const launch = makeLaunch(s)
          const program = reference.compile(ir, combination, { fast: false, unsafe: false, source: [] })
          return { launch, outcome: program.run(launch) }
        }
        const expected = run(raw)
        const found = run(after)
        assert.deepEqual(found.outcome, expected.outcome, `SEED=${s}`)
        assert.equal(difference(raw, expected.launch, found.launch), undefined, `SEED=${s}`)
      }
    })
  }
})

/** The operations of a value of three numbers after a pass. */
function operations(
  pass: (ir: KernelIR) => KernelIR,
  build: (b: Builder, x: Value, y: Value, z: Value) => Value,
): string[] {
  const b = new Builder()
  const given = [0, 1, 2].map(i => b.op('scalar', 'f32', [], i))
  b.body.results = [build(b, given[0], given[1], given[2])]
  const scalars = ['x', 'y', 'z'].map(name => ({ name, type: 'f32' as const }))
  const ir = pass({ name: 'sums', rank: 1, buffers: [], scalars, sites: [], body: b.body, yields: 'f32' })
  verify(ir, { after: pass.name, also: new Set(['mad', 'nmad']) })
  return walk(ir.body).flatMap(v => (v.args.length > 0 && v.op !== 'result' ? [v.op] : []))
}

describe('roots', () => {
  const table: Record<string, [(b: Builder, x: Value, y: Value, z: Value) => Value, string[]]> = {
    'one over a root': [(b, x) => b.div(b.const('f32', 1), b.sqrt(x)), ['rsqrt']],
    'something over a root': [(b, x, y) => b.div(y, b.sqrt(x)), ['rsqrt', 'mul']],
    'two over one root': [
      (b, x, y, z) => b.add(b.div(y, b.sqrt(x)), b.div(z, b.sqrt(x))),
      ['rsqrt', 'mul', 'mul', 'add'],
    ],
    'not a root that is wanted itself': [(b, x, y) => b.add(b.div(y, b.sqrt(x)), b.sqrt(x)), ['sqrt', 'div', 'add']],
    'not a root that is divided': [(b, x, y) => b.div(b.sqrt(x), y), ['sqrt', 'div']],
    'not a root by itself': [(b, x) => b.div(b.sqrt(x), b.sqrt(x)), ['sqrt', 'div']],
    'not what the body yields': [(b, x) => b.sqrt(x), ['sqrt']],
  }
  for (const [what, [build, ops]] of Object.entries(table))
    it(what, () => assert.deepEqual(operations(invertRoots, build), ops))

  for (const backend of runHere)
    it(`${backend}: off by two units in the last place at most, and exact where there is nothing to round`, () => {
      const inverse = kernel(
        ([i], x: Float64Array, out: Float64Array) => {
          out[i] = 1 / Math.sqrt(x[i])
        },
        { fast: true },
      ) as any
      const x = [4, 2, 0.1, 5e-324, 1e300, 0, -0, Infinity, -1, NaN]
      const found = new Float64Array(x.length)
      inverse.on(backend)(x.length, Float64Array.from(x), found)
      for (const [k, y] of found.entries()) {
        const expected = 1 / Math.sqrt(x[k])
        assert.ok(Object.is(y, expected) || Math.abs(y / expected - 1) <= 2 ** -51, `1/√${x[k]} is ${y}`)
      }
    })
})

describe('contraction', () => {
  const table: Record<string, [(b: Builder, x: Value, y: Value, z: Value) => Value, string[]]> = {
    'a product that is added': [(b, x, y, z) => b.add(b.mul(x, y), z), ['mad']],
    'a product that is subtracted': [(b, x, y, z) => b.sub(z, b.mul(x, y)), ['nmad']],
    'not a product that something is subtracted from': [(b, x, y, z) => b.sub(b.mul(x, y), z), ['mul', 'sub']],
    'the later of two products': [(b, x, y, z) => b.add(b.mul(x, x), b.mul(y, z)), ['mul', 'mad']],
    'a product in two sums': [
      (b, x, y, z) => {
        const p = b.mul(y, y)
        const q = b.mul(x, x)
        return b.div(b.add(q, p), b.mul(b.sub(q, p), z))
      },
      ['mul', 'mad', 'nmad', 'mul', 'div'],
    ],
    'not a product that something else reads': [
      (b, x, y, z) => {
        const p = b.mul(x, y)
        return b.div(b.add(p, z), p)
      },
      ['mul', 'add', 'div'],
    ],
    'not a product doubled': [(b, x, y) => b.add(b.mul(x, y), b.mul(x, y)), ['mul', 'add']],
    'not into a loop': [
      (b, x, y) => {
        const p = b.mul(x, y)
        return b.loop(
          [x],
          ([s]) => b.lt(s, 100),
          () => [b.add(x, p)],
        )[0]
      },
      ['mul', 'loop', 'lt', 'add'],
    ],
  }
  for (const [name, [build, expected]] of Object.entries(table))
    it(name, () => assert.deepEqual(operations(contract, build), expected))
})
