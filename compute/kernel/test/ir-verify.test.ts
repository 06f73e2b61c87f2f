import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InternalError } from '@skein/base'
import { Builder } from '../src/ir/builder.ts'
import type { KernelIR, Location, Type, Value } from '../src/ir/ir.ts'
import { verify } from '../src/ir/verify.ts'

const loc: Location = { line: 1, column: 0, start: 0, end: 0 }

/** A kernel with an array of each kind, and the values that the cases begin with. */
function kernel(make: (b: Builder, i: Value, x: Value) => void, change: Partial<KernelIR> = {}): KernelIR {
  const b = new Builder()
  const i = b.op('index', 'i32', [], 0)
  const x = b.load(0, 'f64', i, 0)
  make(b, i, x)
  return {
    name: 'k',
    rank: 1,
    buffers: [
      { name: 'x', element: 'f64', space: 'global' },
      { name: 'own', element: 'i32', space: 'local', length: 4 },
      { name: 'bytes', element: 'u8', space: 'global' },
    ],
    scalars: [{ name: 's', type: 'f32' }],
    sites: [
      { kind: 'index', loc, buffer: 0, text: 'x[i]' },
      { kind: 'assert', loc, text: 'x > 0' },
      { kind: 'index', loc, text: 'any[i]' },
    ],
    body: b.body,
    ...change,
  }
}

/** A value made by hand, whose types nobody checked. */
const loose = (id: number, op: string, type: Type, args: Value[] = [], attr?: unknown): Value => ({
  id,
  op,
  type,
  args,
  attr,
  loc: undefined,
  regions: undefined,
})

describe('verify', () => {
  it('accepts what the builder makes', () => {
    verify(
      kernel((b, i, x) => {
        const s = b.op('scalar', 'f32', [], 0)
        const [y] = b.if(
          b.lt(x, 1),
          () => [b.add(x, b.cvt('promote', s, 'f64'))],
          () => [x],
        )
        const [k, z] = b.loop(
          [i, y],
          ([k, z]) => b.and(b.slt(k, 9), b.lt(z, 100)),
          ([k, z]) => [b.add(k, 1), b.mul(z, 2)],
        )
        b.op('assert', 'void', [b.lt(b.const('f64', 0), z)], 1)
        b.store(0, 'f64', b.and(k, 1), z, 0)
        b.op('lstore', 'void', [b.and(i, 3), i], { buffer: 1, element: 'i32', site: 2 })
        b.op('math', 'f64', [z], 'sin')
      }),
    )
  })

  const cases: [name: string, ir: () => KernelIR, message: RegExp][] = [
    [
      'a value used before it is made',
      () => kernel((b, _, x) => b.body.ops.unshift(loose(90, 'neg', 'f64', [x]))),
      /made before, where its use sees it/,
    ],
    [
      'a value of another region',
      () =>
        kernel((b, i, x) => {
          let inner!: Value
          b.if(b.lt(x, 1), () => {
            inner = b.sqrt(x)
            b.store(0, 'f64', i, inner, 0)
            return []
          })
          b.store(0, 'f64', i, inner, 0)
        }),
      /made before, where its use sees it/,
    ],
    [
      'a result of a loop within itself',
      () =>
        kernel((b, i) => {
          const [out] = b.loop(
            [i],
            ([k]) => b.slt(k, 9),
            ([k]) => [b.add(k, 1)],
          )
          const loop = out.args[0]
          loop.regions![1].ops.push(loose(91, 'not', 'i32', [out]))
        }),
      /ended before/,
    ],
    [
      'a carried value after the loop',
      () =>
        kernel((b, i, x) => {
          let carried!: Value
          b.loop(
            [i],
            ([k]) => {
              carried = k
              return b.slt(k, 9)
            },
            ([k]) => [b.add(k, 1)],
          )
          b.store(0, 'f64', carried, x, 0)
        }),
      /made before, where its use sees it/,
    ],
    ['a value made twice', () => kernel((b, _, x) => b.body.ops.push(x)), /is made once/],
    ['operands of two types', () => kernel((b, i, x) => b.op('sub', 'f64', [x, i])), /operands are \(f64,f64\)/],
    ['a result of the wrong type', () => kernel((b, _, x) => b.op('lt', 'f64', [x, x])), /gives i1, not f64/],
    ['an operation that is not', () => kernel((b, _, x) => b.op('shl', 'f64', [x, x])), /there is an operation shl/],
    [
      'too few operands',
      () => kernel((b, _, x) => b.body.ops.push(loose(93, 'add', 'f64', [x]))),
      /operands are \(f64,f64\), not \(f64\)/,
    ],
    [
      'a select by an i32',
      () => kernel((b, i, x) => b.op('select', 'f64', [i, x, b.neg(x)])),
      /operands are \(i1,f64,f64\)/,
    ],
    ['an index of floats', () => kernel((b, _, x) => b.load(0, 'f64', x, 0)), /operands are \(i32\)/],
    ['a store of the wrong type', () => kernel((b, i) => b.store(0, 'f64', i, i, 0)), /operands are \(i32,f64\)/],
    ['a buffer of another element', () => kernel((b, i) => b.load(0, 'f32', i, 0)), /exists and holds f32/],
    ['a buffer that is not', () => kernel((b, i) => b.load(7, 'f32', i, 0)), /buffer 7 exists/],
    ['a private array as a global one', () => kernel((b, i) => b.load(1, 'i32', i, 2)), /for global buffers/],
    ['a site that is not', () => kernel((b, i) => b.load(0, 'f64', b.not(i), 9)), /site 9 exists/],
    ['a site of another kind', () => kernel((b, i) => b.load(0, 'f64', b.not(i), 1)), /of kind index/],
    ['a site of another buffer', () => kernel((b, i) => b.load(2, 'u8', i, 0)), /site 0 is of buffer 2/],
    ['a scalar of another type', () => kernel(b => b.op('scalar', 'f64', [], 0)), /scalar 0 exists and is f64/],
    ['a dimension that is not', () => kernel(b => b.op('index', 'i32', [], 1)), /dimension 1 exists/],
    [
      'an atomic on bytes',
      () => kernel((b, i) => b.op('atomic', 'i32', [i, i], { buffer: 2, element: 'u8', site: 2, kind: 'add' })),
      /atomic add exists for u8/,
    ],
    [
      'an atomic or on floats',
      () => kernel((b, i, x) => b.op('atomic', 'f64', [i, x], { buffer: 0, element: 'f64', site: 0, kind: 'or' })),
      /atomic or exists for f64/,
    ],
    [
      'sides that yield different types',
      () =>
        kernel((b, i, x) => {
          const [out] = b.if(
            b.lt(x, 1),
            () => [b.sqrt(x)],
            () => [b.neg(x)],
          )
          out.args[0].regions![1].results[0] = i
        }),
      /yields \(f64\), not \(i32\)/,
    ],
    [
      'a body that yields too little',
      () =>
        kernel((b, i) => {
          const [out] = b.loop(
            [i],
            ([k]) => b.slt(k, 9),
            ([k]) => [b.add(k, 1)],
          )
          out.args[0].regions![1].results.length = 0
        }),
      /a loop body yields \(i32\), not \(\)/,
    ],
    [
      'a constant that is not of its type',
      () => kernel(b => b.body.ops.push(loose(92, 'const', 'i32', [], 0.5))),
      /0\.5 is i32/,
    ],
    ['a constant -0 as an i32', () => kernel(b => b.body.ops.push(loose(92, 'const', 'i32', [], -0))), /0 is i32/],
    ['a value from a plain kernel', () => kernel((b, i) => b.body.results.push(i)), /yields nothing/],
    ['no value from a reduction', () => kernel(() => {}, { yields: 'f64' }), /the body yields f64/],
    [
      'a private array without a length',
      () => kernel(() => {}, { buffers: [{ name: 'y', element: 'i8', space: 'local' }] }),
      /fixed length/,
    ],
  ]
  for (const [name, ir, message] of cases) {
    it(`refuses ${name}`, () => {
      assert.throws(
        () => verify(ir(), { after: 'a pass' }),
        (error: InternalError) => {
          assert(error instanceof InternalError)
          assert.match(error.message, message)
          assert.match(error.message, /in kernel k, after a pass/)
          return true
        },
      )
    })
  }

  it('lets a backend add operations', () => {
    const ir = kernel((b, _, x) => b.op('fma', 'f64', [x, x, x]))
    assert.throws(() => verify(ir), InternalError)
    verify(ir, { also: new Set(['fma']) })
  })

  it('shows the region', () => {
    assert.throws(() => verify(kernel((b, i, x) => b.op('add', 'f64', [x, i]))), /load x\.f64/)
  })
})
