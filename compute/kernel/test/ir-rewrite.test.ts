import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Builder } from '../src/ir/builder.ts'
import { hasEffects, type KernelIR, READS, type Region, type Value, walk } from '../src/ir/ir.ts'
import { type Replace, rewrite } from '../src/ir/rewrite.ts'
import { verify } from '../src/ir/verify.ts'
import { reference } from '../src/reference/index.ts'
import { type RandomKernel, type RandomOptions, randomKernel } from './random-ir.ts'
import { difference } from './random-values.ts'

const seed = Number(process.env.SEED ?? 20252)
const cases = Number(process.env.CASES ?? 150)
console.log(`ir-rewrite: SEED=${seed} CASES=${cases}`)

const compile = (ir: KernelIR, k: RandomKernel) =>
  reference.compile(ir, k.combination, { fast: false, unsafe: false, source: [] })

/** Runs both forms of a kernel on equal launches. */
function sameMeaning(s: number, k: RandomKernel, before: KernelIR, after: KernelIR): void {
  const a = compile(before, k)
  const b = compile(after, k)
  for (let launch = 0; launch < 2; launch++) {
    const x = k.makeLaunch(launch)
    const y = k.makeLaunch(launch)
    assert.deepEqual(b.run(y), a.run(x), `SEED=${s}, launch ${launch}`)
    assert.equal(difference(before, x, y), undefined, `SEED=${s}, launch ${launch}`)
  }
}

function everyCase(check: (s: number, k: RandomKernel) => void, options?: RandomOptions): void {
  for (let s = seed; s < seed + cases; s++) {
    const k = randomKernel(s, options)
    try {
      check(s, k)
    } catch (error) {
      throw new Error(`SEED=${s}`, { cause: error })
    }
  }
}

describe('rewrite keeps the meaning of random kernels', () => {
  it('folding and merging', () => {
    everyCase((s, k) => {
      verify(k.raw)
      verify(k.ir, { after: 'rewrite' })
      sameMeaning(s, k, k.raw, k.ir)
    })
  })

  it('an operation replaced by others', () => {
    // a - b = a + ~b + 1, and a < b = !(b <= a), for integers; a select becomes an if.
    const replace: Replace = (v, [a, c, d], b) => {
      if (v.op === 'sub' && v.type === 'i32') return b.add(b.add(a, b.not(c)), 1)
      if (v.op === 'slt') return b.not(b.sle(c, a))
      if (v.op === 'select') {
        return b.if(
          a,
          () => [c],
          () => [d],
        )[0]
      }
      return undefined
    }
    everyCase((s, k) => {
      const after = rewrite(k.raw, replace)
      verify(after, { after: 'replacement' })
      sameMeaning(s, k, k.raw, after)
    })
  })

  it('a branch replaced by selects', () => {
    const still = (r: Region): boolean =>
      !hasEffects(r) && r.ops.every(v => !READS.has(v.op) && !v.regions?.some(x => !still(x)))
    let replaced = 0
    const replace: Replace = (v, [cond], b, again) => {
      if (v.op !== 'if' || !v.regions!.every(still)) return undefined
      const [x, y] = v.regions!.map(r => again.region(r))
      replaced++
      return x.map((value, i) => b.select(cond, value, y[i]))
    }
    // An outer branch yields its second value alone, the branch within it its first.
    const b = new Builder()
    const i = b.op('index', 'i32', [], 0)
    const cond = b.op('eq', 'i1', [b.and(i, 1), b.const('i32', 0)])
    const [, outer] = b.if(
      cond,
      () => {
        const [inner] = b.if(
          b.slt(i, 5),
          () => [b.add(i, 7), b.sub(i, 7)],
          () => [b.add(i, 9), b.sub(i, 9)],
        )
        return [i, inner]
      },
      () => [b.mul(i, 3), b.mul(i, 5)],
    )
    b.store(0, 'i32', i, outer, 0)
    const loc = { line: 1, column: 0, start: 0, end: 0 }
    const ir: KernelIR = {
      name: 'nested',
      rank: 1,
      buffers: [{ name: 'x', element: 'i32', space: 'global' }],
      scalars: [],
      sites: [{ kind: 'index', loc, text: 'x[i]' }],
      body: b.body,
    }
    const makeLaunch = () => ({
      extents: [{ begin: 0, end: 10, step: 1 }],
      scalars: [],
      arrays: [new Int32Array(10)],
      threads: 1,
      schedule: 'static' as const,
      chunk: undefined,
    })
    sameMeaning(0, { ir, raw: ir, combination: undefined, makeLaunch }, ir, rewrite(ir, replace))
    assert.equal(replaced, 2)
    everyCase((s, k) => {
      const after = rewrite(k.raw, replace)
      verify(after, { after: 'if conversion' })
      sameMeaning(s, k, k.raw, after)
    })
    assert(replaced > cases / 10, `${replaced} branches were replaced`)
  })
})

describe('dead code', () => {
  const empty: KernelIR = {
    name: 'k',
    rank: 1,
    buffers: [
      { name: 'x', element: 'f64', space: 'global' },
      { name: 'n', element: 'i32', space: 'global' },
      { name: 'own', element: 'f64', space: 'local', length: 4 },
    ],
    scalars: [{ name: 's', type: 'f64' }],
    sites: [
      { kind: 'index', loc: { line: 1, column: 0, start: 0, end: 0 }, text: 'x[i]' },
      { kind: 'assert', loc: { line: 1, column: 0, start: 0, end: 0 }, text: 'true' },
    ],
    body: { params: [], ops: [], results: [] },
  }
  const rebuilt = (make: (b: Builder, i: Value) => void) => {
    const b = new Builder()
    make(b, b.op('index', 'i32', [], 0))
    const ir = rewrite({ ...empty, body: b.body })
    verify(ir)
    return [...walk(ir.body)].map(v => v.op)
  }

  it('values, loads, branches and loops that nobody needs go', () => {
    const ops = rebuilt((b, i) => {
      const x = b.load(0, 'f64', i, 0)
      b.sqrt(x)
      const big = b.op('lt', 'i1', [b.const('f64', 1), x])
      const [y] = b.if(
        big,
        () => [b.mul(x, x)],
        () => [b.neg(x)],
      )
      b.loop(
        [y],
        ([z]) => b.lt(z, 100),
        ([z]) => [b.mul(z, 2)],
      )
    })
    assert.deepEqual(ops, [])
  })

  it('every effect stays, with the branches and loops around it', () => {
    const ops = rebuilt((b, i) => {
      const x = b.load(0, 'f64', i, 0)
      const one = b.const('i32', 1)
      b.if(b.lt(x, 2), () => {
        b.loop(
          [b.const('i32', 0), x],
          ([k]) => b.slt(k, 3),
          ([k, z]) => {
            b.store(0, 'f64', i, z, 0)
            b.op('atomic', 'i32', [i, one], { buffer: 1, element: 'i32', site: 0, kind: 'add' })
            b.op('lstore', 'void', [k, z], { buffer: 2, element: 'f64', site: 0 })
            b.op('assert', 'void', [b.lt(z, 5)], 1)
            b.op('log', 'void', [z], [null])
            b.op('debugger', 'void', [])
            return [b.add(k, 1), b.mul(z, z)]
          },
        )
        return []
      })
    })
    for (const op of ['if', 'loop', 'store', 'atomic', 'lstore', 'assert', 'log', 'debugger']) {
      assert.equal(ops.filter(x => x === op).length, 1, op)
    }
  })

  it('a carried value that feeds only itself goes; the loop stays', () => {
    const b = new Builder()
    const i = b.op('index', 'i32', [], 0)
    const x = b.load(0, 'f64', i, 0)
    const [, , sum] = b.loop(
      [b.const('i32', 0), x, x],
      ([k]) => b.slt(k, 3),
      ([k, idle, sum]) => [b.add(k, 1), b.sqrt(idle), b.add(sum, x)],
    )
    b.store(0, 'f64', i, sum, 0)
    const ir = rewrite({ ...empty, body: b.body })
    verify(ir)
    const loop = ir.body.ops.find(v => v.op === 'loop')!
    assert.equal(loop.args.length, 2)
    assert(![...walk(ir.body)].some(v => v.op === 'sqrt'))
  })

  it('what a constant condition never runs goes, effects and all', () => {
    const ops = rebuilt((b, i) => {
      b.if(
        b.not(b.const('i1', true)),
        () => (b.store(0, 'f64', i, b.const('f64', 1), 0), []),
        () => (b.store(0, 'f64', i, b.const('f64', 2), 0), []),
      )
    })
    assert.equal(ops.filter(x => x === 'store').length, 1)
    assert(!ops.includes('if'))
  })
})
