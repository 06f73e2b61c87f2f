/** Arrays as text, bytes, plain data and JSON. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { serialize } from 'node:v8'
import { MessageChannel, Worker } from 'node:worker_threads'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { dtypes } from '../src/dtypes.ts'
import * as nd from '../src/index.ts'
import { disagreement } from './agree.ts'
import type { RecordedArray } from './recorded.ts'

const { texts } = JSON.parse(
  gunzipSync(readFileSync(new URL('./numpy/recorded-files.json.gz', import.meta.url))).toString(),
) as { texts: { text: string; options: nd.TextOptions; array: RecordedArray }[] }
const hasHalves = (globalThis as { Float16Array?: unknown }).Float16Array !== undefined
const usable = dtypes.filter(dtype => hasHalves || dtype !== 'float16')
const folder = await mkdtemp(join(tmpdir(), 'skein-exchange-'))
after(() => rm(folder, { recursive: true }))

/** Numbers that a dtype holds, its ends and what is special among them. */
function some(dtype: nd.DType): nd.NDArray {
  if (dtype === 'bool') return nd.asarray([true, false, true])
  if (nd.isdtype(dtype, 'complex floating'))
    return nd.asarray(
      [
        { re: 0.1, im: -0 },
        { re: NaN, im: Infinity },
        { re: -1e30, im: 2 },
      ],
      { dtype },
    )
  if (nd.isdtype(dtype, 'real floating')) return nd.asarray([0.1, -0, NaN, Infinity, -Infinity, 1 / 3, 1e-5], { dtype })
  const { min, max } = nd.iinfo(dtype as never) as { min: number | bigint; max: number | bigint }
  return nd.asarray([min, max, 1] as number[], { dtype })
}
const same = (x: nd.NDArray, y: nd.NDArray) => {
  assert.equal(y.dtype, x.dtype)
  assert.deepEqual(y.shape, x.shape)
  assert.deepEqual(y.toTypedArray(), x.toTypedArray())
}

describe('text', () => {
  for (const { text, options, array } of texts)
    test(`${JSON.stringify(text)} ${JSON.stringify(options)} as NumPy`, async () => {
      assert.equal(disagreement(await nd.fromtext(text, options), array, { ulps: 0 }), undefined)
    })

  for (const dtype of usable)
    test(`${dtype} is read back as it was`, async () => {
      const x = some(dtype)
      const file = join(folder, `${dtype}.txt`)
      await nd.savetxt(file, x, { header: 'numbers\nbelow', delimiter: ',' })
      same(x, await nd.loadtxt(file, { dtype, delimiter: ',' }))
      const square = nd.stack([x, x])
      same(square, await nd.fromtext(nd.totext(square), { dtype }))
      same(nd.asarray(square.t), await nd.fromtext(nd.totext(square), { dtype, unpack: true }))
    })

  test('how it is written', () => {
    const x = nd.asarray([
      [1, 0.5],
      [-0, NaN],
    ])
    assert.equal(nd.totext(x, { header: 'a', footer: 'b' }), '# a\n1 0.5\n-0.0 nan\n# b\n')
    assert.equal(nd.totext(x, { format: v => (v as number).toFixed(1), newline: '\r\n' }), '1.0 0.5\r\n0.0 NaN\r\n')
    assert.equal(nd.totext(nd.asarray([0.1], { dtype: 'float32' })), '0.1\n')
    assert.throws(() => nd.totext(nd.zeros([1, 1, 1])), nd.ShapeError)
  })

  test('quotes hold delimiters', async () => {
    const options = { delimiter: ',', quotechar: '"', missingValues: ['a,"b'], fillingValue: -1 }
    assert.deepEqual((await nd.fromtext('1,"a,""b"\n"2",3', options)).toList(), [
      [1, -1],
      [2, 3],
    ])
  })

  test('nothing', async () => {
    assert.deepEqual((await nd.fromtext('# only this\n\n')).shape, [0])
    assert.deepEqual((await nd.fromtext('', { ndmin: 2 })).shape, [0, 0])
  })

  const bad: [string, nd.TextOptions, RegExp][] = [
    ['1 2\n\n3 x', {}, /float64 in line 3, field 2, found "x"/],
    ['1 2\n3', {}, /2 fields in line 2.*found 1/],
    ['1,,2', { delimiter: ',' }, /missingValues/],
    ['256', { dtype: 'uint8' }, /uint8/],
    ['-1', { dtype: 'uint64' }, /uint64/],
    ['1.5', { dtype: 'int32' }, /int32/],
    ['0x10', {}, /0x10/],
    ['2', { dtype: 'bool' }, /bool/],
    ['1+2', { dtype: 'complex64' }, /complex64/],
    ['constructor', {}, /constructor/],
  ]
  for (const [text, options, told] of bad)
    test(`${JSON.stringify(text)} is no text of ${options.dtype ?? 'float64'}`, async () => {
      await assert.rejects(
        nd.fromtext(text, options),
        error => error instanceof nd.ArrayFileError && told.test(error.message),
      )
    })
  test('options that make no sense', async () => {
    await assert.rejects(nd.fromtext('1 2', { usecols: 2 }), /usecols/)
    await assert.rejects(nd.fromtext('1 2', { delimiter: '' }), /delimiter/)
    await assert.rejects(nd.fromtext('1 2', { dtype: 'f8' as never }), /dtype/)
  })
})

describe('bytes', () => {
  for (const dtype of usable)
    test(`${dtype} in both orders`, () => {
      const x = some(dtype)
      const bytes = nd.tobytes(x)
      same(x, nd.frombuffer(bytes, { dtype }))
      const { itemsize } = x
      const part = nd.isdtype(dtype, 'complex floating') ? itemsize / 2 : itemsize
      const turned = Uint8Array.from(bytes, (_, k) => bytes[k - (k % part) + part - 1 - (k % part)])
      same(x, nd.frombuffer(turned, { dtype, byteOrder: 'big' }))
      const shifted = new Uint8Array([9, ...bytes])
      same(x.at('1:'), nd.frombuffer(shifted, { dtype, offset: 1 + itemsize, count: x.size - 1 }))
    })

  test('are shared where they can be', () => {
    const buffer = new ArrayBuffer(16)
    nd.frombuffer(buffer).assign(1)
    assert.deepEqual([...new Float64Array(buffer)], [1, 1])
    assert.throws(() => nd.frombuffer(new ArrayBuffer(15)), nd.ArrayFileError)
    assert.throws(() => nd.frombuffer(buffer, { count: 3 }), nd.ArrayFileError)
    assert.throws(() => nd.frombuffer(buffer, { offset: 17 }), /offset/)
  })
})

describe('parts', () => {
  const views: [string, () => nd.NDArray][] = [
    ['a small array', () => nd.arange(6).reshape([2, 3])],
    ['a view with steps back', () => nd.arange(20).reshape([4, 5]).at('::-2, 1:4')],
    ['an expression', () => nd.multiply(nd.arange(5), 2)],
    ['a repeated element', () => nd.broadcastTo(nd.asarray(3), [2, 2])],
    ['a large one in the heap', () => nd.arange(10_000)],
    ['complex numbers', () => nd.asarray([{ re: 1, im: 2 }]).at('::-1')],
    ['none', () => nd.zeros([0, 3])],
  ]
  for (const [name, make] of views)
    test(`${name}, cloned`, () => {
      const x = make()
      const y = nd.fromParts(structuredClone(nd.toParts(x)))
      same(x, y)
      assert.deepEqual(y.toList(), x.toList())
    })

  test('a large array on another thread is the same one, of a small one no more is sent than it has', async () => {
    const x = nd.zeros(10_000)
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads')
       parentPort.once('message', parts => { parts.elements[parts.offset] = 7; parentPort.postMessage(0) })`,
      { eval: true },
    )
    worker.postMessage(nd.toParts(x.at('5:')))
    await new Promise(resolve => worker.once('message', resolve))
    await worker.terminate()
    assert.equal(x.at(5).item(), 7)
    assert.equal(nd.toParts(nd.arange(3)).elements.buffer.byteLength, 24)
  })

  test('structured clone and messages refuse an array, and say what to do', async () => {
    const x = nd.arange(6)
    const { port1, port2 } = new MessageChannel()
    const worker = new Worker('', { eval: true })
    const ways: [string, () => unknown][] = [
      ['structuredClone', () => structuredClone(x)],
      ['inside of something', () => structuredClone({ list: [x] })],
      ['a view that is not computed', () => structuredClone(nd.add(x, 1).at('::2'))],
      ['a port', () => port1.postMessage(x)],
      ['a thread', () => worker.postMessage({ x })],
      ["a thread's data", () => new Worker('', { eval: true, workerData: x })],
      ['v8', () => serialize(x)],
    ]
    for (const [way, send] of ways)
      assert.throws(send, { name: way === 'v8' ? 'Error' : 'DataCloneError', message: /toParts.*fromParts/ }, way)
    const arrived = new Promise<nd.Parts>(resolve => port2.once('message', resolve))
    port1.postMessage(nd.toParts(x.at('::-2')))
    assert.deepEqual(nd.fromParts(await arrived).toList(), [5, 3, 1])
    port1.close()
    await worker.terminate()
    // What is seen of arrays elsewhere has nothing of that.
    assert.ok(!inspect(x).includes('Symbol'))
    assert.ok(!JSON.stringify(x).includes('Symbol'))
  })

  test('that reach outside are refused', () => {
    const parts = nd.toParts(nd.arange(6))
    for (const wrong of [{ shape: [7] }, { offset: -1 }, { offset: 1 }, { strides: [2] }, { strides: [-1] }])
      assert.throws(() => nd.fromParts({ ...parts, ...wrong }), nd.ShapeError)
    for (const wrong of [
      { strides: [] },
      { dtype: 'float32' as never },
      { elements: new DataView(new ArrayBuffer(8)) },
    ])
      assert.throws(() => nd.fromParts({ ...parts, ...wrong }), { code: 'SKEIN_ARGUMENT' })
    assert.throws(() => nd.fromParts(null as never), { code: 'SKEIN_ARGUMENT' })
  })
})

describe('JSON', () => {
  for (const dtype of usable)
    test(dtype, () => {
      const x = nd.stack([some(dtype), some(dtype)])
      same(x, nd.fromJSON(JSON.stringify(x)))
      same(x.at('1, ::-1'), nd.fromJSON(JSON.parse(JSON.stringify({ x: x.at('1, ::-1') })).x))
    })

  test('any floats', () => {
    fc.assert(
      fc.property(fc.array(fc.double()), values => {
        const x = nd.asarray(Float64Array.from(values))
        same(x, nd.fromJSON(JSON.stringify(x)))
      }),
    )
  })

  test('what is none', () => {
    const json = (dtype: string, shape: unknown, values: unknown) => () =>
      nd.fromJSON({ dtype, shape, values } as never)
    assert.throws(json('float64', [2], [1]), nd.ShapeError)
    for (const wrong of [
      json('float', [1], [1]),
      json('float64', [-1], []),
      json('float64', [1], ['1']),
      json('uint8', [1], [256]),
      json('int32', [1], [0.5]),
      json('int64', [1], [1]),
      json('int64', [1], ['9223372036854775808']),
      json('bool', [1], [1]),
      json('float64', [1], {}),
      () => nd.fromJSON('null'),
    ])
      assert.throws(wrong, { code: 'SKEIN_ARGUMENT' })
    assert.throws(() => nd.fromJSON('{'), SyntaxError)
  })
})
