/** What a hostile user does: sizes that nobody has, lists that never end, memory that goes away, changes while threads compute. Never a crash, never silent garbage. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type BackendName, backends } from '@skein/kernel/compiler'
import * as nd from '../src/index.ts'

const { NaN: nan } = Number

/** An error's name and text, or "nothing". */
function told(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`
  }
  return 'nothing'
}

describe('sizes', () => {
  const column = nd.zeros([100_000, 1], { dtype: 'int8' })
  const row = nd.zeros([100_000], { dtype: 'int8' })
  const cyclic: unknown[] = []
  cyclic.push(cyclic)
  const deep = (levels: number): unknown => {
    let list: unknown = 1
    for (let k = 0; k < levels; k++) list = [list]
    return list
  }
  const i32 = (list: number[]) => nd.asarray(list, { dtype: 'int32' })
  const table: [string, () => unknown, RegExp][] = [
    ['broadcasting', () => nd.add(column, row), /^ShapeError: add: .*\[100000, 100000\] together, of 10000000000/],
    ['comparing', () => nd.less(column, row), /^ShapeError: less/],
    ['where', () => nd.where(column, row, 1), /^ShapeError: where/],
    ['an outer product', () => nd.outer(row, row), /^(Shape|Argument)Error/],
    ['zeros', () => nd.zeros([2 ** 16, 2 ** 16]), /^ArgumentError: zeros: .*at most 2147483647/],
    ['2^53', () => nd.zeros(2 ** 53), /^ArgumentError: zeros/],
    ['a negative size', () => nd.ones([3, -1]), /^ArgumentError: ones: .*from 0/],
    ['a window', () => nd.windows.hann(3e9), /^ArgumentError: hann: .*at most/],
    ['frequencies', () => nd.fft.fftfreq(3e9), /^ArgumentError: fftfreq: .*at most/],
    ['counts', () => nd.bincount([1], { minlength: 3e9 }), /^ArgumentError: bincount: .*at most/],
    ['counts of a large number', () => nd.bincount([2n ** 62n] as never), /^ArgumentError: bincount/],
    ['powers', () => nd.vander(nd.zeros(100_000), 1e6), /^ArgumentError: vander: .*at most/],
    ['a disk', () => nd.image.disk(1e6), /^ArgumentError: disk: .*at most/],
    [
      'a window of neighbours',
      () => nd.image.medianFilter(nd.zeros([4, 4]), { size: 99999 }),
      /^ArgumentError: .*at most/,
    ],
    ['a Hilbert matrix', () => nd.linalg.hilbert(1e6), /^ArgumentError: hilbert: .*at most/],
    ['a Hadamard matrix', () => nd.linalg.hadamard(2 ** 20), /^ArgumentError: hadamard: .*at most/],
    ['a Toeplitz matrix', () => nd.linalg.toeplitz(nd.zeros(100_000)), /^ArgumentError: .*at most/],
    [
      'a mean of neighbours',
      () => nd.image.uniformFilter(nd.zeros([4, 4]), { size: 1e9 }),
      /^ArgumentError: uniformFilter/,
    ],
    ['a wide bell', () => nd.image.gaussianFilter(nd.zeros([4, 4]), { sigma: 1e9 }), /^ArgumentError: .*radius/],
    ['erosion', () => nd.image.erode(nd.zeros([4, 4]), { size: 99999 }), /^ArgumentError: .*at most/],
    ['lists', () => nd.zeros([2 ** 40, 0]).toList(), /^ArgumentError: toList: .*67108864/],
    ['a list in itself', () => nd.asarray(cyclic as never), /^ArgumentError: asarray: .*levels/],
    ['a deep list', () => nd.asarray(deep(20_000) as never), /^ArgumentError: asarray: .*levels/],
    ['a large BigInt', () => nd.asarray([2n ** 63n]), /^ArgumentError: asarray: .*int64.*uint64/],
    ['a dtype', () => nd.astype(nd.zeros(2), 'complex' as never), /^ArgumentError: astype: dtype/],
    ['no whole place', () => nd.take(nd.arange(3), [1.5]), /^ArgumentError: take: indices must be whole numbers.*1.5/],
    ['NaN as a place', () => nd.arange(3).at([0, nan]), /^ArgumentError: at: index must be whole numbers/],
    ['a place beyond 32 bits', () => nd.take(nd.arange(3), [2 ** 32]), /^ShapeError: take: index 4294967296 is out/],
    ['NaN along an axis', () => nd.takeAlongAxis(nd.arange(3), [nan], { axis: 0 }), /^ArgumentError: takeAlongAxis/],
    ['half a repetition', () => nd.repeat(nd.arange(2), [1, 0.5]), /^ArgumentError: repeat: repeats/],
    ['deleting NaN', () => nd.delete(nd.arange(3), [nan]), /^ArgumentError: delete/],
    ['counting halves', () => nd.bincount([0.5]), /^ArgumentError: bincount: x must be whole/],
    ['places of a shape', () => nd.unravelIndex([0.5] as never, [2]), /^ArgumentError: unravelIndex/],
    ['a ratio from 0', () => nd.geomspace(0, 1, 3), /^ArgumentError: geomspace: start/],
  ]
  for (const [name, work, expected] of table) test(name, () => assert.match(told(work), expected))

  test('what is right stays', () => {
    assert.equal(String(nd.zeros([2 ** 40, 0])), '[]')
    assert.deepEqual(nd.asarray(deep(60) as never).ndim, 60)
    assert.deepEqual(nd.asarray([2n ** 63n], { dtype: 'uint64' }).toList(), [2n ** 63n])
    assert.deepEqual(nd.asarray([nan, Infinity, -Infinity, 1.5], { dtype: 'int64' }).toList(), [
      0n,
      2n ** 63n - 1n,
      -(2n ** 63n),
      1n,
    ])
    assert.deepEqual(nd.take(nd.arange(3), []).shape, [0])
    assert.deepEqual(nd.take(nd.arange(3), i32([-1])).toList(), [2])
    assert.deepEqual(
      nd
        .arange(3)
        .at([true, false, true] as never)
        .toList(),
      [0, 2],
    )
    assert.deepEqual(nd.signal.medfilt([3, 1, 2], 1e9 + 1).toList(), nd.signal.medfilt([3, 1, 2], 9).toList())
  })
})

describe('typed arrays that change behind an array', () => {
  test('a transferred buffer', () => {
    const elements = new Float64Array(100_000)
    const x = nd.asarray(elements)
    const later = nd.add(x, 1)
    structuredClone(elements.buffer, { transfer: [elements.buffer] })
    for (const work of [
      () => x.toList(),
      () => x.sum().item(),
      () => nd.add(x, 1).toList(),
      () => nd.sort(x),
      () => nd.matmul(x, x).item(),
      () => x.at('1:').toList(),
      () => nd.toParts(x),
      () => x.set(0, 1),
      () => String(x),
    ])
      assert.match(told(work), /^ReleasedArrayError: .*transferred/, String(work))
    assert.match(
      told(() => later.toList()),
      /transferred/,
    )
  })

  test('a buffer whose length may change is refused', () => {
    const buffer = new ArrayBuffer(64, { maxByteLength: 128 })
    assert.match(
      told(() => nd.asarray(new Float64Array(buffer))),
      /^ArgumentError: asarray: .*keeps its length/,
    )
  })
})

describe('changes while threads compute', () => {
  const n = 300_000
  const shape = [500, 600]
  const computations: Record<string, (x: nd.NDArray) => nd.NDArray> = {
    'element by element': x => nd.add(x, 1),
    'a tree': x => nd.multiply(nd.sin(x), nd.add(x.at('::-1'), 2)),
    'a sum': x => x.sum(),
    'sums of columns': x => x.reshape(shape).mean({ axis: 0 }),
    'a sum of a tree': x => nd.sum(nd.multiply(x, x)),
    'a Fourier transform': x => nd.fft.rfft(x),
    'a product': x => nd.matmul(x.reshape(shape), x.reshape([600, 500])),
    'a filter': x => nd.image.gaussianFilter(x.reshape(shape), { sigma: 1 }),
    'a Fourier transform of a tree': x => nd.fft.fft(nd.add(x, 1)),
    interpolation: x => nd.interp(x, [0, 3, 200], [0, 1, 2]),
  }
  for (const name of Object.keys(backends) as BackendName[]) {
    if (name === 'reference') continue
    describe(name, { skip: backends[name].unavailable() ?? false }, () => {
      for (const [what, compute] of Object.entries(computations))
        test(`${what} is of the elements that were there`, async () => {
          nd.backend(name)
          try {
            const make = () => nd.full([n], 3).eval()
            const expected = (await compute(make()).values()) as Float64Array
            const x = make()
            const found = compute(x).values()
            x.assign(100)
            assert.deepEqual(await found, expected)
            assert.equal(x.at(7).item(), 100)
          } finally {
            nd.backend(undefined)
          }
        })
    })
  }

  test('views see a change, before and after', async () => {
    const x = nd.full([n], 3).eval()
    const tail = x.at('1:')
    const found = nd.add(x, 1).values()
    x.set(1, 9)
    await found
    tail.set(1, 8)
    assert.deepEqual([tail.at(0).item(), x.at(2).item(), tail.at(1).item()], [9, 8, 8])
  })

  test('what is computed of a result that changes meanwhile', async () => {
    const tree = nd.add(nd.full([n], 3).eval(), 1)
    const transformed = nd.fft.rfft(tree).values()
    await Promise.resolve()
    tree.assign(0)
    assert.equal(((await transformed) as Float64Array)[0], 4 * n)
    assert.equal(tree.at(0).item(), 0)
  })

  test('elements that are shared cannot be set aside: a typed error', async () => {
    const elements = new Float64Array(n).fill(3)
    const x = nd.asarray(elements)
    const found = nd.add(x, 1).values()
    assert.match(
      told(() => x.assign(100)),
      /^ArrayInUseError: .*Await the evaluation first/,
    )
    assert.ok(((await found) as Float64Array).every(v => v === 4))
    x.assign(100)
    assert.equal(elements[5], 100)
  })
})

describe('files of bytes that were changed', () => {
  test('any byte of a header', () => {
    const bytes = nd.toNpy(nd.asarray([[1, 2, 3]], { dtype: 'int16' }))
    for (let at = 0; at < bytes.length; at++) {
      for (const value of [0, 1, 0x20, 0x7f, 0xff, bytes[at] ^ 1, bytes[at] ^ 0x10]) {
        const broken = bytes.slice()
        broken[at] = value
        const error = told(() => nd.fromNpy(broken))
        assert.match(error, /^(nothing|ArrayFileError|ArgumentError)/, `byte ${at} is ${value}: ${error}`)
      }
    }
  })
  test('any length', () => {
    const bytes = nd.toNpy(nd.asarray([[1, 2, 3]], { dtype: 'int16' }))
    for (let length = 0; length < bytes.length; length++)
      assert.match(
        told(() => nd.fromNpy(bytes.slice(0, length))),
        /^ArrayFileError/,
      )
  })
  test('a shape that promises more than there is', () => {
    const text = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000,), }"
    const header = `${text.padEnd(117)}\n`
    const bytes = new Uint8Array(10 + header.length + 8)
    bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8])
    bytes.set(new TextEncoder().encode(header), 10)
    assert.match(
      told(() => nd.fromNpy(bytes)),
      /^ArrayFileError/,
    )
  })
})
