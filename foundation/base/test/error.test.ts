import assert from 'node:assert/strict'
import { it, describe as suite } from 'node:test'
import { isNativeError } from 'node:util/types'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import {
  ArgumentError,
  CancelledError,
  describe,
  describeBytes,
  type ErrorWire,
  InternalError,
  NotSupportedError,
  OutOfMemoryError,
  registerError,
  SkeinError,
  TimeoutError,
  toErrorWire,
} from '../src/index.ts'

const seed = Number(process.env.SEED ?? 20011)

class IndexError extends SkeinError {
  static {
    registerError(IndexError, 'IndexError')
  }
  declare readonly index: number
  constructor(index: number) {
    super('SKEIN_INDEX', `Index ${index} was asked of an array of 3.`, { index })
  }
}

/** The two ways an error travels. */
const journeys: [way: string, (wire: ErrorWire) => ErrorWire][] = [
  ['JSON', wire => JSON.parse(JSON.stringify(wire))],
  ['structuredClone', wire => structuredClone(wire)],
]

const cause = new TypeError('the cause', { cause: new SkeinError('SKEIN_ROOT', 'the root', { depth: 2 }) })
const samples: [error: SkeinError, message: string][] = [
  [
    new ArgumentError('heap.f32', 'length', 'a whole number from 0 to 2^53 - 1', -1.5),
    'heap.f32: length must be a whole number from 0 to 2^53 - 1, but it is -1.5.',
  ],
  [
    new ArgumentError('sort', 'x', 'a typed array', [1, 2], 'Use Float64Array.from(x)'),
    'sort: x must be a typed array, but it is [1, 2]. Use Float64Array.from(x).',
  ],
  [
    new NotSupportedError('wasm', 'atomic.add on f32', 'WebAssembly has no float atomics', 'Use i32', { cause }),
    'The wasm engine does not support atomic.add on f32: WebAssembly has no float atomics. Use i32.',
  ],
  [new CancelledError('kernel saxpy'), 'kernel saxpy was cancelled: its signal was aborted.'],
  [new CancelledError('kernel saxpy', 'the user left'), 'kernel saxpy was cancelled: the user left.'],
  [new CancelledError('get', cause), 'get was cancelled: TypeError: the cause.'],
  [new CancelledError('get', 42), 'get was cancelled: 42.'],
  [
    new TimeoutError('the lock', 250, 'Ask for a longer ttl'),
    'the lock took longer than 250 ms. Ask for a longer ttl.',
  ],
  [
    new OutOfMemoryError('heap', 2 ** 30, 3 * 2 ** 20, 2 ** 31, [
      { who: 'f32(12)', bytes: 48 },
      { who: 'x', bytes: 1.5 * 2 ** 30 },
    ]),
    'The heap has no room for 1 GiB: 3 MiB of 2 GiB are free. Held by x 1.5 GiB, f32(12) 48 B.',
  ],
  [
    new InternalError('applied <= committed', ['committed 3', 'applied 4']),
    'This should have held, and does not: applied <= committed.\nHow it came to be:\n  committed 3\n  applied 4\n' +
      'This is a bug in Skein: please report it with this message.',
  ],
  [new IndexError(7), 'Index 7 was asked of an array of 3.'],
]

suite('the sentences', () => {
  for (const [error, message] of samples)
    it(`${error.name}: ${message.split('\n')[0]}`, () => assert.equal(error.message, message))

  it('name at most five holders of memory', () => {
    const holders = Array.from({ length: 9 }, (_, i) => ({ who: `h${i}`, bytes: i }))
    assert.match(new OutOfMemoryError('heap', 1, 0, 1, holders).message, /Held by h8 8 B, .*h4 4 B, and 4 more\./)
  })
})

suite('identity on a journey', () => {
  for (const [way, travel] of journeys) {
    for (const [error] of samples) {
      it(`${error.name} by ${way} keeps class, name, message, fields, code, stack and causes`, () => {
        const back = SkeinError.revive(travel(error.toJSON()))
        assert.equal(back.constructor, error.constructor)
        assert.ok(isNativeError(back))
        assert.equal(back.stack, error.stack)
        assert.ok(back.stack!.startsWith(`${error.name}: ${error.message}`))
        assert.deepEqual({ ...back }, { ...error })
        for (
          let [a, b] = [error.cause, back.cause];
          a !== undefined;
          [a, b] = [(a as Error).cause, (b as Error).cause]
        ) {
          assert.deepEqual(b, a)
          if (!(a instanceof Error)) break
          assert.equal((b as Error).constructor, a.constructor)
          assert.equal((b as Error).stack, a.stack)
        }
      })
    }
  }

  it('plain data in fields arrives as it left', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string().filter(key => !['name', 'message', 'stack', 'cause', 'code', '__proto__'].includes(key)),
          fc.anything({ withBigInt: true, withObjectString: true, withNullPrototype: false, withBoxedValues: false }),
          { noNullPrototype: true },
        ),
        fields => {
          const wire = new SkeinError('SKEIN_TEST', 'm', fields).toJSON()
          for (const [, travel] of journeys) {
            const { code, ...back } = { ...SkeinError.revive(travel(wire)) } as { code?: unknown }
            assert.deepEqual(back, fields)
          }
        },
      ),
      { seed, numRuns: 500 },
    )
  })

  it('what is no plain data is told in words, and circles end', () => {
    const circle: { self?: unknown } = {}
    circle.self = circle
    const fields = { array: new Float32Array(4), fn: Math.max, map: new Map([[1, 2]]), symbol: Symbol('s'), circle }
    const back = SkeinError.revive(JSON.parse(JSON.stringify(new SkeinError('SKEIN_TEST', 'm', fields))))
    assert.partialDeepStrictEqual(
      { ...back },
      {
        array: 'Float32Array(4)',
        fn: 'function max',
        map: 'Map(1)',
        symbol: 'Symbol(s)',
        circle: { self: 'circular' },
      },
    )
    const error = new SkeinError('SKEIN_TEST', 'its own cause')
    error.cause = error
    assert.equal((SkeinError.revive(error.toJSON()).cause as Error).message, 'its own cause')
  })

  it('the submitting side is the innermost cause', () => {
    const submitted = new Error('submitted here')
    const back = SkeinError.revive(samples[2]![0].toJSON(), submitted)
    assert.equal(((back.cause as Error).cause as Error).cause, submitted)
  })

  it('a class this thread does not know keeps its name', () => {
    const back = SkeinError.revive({ name: 'FarAwayError', message: 'm', code: 'SKEIN_FAR', fields: { x: 1 } })
    assert.ok(back instanceof SkeinError)
    assert.deepEqual({ ...back }, { code: 'SKEIN_FAR', x: 1 })
    assert.equal(String(back), 'FarAwayError: m')
  })

  const thrown: [what: string, value: unknown, check: (back: Error) => void][] = [
    ['a built-in', new RangeError('r'), back => assert.ok(back instanceof RangeError)],
    ['a DOMException', AbortSignal.abort().reason, back => assert.equal(back.name, 'AbortError')],
    [
      'a system error',
      Object.assign(new Error('e'), { code: 'ENOENT', errno: -2 }),
      back => assert.deepEqual({ ...back }, { code: 'ENOENT', errno: -2 }),
    ],
    [
      'an aggregate',
      new AggregateError([new TypeError('t'), 1], 'both'),
      back => assert.ok(back instanceof AggregateError && back.errors[0] instanceof TypeError),
    ],
    ['a string', 'oops', back => assert.equal(back.message, "A value that is no error was thrown: 'oops'")],
    ['undefined', undefined, back => assert.match(back.message, /undefined/)],
    ['a number', -0, back => assert.ok(Object.is(back.cause, -0))],
  ]
  for (const [what, value, check] of thrown) {
    it(`${what} that was thrown becomes an error on the other side`, () => {
      for (const [, travel] of journeys) check(SkeinError.revive(travel(toErrorWire(value))))
    })
  }

  it('holds across a real thread', async () => {
    const source = `import { OutOfMemoryError } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)}
      import { parentPort } from 'node:worker_threads'
      parentPort.postMessage(new OutOfMemoryError('heap', 8, 4, 16, [], '', { cause: new RangeError('inner') }).toJSON())`
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`))
    const wire = await new Promise<ErrorWire>((resolve, reject) =>
      worker.once('message', resolve).once('error', reject),
    )
    await worker.terminate()
    const back = SkeinError.revive(wire)
    assert.ok(back instanceof OutOfMemoryError && back.askedBytes === 8 && back.cause instanceof RangeError)
    assert.match(back.stack!, /data:text\/javascript/)
  })
})

suite('CancelledError.check', () => {
  it('throws once the signal has fired, with the reason as cause', () => {
    const controller = new AbortController()
    CancelledError.check(undefined, 'x')
    CancelledError.check(controller.signal, 'x')
    controller.abort(cause)
    assert.throws(() => CancelledError.check(controller.signal, 'x'), {
      name: 'CancelledError',
      code: 'SKEIN_CANCELLED',
      cause,
    })
  })
})

suite('describe', () => {
  class Point {
    x = 1
  }
  const rows: [value: unknown, words: string][] = [
    [null, 'null'],
    [undefined, 'undefined'],
    [-0, '-0'],
    [-1.5, '-1.5'],
    [Number.NaN, 'NaN'],
    [12n, '12n'],
    ["it's\n", "'it\\'s\\n'"],
    ['x'.repeat(99), `'${'x'.repeat(40)}…'`],
    [new Float32Array(12), 'Float32Array(12)'],
    [new DataView(new ArrayBuffer(5)), 'DataView(5)'],
    [new SharedArrayBuffer(8), 'SharedArrayBuffer(8)'],
    [Math.max, 'function max'],
    [() => {}, 'an anonymous function'],
    [Point, 'class Point'],
    [new Point(), 'Point { x: 1 }'],
    [{}, '{}'],
    [{ a: 1, b: [1, 2] }, '{ a: 1, b: Array(2) }'],
    [[1, 'a', null], "[1, 'a', null]"],
    [Array.from({ length: 9 }, (_, i) => i), '[0, 1, 2, 3, 4, … 4 more]'],
    [new Map([[1, 2]]), 'Map(1)'],
    [new Date(0), 'Date 1970-01-01T00:00:00.000Z'],
    [/a/g, '/a/g'],
    [new RangeError('far'), "RangeError: 'far'"],
    [Promise.resolve(), 'a Promise'],
    [Symbol('s'), 'Symbol(s)'],
    [Object.create(null), '{}'],
    [
      new Proxy({}, { ownKeys: () => assert.fail(), getPrototypeOf: () => assert.fail() }),
      'an object that cannot be read',
    ],
  ]
  for (const [value, words] of rows) it(words, () => assert.equal(describe(value), words))

  it('tells a detached buffer', () => {
    const array = new Float64Array(4)
    structuredClone(array.buffer, { transfer: [array.buffer] })
    assert.equal(describe(array), 'Float64Array(0, detached)')
  })

  it('is short and never throws, whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.anything({ withTypedArray: true, withDate: true, withMap: true, withSparseArray: true }),
        value => {
          assert.ok(describe(value).length < 1000)
        },
      ),
      { seed, numRuns: 500 },
    )
  })

  it('bytes', () => {
    const bytes: [number, string][] = [
      [0, '0 B'],
      [1023, '1023 B'],
      [1536, '1.5 KiB'],
      [2 ** 30, '1 GiB'],
      [1023 * 1024, '1023 KiB'],
    ]
    for (const [count, words] of bytes) assert.equal(describeBytes(count), words)
  })
})
