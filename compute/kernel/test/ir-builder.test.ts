import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Random } from '@skein/base'
import { Builder } from '../src/ir/builder.ts'
import { type KernelIR, type Type, type Value, walk } from '../src/ir/ir.ts'
import { printIR } from '../src/ir/print.ts'
import { rewrite } from '../src/ir/rewrite.ts'
import { SEMANTICS, semanticsKey } from '../src/ir/semantics.ts'
import { verify } from '../src/ir/verify.ts'
import { reference } from '../src/reference/index.ts'
import { randomKernel } from './random-ir.ts'
import { EDGES } from './random-values.ts'

const seed = Number(process.env.SEED ?? 20251)
console.log(`ir-builder: SEED=${seed}`)

/** The operations of SEMANTICS with their types, the untyped ones for every type. */
const OPERATIONS = Object.entries(SEMANTICS).flatMap(([key, fn]) => {
  const [op, from, to] = key.split('.') as [string, Type | undefined, Type | undefined]
  const compares = ['eq', 'ne', 'lt', 'le', 'slt', 'sle', 'ult', 'ule'].includes(op)
  const types: Type[] = from ? [from] : ['i1', 'i32', 'i64', 'f32', 'f64']
  return types.map(t => ({
    name: from ? key : `${op}.${t}`,
    op,
    fn,
    args: op === 'select' ? (['i1', t, t] as Type[]) : Array<Type>(fn.length).fill(t),
    type: to ?? (compares ? ('i1' as Type) : t),
  }))
})

/** As constants are kept: an i32 has no -0. */
const normal = (type: Type, x: any) => (type === 'i32' ? x | 0 : x)

const show = (x: unknown) => (Object.is(x, -0) ? '-0' : String(x))

function kernelOf(make: (b: Builder) => Value, scalars: Type[]): KernelIR {
  const b = new Builder()
  const result = make(b)
  b.body.results = [result]
  return {
    name: 'one',
    rank: 1,
    buffers: [],
    scalars: scalars.map((type, i) => ({ name: `s${i}`, type })),
    sites: [],
    body: b.body,
    yields: result.type,
  }
}

/** The value that a kernel without buffers yields, found by a scan of one element with a combination that takes it. */
function evaluate(ir: KernelIR, scalars: unknown[]): unknown {
  const type = ir.yields!
  // A wide array shows what a narrow one would hide: that an i32 is not -0.
  const out = type === 'i64' ? new BigInt64Array(1) : new Float64Array(1)
  const element = type === 'i64' ? 'i64' : 'f64'
  const program = reference.compile(
    { ...ir, buffers: [{ name: 'out', element, space: 'global' }] },
    { kind: 'scan', type, init: 0, combine: kernelOf(b => b.op('scalar', type, [], 1), [type, type]) },
    { fast: false, unsafe: false, source: [] },
  )
  const outcome = program.run({
    extents: [{ begin: 0, end: 1, step: 1 }],
    scalars: scalars as number[],
    arrays: [out],
    threads: 1,
    schedule: 'static',
    chunk: undefined,
  })
  assert('value' in outcome)
  return type === 'i1' ? out[0] !== 0 : out[0]
}

describe('Builder folds as SEMANTICS says', () => {
  for (const { name, op, fn, args, type } of OPERATIONS) {
    it(name, () => {
      const random = new Random(seed)
      for (let k = 0; k < 300; k++) {
        const b = new Builder()
        const given = args.map(t => EDGES[t][random.integer(0, EDGES[t].length)])
        const v = b.op(
          op,
          type,
          args.map((t, i) => b.const(t, given[i])),
        )
        assert.equal(v.op, 'const', `${name}(${given.map(show)}) is folded`)
        assert.equal(v.type, type)
        const expected = normal(type, fn(...given))
        assert(Object.is(v.attr, expected), `${name}(${given.map(show)}) is ${show(v.attr)}, not ${show(expected)}`)
      }
    })
  }
})

describe('Builder simplifies without a change of meaning', () => {
  for (const { name, op, fn, args, type } of OPERATIONS) {
    if (args.length === 1) continue
    it(name, () => {
      // One operand known, or two the same: every constant at which an identity may hold, every edge as the other.
      const constants = (t: Type) =>
        EDGES[t].filter(x => ['0', '1', '-1', '31', '64', 'true', 'false', 'NaN'].includes(String(x)))
      const variants: { make: (b: Builder) => Value; of: (x: any, y: any) => any[] }[] = []
      for (const [i, t] of args.entries()) {
        for (const c of constants(t)) {
          const others = args.map((_, k) => k).filter(k => k !== i)
          variants.push({
            make: b =>
              b.op(
                op,
                type,
                args.map((u, k) => (k === i ? b.const(u, c) : b.op('scalar', u, [], others.indexOf(k)))),
              ),
            of: (x, y) => args.map((_, k) => (k === i ? c : others.indexOf(k) === 0 ? x : y)),
          })
        }
      }
      if (args.length === 2) {
        variants.push({
          make: b => {
            const x = b.op('scalar', args[0], [], 0)
            return b.op(op, type, [x, x])
          },
          of: x => [x, x],
        })
      }
      for (const { make, of } of variants) {
        const scalars: Type[] = []
        const probe = new Builder()
        make(probe)
        for (const v of probe.body.ops) if (v.op === 'scalar') scalars[v.attr] = v.type
        const ir = kernelOf(make, scalars)
        verify(ir)
        for (const x of EDGES[scalars[0]]) {
          for (const y of scalars[1] ? EDGES[scalars[1]].slice(0, 5) : [0]) {
            const expected = normal(type, fn(...of(x, y)))
            const found = evaluate(ir, [x, y])
            assert(
              Object.is(found, expected),
              `${name}(${of(x, y).map(show)}) is ${show(found)}, not ${show(expected)}`,
            )
          }
        }
      }
    })
  }
})

describe('Builder takes the low word of an i64', () => {
  for (const [op, name] of [
    ['sitof', 'signed'],
    ['uitof', 'unsigned'],
  ]) {
    it(`that is ${name}, as an integer by way of a float, if a mask leaves it exact`, () => {
      const low = (mask: bigint) => {
        const b = new Builder()
        const masked = b.op('and', 'i64', [b.op('scalar', 'i64', [], 0), b.const('i64', mask)])
        return b.cvt('toint32', b.cvt(op, masked, 'f64'), 'i32')
      }
      assert.equal(low(0xffn).op, 'wrap')
      assert.equal(low(2n ** 53n).op, 'wrap')
      for (const inexact of [2n ** 54n - 1n, -2n]) assert.equal(low(inexact).op, 'toint32')
      for (const x of EDGES.i64) {
        const ir = kernelOf(
          b => {
            const masked = b.op('and', 'i64', [b.op('scalar', 'i64', [], 0), b.const('i64', 2n ** 53n - 1n)])
            return b.cvt('toint32', b.cvt(op, masked, 'f64'), 'i32')
          },
          ['i64'],
        )
        assert.equal(evaluate(ir, [x]), Number((x as bigint) & (2n ** 53n - 1n)) | 0)
      }
    })
  }
})

describe('Builder makes the lesser or the greater of what is compared and selected', () => {
  const cases: { type: Type; compare: string }[] = [
    ...(['f32', 'f64'] as const).flatMap(type => ['lt', 'le', 'eq'].map(compare => ({ type, compare }))),
    ...['slt', 'sle', 'ult', 'ule', 'ne'].map(compare => ({ type: 'i32' as const, compare })),
    ...['slt', 'ult'].map(compare => ({ type: 'i64' as const, compare })),
  ]
  for (const { type, compare } of cases) {
    for (const swapped of [false, true]) {
      it(`x ${compare} y ? ${swapped ? 'y : x' : 'x : y'} of ${type}`, () => {
        const ir = kernelOf(
          b => {
            const [x, y] = [0, 1].map(k => b.op('scalar', type, [], k))
            return b.op('select', type, [b.op(compare, 'i1', [x, y]), ...(swapped ? [y, x] : [x, y])])
          },
          [type, type],
        )
        verify(ir)
        const all = [...walk(ir.body)].map(v => v.op)
        const isOne = type !== 'i64' && compare !== 'eq' && compare !== 'ne' && !(compare === 'le' && type[0] === 'f')
        assert.equal(all.includes('select'), !isOne, printIR(ir))
        const holds = SEMANTICS[semanticsKey(compare, type, 'i1')]
        for (const x of EDGES[type]) {
          for (const y of EDGES[type]) {
            const expected = normal(type, holds(x, y) !== swapped ? x : y)
            const found = evaluate(ir, [x, y])
            assert(Object.is(found, expected), `of ${show(x)} and ${show(y)} it is ${show(found)}`)
          }
        }
      })
    }
  }
})

/** A builder with the pieces that the tests of merging need. */
function memory() {
  const b = new Builder()
  const i = b.op('index', 'i32', [], 0)
  const cond = b.op('scalar', 'i1', [], 0)
  const load = () => b.load(0, 'f32', i, 0)
  const store = (v: Value) => b.store(1, 'f32', i, v, 1)
  const count = () => [...walk(b.body)].filter(v => v.op === 'load').length
  return { b, i, cond, load, store, count }
}

describe('Builder merges equal values', () => {
  it('pure ones, in either order of what commutes', () => {
    const { b, i } = memory()
    const two = b.const('i32', 2)
    assert.equal(b.add(i, two), b.add(two, i))
    assert.notEqual(b.sub(i, two), b.sub(two, i))
    assert.notEqual(b.const('f64', 0), b.const('f64', -0))
    assert.notEqual(b.const('f64', 1), b.const('f32', 1))
  })

  it('but no value of a region that has ended', () => {
    const { b, i, cond, store } = memory()
    let inside!: Value
    b.if(cond, () => {
      inside = b.op('clz', 'i32', [i])
      store(b.cvt('sitof', inside, 'f32'))
      return []
    })
    assert.notEqual(b.op('clz', 'i32', [i]), inside)
  })

  it('a loop body sees its test', () => {
    const { b, i } = memory()
    let tested!: Value
    b.loop(
      [i],
      ([x]) => {
        tested = b.op('popcnt', 'i32', [x])
        return b.slt(tested, 5)
      },
      ([x]) => {
        assert.equal(b.op('popcnt', 'i32', [x]), tested)
        return [b.add(x, 1)]
      },
    )
  })

  it('loads, until something is stored', () => {
    const { load, store, count } = memory()
    const x = load()
    assert.equal(load(), x)
    store(x)
    assert.notEqual(load(), x)
    assert.equal(count(), 2)
  })

  it('loads over an if without a store', () => {
    const { b, i, cond, load } = memory()
    const x = load()
    b.if(
      cond,
      () => [b.mul(load(), b.cvt('sitof', i, 'f32'))],
      () => [load()],
    )
    assert.equal(load(), x)
  })

  it('no loads over an if with a store on either side', () => {
    for (const side of [0, 1]) {
      const { b, cond, load, store } = memory()
      const x = load()
      const write = (here: boolean) => () => {
        assert.equal(load(), x, 'nothing is stored yet on this side')
        if (!here) return []
        store(x)
        assert.notEqual(load(), x)
        return []
      }
      b.if(cond, write(side === 0), write(side === 1))
      assert.notEqual(load(), x)
    }
  })

  it('no load before a loop with one in it, when the loop stores; and none after it', () => {
    const { b, i, load, store } = memory()
    const x = load()
    b.loop(
      [b.const('i32', 0)],
      ([k]) => b.slt(k, 4),
      ([k]) => {
        const y = load()
        assert.notEqual(y, x, 'a later iteration sees what an earlier one stored')
        assert.equal(load(), y)
        store(b.add(y, b.cvt('sitof', i, 'f32')))
        return [b.add(k, 1)]
      },
    )
    assert.notEqual(load(), x)
  })

  it('loads before and after a loop that stores nothing', () => {
    const { b, load } = memory()
    const x = load()
    b.loop(
      [b.const('i32', 0)],
      ([k]) => b.slt(k, 4),
      ([k]) => [b.add(k, 1)],
    )
    assert.equal(load(), x)
  })

  it('an if that computes nothing becomes selects', () => {
    const { b, i, cond } = memory()
    const k = b.const('i32', 3)
    const [x, y] = b.if(
      cond,
      () => [i, k],
      () => [k, k],
    )
    assert.equal(x.op, 'select')
    assert.equal(y, k)
    assert(!b.body.ops.some(v => v.op === 'if'))
  })
})

describe('rewriting', () => {
  it('is stable: a second time changes nothing', () => {
    for (let s = seed; s < seed + 60; s++) {
      const { ir } = randomKernel(s)
      const size = (k: KernelIR) => [...walk(k.body)].filter(v => v.op !== 'const').length
      const once = rewrite(ir)
      verify(once, { after: 'rewrite' })
      assert(size(rewrite(once)) <= size(once), `SEED=${s}`)
    }
  })
})
