import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { describe, it } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import fc from 'fast-check'
import { MalformedValueError, NotCloneableError } from '../src/errors.ts'
import { firstForeignTag, tags } from '../src/format.ts'
import { PackBuffer } from '../src/pack-buffer.ts'
import { type Foreign, pack, packInto } from '../src/packer.ts'
import { type ForeignReader, unpack } from '../src/unpacker.ts'
import { assertAlike, check, type Names, Point, tangled } from './arbitrary.ts'

const clone = (value: unknown): unknown => unpack(Uint8Array.from(pack(value, 'call', 'value')))

describe('values as bytes', () => {
  it('arrive as by structured clone', t => {
    check(
      t,
      fc.property(tangled, value => assertAlike(clone(value), structuredClone(value))),
      2000,
    )
  })

  it('follow one another in a buffer that grows', t => {
    check(
      t,
      fc.property(fc.array(tangled, { maxLength: 5 }), fc.nat(40), (values, from) => {
        const buffer = new PackBuffer(8)
        buffer.bytes.fill(7)
        const ends = [Math.min(from, 8)]
        for (const value of values) ends.push(packInto(buffer, value, ends.at(-1)))
        assert(buffer.bytes.subarray(0, ends[0]).every(byte => byte === 7))
        values.forEach((value, i) => {
          assertAlike(unpack(buffer.bytes.subarray(ends[i], ends[i + 1])), structuredClone(value))
        })
      }),
      300,
    )
  })

  it('of many objects of few shapes, and of many shapes', t => {
    const record = fc.record(
      { id: fc.nat(), name: fc.string(), at: fc.double(), tags: fc.array(fc.string()), __proto__: fc.nat() } as object,
      { requiredKeys: [] },
    )
    const varied = fc.dictionary(fc.string({ maxLength: 3 }), fc.nat(), { maxKeys: 40, noNullPrototype: true })
    check(
      t,
      fc.property(fc.array(fc.oneof(record, varied), { maxLength: 200 }), value =>
        assertAlike(clone(value), structuredClone(value)),
      ),
      200,
    )
    const other = '__proto__'
    const own = JSON.parse(`[{"a":1,"${other}":2},{"a":3,"${other}":4}]`)
    assertAlike(clone(own), own)
  })

  it('of numbers at the edges of their forms', () => {
    const edges = [0, -0, 63, 64, -1, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 0.5, Number.NaN, 2 ** 53, 1e308]
    for (const n of edges) assert(Object.is(clone(n), n), String(n))
    for (const length of [0, 15, 16, 63, 64, 65, 1000]) {
      const array = Array.from({ length }, (_, i) => i)
      assertAlike(clone(array), array)
      assertAlike(clone(Object.assign(array, { named: [1] })), array)
      for (const s of ['a', 'ÿ', '€']) assert.equal(clone(s.repeat(length)), s.repeat(length))
      for (const s of ['a', 'ÿ', '€']) assert.deepEqual(clone({ [s.repeat(length)]: 1 }), { [s.repeat(length)]: 1 })
    }
    class Listing extends Array {}
    assertAlike(
      clone(Listing.from({ length: 70 }, (_, i) => i)),
      Array.from({ length: 70 }, (_, i) => i),
    )
  })

  it('of views: their class, their own bytes, in a buffer that is not shared', () => {
    const buffer = new SharedArrayBuffer(64)
    new Uint8Array(buffer).forEach((_, i, all) => {
      all[i] = i
    })
    for (const from of [buffer, new Uint8Array(buffer).slice().buffer]) {
      for (const Type of [
        Float64Array,
        Float32Array,
        Float16Array,
        Int8Array,
        Uint8Array,
        Uint8ClampedArray,
        Int16Array,
      ]) {
        const view = new Type(from as ArrayBuffer, 8, 3)
        const found = clone(view) as Uint8Array
        assert.equal(found.constructor, Type)
        assert.deepEqual([...found], [...view])
        assert(found.buffer instanceof ArrayBuffer && found.buffer.byteLength === view.byteLength)
      }
      const found = clone(new DataView(from, 3, 5)) as DataView
      assert.deepEqual([found.byteLength, found.getUint8(0), found.getUint8(4)], [5, 3, 7])
    }
    const copy = clone({ buffer }) as { buffer: SharedArrayBuffer }
    assert(copy.buffer instanceof SharedArrayBuffer)
    assert.deepEqual(new Uint8Array(copy.buffer), new Uint8Array(buffer))
    assert.deepEqual(clone(Buffer.from('abc')), new Uint8Array([97, 98, 99]))
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
    assert.throws(() => pack([1, 'x'.repeat(1e5), throwing]), thrown)
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

  it('that were tampered with give a MalformedValueError, or some value, and soon', { timeout: 60_000 }, t => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
    const before = process.memoryUsage().rss
    check(
      t,
      fc.property(tangled, changes, fc.option(fc.nat()), (value, changes, cut) => {
        const bytes = Uint8Array.from(pack(value))
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte
        tryUnpack(cut === null ? bytes : bytes.subarray(0, cut % bytes.length))
      }),
      5000,
    )
    check(
      t,
      fc.property(fc.uint8Array({ maxLength: 60 }), bytes => tryUnpack(bytes)),
      20_000,
    )
    const tagged = fc.array(
      fc.oneof(fc.constantFrom(...Object.values(tags)), fc.integer({ min: 0x20, max: 0x92 }), fc.nat(255)),
    )
    check(
      t,
      fc.property(tagged, bytes => tryUnpack(Uint8Array.from(bytes))),
      20_000,
    )
    assert(process.memoryUsage().rss - before < 2 ** 29)
  })

  const text = (s: string) => [0x20 + s.length, ...Buffer.from(s, 'latin1')]
  const u32 = (n: number) => [n & 255, (n >> 8) & 255, (n >> 16) & 255, n >>> 24]
  const f64 = (n: number) => [...new Uint8Array(Float64Array.of(n).buffer)]
  const most = u32(2 ** 32 - 1)
  const wire = (...fields: number[]) => [tags.error, tags.shape, 2, ...text('name'), ...text('message'), ...fields]
  const malformed: { [what: string]: [bytes: number[], problem: RegExp] } = {
    nothing: [[], /more are said to come/],
    'a tag that is none': [[200], /tag 200 at 0/],
    'a tag of a room above': [[firstForeignTag], /tag 224 at 0/],
    'more bytes than the value has': [[1, 1, 1], /2 bytes more than the value has/],
    'a text that is cut': [[0x25, 65], /5 bytes more/],
    'a long text that is cut': [[tags.latin1, ...most, 65], /4294967295 bytes more/],
    'a key that is no text': [[tags.object, ...u32(1), 0x40, 0x40], /instead of a text/],
    'a vast array': [[tags.array, ...most], /parts are said to come/],
    'a vast map': [[tags.map, ...most, 0, 0], /parts are said to come/],
    'a vast set': [[tags.set, ...most, 0], /parts are said to come/],
    'vast entries': [[tags.object, ...most, 0, 0], /parts are said to come/],
    'a vast buffer': [[tags.buffer, ...f64(2 ** 40)], /1099511627776 bytes more/],
    'a vast shared buffer': [[tags.sharedBuffer, ...f64(2 ** 53)], /bytes more/],
    'a buffer of half a byte': [[tags.buffer, ...f64(0.5)], /a length of 0.5/],
    'a buffer of less than nothing': [[tags.buffer, ...f64(-8)], /a length of -8/],
    'an array of no kind': [[tags.view, 99, ...f64(0)], /kind 99/],
    'an array that ends within an element': [[tags.view, 0, ...f64(1), 0], /within an element/],
    'an object that was not begun': [[0x81, tags.seen, ...u32(1)], /object 1 of 1/],
    'a shape that was not begun': [[tags.shaped, 0], /shape 0 of 0/],
    'a shape with a prototype': [[tags.shape, 1, ...text('__proto__'), 1], /__proto__/],
    'too many shapes': [[0x8f, ...Array.from({ length: 40 }, () => [tags.shape, 1, ...text('a')]).flat()], /shapes/],
    'a list with a length of its own': [[tags.sparse, ...u32(1), ...u32(1), ...text('length'), 0x40], /length/],
    'no regular expression': [[tags.regexp, ...text('('), ...text('')], /regular expression/],
    'no flags': [[tags.regexp, ...text('a'), ...text('zz')], /regular expression/],
    'no bigint': [[tags.bigint, ...text('0x')], /bigint/],
    'a boxed object': [[tags.boxed, 0x80], /no primitive/],
    'a boxed nothing': [[tags.boxed, tags.null], /no primitive/],
    'an error that is nothing': [[tags.error, tags.null], /an error that is none/],
    'an error with a number for its name': [wire(0x40, ...text('m')), /an error that is none/],
    'nesting without end': [new Array(1e5).fill(0x81), /nesting/],
    'errors in errors': [new Array(1e5).fill(tags.error), /nesting/],
    'boxes in boxes': [new Array(1e5).fill(tags.boxed), /nesting/],
    'an error that grows': [
      [tags.error, tags.shape, 3, ...text('name'), ...text('message'), ...text('fields')].concat(
        text('Error'),
        text('m'),
        [0x82, 0x81, 1, tags.seen],
        u32(3),
      ),
      /object 3 of 4/,
    ],
  }
  for (const [what, [bytes, problem]] of Object.entries(malformed)) {
    it(`that are ${what}: refused`, () => {
      assert.throws(
        () => unpack(Uint8Array.from(bytes)),
        (error: unknown) => error instanceof MalformedValueError && problem.test(error.message),
      )
    })
  }

  it('of vast lists of holes take no memory', () => {
    const before = process.memoryUsage().rss
    const lists = []
    for (let i = 0; i < 100; i++) {
      lists.push(unpack(Uint8Array.from([tags.sparse, ...u32(2e7 + i), ...u32(1), ...text('7'), 0x41])) as unknown[])
    }
    lists.forEach((list, i) => {
      assert.deepEqual([list.length, list[7], Object.keys(list)], [2e7 + i, 1, ['7']])
    })
    assert(process.memoryUsage().rss - before < 2 ** 28)
  })

  it('with what a room above adds', () => {
    class Handle {
      readonly id: number
      constructor(id: number) {
        this.id = id
      }
    }
    const writer: Foreign = {
      put(value, to) {
        if (!(value instanceof Handle)) return false
        if (value.id < 0) to.refuse('a handle that is closed', 'Open it.')
        to.note(value)
        to.putTag(firstForeignTag + 3)
        to.put([value.id])
        return true
      },
    }
    const reader: ForeignReader = {
      take(tag, from) {
        if (tag !== firstForeignTag + 3) return from.malformed(`tag ${tag}`)
        const number = from.noteLater()
        return from.noteAt(number, new Handle((from.take() as [number])[0]))
      },
    }
    const handle = new Handle(5)
    const value = { before: {}, handle, again: [handle], last: {} }
    const found = unpack(pack({ ...value, link: value.last }, 'call', 'value', writer), reader) as typeof value & Names
    assert.deepEqual(found, { ...value, link: value.last })
    assert(found.handle instanceof Handle && found.handle === found.again[0] && found.link === found.last)
    assert.throws(
      () => pack({ a: [new Handle(-1)] }, 'call', 'value', writer),
      /^NotCloneableError: call: value\.a\[0\] is a handle/,
    )
    assert.throws(() => unpack(Uint8Array.of(firstForeignTag), reader), MalformedValueError)
  })
})

function tryUnpack(bytes: Uint8Array): void {
  try {
    unpack(bytes)
  } catch (error) {
    assert(error instanceof MalformedValueError, error as Error)
  }
}

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
