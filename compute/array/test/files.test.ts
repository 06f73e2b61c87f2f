/** Files of arrays against those that NumPy writes, and files that are broken. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import * as nd from '../src/index.ts'
import { disagreement } from './agree.ts'
import type { RecordedArray } from './recorded.ts'

const recorded = JSON.parse(
  gunzipSync(readFileSync(new URL('./numpy/recorded-files.json.gz', import.meta.url))).toString(),
) as {
  files: { name: string; version: [number, number]; file: string; array: RecordedArray }[]
  archives: { name: string; file: string; arrays: Record<string, RecordedArray> }[]
}
const hasHalves = (globalThis as { Float16Array?: unknown }).Float16Array !== undefined
const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'))
const exact = { ulps: 0 }

const folder = await mkdtemp(join(tmpdir(), 'skein-files-'))
after(() => rm(folder, { recursive: true }))
const path = (name: string) => join(folder, name)

/** What a call throws, which must be an ArrayFileError. */
async function broken(read: () => unknown): Promise<nd.ArrayFileError> {
  try {
    await read()
  } catch (error) {
    assert.ok(error instanceof nd.ArrayFileError, String(error))
    return error
  }
  throw new assert.AssertionError({ message: 'was read' })
}

describe('.npy', () => {
  for (const { name, version, file, array } of recorded.files) {
    const skip = !hasHalves && array.dtype === 'float16'
    test(name, { skip }, async () => {
      const bytes = bytesOf(file)
      const x = nd.fromNpy(bytes)
      assert.equal(disagreement(x, array, exact), undefined)
      await writeFile(path('x.npy'), bytes)
      const y = await nd.load(path('x.npy'))
      assert.equal(disagreement(y, array, exact), undefined)
      // A reader that stops anywhere says so, and reads no further.
      for (const end of [0, 3, 8, 11, 40, bytes.length - 1])
        if (array.shape[0] !== 0 || end < 100) await broken(() => nd.fromNpy(bytes.slice(0, end)))
      if (version[0] === 1 && !name.endsWith('>')) assert.deepEqual(nd.toNpy(x), bytes)
    })
  }

  test('what is behind the elements is left alone, what is given stays as it is', async () => {
    const bytes = new Uint8Array([...nd.toNpy(nd.arange(3)), 1, 2, 3])
    const x = await nd.load(bytes)
    x.assign(7)
    assert.deepEqual(nd.fromNpy(bytes).toList(), [0, 1, 2])
    assert.deepEqual((await nd.load(bytes.buffer)).toList(), [0, 1, 2])
  })

  test('views, expressions and large arrays are written in the order that they have', async () => {
    const large = nd.arange(300_000).reshape([300, 1000])
    for (const x of [large.at('::-2, 5:900:7'), large.t, nd.add(large, 0.5), nd.broadcastTo(nd.asarray(3), [4])]) {
      await nd.save(path('v.npy'), x)
      const y = await nd.load(path('v.npy'))
      assert.ok(nd.arrayEqual(x, y))
      assert.ok(nd.arrayEqual(x, nd.fromNpy(nd.toNpy(x))))
    }
    assert.match(Buffer.from(nd.toNpy(large.t)).toString('latin1', 10, 90), /'fortran_order': True/)
  })

  const header = (text: string, version = 1) => {
    const size = version === 1 ? 10 : 12
    const bytes = new Uint8Array(size + text.length)
    bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0])
    const view = new DataView(bytes.buffer)
    if (version === 1) view.setUint16(8, text.length, true)
    else view.setUint32(8, text.length, true)
    bytes.set(Buffer.from(text, 'latin1'), size)
    return bytes
  }
  const of = (descr: string, shape: string, order = 'False') =>
    header(`{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`)

  const bad: [string, Uint8Array, RegExp][] = [
    ['nothing', new Uint8Array(0), /magic word.*found 0 bytes/],
    ['another magic word', new Uint8Array(20), /found 00 00 00 00 00 00/],
    ['a zip archive', new Uint8Array([0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0, 0]), /loadz/],
    ['version 4.0', header('{}', 4), /found 4\.0/],
    ['a header of 4 GiB', Uint8Array.of(...header('', 2).subarray(0, 8), 255, 255, 255, 255), /header of at most/],
    ['10⁹ elements', of("'<f8'", '(1000000000,)'), /expected 8000000000 bytes of elements.*found 0 bytes/],
    ['10¹² elements', of("'<f8'", '(1000000, 1000000)'), /at most 2147483647 elements/],
    ['a product that is no safe number', of("'<f8'", `(${Array(9).fill(99999999).join(', ')})`), /at most/],
    ['a negative length', of("'<f8'", '(-1,)'), /tuple of whole numbers/],
    ['no tuple', of("'<f8'", '3'), /tuple of whole numbers/],
    ['objects', of("'|O'", '(1,)'), /Objects/],
    ['records', of("[('a', '<f8'), ('b', '<i4')]", '(1,)'), /records/],
    ['long doubles', of("'<f16'", '(1,)'), /dtype/],
    ['a name of every object', of("'constructor'", '(1,)'), /dtype/],
    ['an order that is none', of("'<f8'", '(1,)', "'C'"), /fortran_order/],
    ['another key', header("{'descr': '<f8', 'shape': ()}"), /keys/],
    ['code', header("__import__('os')"), /dictionary of Python/],
    ['thousands of levels', header('('.repeat(5000)), /levels/],
    ['something behind the dictionary', header("{'descr': '<f8', 'fortran_order': False, 'shape': ()} 1"), /more/],
  ]
  for (const [name, bytes, told] of bad)
    test(`${name} is an error`, async () => {
      const error = await broken(() => nd.fromNpy(bytes, 'some.npy'))
      assert.match(error.message, told)
      assert.equal(error.file, 'some.npy')
      await writeFile(path('bad.npy'), bytes)
      assert.equal((await broken(() => nd.load(path('bad.npy')))).file, path('bad.npy'))
    })

  test('a shape as Python 2 wrote it', () => {
    const bytes = new Uint8Array([...of("'|u1'", '(2L, 1L)'), 5, 6])
    assert.deepEqual(nd.fromNpy(bytes).toList(), [[5], [6]])
  })

  test('booleans other than 0 and 1 are true', () => {
    const x = nd.fromNpy(new Uint8Array([...of("'|b1'", '(3,)'), 0, 1, 255]))
    assert.deepEqual(nd.astype(x, 'int32').toList(), [0, 1, 1])
  })

  test('any bytes are an array or an ArrayFileError', async () => {
    const whole = nd.toNpy(nd.arange(4))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 }), async changes => {
        const bytes = whole.slice()
        for (const [at, byte] of changes) bytes[at] = byte
        try {
          nd.fromNpy(bytes)
        } catch (error) {
          assert.ok(error instanceof nd.ArrayFileError, String(error))
        }
      }),
      { numRuns: 500 },
    )
  })

  test('a file that is not there is the system’s error', async () => {
    await assert.rejects(nd.load(path('none.npy')), { code: 'ENOENT' })
    await assert.rejects(nd.load(3 as never), { code: 'SKEIN_ARGUMENT' })
    await assert.rejects(nd.save(new Uint8Array(3) as never, nd.zeros(1)), /toNpy/)
  })
})

describe('.npz', () => {
  for (const { name, file, arrays } of recorded.archives)
    test(`${name} by NumPy`, async () => {
      await writeFile(path('x.npz'), bytesOf(file))
      for (const source of [bytesOf(file), path('x.npz')]) {
        const found = await nd.loadz(source)
        assert.deepEqual(Object.keys(found), Object.keys(arrays))
        for (const [key, array] of Object.entries(arrays))
          assert.equal(disagreement(found[key], array, exact), undefined, key)
      }
      assert.deepEqual(Object.keys(await nd.loadz(path('x.npz'), { names: ['flag'] })), ['flag'])
      await assert.rejects(nd.loadz(path('x.npz'), { names: ['no'] }), /expected the arrays no/)
    })

  for (const save of [nd.savez, nd.savezCompressed])
    test(save.name, async () => {
      const arrays = {
        a: nd.arange(1000).reshape([20, 50]).t,
        'b/ü': nd.asarray([true, false]),
        __proto__x: nd.zeros(0),
      }
      await save(path('s.npz'), arrays)
      const found = await nd.loadz(path('s.npz'))
      for (const [key, x] of Object.entries(arrays)) assert.ok(nd.arrayEqual(x, found[key]), key)
      await save(path('s.npz'), [nd.arange(3), 5])
      assert.deepEqual(Object.keys(await nd.loadz(path('s.npz'))), ['arr_0', 'arr_1'])
    })

  test('broken archives', async () => {
    const x = { x: nd.arange(5000) }
    for (const compressed of [false, true]) {
      const bytes = await nd.toNpz(x, { compressed })
      const flipped = bytes.slice()
      flipped[Math.floor(bytes.length / 2)] ^= 1
      assert.match((await broken(() => nd.loadz(flipped))).message, /x\.npy in the buffer/)
      await broken(() => nd.loadz(bytes.slice(0, -30)))
      await broken(() => nd.loadz(bytes.slice(100)))
      await writeFile(path('t.npz'), bytes)
      await truncate(path('t.npz'), 500)
      assert.equal((await broken(() => nd.loadz(path('t.npz')))).file, path('t.npz'))
      // The size that the directory says, which is what would be allocated.
      const huge = bytes.slice()
      const at = Buffer.from(huge).lastIndexOf(Buffer.from([0x50, 0x4b, 1, 2]))
      new DataView(huge.buffer).setUint32(at + 24, 0xfffffff0, true)
      await broken(() => nd.loadz(huge))
    }
    await broken(() => nd.loadz(new Uint8Array(0)))
    assert.match((await broken(() => nd.loadz(nd.toNpy(nd.arange(3))))).message, /read by load/)
    assert.deepEqual(Object.keys(await nd.loadz(await nd.toNpz({}))), [])
  })

  test('the file is the same bytes as the archive', async () => {
    await nd.savez(path('same.npz'), { x: nd.arange(3) })
    assert.equal((await readFile(path('same.npz'))).length, (await nd.toNpz({ x: nd.arange(3) })).length)
  })
})
