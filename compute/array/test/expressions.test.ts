/** Trees: what becomes one kernel, and that nobody can tell from the elements. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type BackendName, backends } from '@skein/kernel/compiler'
import fc from 'fast-check'
import * as nd from '../src/index.ts'

/** Kernels launched by a piece of work. */
function launches(work: () => void): number {
  const before = nd.stats().launched
  work()
  return nd.stats().launched - before
}

/** Large enough not to be computed at once. */
const large = (dtype: nd.DType = 'float64') => nd.linspace(0, 1, 1000, { dtype })

describe('fusion', () => {
  test('a tree is one kernel, a reduction at its root too', () => {
    const [x, y] = [large(), large()]
    assert.equal(
      launches(() => nd.exp(nd.add(nd.multiply(x, y), nd.sin(x))).eval()),
      1,
    )
    assert.equal(
      launches(() => nd.sum(nd.square(nd.subtract(x, y))).eval()),
      1,
    )
    assert.equal(
      launches(() => nd.where(nd.greater(x, 0.5), nd.log(x), 0).eval()),
      1,
    )
  })
  test('trees of one form are one program, whatever their sizes and numbers', () => {
    nd.add(nd.multiply(large(), 3), large()).eval()
    const before = nd.stats().compiled
    nd.add(nd.multiply(nd.linspace(2, 3, 77), 5), nd.zeros([77])).eval()
    nd.add(nd.multiply(nd.ones([30, 40]), -1), nd.ones([30, 40])).eval()
    assert.equal(nd.stats().compiled, before)
  })
  test('nothing is computed before somebody reads', () => {
    const x = large()
    assert.equal(
      launches(() => void nd.sin(nd.cos(x))),
      0,
    )
  })
  test('what two trees share is computed once', () => {
    const shared = nd.sin(large())
    const [a, b] = [nd.add(shared, 1), nd.add(shared, 2)]
    a.eval()
    assert.ok(shared.isEvaluated)
    assert.deepEqual(nd.round(nd.subtract(b, a)).at('::100').toList(), Array(10).fill(1))
  })
  test('a chain without end is cut', () => {
    let x: nd.NDArray = large()
    for (let k = 0; k < 1000; k++) x = nd.add(nd.multiply(x, 1), 0)
    assert.deepEqual(x.toTypedArray(), large().toTypedArray())
  })
  test('a tree that doubles at each level is small', () => {
    let x: nd.NDArray = nd.ones([100])
    for (let k = 0; k < 30; k++) x = nd.add(x, x)
    assert.equal(x.at(0).item(), 2 ** 30)
  })
})

const leaf = fc.constantFrom('x', 'y', 'row', 'column', 'turned', 2, 0.5)
const trees = fc.letrec<{ tree: unknown }>(tie => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.tuple(fc.constantFrom('add', 'subtract', 'multiply', 'maximum', 'atan2'), tie('tree'), tie('tree')),
    fc.tuple(fc.constantFrom('sin', 'sqrt', 'negative', 'floor', 'abs'), tie('tree')),
  ),
})).tree

for (const name of Object.keys(backends) as BackendName[]) {
  const skip = backends[name].unavailable() ?? false
  test(`a tree at once is its operations one by one, to the bit, on ${name}`, { skip }, () => {
    nd.backend(name)
    try {
      const x = nd.linspace(-2, 2, 12).reshape([3, 4])
      const arrays: Record<string, nd.NDArray> = {
        x,
        y: nd.linspace(0, 5, 24).at('::2').reshape([3, 4]),
        row: nd.linspace(-1, 1, 4),
        column: nd.linspace(0, 3, 3).expandDims(1),
        turned: nd.linspace(1, 2, 12).reshape([4, 3]).t,
      }
      const functions = nd as unknown as Record<string, (...x: unknown[]) => nd.NDArray>
      const build = (tree: any, step: (x: nd.NDArray) => nd.NDArray): any =>
        Array.isArray(tree)
          ? step(functions[tree[0]](...tree.slice(1).map((t: unknown) => build(t, step))))
          : (arrays[tree] ?? tree)
      fc.assert(
        fc.property(trees, tree => {
          fc.pre(Array.isArray(tree))
          const [whole, apart] = [build(tree, x => x), build(tree, x => x.eval())]
          assert.deepEqual(whole.toList(), apart.toList())
          if (whole.ndim > 0) assert.deepEqual(nd.sum(whole, { axis: 0 }).toList(), nd.sum(apart, { axis: 0 }).toList())
        }),
        { numRuns: 60 },
      )
    } finally {
      nd.backend(undefined)
    }
  })
}

describe('map', () => {
  test('takes a plain function, with broadcasting and captured values', () => {
    const gain = 3
    const clip = (v: number) => (v > 1 ? 1 : v)
    const found = nd.map((a, b) => clip(a * gain) + b, nd.asarray([0.1, 0.2, 0.5]), nd.asarray([[10], [20]]), {
      use: { gain, clip },
    })
    assert.deepEqual(found.toList(), [
      [10.3, 10.6, 11],
      [20.3, 20.6, 21],
    ])
  })
  test('is part of the kernel around it', () => {
    const x = large()
    assert.equal(
      launches(() =>
        nd
          .sum(
            nd.add(
              nd.map(a => (a > 0.5 ? Math.sin(a) : a), x),
              1,
            ),
          )
          .eval(),
      ),
      1,
    )
  })
  test('types follow the elements', () => {
    const one = (dtype: nd.DType) => nd.map(a => a + 1, nd.zeros([70], { dtype })).dtype
    assert.equal(one('float32'), 'float32')
    assert.equal(one('uint8'), 'int32')
    assert.equal(nd.map(a => a > 0, large()).dtype, 'bool')
  })
  test('says what it does not understand', () => {
    assert.throws(() => nd.map(a => (globalThis as any).nobody(a), large()).eval(), { name: /Kernel|UnknownName/ })
    assert.throws(() => nd.map((a, b) => a + b, large()), {
      name: 'ArgumentError',
      message: /as many as the function has parameters: 2/,
    })
    assert.throws(() => nd.map(a => a, nd.asarray([{ re: 1, im: 0 }])), { name: 'DTypeError' })
  })
})

describe('reading', () => {
  test('beside the event loop', async () => {
    const x = nd.linspace(0, 1, 300_000)
    const [values, total] = await Promise.all([nd.sin(x).values(), nd.sum(x).values()])
    assert.equal(values.length, 300_000)
    assert.ok(Math.abs(Number(total[0]) - 150_000) < 1e-6)
  })
  test('arrays of no elements', () => {
    const x = nd.zeros([0, 3])
    assert.deepEqual(nd.sin(x).shape, [0, 3])
    assert.deepEqual(nd.sum(x, { axis: 0 }).toList(), [0, 0, 0])
    assert.deepEqual(nd.sum(x, { axis: 1 }).toList(), [])
    assert.throws(() => nd.max(x, { axis: 0 }), { name: 'ShapeError', message: /none of no elements/ })
    assert.deepEqual(nd.max(x, { axis: 1 }).shape, [0])
    assert.ok(Number.isNaN(nd.mean(nd.zeros([0])).item()))
  })
  test('more than three axes that do not go together', () => {
    const x = nd.arange(2 * 3 * 2 * 3 * 2).reshape([2, 3, 2, 3, 2])
    const y = x.permuteDims([4, 2, 0, 3, 1]).at('::-1, :, :, ::2')
    const z = nd.add(y, nd.multiply(y, 2))
    assert.deepEqual(z.toList(), nd.multiply(y.copy(), 3).toList())
    for (let axis = 0; axis < 5; axis++)
      assert.deepEqual(nd.sum(y, { axis }).toList(), nd.sum(y.copy(), { axis }).toList())
    assert.equal(nd.sum(y).item(), nd.sum(y.copy()).item())
  })
  test('long columns are cut into pieces, and put together', () => {
    const x = nd.ones([10_000, 3], { dtype: 'float32' })
    assert.deepEqual(nd.sum(x, { axis: 0 }).toList(), [10_000, 10_000, 10_000])
    const z = nd.asarray(Array.from({ length: 9000 }, (_, k) => ({ re: k, im: 1 })))
    assert.deepEqual(nd.sum(z).item(), { re: (9000 * 8999) / 2, im: 9000 })
  })
})

describe('small trees', () => {
  const n = 100
  const numbers = (from: number) => Float64Array.from({ length: n }, (_, k) => ((k * 7 + from) % 19) - 9)
  const within = (elements: Float64Array, begin: number): nd.NDArray => {
    const wide = new Float64Array(n + 8)
    wide.set(elements, begin)
    return nd.asarray(wide).at({ begin, end: begin + n })
  }
  const leaves = (): { array: nd.NDArray; elements: Float64Array }[] => [
    { array: nd.asarray(numbers(1)), elements: numbers(1) },
    { array: within(numbers(5), 3), elements: numbers(5) },
    { array: nd.asarray(3, { dtype: 'float64' }), elements: new Float64Array(n).fill(3) },
    { array: nd.asarray([2, -4]).at('1:'), elements: new Float64Array(n).fill(-4) },
    { array: nd.asarray(numbers(2).reverse()).at('::-1'), elements: numbers(2) },
  ]
  const two: readonly [typeof nd.add, (x: number, y: number) => number][] = [
    [nd.add, (x, y) => x + y],
    [nd.subtract, (x, y) => x - y],
    [nd.maximum, Math.max],
  ]

  interface Tree {
    readonly array: nd.NDArray | number
    readonly elements: Float64Array
  }
  /** Trees made by drawn steps of what there is so far: what is met twice is shared. */
  function grow(steps: readonly (readonly [number, number, number])[], withStrided: boolean): Tree[] {
    const made: Tree[] = [
      ...leaves().slice(0, withStrided ? 5 : 4),
      { array: 2, elements: new Float64Array(n).fill(2) },
      { array: -1, elements: new Float64Array(n).fill(-1) },
    ]
    const given = made.length
    for (const [operation, i, j] of steps) {
      const [f, inJS] = two[operation]
      const [x, y] = [made[i % made.length], made[j % made.length]]
      const isArray = typeof x.array !== 'number' || typeof y.array !== 'number'
      if (!isArray) continue
      made.push({ array: f(x.array, y.array), elements: x.elements.map((a, k) => inJS(a, y.elements[k])) })
    }
    return made.slice(given)
  }
  const steps = fc.array(fc.tuple(fc.nat(2), fc.nat(30), fc.nat(30)), { minLength: 1, maxLength: 9 })
  const check = ({ array, elements }: Tree): void => {
    const x = array as nd.NDArray
    assert.deepEqual(x.toTypedArray(), elements.slice(0, x.size))
  }
  for (const name of Object.keys(backends) as BackendName[])
    test(`give what their operations give one by one, whatever they share and are evaluated after, on ${name}`, {
      skip: backends[name].unavailable() ?? false,
    }, () => {
      nd.backend(name)
      try {
        fc.assert(
          fc.property(steps, fc.boolean(), fc.array(fc.nat(20)), (drawn, withStrided, order) => {
            const trees = grow(drawn, withStrided)
            if (trees.length === 0) return
            for (const k of order) check(trees[k % trees.length])
            for (const tree of trees.reverse()) check(tree)
          }),
          { numRuns: name === 'reference' ? 60 : 200 },
        )
      } finally {
        nd.backend(undefined)
      }
    })
  test('what is written into a view lies there alone', () => {
    const x = nd.asarray(numbers(1))
    const wide = nd.zeros([n + 3])
    wide.at({ begin: 2, end: n + 2 }).assign(nd.add(nd.multiply(x, 2), 1))
    assert.deepEqual(wide.toList(), [0, 0, ...numbers(1).map(v => 2 * v + 1), 0])
  })
})
