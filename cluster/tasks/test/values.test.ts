import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { heap, type TypedArrayClass } from '@skein/heap'
import fc from 'fast-check'
import { NotCloneableError } from '../src/errors.ts'
import { Ref, type Source } from '../src/ref.ts'
import { CellReader, cellsOf, putCells, type Words, wordsPerCell } from '../src/values/cells.ts'
import { pack, unpack } from '../src/values/pack.ts'
import { seedOf } from './seed.ts'

const clone = (value: unknown): unknown => {
  const { bytes, leaning } = pack(value, 'call', 'value')
  return unpack(Uint8Array.from(bytes), [], leaning.holds)
}

/** Fails unless the values are alike down to holes, zeros' signs and which objects are the same. */
function assertAlike(found: unknown, expected: unknown): void {
  const pairs = new Map<unknown, unknown>()
  const open: [unknown, unknown, string][] = [[found, expected, 'value']]
  for (let next = open.pop(); next; next = open.pop()) {
    const [a, b, path] = next
    if (typeof b !== 'object' || b === null) {
      assert(Object.is(a, b), `${path}: ${String(a)} instead of ${String(b)}`)
      continue
    }
    assert(typeof a === 'object' && a !== null, path)
    if (pairs.has(a) || pairs.has(b)) {
      assert(pairs.get(a) === b && pairs.get(b) === a, `${path}: other objects are the same`)
      continue
    }
    pairs.set(a, b)
    pairs.set(b, a)
    const tag = (x: object) => Object.prototype.toString.call(x)
    assert.equal(tag(a), tag(b), path)
    assert.equal(Object.getPrototypeOf(a), Object.getPrototypeOf(b), path)
    if (a instanceof Map && b instanceof Map) {
      assert.equal(a.size, b.size, path)
      const [as, bs] = [[...a], [...b]]
      for (let i = 0; i < as.length; i++) open.push([as[i], bs[i], `${path}.entry(${i})`])
    } else if (a instanceof Set && b instanceof Set) open.push([[...a], [...b], `${path}.members`])
    else if (a instanceof Error && b instanceof Error) {
      const parts = ({ name, message, stack, cause }: Error) => [name, message, stack, cause]
      open.push([parts(a), parts(b), `${path}.error`])
      continue
    } else if (b instanceof ArrayBuffer || ArrayBuffer.isView(b)) {
      assert.deepEqual(a, b, path)
      continue
    } else if (b instanceof Date || b instanceof RegExp) assert.deepEqual(a, b, path)
    else if (b instanceof Number || b instanceof String || b instanceof Boolean || b instanceof BigInt) {
      open.push([a.valueOf(), b.valueOf(), path])
      continue
    }
    const [own, expectedOwn] = [Object.keys(a), Object.keys(b)]
    assert.deepEqual(own, expectedOwn, path)
    if (Array.isArray(b)) assert.equal((a as unknown[]).length, b.length, path)
    for (const key of own) open.push([(a as Names)[key], (b as Names)[key], `${path}.${key}`])
  }
}
interface Names {
  [name: string]: unknown
}

/** Whatever fast-check makes, and what it does not. */
const leaf = fc.oneof(
  fc.anything({ maxDepth: 0, withBigInt: true, withDate: true, withBoxedValues: true, withTypedArray: true }),
  fc.string({ unit: 'binary' }),
  // Lone surrogates.
  fc.array(fc.integer({ min: 0xd7f0, max: 0xe00f }), { maxLength: 5 }).map(units => String.fromCharCode(...units)),
  fc.constantFrom<unknown>(
    -0,
    Number.NaN,
    2 ** 31,
    -(2 ** 31) - 1,
    Number.MIN_VALUE,
    new Date(Number.NaN),
    /a\/[/]€/giu,
  ),
  fc.bigInt({ min: -(2n ** 300n), max: 2n ** 300n }),
  fc.uint8Array({ minLength: 0, maxLength: 2000 }).map(bytes => bytes.buffer),
  fc.uint8Array({ minLength: 8, maxLength: 2000 }).map(bytes => new DataView(bytes.buffer, 3, 4)),
  fc.float64Array({ minLength: 0, maxLength: 300 }).map(x => x.subarray(x.length >> 1)),
  fc.uint8Array({ maxLength: 9 }).map(bytes => new Float16Array(bytes)),
  fc.bigInt64Array({ maxLength: 9 }),
  fc.string().map(message => Object.assign(new RangeError(message), { stack: `RangeError: ${message}\n  at x` })),
  fc.string().map(message => new Error('outer', { cause: new TypeError(message, { cause: 7 }) })),
)
const key = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', 'length', '0', 'then'))

class Point {
  x: unknown
  readonly #hidden = 1
  constructor(x: unknown) {
    this.x = x
  }
  get hidden(): number {
    return this.#hidden
  }
}

const { tree } = fc.letrec<{ tree: unknown; node: unknown }>(tie => ({
  tree: fc.oneof({ maxDepth: 5, depthSize: 'small' }, leaf, tie('node')),
  node: fc.oneof(
    fc.array(tie('tree'), { maxLength: 6 }),
    fc.sparseArray(tie('tree'), { maxLength: 9, maxNumElements: 4 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 6, noNullPrototype: false }),
    fc.array(fc.tuple(tie('tree'), tie('tree')), { maxLength: 4 }).map(entries => new Map(entries)),
    fc.array(tie('tree'), { maxLength: 4 }).map(members => new Set(members)),
    tie('tree').map(x => new Point(x)),
    tie('tree').map(x => Object.assign([x], { named: x })),
  ),
}))

const isContainer = (x: unknown): x is object =>
  typeof x === 'object' && x !== null && (Array.isArray(x) || x instanceof Map || x instanceof Set || isPlain(x))
const isPlain = (x: object): boolean => [Object.prototype, Point.prototype, null].includes(Object.getPrototypeOf(x))

/** Every object in a value. */
function objectsOf(value: unknown): object[] {
  const found = new Set<object>()
  const open: unknown[] = [value]
  for (let next = open.pop(); open.length > 0 || next !== undefined; next = open.pop()) {
    if (typeof next !== 'object' || next === null || found.has(next)) continue
    found.add(next)
    if (!isContainer(next)) continue
    if (next instanceof Map) open.push(...next.keys(), ...next.values())
    else if (next instanceof Set) open.push(...next)
    else open.push(...Object.values(next))
  }
  return [...found]
}

/** Adds links between the parts of a value: shared parts and circles. */
function tangle(value: unknown, links: readonly (readonly [number, number])[]): unknown {
  const objects = objectsOf(value)
  const containers = objects.filter(isContainer)
  if (containers.length === 0) return value
  links.forEach(([from, to], i) => {
    const container = containers[from % containers.length]
    const target = objects[to % objects.length]
    if (container instanceof Map) container.set(i % 2 === 0 ? `link${i}` : target, target)
    else if (container instanceof Set) container.add(target)
    else (container as Names)[Array.isArray(container) ? container.length : `link ${i}`] = target
  })
  return value
}

const tangled = fc
  .tuple(tree, fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 5 }))
  .map(([value, links]) => tangle(value, links))

const check = (t: TestContext, property: fc.IProperty<any>, numRuns: number): void => {
  fc.assert(property, { seed: seedOf(t).seed, numRuns })
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

  it('of a thousand levels, and no more', () => {
    const kinds: ((x: unknown) => unknown)[] = [x => [x], x => ({ x }), x => new Map([[1, x]]), x => new Set([x])]
    for (const wrap of kinds) {
      let value: unknown = 1
      for (let depth = 0; depth < 990; depth++) value = wrap(value)
      let depth = 0
      for (let x = clone(value); typeof x === 'object'; depth++) x = partOf(x!)
      assert.equal(depth, 990)
      for (; depth < 100_000; depth++) value = wrap(value)
      const error = errorOf(() => pack(value, 'call', 'value'))
      assert.match(error.kind, /nested more than 1000 deep/)
      assert(error.path.length < 1000, error.path)
    }
  })

  it('of objects that change while they are read', () => {
    for (const change of [(x: unknown[]) => x.push('more'), (x: unknown[]) => x.splice(1)]) {
      const array: unknown[] = [1, 2, 3]
      Object.defineProperty(array, 0, { get: () => change(array), enumerable: true })
      assert.equal((clone([array, 'end']) as unknown[])[1], 'end')
    }
    const map = new Map<unknown, unknown>([['a', {}]])
    Object.defineProperty(map.get('a'), 'x', { get: () => map.set('b', 1).size, enumerable: true })
    assert.deepEqual(clone([map, 'end']), [new Map([['a', { x: 2 }]]), 'end'])

    class Lying extends Map {
      override get size(): number {
        return 5
      }
      override *[Symbol.iterator](): MapIterator<[unknown, unknown]> {}
    }
    assert.deepEqual(clone([new Lying().set(1, 2), 'end']), [new Map([[1, 2]]), 'end'])
  })

  it('with getters that throw, or that pack themselves', () => {
    const thrown = new Error('from the getter')
    const throwing = {
      get x() {
        throw thrown
      },
    }
    assert.throws(() => pack([1, 'x'.repeat(1e5), throwing], 'call', 'value'), thrown)
    const inner = { text: 'y'.repeat(1e5) }
    const packing = {
      before: 'z'.repeat(2 ** 24),
      get x() {
        return (clone(inner) as typeof inner).text.length
      },
      after: 'end',
    }
    const found = clone(packing) as typeof packing
    assert.deepEqual([found.before === packing.before, found.x, found.after], [true, 1e5, 'end'])
    assert.equal(clone('small'), 'small')
  })

  it('of a size that takes long in a bad way', { timeout: 10_000 }, () => {
    const long = 7n ** 200_000n
    assert.equal(clone(long), long)
    assert.equal(clone(-long), -long)
    const sparse: unknown[] = []
    sparse[2 ** 32 - 2] = 'last'
    assertAlike(clone(sparse), sparse)
    const text = '€'.repeat(1e6)
    assert.equal(clone(text), text)
  })

  it('of errors: kept as they are, whatever is on them', () => {
    const aggregate = new AggregateError([new TypeError('a'), 'b'], 'many', { cause: { deep: [1] } })
    const found = clone({ aggregate }) as { aggregate: AggregateError }
    assert(found.aggregate instanceof AggregateError)
    assert.equal(found.aggregate.errors[0].message, 'a')
    assert.deepEqual(found.aggregate.cause, { deep: [1] })
    const circle = new Error('circle') as Error & { self: unknown; refusal: unknown }
    circle.self = circle.cause = circle
    circle.refusal = () => {}
    assert.equal((clone(circle) as Error).message, 'circle')
    assert.equal((clone(new DOMException('gone', 'AbortError')) as Error).name, 'AbortError')
    const refused = clone(new NotCloneableError('call', 'path', 'kind', '')) as NotCloneableError
    assert(refused instanceof NotCloneableError && refused.path === 'path')
  })

  const uncloneable: { [kind: string]: () => unknown } = {
    'a function': () => () => {},
    'a class': () => Point,
    'a symbol': () => Symbol('s'),
    'a boxed symbol': () => Object(Symbol('s')),
    'a promise': () => Promise.resolve(1),
    'a generator': () => (function* () {})(),
    'an async generator': () => (async function* () {})(),
    'an iterator of an array': () => [1].values(),
    'an iterator of a map': () => new Map().entries(),
    'an iterator of matches': () => 'a'.matchAll(/a/g),
    'an iterator with a map': () => [1].values().map(x => x),
    'a WeakMap': () => new WeakMap(),
    'a WeakSet': () => new WeakSet(),
    'a WeakRef': () => new WeakRef({}),
    'a FinalizationRegistry': () => new FinalizationRegistry(() => {}),
    'a SharedArrayBuffer': () => new SharedArrayBuffer(8),
    'an array of a SharedArrayBuffer': () => new Uint8Array(new SharedArrayBuffer(8)),
    'a DataView of a SharedArrayBuffer': () => new DataView(new SharedArrayBuffer(8)),
    'a transferred buffer': () => transferred(new ArrayBuffer(8)),
    'an array of a transferred buffer': () => viewOf(Uint8Array),
    'a DataView of a transferred buffer': () => viewOf(DataView),
    'a memory of WebAssembly': () => new WebAssembly.Memory({ initial: 1 }),
    'a module of WebAssembly': () => new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])),
    'a MessagePort': () => new MessageChannel().port1,
    'an AbortSignal': () => new AbortController().signal,
    'a ReadableStream': () => new ReadableStream(),
    'a URL': () => new URL('http://a/'),
    'a Headers': () => new Headers(),
    'a Blob': () => new Blob(['x']),
    'an Intl.NumberFormat': () => new Intl.NumberFormat(),
    'a KeyObject': () => createSecretKey(Buffer.from('k')),
    'a proxy of a Date': () => new Proxy(new Date(), {}),
    'a module': () => fc,
  }
  const places: [path: string, wrap: (x: unknown) => unknown][] = [
    ['value', x => x],
    ['value[1]', x => [0, x]],
    ['value.a.b', x => ({ a: { b: x } })],
    ['value["not a name"].ok', x => ({ 'not a name': { ok: x } })],
    ["value.get('key')", x => new Map([['key', x]])],
    ['value.(value of a Map)', x => new Map([[1, x]])],
    ['value.(key of a Map)', x => new Map([[x, 1]])],
    ['value.(member of a Set)', x => new Set([1, x])],
    ['value.x.x', x => new Point(new Point(x))],
    ['value.named', x => Object.assign([1], { named: x })],
    ['value.a[0].b[1].c', x => ({ a: [{ b: [0, { c: x }] }] })],
  ]
  for (const [kind, make] of Object.entries(uncloneable)) {
    it(`of ${kind}: refused with its path`, () => {
      for (const [path, wrap] of places) {
        const error = errorOf(() => pack(wrap(make()), 'call', 'value'))
        assert(error.path.startsWith(path), `${error.path} instead of ${path}`)
        assert(error.message.startsWith(`call: ${error.path} is ${error.kind}, which cannot be sent`), error.message)
      }
    })
  }

  it('that are spoilt give an error, or some value, and soon', { timeout: 30_000 }, t => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
    const before = process.memoryUsage().rss
    check(
      t,
      fc.property(tangled, changes, fc.option(fc.nat()), (value, changes, cut) => {
        const bytes = Uint8Array.from(pack(value, 'call', 'value', true).bytes)
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte
        try {
          unpack(cut === null ? bytes : bytes.subarray(0, cut % bytes.length))
        } catch (error) {
          assert(error instanceof Error)
        }
      }),
      2000,
    )
    assert(process.memoryUsage().rss - before < 2 ** 30)
    assert.throws(() => unpack(new Uint8Array([16, 255, 255, 255, 255])), /spoilt/)
    assert.throws(() => unpack(new Uint8Array([200])), /spoilt: tag 200 at 0/)
    assert.throws(() => unpack(new Uint8Array([])), /spoilt/)
  })
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

function partOf(x: object): unknown {
  if (x instanceof Map) return x.get(1)
  if (x instanceof Set) return [...x][0]
  return Object.values(x)[0]
}

function transferred(buffer: ArrayBuffer): ArrayBuffer {
  structuredClone(buffer, { transfer: [buffer] })
  return buffer
}

function viewOf(Type: new (buffer: ArrayBuffer) => ArrayBufferView): ArrayBufferView {
  const view = new Type(new ArrayBuffer(8))
  transferred(view.buffer as ArrayBuffer)
  return view
}

function errorOf(what: () => unknown): NotCloneableError {
  try {
    what()
  } catch (error) {
    if (error instanceof NotCloneableError) return error
    throw error
  }
  assert.fail('it was not refused')
}
