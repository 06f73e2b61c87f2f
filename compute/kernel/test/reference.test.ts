import assert from 'node:assert/strict'
import { describe, it, mock } from 'node:test'
import { InternalError } from '@skein/base'
import type { Extent, Launch, Outcome, Program } from '../src/backend.ts'
import { type Element, type KernelIR, type Location, loadedType, type Type, type Value } from '../src/ir/ir.ts'
import { reference } from '../src/reference/index.ts'
import { kernel, launchOf, type Shape, to } from './kernels.ts'
import { ELEMENTS, newArray } from './random-values.ts'

const plainOptions = { fast: false, unsafe: false, source: [] as string[] }

const compile = (ir: KernelIR, options = plainOptions): Program => reference.compile(ir, undefined, options)

function run(ir: KernelIR, extents: Extent[], arrays: ArrayBufferView[], scalars: Launch['scalars'] = []): Outcome {
  return compile(ir).run(launchOf(extents, arrays, scalars))
}

describe('a kernel on the reference backend', () => {
  it('is a readable function with its source beside it', () => {
    const source = ['(i, a, x, y) => {', '  y[i] = a * x[i] + y[i]', '}']
    const at = (text: string): Location => {
      const start = source.join('\n').indexOf(text)
      const column = start - source[0].length - 1
      return { line: 2, column, start, end: start + text.length }
    }
    const ir = kernel(
      {
        buffers: [
          ['x', 'f32'],
          ['y', 'f32'],
        ],
        scalars: [['a', 'f32']],
      },
      (b, i) => {
        const a = b.op('scalar', 'f32', [], 0)
        b.loc = at('x[i]')
        const x = b.load(0, 'f32', i, 0)
        b.loc = at('a * x[i]')
        const ax = b.mul(a, x)
        b.loc = at('y[i]')
        const y = b.load(1, 'f32', i, 1)
        b.loc = at('a * x[i] + y[i]')
        const sum = b.add(ax, y)
        b.loc = at('y[i] = a * x[i] + y[i]')
        b.store(1, 'f32', i, sum, 1)
        return undefined
      },
    )
    const program = compile({ ...ir, name: 'saxpy' }, { ...plainOptions, source })
    assert.equal(
      program.listing(),
      `\
'use strict'
const a = Math.fround(scalars[0])
const x = arrays[0] // f32
const y = arrays[1] // f32
return function saxpy(i0) {
  // 2 | y[i] = a * x[i] + y[i]
  if (i0 < 0 || i0 >= x.length) stop(0, i0)
  const v2 = x[i0]                                       // 2:14 x[i]
  const v3 = Math.fround(a * v2)                         // 2:10 a * x[i]
  if (i0 < 0 || i0 >= y.length) stop(1, i0)
  const v4 = y[i0]                                       // 2:3 y[i]
  const v5 = Math.fround(v3 + v4)                        // 2:10 a * x[i] + y[i]
  if (i0 < 0 || i0 >= y.length) stop(1, i0)
  y[i0] = v5                                             // 2:3 y[i] = a * x[i] + y[i]
}
//# sourceURL=skein-reference/saxpy.js`,
    )
    const y = Float32Array.of(1, 2, 3)
    assert.deepEqual(program.run(launchOf([to(3)], [Float32Array.of(10, 20, 30), y], [0.1])), { value: undefined })
    const f = Math.fround
    assert.deepEqual(y, Float32Array.of(f(f(0.1) * 10) + 1, f(f(0.1) * 20) + 2, f(f(0.1) * 30) + 3))
  })

  it('can run here', () => assert.equal(reference.unavailable(), undefined))

  it('may have names that JavaScript or the generated text already uses', () => {
    const buffers: Shape['buffers'] = [
      ['new', 'f64'],
      ['v3', 'f64'],
      ['arrays', 'f64'],
      ['i0', 'f64'],
      ['clz_i32', 'f64'],
      ['new', 'f64'],
    ]
    const ir = kernel(
      {
        buffers,
        scalars: [
          ['Math', 'f64'],
          ['a-b', 'f64'],
          ['1st', 'f64'],
        ],
      },
      (b, i) => {
        const sum = [0, 1, 2].map(s => b.op('scalar', 'f64', [], s)).reduce(b.add)
        const lead = b.cvt('sitof', b.op('clz', 'i32', [i]), 'f64')
        for (const [k] of buffers.entries()) b.store(k, 'f64', i, b.add(sum, b.add(lead, k)), k)
        return undefined
      },
    )
    const arrays = buffers.map(() => new Float64Array(1))
    run({ ...ir, name: 'function' }, [to(1)], arrays, [1, 2, 4])
    assert.deepEqual(
      arrays.map(a => a[0]),
      [39, 40, 41, 42, 43, 44],
    )
  })

  it('takes scalars of every type', () => {
    const types: Type[] = ['f64', 'f32', 'i32', 'i64', 'i1']
    const ir = kernel({ buffers: [['out', 'f64']], scalars: types.map((t, i) => [`s${i}`, t]) }, b => {
      const [f64, f32, i32, i64, i1] = types.map((t, i) => b.op('scalar', t, [], i))
      const all = [
        f64,
        b.cvt('promote', f32, 'f64'),
        b.cvt('sitof', i32, 'f64'),
        b.cvt('sitof', i64, 'f64'),
        b.select(i1, b.const('f64', 1), 0),
      ]
      for (const [k, x] of all.entries()) b.store(0, 'f64', b.const('i32', k), x, 0)
      return undefined
    })
    const out = new Float64Array(5)
    run(ir, [to(1)], [out], [0.1, 0.1, 4294967295, -5n, 1])
    assert.deepEqual(out, Float64Array.of(0.1, Math.fround(0.1), -1, -5, 1))
  })

  it('refuses an operation it does not know', () => {
    const ir = kernel({ buffers: [['x', 'f64']] }, () => undefined)
    const v: Value = { id: 9, op: 'sin', type: 'f64', args: [], attr: undefined, loc: undefined, regions: undefined }
    ir.body.ops.push(v)
    assert.throws(() => compile(ir), InternalError)
  })
})

describe('memory', () => {
  const stored: Record<string, [value: number | bigint, read: number | bigint][]> = {
    i8: [
      [300, 44],
      [128, -128],
      [-1, -1],
    ],
    u8: [
      [300, 44],
      [-1, 255],
    ],
    u8c: [
      [255, 255],
      [0, 0],
    ],
    i16: [[40000, -25536]],
    u16: [
      [-1, 65535],
      [65536, 0],
    ],
    i32: [[-5, -5]],
    u32: [
      [-1, -1],
      [5, 5],
    ],
    i64: [[-(2n ** 63n), -(2n ** 63n)]],
    u64: [
      [-1n, -1n],
      [7n, 7n],
    ],
    f16: [
      [1.0009765625, 1.0009765625],
      [65520, Infinity],
      [Math.fround(0.1), 0.0999755859375],
      [-0, -0],
      [2 ** -25, 0],
      [NaN, NaN],
    ],
    bf16: [
      [1.0078125, 1.0078125],
      [1.00390625, 1],
      [1.01171875, 1.015625],
      [3.4028234663852886e38, Infinity],
      [2 ** -133, 2 ** -133],
      [-(2 ** -134), -0],
      [Math.fround(0.1), 0.10009765625],
      [-0, -0],
      [NaN, NaN],
    ],
    f32: [
      [Math.fround(0.1), Math.fround(0.1)],
      [-0, -0],
    ],
    f64: [[0.1, 0.1]],
  }

  for (const element of ELEMENTS) {
    for (const space of ['global', 'local'] as const) {
      it(`${space} ${element}: what is stored is read back as its element keeps it`, () => {
        const type = loadedType(element)
        const local = space === 'local'
        const ir = kernel(
          {
            buffers: [['out', type as Element], ['x', element, ...(local ? [2] : [])] as never],
            scalars: [['s', type]],
          },
          (b, i) => {
            const attr = { buffer: 1, element, site: 1 }
            const one = b.const('i32', 1)
            b.op(local ? 'lstore' : 'store', 'void', [one, b.op('scalar', type, [], 0)], attr)
            b.store(0, type as Element, i, b.op(local ? 'lload' : 'load', type, [one], attr), 0)
            return undefined
          },
        )
        for (const [value, read] of stored[element]) {
          const out = newArray(type as Element, 1)
          const x = newArray(element, 2)
          assert.deepEqual(run(ir, [to(1)], local ? [out] : [out, x], [value]), { value: undefined })
          assert(Object.is(out[0], read), `${value} is read as ${out[0]}`)
          // The array itself shows the element's own value.
          if (!local)
            assert.equal(Number(x[1]) === Number(read) || 'ub'.includes(element[0]) || Number.isNaN(x[1]), true)
        }
      })
    }
  }

  it('private arrays are zero at the start of each iteration', () => {
    const ir = kernel(
      {
        buffers: [
          ['out', 'i32'],
          ['own', 'i32', 4],
        ],
      },
      (b, i) => {
        const attr = { buffer: 1, element: 'i32', site: 1 }
        const k = b.and(i, 3)
        const old = b.op('lload', 'i32', [k], attr)
        b.op('lstore', 'void', [k, b.add(old, 7)], attr)
        b.store(0, 'i32', i, b.op('lload', 'i32', [k], attr), 0)
        return undefined
      },
    )
    const out = new Int32Array(9)
    run(ir, [to(9)], [out])
    assert.deepEqual(out, new Int32Array(9).fill(7))
  })

  it('length is that of the array', () => {
    const ir = kernel(
      {
        buffers: [
          ['out', 'i32'],
          ['x', 'u8'],
        ],
      },
      (b, i) => {
        b.store(0, 'i32', i, b.op('length', 'i32', [], 1), 0)
        return undefined
      },
    )
    const out = new Int32Array(1)
    run(ir, [to(1)], [out, new Uint8Array(77)])
    assert.equal(out[0], 77)
  })

  it('a table gives its entries, and 0 beyond them', () => {
    const values = Float32Array.of(0.5, 1.5, 2.5)
    const ir = kernel({ buffers: [['out', 'f32']] }, (b, i) => {
      b.store(0, 'f32', i, b.op('table', 'f32', [i], { values, element: 'f32' }), 0)
      return undefined
    })
    const out = new Float32Array(4).fill(9)
    run(ir, [to(4)], [out])
    assert.deepEqual(out, Float32Array.of(0.5, 1.5, 2.5, 0))
  })
})

describe('atomics', () => {
  type Case = [kind: string, element: Element, old: number | bigint, value: number | bigint, after: number | bigint]
  const cases: Case[] = [
    ['add', 'i32', 2147483647, 1, -2147483648],
    ['add', 'u32', 4294967295, 2, 1],
    ['add', 'f32', 1, 1e-10, 1],
    ['add', 'f64', 0.1, 0.2, 0.1 + 0.2],
    ['add', 'i64', 2n ** 63n - 1n, 1n, -(2n ** 63n)],
    ['sub', 'u32', 0, 1, 4294967295],
    ['sub', 'u64', 0n, 1n, 2n ** 64n - 1n],
    ['min', 'i32', 5, -1, -1],
    ['min', 'u32', 5, -1, 5],
    ['max', 'u32', 5, -1, 4294967295],
    ['max', 'i64', 5n, -1n, 5n],
    ['max', 'u64', 5n, -1n, 2n ** 64n - 1n],
    ['min', 'f64', 0, -0, -0],
    ['max', 'f32', 3, NaN, NaN],
    ['and', 'i32', 12, 10, 8],
    ['or', 'u64', 12n, 3n, 15n],
    ['xor', 'i32', 12, 10, 6],
    ['exchange', 'f64', 1, 2, 2],
  ]
  for (const [kind, element, old, value, after] of cases) {
    it(`${kind} ${element}: ${old}, ${value} gives ${after}`, () => {
      const type = loadedType(element)
      const ir = kernel(
        {
          buffers: [
            ['x', element],
            ['was', element],
          ],
          scalars: [['s', type]],
        },
        (b, i) => {
          const was = b.op('atomic', type, [i, b.op('scalar', type, [], 0)], { buffer: 0, element, site: 0, kind })
          b.store(1, element, i, was, 1)
          return undefined
        },
      )
      const x = newArray(element, 1)
      const was = newArray(element, 1)
      x[0] = old
      run(ir, [to(1)], [x, was], [value])
      assert(Object.is(x[0], after), `${x[0]}`)
      assert.equal(was[0], old)
    })
  }

  it('compareExchange stores when the bits are as expected', () => {
    const ir = kernel(
      {
        buffers: [
          ['x', 'f64'],
          ['was', 'f64'],
        ],
        scalars: [
          ['s', 'f64'],
          ['e', 'f64'],
        ],
      },
      (b, i) => {
        const args = [i, b.op('scalar', 'f64', [], 0), b.op('scalar', 'f64', [], 1)]
        const attr = { buffer: 0, element: 'f64', site: 0, kind: 'compareExchange' }
        b.store(1, 'f64', i, b.op('atomic', 'f64', args, attr), 1)
        return undefined
      },
    )
    for (const [old, expected, after] of [
      [1, 1, 9],
      [1, 2, 1],
      [0, -0, 0],
      [-0, -0, 9],
    ]) {
      const x = Float64Array.of(old)
      run(ir, [to(1)], [x, new Float64Array(1)], [9, expected])
      assert(Object.is(x[0], after), `${old} ${expected}`)
    }
  })
})

describe('checks', () => {
  const copy = kernel(
    {
      buffers: [
        ['x', 'f64'],
        ['y', 'f64'],
      ],
      scalars: [['by', 'i32']],
    },
    (b, i) => {
      const x = b.load(0, 'f64', b.add(i, b.op('scalar', 'i32', [], 0)), 0)
      b.store(1, 'f64', i, b.add(x, 1), 1)
      return undefined
    },
  )

  it('an index beyond the end stops the launch; what was done before stays', () => {
    const y = new Float64Array(5)
    assert.deepEqual(run(copy, [to(5)], [new Float64Array(5), y], [2]), { failure: { site: 0, index: 5 } })
    assert.deepEqual(y, Float64Array.of(1, 1, 1, 0, 0))
  })

  it('a negative index too', () => {
    const outcome = run(copy, [to(5)], [new Float64Array(5), new Float64Array(5)], [-1])
    assert.deepEqual(outcome, { failure: { site: 0, index: -1 } })
  })

  it('a store out of range writes nothing, not even a property', () => {
    const y = new Float64Array(0)
    assert.deepEqual(run(copy, [to(1)], [new Float64Array(1), y], [0]), { failure: { site: 1, index: 0 } })
    assert.deepEqual(Object.keys(y), [])
  })

  it('a detached array has no elements', () => {
    const x = new Float64Array(4)
    structuredClone(x.buffer, { transfer: [x.buffer] })
    assert.deepEqual(run(copy, [to(4)], [x, new Float64Array(4)], [0]), { failure: { site: 0, index: 0 } })
  })

  it('private arrays are checked as well', () => {
    const ir = kernel({ buffers: [['own', 'i8', 4]] }, (b, i) => {
      b.op('lstore', 'void', [i, i], { buffer: 0, element: 'i8', site: 0 })
      return undefined
    })
    assert.deepEqual(run(ir, [to(9)], []), { failure: { site: 0, index: 4 } })
  })

  it('unsafe leaves them out', () => {
    const y = new Float64Array(3)
    const program = compile(copy, { ...plainOptions, unsafe: true })
    assert.deepEqual(program.run(launchOf([to(3)], [Float64Array.of(1, 2, 3), y], [1])), { value: undefined })
    assert.deepEqual(y.subarray(0, 2), Float64Array.of(3, 4))
    assert(!program.listing().includes('stop('))
  })

  it('an assert that does not hold', () => {
    const ir = kernel({}, (b, i) => {
      b.op('assert', 'void', [b.slt(i, 3)], 0)
      return undefined
    })
    assert.deepEqual(run(ir, [to(3)], []), { value: undefined })
    assert.deepEqual(run(ir, [to(4)], []), { failure: { site: 0, index: 0 } })
  })
})

describe('console.log and debugger', () => {
  it('text and values are one line', () => {
    const ir = kernel({ scalars: [['s', 'i64']] }, (b, i) => {
      const half = b.mul(b.cvt('sitof', i, 'f64'), 0.5)
      b.op('log', 'void', [i, half, b.op('scalar', 'i64', [], 0)], ['i = `', null, '`, half ${', null, '}\\\n', null])
      b.op('log', 'void', [b.slt(i, 1), half])
      b.op('debugger', 'void', [])
      return undefined
    })
    const log = mock.method(console, 'log', () => {})
    try {
      run(ir, [{ begin: 1, end: 2, step: 1 }], [], [-3n])
      const lines = log.mock.calls.map(c => c.arguments)
      assert.deepEqual(lines, [['i = `1`, half $' + '{0.5}\\\n-3'], ['false 0.5']])
    } finally {
      log.mock.restore()
    }
    assert.match(compile(ir).listing(), /^ {2}debugger$/m)
  })
})

describe('control flow', () => {
  it('carried values change all at once', () => {
    const ir = kernel({ buffers: [['out', 'i32']] }, (b, i) => {
      const [, a, c] = b.loop(
        [b.const('i32', 0), b.const('i32', 0), b.const('i32', 1)],
        ([k]) => b.slt(k, i),
        ([k, a, c]) => [b.add(k, 1), c, b.add(a, c)],
        ['k', 'a', 'b'],
      )
      b.store(0, 'i32', i, b.sub(c, a), 0)
      b.store(0, 'i32', i, a, 0)
      return undefined
    })
    const out = new Int32Array(12)
    run(ir, [to(12)], [out])
    assert.deepEqual([...out], [0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89])
  })

  it('branches yield values', () => {
    const ir = kernel({ buffers: [['out', 'i32']] }, (b, i) => {
      const [x, y] = b.if(
        b.op('eq', 'i1', [b.and(i, 1), b.const('i32', 0)]),
        () => [b.mul(i, 10), i],
        () => [i, b.sub(b.const('i32', 0), i)],
      )
      b.store(0, 'i32', i, b.add(x, y), 0)
      return undefined
    })
    const out = new Int32Array(4)
    run(ir, [to(4)], [out])
    assert.deepEqual([...out], [0, 0, 22, 0])
  })
})
