import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CancelledError, InternalError } from '@skein/base'
import { BLOCK, type Combination, type Extent, type Program } from '../src/backend.ts'
import { type Element, type KernelIR, loadedType } from '../src/ir/ir.ts'
import { reference } from '../src/reference/index.ts'
import { combining, kernel, launchOf, to } from './kernels.ts'
import { scanInOrder } from './order.ts'

const compile = (ir: KernelIR, combination?: Combination): Program =>
  reference.compile(ir, combination, { fast: false, unsafe: false, source: [] })

describe('ranges', () => {
  /** Notes the indices of each iteration in the order run. */
  function visited(extents: Extent[]): number[][] {
    const rank = extents.length
    const ir = kernel(
      {
        rank,
        buffers: [
          ['next', 'i32'],
          ['out', 'i32'],
        ],
      },
      (b, ...indices) => {
        const attr = { buffer: 0, element: 'i32', site: 0, kind: 'add' }
        const at = b.op('atomic', 'i32', [b.const('i32', 0), b.const('i32', 1)], attr)
        for (const [d, x] of indices.entries()) b.store(1, 'i32', b.add(b.mul(at, rank), d), x, 1)
        return undefined
      },
    )
    const next = new Int32Array(1)
    const out = new Int32Array(1000)
    assert.deepEqual(compile(ir).run(launchOf(extents, [next, out])), { value: undefined })
    return Array.from({ length: next[0] }, (_, k) => [...out.subarray(k * rank, (k + 1) * rank)])
  }

  it('run in order, the last dimension fastest', () => {
    assert.deepEqual(visited([to(3)]), [[0], [1], [2]])
    assert.deepEqual(
      visited([
        { begin: 1, end: 3, step: 1 },
        { begin: 5, end: 9, step: 3 },
      ]),
      [
        [1, 5],
        [1, 8],
        [2, 5],
        [2, 8],
      ],
    )
    const box = visited([to(2), to(3), to(4)])
    assert.equal(box.length, 24)
    assert.deepEqual(
      box,
      box.map((_, k) => [Math.floor(k / 12), Math.floor(k / 4) % 3, k % 4]),
    )
  })

  it('run backwards with a negative step', () => {
    assert.deepEqual(visited([{ begin: 7, end: 0, step: -3 }]), [[7], [4], [1]])
    assert.deepEqual(visited([{ begin: 1, end: -1, step: -1 }, to(2)]), [
      [1, 0],
      [1, 1],
      [0, 0],
      [0, 1],
    ])
  })

  it('run nothing when a dimension is empty', () => {
    assert.deepEqual(visited([to(0)]), [])
    assert.deepEqual(visited([{ begin: 5, end: 5, step: -1 }]), [])
    assert.deepEqual(visited([{ begin: 3, end: 9, step: -1 }]), [])
    assert.deepEqual(visited([to(3), to(0)]), [])
    assert.deepEqual(visited([to(0), to(3)]), [])
  })

  it('may reach to the ends of the 32-bit integers', () => {
    const last = 2147483647
    assert.deepEqual(visited([{ begin: last - 3, end: last, step: 2 }]), [[last - 3], [last - 1]])
    assert.deepEqual(visited([{ begin: -2147483648, end: last, step: last }]).at(-1), [last - 1])
  })
})

/** Order-sensitive: no two orders of combining give the same. */
const mix = (a: number, b: number) => a * 0.625 + b * 1.125
const mixing = (kind: 'reduce' | 'scan', more?: Partial<Combination>) =>
  combining(kind, 'f64', 0.5, (b, x, y) => b.add(b.mul(x, 0.625), b.mul(y, 1.125)), more)

describe('reductions', () => {
  const values = kernel({ buffers: [['x', 'f64']], yields: 'f64' }, (b, i) => [b.load(0, 'f64', i, 0)])
  const grid = kernel({ rank: 2, buffers: [['x', 'f64']], scalars: [['width', 'i32']], yields: 'f64' }, (b, i, j) => [
    b.load(0, 'f64', b.add(b.mul(i, b.op('scalar', 'i32', [], 0)), j), 0),
  ])

  /** The order of `backend.ts`, said in another way. */
  function oracle(rows: number[][]): number {
    const blockValue = (block: number[]): number => {
      const acc = Array.from({ length: 16 }, (_, j) => block.filter((_, k) => k % 16 === j).reduce(mix, 0.5))
      const fold = (list: number[]): number => {
        if (list.length === 1) return list[0]
        const half = list.length / 2
        return fold(list.slice(0, half).map((x, j) => mix(x, list[j + half])))
      }
      return fold(acc)
    }
    const blocks = rows.flatMap(row =>
      Array.from({ length: Math.ceil(row.length / BLOCK) }, (_, b) =>
        blockValue(row.slice(b * BLOCK, (b + 1) * BLOCK)),
      ),
    )
    const tree = (list: number[]): number => {
      if (list.length === 1) return list[0]
      const pairs = Array.from({ length: Math.ceil(list.length / 2) }, (_, i) => list.slice(2 * i, 2 * i + 2))
      return tree(pairs.map(p => (p.length === 1 ? p[0] : mix(p[0], p[1]))))
    }
    return blocks.length === 0 ? 0.5 : tree(blocks)
  }

  const data = Float64Array.from({ length: 5 * BLOCK + 77 }, (_, k) => Math.sin(k))

  for (const n of [0, 1, 15, 16, 17, 1000, BLOCK, BLOCK + 1, 3 * BLOCK, 5 * BLOCK + 77]) {
    it(`of ${n} values combine in the stated order`, () => {
      const outcome = compile(values, mixing('reduce')).run(launchOf([to(n)], [data]))
      assert.deepEqual(outcome, { value: oracle(n === 0 ? [] : [[...data.subarray(0, n)]]) })
    })
  }

  it('count positions, not indices, and each row for itself', () => {
    const width = BLOCK + 40
    const extents = [to(3), { begin: width - 1, end: -1, step: -1 }]
    const rows = [0, 1, 2].map(r => [...data.subarray(r * width, (r + 1) * width)].reverse())
    const outcome = compile(grid, mixing('reduce')).run(launchOf(extents, [data], [width]))
    assert.deepEqual(outcome, { value: oracle(rows) })
  })

  it('of integers wrap', () => {
    const ints = kernel({ buffers: [['x', 'i64']], yields: 'i64' }, (b, i) => [b.load(0, 'i64', i, 0)])
    const sum = combining('reduce', 'i64', 0n, (b, x, y) => b.add(x, y))
    const outcome = compile(ints, sum).run(launchOf([to(3)], [BigInt64Array.of(2n ** 62n, 2n ** 62n, 5n)]))
    assert.deepEqual(outcome, { value: -(2n ** 63n) + 5n })
  })

  it('stop at a failure', () => {
    const outcome = compile(values, mixing('reduce')).run(launchOf([to(9)], [new Float64Array(4)]))
    assert.deepEqual(outcome, { failure: { site: 0, index: 4 } })
  })

  it('list the combination too', () => {
    assert.match(compile(values, mixing('reduce')).listing(), /return function k_combine\(a, b\)/)
  })
})

describe('scans', () => {
  const make = (element: Element, heads: boolean) =>
    kernel(
      {
        buffers: [
          ['out', element],
          ['x', element],
          ['head', 'u8'],
        ],
        yields: loadedType(element),
      },
      (b, i) => {
        const x = b.load(1, element, i, 1)
        return heads ? [x, b.op('ne', 'i1', [b.load(2, 'u8', i, 2), b.const('i32', 0)])] : [x]
      },
    )
  const sum = (more: Partial<Combination>) => combining('scan', 'i32', 0, (b, x, y) => b.add(x, y), more)
  const n = 2 * BLOCK + 100
  const x = Int32Array.from({ length: n }, (_, k) => (k * 2654435761) | 0)

  for (const exclusive of [false, true]) {
    it(`${exclusive ? 'exclusive' : 'inclusive'} sums of integers`, () => {
      const out = new Int32Array(n)
      compile(make('i32', false), sum({ exclusive })).run(launchOf([to(n)], [out, x, new Uint8Array(0)]))
      let running = 0
      for (let k = 0; k < n; k++) {
        const before = running
        running = (running + x[k]) | 0
        assert.equal(out[k], exclusive ? before : running, `element ${k}`)
      }
    })

    it(`${exclusive ? 'exclusive' : 'inclusive'} sums in segments`, () => {
      // Heads at the start, twice in a block, at a block's first and last element, and none for a whole block.
      for (const places of [[0, 5, 6, BLOCK - 1], [BLOCK], [3, 2 * BLOCK + 50], []]) {
        const head = new Uint8Array(n)
        for (const p of places) head[p] = 1
        const out = new Int32Array(n)
        compile(make('i32', true), sum({ exclusive, segmented: true })).run(launchOf([to(n)], [out, x, head]))
        let running = 0
        for (let k = 0; k < n; k++) {
          if (head[k]) running = 0
          const before = running
          running = (running + x[k]) | 0
          assert.equal(out[k], exclusive ? before : running, `element ${k}, heads at ${places}`)
        }
      }
    })
  }

  it('combine in the stated order', () => {
    const values = Float64Array.from({ length: n }, (_, k) => Math.cos(k))
    const out = new Float64Array(n)
    compile(make('f64', false), mixing('scan')).run(launchOf([to(n)], [out, values, new Uint8Array(0)]))
    const expected = scanInOrder([[...values].map(x => ({ x, head: false }))], 0.5, mix, false)
    assert.equal(
      out.findIndex((x, k) => x !== expected[k]),
      -1,
    )
  })

  it('refuse an output that is too short', () => {
    const out = new Int32Array(3)
    assert.throws(
      () => compile(make('i32', false), sum({})).run(launchOf([to(4)], [out, x, new Uint8Array(0)])),
      InternalError,
    )
  })
})

describe('runAsync', () => {
  const count = kernel({ buffers: [['n', 'f64']] }, b => {
    b.op('atomic', 'f64', [b.const('i32', 0), b.const('f64', 1)], { buffer: 0, element: 'f64', site: 0, kind: 'add' })
    return undefined
  })

  it('gives what run gives', async () => {
    const n = new Float64Array(1)
    assert.deepEqual(await compile(count).runAsync(launchOf([to(1000), to(100)].slice(1), [n])), { value: undefined })
    assert.equal(n[0], 100)
    const outcome = await compile(count).runAsync(launchOf([to(5)], [new Float64Array(0)]))
    assert.deepEqual(outcome, { failure: { site: 0, index: 0 } })
  })

  it('lets the event loop go on, and stops when its signal fires', async () => {
    const n = new Float64Array(1)
    const controller = new AbortController()
    const launch = { ...launchOf([to(2147483647)], [n]), signal: controller.signal }
    const running = compile(count).runAsync(launch)
    let turns = 0
    const turn = () => (++turns === 3 ? controller.abort(new Error('enough')) : setImmediate(turn))
    setImmediate(turn)
    await assert.rejects(running, (error: CancelledError) => {
      assert(error instanceof CancelledError)
      assert.match(error.message, /kernel k was cancelled: Error: enough/)
      return true
    })
    assert.equal(turns, 3)
    assert(n[0] > 0 && n[0] < 2147483647)
  })

  it('does not begin when its signal fired before', async () => {
    const n = new Float64Array(1)
    const launch = { ...launchOf([to(9)], [n]), signal: AbortSignal.abort() }
    await assert.rejects(compile(count).runAsync(launch), CancelledError)
    assert.throws(() => compile(count).run(launch), CancelledError)
    assert.equal(n[0], 0)
  })
})
