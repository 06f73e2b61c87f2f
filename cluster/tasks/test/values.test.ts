import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { heap, type TypedArrayClass } from '@skein/heap'
import { NotCloneableError } from '@skein/values'
import fc from 'fast-check'
import { assertAlike, check, type Names, tangled } from '../../../foundation/values/test/arbitrary.ts'
import { Lazy } from '../src/lazy.ts'
import { Ref, type Source } from '../src/ref.ts'
import type { TaskDefinition } from '../src/registry.ts'
import { CellReader, cellsOf, putCells, type Words, wordsPerCell } from '../src/values/cells.ts'
import { pack, unpack } from '../src/values/pack.ts'

const clone = (value: unknown): unknown => {
  const { bytes, leaning } = pack(value, 'call', 'value')
  return unpack(Uint8Array.from(bytes), [], leaning.holds)
}

describe('values as bytes', () => {
  it('arrive as by structured clone', t => {
    check(
      t,
      fc.property(tangled, value => assertAlike(clone(value), structuredClone(value))),
      1500,
    )
  })

  it('are the same whether arrays go apart or inside', t => {
    check(
      t,
      fc.property(tangled, value => {
        const { bytes, leaning } = pack(value, 'call', 'value', true)
        assert.equal(leaning.holds.length, 0)
        assertAlike(unpack(Uint8Array.from(bytes)), structuredClone(value))
      }),
      200,
    )
  })

  it('of arrays: small ones by their bytes, large ones and those of the heap by their address', () => {
    const floats = [Float64Array, Float32Array, Float16Array]
    const integers = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array]
    for (const Type of [...floats, ...integers]) {
      for (const length of [0, 1, 7, 5000]) {
        const outside = new Type(Array.from({ length }, (_, i) => i * 3))
        const inside = heap.array(Type as TypedArrayClass, outside as Float64Array)
        const view = outside.subarray(length >> 2, length >> 1)
        const { bytes, leaning } = pack([outside, inside, view], 'call', 'value')
        assert(bytes.length < 3 * 1024 + 100)
        for (const holds of [leaning.holds, undefined]) {
          const [a, b, c] = unpack(bytes, [], holds) as Uint8Array[]
          assert.deepEqual([...a], [...outside])
          assert.deepEqual([...b], [...outside])
          assert.deepEqual([...c], [...view])
          assert.equal(a.constructor, Type)
          assert.equal(heap.owns(b) && heap.addressOf(b), heap.addressOf(inside))
          if (holds) assert.equal(b, inside)
          assert.equal(heap.owns(a), outside.byteLength >= 1024)
        }
      }
    }
    const buffer = unpack(pack(Buffer.from('abc'), 'call', 'value').bytes)
    assert.deepEqual(buffer, new Uint8Array([97, 98, 99]))
    const part = heap.f64([1, 2, 3]).subarray(1)
    assert.deepEqual([...(unpack(pack([part], 'call', 'value').bytes) as Float64Array[])[0]], [2, 3])
  })

  it('with references: by number, in circles too, and not where they cannot be awaited', () => {
    const source: Source = { id: 0, label: 'x', settlement: 'pending', outcome: () => 0, whenSettled() {} }
    const [a, b] = [new Ref(source), new Ref(source)]
    const value: Names = { a, deep: [{ b, again: a }] }
    value.self = value
    const { bytes, leaning } = pack([value], 'call', 'value')
    assert.deepEqual(leaning.refs, [a, b, a])
    const [found] = unpack(bytes, ['A', 'B', 'A again']) as [Names]
    assert.deepEqual({ ...found, self: 0 }, { a: 'A', deep: [{ b: 'B', again: 'A again' }], self: 0 })
    assert.equal(found.self, found)
    const refused = errorOf(() => pack({ value }, 'call', 'result', true))
    assert.equal(refused.path, 'result.value.a')
    assert.equal(refused.kind, 'a reference')
  })

  const uncloneable: { [kind: string]: () => unknown } = {
    'a promise': () => Promise.resolve(1),
    'a call that was not started': () => new Lazy({ name: 'task' } as TaskDefinition, [], {}),
    'a SharedArrayBuffer': () => new SharedArrayBuffer(8),
    'an array of a SharedArrayBuffer': () => new Uint8Array(new SharedArrayBuffer(8)),
    'a DataView of a SharedArrayBuffer': () => new DataView(new SharedArrayBuffer(8)),
  }
  for (const [kind, make] of Object.entries(uncloneable)) {
    it(`of ${kind}: refused with its path`, () => {
      for (const inline of [false, true]) {
        const error = errorOf(() => pack({ a: [make()] }, 'call', 'value', inline))
        assert(error.path === 'value.a[0]', error.path)
        assert(error.message.startsWith(`call: ${error.path} is ${error.kind}, which cannot be sent`), error.message)
      }
    })
  }
})

describe('values in cells', () => {
  const words = (cells: number): Words => {
    const buffer = new SharedArrayBuffer(cells * 16)
    return { ints: new Int32Array(buffer), floats: new Float64Array(buffer), bytes: new Uint8Array(buffer) }
  }
  const inCells = fc.oneof(
    fc.constantFrom(undefined, null, true, false, -0, Number.NaN, Number.POSITIVE_INFINITY),
    fc.double(),
    fc.integer(),
    fc.string({ maxLength: 70 }),
    fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 70 }).map(units => String.fromCharCode(...units)),
    fc.nat(300).map(n => heap.f32(n).subarray(n >> 1)),
    fc.nat(300).map(n => heap.i64(n)),
  )

  it('arrive as they were, and touch no cell beside theirs', t => {
    check(
      t,
      fc.property(fc.array(inCells, { minLength: 1, maxLength: 8 }), fc.nat(5), (values, from) => {
        const fitting = values.filter(value => cellsOf(value) > 0)
        const cells = fitting.reduce<number>((sum, value) => sum + cellsOf(value), 0)
        const to = words(from + cells + 1)
        to.bytes.fill(0xa5)
        let at = from * wordsPerCell
        for (const value of fitting) {
          const next = putCells(to, at, value)
          assert.equal(next - at, cellsOf(value) * wordsPerCell)
          at = next
        }
        assert(to.bytes.subarray(0, from * 16).every(byte => byte === 0xa5))
        assert(to.bytes.subarray((from + cells) * 16).every(byte => byte === 0xa5))
        const reader = new CellReader(to, from * wordsPerCell)
        for (const value of fitting) {
          const found = reader.next()
          if (!ArrayBuffer.isView(value)) assert(Object.is(found, value))
          else {
            assert.deepEqual(found, value)
            assert.equal(heap.addressOf(found as Float32Array), heap.addressOf(value))
          }
        }
      }),
      2000,
    )
  })

  it('are those that fit', () => {
    const fit: [unknown, number][] = [
      [undefined, 1],
      ['', 1],
      ['a'.repeat(16), 2],
      ['a'.repeat(17), 3],
      ['a'.repeat(64), 5],
      ['a'.repeat(65), 0],
      ['ÿ', 2],
      ['€', 0],
      [1n, 0],
      [{}, 0],
      [[], 0],
      [() => {}, 0],
      [Symbol('s'), 0],
      [heap.f64(3), 2],
      [new Float64Array(3), 0],
      [new DataView(heap.f64(3).buffer), 0],
      [new Uint8Array(new SharedArrayBuffer(8)), 0],
    ]
    for (const [value, cells] of fit) assert.equal(cellsOf(value), cells, String(value?.toString))
  })
})

function errorOf(what: () => unknown): NotCloneableError {
  try {
    what()
  } catch (error) {
    if (error instanceof NotCloneableError) return error
    throw error
  }
  assert.fail('it was not refused')
}
