/** Columns of apache-arrow in and out, held against what that library itself reads of them. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as arrow from 'apache-arrow'
import fc from 'fast-check'
import * as nd from '../src/index.ts'

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
console.log(`fast-check seed ${seed} (SEED=${seed} repeats this run)`)

/** A column as the library's own types, to which `toArrow` gives a narrower one. */
const vector = (column: nd.ArrowColumn): arrow.Vector => column as unknown as arrow.Vector

const numeric = [
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'float32',
  'float64',
] as const

test('each dtype comes back, and its memory is shared', async () => {
  for (const dtype of numeric) {
    const x = nd.arange(5, null, 1, { dtype })
    const column = await nd.toArrow(x)
    assert.deepEqual([...vector(column)], x.toList(), dtype)
    const back = nd.fromArrow(column)
    assert.equal(back.dtype, dtype)
    assert.deepEqual(back.toList(), x.toList())
    back.set(1, 7)
    assert.equal(Number(x.at(1).item()), 7, `${dtype}: the column, and both arrays, are the same memory`)
  }
})

test('half-precision floats and booleans', async () => {
  const bits = nd.asarray([true, false, true, true, false, false, false, true, true])
  const column = vector(await nd.toArrow(bits))
  assert.deepEqual([...column], bits.toList())
  assert.deepEqual(nd.fromArrow(column).toList(), bits.toList())
  assert.deepEqual(nd.fromArrow(column.slice(3, 9)).toList(), [true, false, false, false, true, true])
  if (!('Float16Array' in globalThis)) return
  const half = nd.asarray([1, 0.5, -2], { dtype: 'float16' })
  const halves = await nd.toArrow(half)
  assert.deepEqual([...vector(halves)], [1, 0.5, -2])
  assert.equal(nd.fromArrow(halves).dtype, 'float16')
  assert.deepEqual(nd.fromArrow(halves).toList(), [1, 0.5, -2])
})

test('further axes are lists of one length', async () => {
  const x = nd.arange(24).reshape([4, 3, 2])
  const column = vector(await nd.toArrow(x))
  assert.equal(String(column.type), 'FixedSizeList[3]<FixedSizeList[2]<Float64>>')
  assert.deepEqual(nd.fromArrow(column).toList(), x.toList())
  assert.deepEqual(nd.fromArrow(column.slice(1, 3)).toList(), x.at('1:3').toList())
  assert.deepEqual(
    nd.fromArrow(vector(await nd.toArrow(x.t))).toList(),
    x.t.toList(),
    'what does not lie in C order is copied',
  )
})

test('nulls are an error, or NaN', () => {
  const floats = arrow.vectorFromArray([1, null, 3], new arrow.Float32())
  assert.throws(
    () => nd.fromArrow(floats),
    /fromArrow: column must be one without nulls, but it is .*1 of them among 3 elements.*nulls: 'nan'/,
  )
  const found = nd.fromArrow(floats, { nulls: 'nan' })
  assert.equal(found.dtype, 'float32')
  assert.deepEqual(found.toList(), [1, Number.NaN, 3])
  const whole = nd.fromArrow(arrow.vectorFromArray([1n, null, 3n], new arrow.Int64()), { nulls: 'nan' })
  assert.equal(whole.dtype, 'float64')
  assert.deepEqual(whole.toList(), [1, Number.NaN, 3])
  const bits = nd.fromArrow(arrow.vectorFromArray([true, null, false], new arrow.Bool()), { nulls: 'nan' })
  assert.deepEqual(bits.toList(), [1, Number.NaN, 0])
  const lists = arrow.vectorFromArray(
    [[1, 2], null],
    new arrow.FixedSizeList(2, new arrow.Field('item', new arrow.Float64())),
  )
  assert.throws(() => nd.fromArrow(lists, { nulls: 'nan' }), /lists are all there/)
})

test('columns in chunks, sliced anywhere, with nulls anywhere, are what the library reads', () => {
  const element = fc.option(fc.integer({ min: -1000, max: 1000 }), { nil: null })
  const type = fc.constantFrom<() => arrow.DataType>(
    () => new arrow.Int32(),
    () => new arrow.Float64(),
    () => new arrow.Int16(),
  )
  fc.assert(
    fc.property(
      fc.array(fc.array(element, { maxLength: 20 }), { minLength: 1, maxLength: 4 }),
      type,
      fc.nat(30),
      fc.nat(30),
      (chunks, make, a, b) => {
        const parts = chunks.map(chunk => arrow.vectorFromArray(chunk, make()))
        const whole = new arrow.Vector(parts.flatMap(part => part.data))
        const column = whole.slice(Math.min(a, b), Math.max(a, b))
        const expected = [...column].map(v => v ?? Number.NaN)
        assert.deepEqual(nd.fromArrow(column, { nulls: 'nan' }).toList(), expected)
      },
    ),
    { seed, numRuns: 200 },
  )
})

test('a column of a table that was written and read', async () => {
  const table = new arrow.Table({ x: vector(await nd.toArrow(nd.linspace(0, 1, 5000))) as arrow.Vector<arrow.Float64> })
  const read = arrow.tableFromIPC(arrow.tableToIPC(table))
  assert.equal(nd.arrayEqual(nd.fromArrow(read.getChild('x')!), nd.linspace(0, 1, 5000)), true)
})

test('a column outlives the release of its array', async () => {
  const x = nd.arange(100_000)
  const column = vector(await nd.toArrow(x))
  x.release()
  nd.zeros([100_000]).eval() // would take the same memory
  assert.equal(column.get(99_999), 99_999)
  assert.throws(() => x.toList(), { name: 'ReleasedArrayError' })
  await assert.rejects(nd.toArrow(x), { name: 'ReleasedArrayError' })
})

test('empty columns', async () => {
  assert.deepEqual(nd.fromArrow(await nd.toArrow(nd.zeros([0]))).toList(), [])
  assert.deepEqual(nd.fromArrow(await nd.toArrow(nd.zeros([0, 3]))).shape, [0, 3])
})

test('what is no column of numbers', async () => {
  assert.throws(() => nd.fromArrow(arrow.vectorFromArray(['a', 'b'], new arrow.Utf8())), {
    name: 'DTypeError',
    message: /not Utf8/,
  })
  assert.throws(() => nd.fromArrow([1, 2] as never), { name: 'ArgumentError', message: /table\.getChild/ })
  assert.throws(() => nd.fromArrow(arrow.vectorFromArray([1]) as never, { nulls: 'zero' as never }), {
    name: 'ArgumentError',
  })
  await assert.rejects(nd.toArrow(nd.full([2], { re: 0, im: 1 })), { name: 'DTypeError', message: /nd\.real/ })
  await assert.rejects(nd.toArrow(3), { name: 'ShapeError' })
})
