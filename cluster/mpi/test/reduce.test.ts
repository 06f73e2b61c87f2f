import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ArgumentError } from '@skein/base'
import { heap } from '@skein/heap'
import { basics, complex128, doubleInt, float64, int32, uint8 } from '../src/datatype/basic.ts'
import { Datatype, type Kind } from '../src/datatype/datatype.ts'
import { kinds } from '../src/datatype/kinds.ts'
import * as ops from '../src/op.ts'
import { checkDefined, isDefined } from '../src/reduce/defined.ts'
import { reduce3, reduceAll, reduceInto } from '../src/reduce/reduce.ts'
import { reduceValues } from '../src/reduce/values.ts'
import { seedOf } from './seed.ts'

const { Op, sum, max, maxloc, minloc, noOp, replace } = ops
const predefined = Object.values(ops).filter(op => op instanceof Op)

/** Numbers of an element, exact: integers as bigints, floats as numbers. */
type Exact = bigint | number

/** One number to another, as C would for the kind; written without regard to speed. */
const naive = (name: string, kind: Kind, a: Exact, b: Exact): Exact => {
  const bits = kinds[kind].size * 8
  const wrap = (x: bigint): bigint => (kind.startsWith('int') ? BigInt.asIntN(bits, x) : BigInt.asUintN(bits, x))
  const round = (x: number): number =>
    kind === 'float32' ? Math.fround(x) : kind === 'float16' ? (Math as any).f16round(x) : x
  if (name === 'max') return a > b ? a : b
  if (name === 'min') return a < b ? a : b
  if (typeof a === 'number' || typeof b === 'number') {
    const [x, y] = [Number(a), Number(b)]
    return round(name === 'sum' ? x + y : x * y)
  }
  switch (name) {
    case 'sum':
      return wrap(a + b)
    case 'prod':
      return wrap(a * b)
    case 'land':
      return a !== 0n && b !== 0n ? 1n : 0n
    case 'lor':
      return a !== 0n || b !== 0n ? 1n : 0n
    case 'lxor':
      return (a !== 0n) !== (b !== 0n) ? 1n : 0n
    case 'band':
      return a & b
    case 'bor':
      return a | b
    default:
      return a ^ b
  }
}

const chance = (seed: number) => {
  let state = seed >>> 0
  return (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const isFloat = (kind: Kind): boolean => kind.startsWith('float') || kind.startsWith('complex')

const fill = (array: any, kind: Kind, next: () => number): any => {
  for (let i = 0; i < array.length; i++) {
    const x = next() < 0.2 ? 0 : next()
    if (isFloat(kind)) array[i] = Math.round((x - 0.5) * 64) / 8
    else if (kind === 'bool') array[i] = x > 0.5 ? 1 : 0
    else if (kinds[kind].size === 8) array[i] = BigInt(Math.floor(x * 2 ** 32)) * BigInt(Math.floor(next() * 2 ** 32))
    else array[i] = Math.floor(x * 2 ** 32)
  }
  return array
}

const exact = (array: any, kind: Kind): Exact[] => Array.from(array, (x: any) => (isFloat(kind) ? x : BigInt(x)))

const plain = (Object.keys(kinds) as Kind[]).filter(k => kinds[k].pair === undefined && kinds[k].array !== undefined)
const n = 13

describe('each op on each kind it is defined for, against the naive one', () => {
  for (const kind of plain)
    for (const op of predefined) {
      const type = basics[kind]
      if (!isDefined(op, type) || op === replace || op === noOp) continue
      test(`${op} of ${kind}`, t => {
        const next = chance(seedOf(t).seed)
        const { array: Class, lanes } = kinds[kind]
        const make = () => fill(new Class!(n * lanes), kind, next)
        const inputs = [make(), make(), make(), make()]
        const scalar = kind === 'complex64' ? 'float32' : kind === 'complex128' ? 'float64' : kind
        const two = (a: Exact[], b: Exact[]): Exact[] => {
          if (!(lanes === 2 && op.name === 'prod')) return a.map((x, i) => naive(op.name, scalar, x, b[i]))
          const round = kind === 'complex64' ? Math.fround : (x: number) => x
          return a.map((_, i) => {
            const [re, im, x, y] = [a[i & ~1], a[i | 1], b[i & ~1], b[i | 1]].map(Number)
            return i % 2 === 0 ? round(re * x - im * y) : round(re * y + im * x)
          })
        }
        const expected = inputs.map(array => exact(array, kind)).reduce(two)
        const [a, b] = inputs
        const pair = two(exact(a, kind), exact(b, kind))

        const out = new Class!(n * lanes)
        reduce3(op, type, a, b, out, n)
        assert.deepEqual(exact(out, kind), pair)

        const inout = b.slice()
        reduceInto(op, type, a, inout, n)
        assert.deepEqual(exact(inout, kind), pair)

        reduceAll(op, type, inputs, out, n)
        assert.deepEqual(exact(out, kind), expected)

        // Bytes that are not aligned for the kind, with others around them.
        const bytes = new Uint8Array(2 + b.byteLength)
        const there = bytes.subarray(1, 1 + b.byteLength)
        there.set(new Uint8Array(b.buffer))
        bytes[0] = bytes[bytes.length - 1] = 77
        reduceInto(op, type, new Uint8Array(a.buffer), there, n)
        assert.deepEqual(exact(new Class!(there.slice().buffer), kind), pair)
        assert.deepEqual([bytes[0], bytes[bytes.length - 1]], [77, 77])
      })
    }
})

test('loops of vectors in the heap give the bits of the others, and stay within their arrays', t => {
  const next = chance(seedOf(t).seed)
  for (const kind of plain)
    for (const op of predefined) {
      const type = basics[kind]
      if (!isDefined(op, type) || op === replace || op === noOp) continue
      const { array: Class, lanes } = kinds[kind]
      for (const count of [64, 333])
        for (const operands of [2, 3, 5]) {
          const length = count * lanes
          const bits = (array: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }) =>
            new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
          // Off the middle of a larger one, so that addresses are those of no vector.
          const arrays = Array.from({ length: operands + 1 }, () => heap.array(Class as any, length + 2) as any)
          const [out, ...inputs] = arrays.map(array => fill(array, kind, next).subarray(1, length + 1))
          const edges = [arrays[0][0], arrays[0][length + 1]]
          const copies = inputs.map(array => array.slice())
          const expected = new Class!(length)
          reduceAll(op, type, copies, expected, count)
          reduceAll(op, type, inputs, out, count)
          assert.deepEqual(bits(out), bits(expected), `${op} of ${count} ${kind}, ${operands} operands`)
          assert.deepEqual([arrays[0][0], arrays[0][length + 1]], edges)
          if (operands === 2) {
            reduceInto(op, type, inputs[0], inputs[1], count)
            assert.deepEqual(bits(inputs[1]), bits(expected), `${op} of ${count} ${kind}, in place`)
          }
          for (const array of arrays) heap.release(array)
        }
    }
})

test('NaN is both the greatest and the least', () => {
  const inout = new Float64Array([1, Number.NaN, 2])
  reduceInto(max, float64, new Float64Array([Number.NaN, 1, 3]), inout, 3)
  assert.deepEqual([...inout], [Number.NaN, Number.NaN, 3])
})

test('an op is refused for a type that it is not defined for, with those that are', () => {
  const table: [ops.Op, Datatype, RegExp][] = [
    [
      ops.band,
      float64,
      /allreduce: op must be one that is defined for float64 \(sum, prod, max, min\), but it is 'band'/,
    ],
    [max, complex128, /defined for complex128 \(sum, prod\)/],
    [sum, doubleInt, /defined for doubleInt \(maxloc, minloc\)/],
    [maxloc, float64, /'maxloc'/],
    [
      sum,
      float64.contiguous(2),
      /defined for contiguous\(2\) of float64, .* basic types; make one .* Op.createForArrays/,
    ],
    [sum, basics.bool, /defined for bool \(land, lor, lxor\)/],
    [sum, basics.object, /defined for object, but it is 'sum'. Make another with Op.create/],
  ]
  for (const [op, type, message] of table)
    assert.throws(
      () => checkDefined('allreduce', op, type),
      (e: Error) => (assert.match(e.message, message), e instanceof ArgumentError),
    )
  checkDefined('allreduce', replace, float64.contiguous(2))
})

describe('maxloc and minloc', () => {
  /** Pairs of a kind in memory. */
  const pairsOf = (kind: Kind, pairs: [number, number][]): Uint8Array => {
    const { extent, pair } = kinds[kind]
    const bytes = new Uint8Array(extent * pairs.length)
    const put = (of: Kind, at: number, x: number) => {
      const one = new (kinds[of].array as any)(1)
      one[0] = of === 'int64' ? BigInt(x) : x
      bytes.set(new Uint8Array(one.buffer), at)
    }
    pairs.forEach(
      ([value, index], i) => (
        put(pair!.value, i * extent, value), put(pair!.index, i * extent + pair!.indexOffset, index)
      ),
    )
    return bytes
  }

  for (const kind of (Object.keys(kinds) as Kind[]).filter(k => kinds[k].pair !== undefined))
    test(`of ${kind}: of equal values the lower index`, () => {
      const a = pairsOf(kind, [
        [1, 5],
        [7, 5],
        [3, 5],
        [3, 2],
        [-4, 0],
      ])
      const b = pairsOf(kind, [
        [2, 6],
        [6, 6],
        [3, 2],
        [3, 5],
        [-4, 1],
      ])
      const c = pairsOf(kind, [
        [2, 1],
        [9, 9],
        [3, 9],
        [3, 9],
        [-5, 1],
      ])
      const greatest = pairsOf(kind, [
        [2, 6],
        [7, 5],
        [3, 2],
        [3, 2],
        [-4, 0],
      ])
      const out = new Uint8Array(a.length)
      reduce3(maxloc, basics[kind], a, b, out, 5)
      assert.deepEqual(out, greatest)
      reduceAll(minloc, basics[kind], [a, b, c], out, 5)
      assert.deepEqual(
        out,
        pairsOf(kind, [
          [1, 5],
          [6, 6],
          [3, 2],
          [3, 2],
          [-5, 1],
        ]),
      )
      const misaligned = new Uint8Array(a.length + 1).subarray(1)
      misaligned.set(b)
      reduceInto(maxloc, basics[kind], a, misaligned, 5)
      assert.deepEqual(misaligned, greatest)
    })
})

describe('ops of users', () => {
  const minus = Op.create((a: number, b: number) => a - b)

  test('combine numbers, the first operand of the lower ranks', () => {
    const inout = new Float64Array([1, 2])
    reduceInto(minus, float64, new Float64Array([10, 20]), inout, 2)
    assert.deepEqual([...inout], [9, 18])
    const out = new Int32Array(2)
    reduceAll(minus, int32, [new Int32Array([9, 8]), new Int32Array([1, 2]), new Int32Array([3, 4])], out, 2)
    assert.deepEqual([...out], [5, 2])
    assert.equal(reduceValues(minus, 5, 3), 2)
  })

  test('combine complex numbers, pairs and truths as values', () => {
    const complex = Op.create<[number, number]>(([a, b], [c, d]) => [a + d, b + c])
    const z = new Float64Array([3, 4])
    reduceInto(complex, complex128, new Float64Array([1, 2]), z, 1)
    assert.deepEqual([...z], [5, 5])
    const nand = Op.create<boolean>((a, b) => !(a && b))
    const bits = new Uint8Array([1, 0])
    reduceInto(nand, basics.bool, new Uint8Array([1, 1]), bits, 2)
    assert.deepEqual([...bits], [0, 1])
    const both = Op.create<[number, number]>(([v, i], [w, j]) => [v + w, i * 100 + j])
    const memory = new DataView(new ArrayBuffer(32))
    memory.setFloat64(0, 1.5, true)
    memory.setInt32(8, 3, true)
    memory.setFloat64(16, 2.5, true)
    memory.setInt32(24, 4, true)
    reduceInto(both, doubleInt, new Uint8Array(memory.buffer, 0, 16), new Uint8Array(memory.buffer, 16), 1)
    assert.deepEqual([memory.getFloat64(16, true), memory.getInt32(24, true)], [4, 304])
  })

  test('combine the numbers of a derived type, and leave what lies between', () => {
    const type = float64.vector(2, 1, 2)
    const inout = new Float64Array([1, 2, 3])
    reduceInto(minus, type, new Float64Array([10, 20, 30]), inout, 1)
    assert.deepEqual([...inout], [9, 2, 27])
  })

  test('combine whole arrays', () => {
    const arrays = Op.createForArrays((input: Float64Array, inout: Float64Array) => {
      for (let i = 0; i < inout.length; i++) inout[i] = input[i] * 10 + inout[i]
    })
    const inout = new Float64Array([1, 2, 3])
    reduceInto(arrays, float64.vector(2, 1, 2), new Float64Array([10, 20, 30]), inout, 1)
    assert.deepEqual([...inout], [101, 2, 303])
    assert.throws(() => reduceValues(arrays, 1, 2), /op must be one made with Op.create/)
  })

  test('combine structs, which lie as their type says', () => {
    const type = Datatype.struct([1, 1], [0, 8], [uint8, float64])
    const seen: unknown[] = []
    const op = Op.createForArrays((input: DataView, inout: DataView, count, of) => {
      seen.push(count, of)
      for (let i = 0; i < count; i++) {
        const at = i * of.extent
        inout.setUint8(at, input.getUint8(at) + inout.getUint8(at))
        inout.setFloat64(at + 8, input.getFloat64(at + 8, true) * inout.getFloat64(at + 8, true), true)
      }
    })
    const make = (values: [number, number][]) => {
      const view = new DataView(new ArrayBuffer(32))
      values.forEach(([n, x], i) => (view.setUint8(16 * i, n), view.setFloat64(16 * i + 8, x, true)))
      return view
    }
    const inout = make([
      [1, 2],
      [3, 4],
    ])
    inout.setUint8(5, 99)
    reduceInto(
      op,
      type,
      make([
        [10, 20],
        [30, 40],
      ]),
      inout,
      2,
    )
    assert.deepEqual(
      [inout.getUint8(0), inout.getFloat64(8, true), inout.getUint8(16), inout.getFloat64(24, true)],
      [11, 40, 33, 160],
    )
    assert.equal(inout.getUint8(5), 99)
    assert.deepEqual(seen, [2, type])
    assert.throws(
      () => reduceInto(minus, type, make([]), inout, 1),
      /of one kind, for an op that combines two elements/,
    )
  })

  test('may write where an operand lies', () => {
    const a = new Float64Array([10, 20])
    reduce3(minus, float64, a, new Float64Array([1, 2]), a, 2)
    assert.deepEqual([...a], [9, 18])
    const c = new Float64Array([3, 4])
    reduceAll(minus, float64, [a, new Float64Array([1, 1]), c], c, 2)
    assert.deepEqual([...c], [5, 13])
  })
})

test('replace gives what comes, noOp what is there', () => {
  const type = float64.vector(2, 1, 2)
  const target = new Float64Array([1, 2, 3])
  const origin = new Float64Array([4, 5, 6])
  reduce3(replace, type, target, origin, target, 1)
  assert.deepEqual([...target], [4, 2, 6])
  reduce3(noOp, type, target, origin, target, 1)
  assert.deepEqual([...target], [4, 2, 6])
})

test('values', () => {
  const table: [ops.Op, unknown, unknown, unknown][] = [
    [sum, 1, 2, 3],
    [sum, 1n, 2n, 3n],
    [ops.prod, 3, 4, 12],
    [max, 3, 4, 4],
    [max, Number.NaN, 4, Number.NaN],
    [ops.min, 'b', 'a', 'a'],
    [ops.land, true, false, false],
    [ops.land, 2, 1, 1],
    [ops.lxor, 2n, 1n, 0n],
    [ops.bor, 2 ** 40, 1, 2 ** 40 + 1],
    [ops.band, 6, 3, 2],
    [ops.bxor, true, true, false],
    [maxloc, [3, 2], [3, 1], [3, 1]],
    [minloc, [3, 2], [4, 1], [3, 2]],
    [maxloc, ['a', 2], ['b', 1], ['b', 1]],
    [replace, 1, 2, 2],
    [noOp, 1, 2, 1],
  ]
  for (const [op, a, b, expected] of table) assert.deepEqual(reduceValues(op, a, b), expected, `${op} of ${a} and ${b}`)
  const refused: [ops.Op, unknown, unknown, RegExp][] = [
    [
      sum,
      { a: 1 },
      { a: 2 },
      /what is combined must be two of numbers, or two of bigints, for sum, but it is \{ a: 1 \}.*Op.create/,
    ],
    [sum, 1, 1n, /but it is \[1, 1n\]/],
    [ops.band, 1.5, 1, /whole numbers/],
    [maxloc, 1, 2, /\[value, index\] pairs/],
  ]
  for (const [op, a, b, message] of refused)
    assert.throws(
      () => reduceValues(op, a, b),
      (e: Error) => (assert.match(e.message, message), e instanceof ArgumentError),
    )
})

test('only ops of users are freed, and once', () => {
  const op = Op.create((a: number) => a)
  op.free()
  assert.equal(op.isFree, true)
  assert.throws(() => op.free(), ArgumentError)
  assert.throws(() => sum.free(), ArgumentError)
  assert.throws(() => Op.create(3 as any), ArgumentError)
})
