import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import originalScrubber from 'dnode-protocol/lib/scrub.js'
import fc from 'fast-check'
import { LineReader } from '../src/dnode/lines.ts'
import { messageLimits } from '../src/dnode/message.ts'
import { scrub, unscrub } from '../src/dnode/scrub.ts'
import { MalformedMessageError } from '../src/errors.ts'

const vectors = JSON.parse(readFileSync(new URL('dnode-vectors.json', import.meta.url), 'utf8'))

/** Numbers from 0, a further one where a function comes again in the same message. */
const numbering = () => {
  const numbers = new Map<Function, number>()
  let next = 0
  return (fn: Function, isFirst: boolean): number => {
    const known = isFirst ? numbers.get(fn) : undefined
    if (known !== undefined) return known
    if (!numbers.has(fn)) numbers.set(fn, next)
    return next++
  }
}
const fn = (): void => {}

describe('published vectors', () => {
  const inputs: Record<string, () => unknown[]> = {
    '[1,2,3]': () => [1, 2, 3],
    '[4,{a:5,b:6}]': () => [4, { a: 5, b: 6 }],
    '[1,2,FN,FN]': () => [1, 2, () => 1, () => 2],
    'x=[[0,{a:1,b:2,c:3},4],5,6]; x[0][1].d=x[0][1]': () => {
      const x: any[] = [[0, { a: 1, b: 2, c: 3 }, 4], 5, 6]
      x[0][1].d = x[0][1]
      return x
    },
    'as above, then x.push(x)': () => {
      const x: any[] = [[0, { a: 1, b: 2, c: 3 }, 4], 5, 6]
      x[0][1].d = x[0][1]
      x.push(x)
      return x
    },
    'obj={a:1,b:2}; obj.c=obj; [obj]': () => {
      const obj: any = { a: 1, b: 2 }
      obj.c = obj
      return [obj]
    },
  }
  for (const { in: name, out } of vectors.scrub)
    test(`scrub ${name}`, () => {
      const { arguments: args, callbacks, links } = scrub(inputs[name](), numbering())
      assert.deepEqual(JSON.parse(JSON.stringify({ arguments: args, callbacks, links })), out)
    })

  test('a link to a place beyond the end', () => {
    assert.equal(unscrub(structuredClone(vectors.unscrub[0].req), () => fn, messageLimits)[2], 33)
  })

  test('a link does not reach the prototype of functions', () => {
    unscrub(structuredClone(vectors.unscrub[1].req), () => fn, messageLimits)
    assert.equal((Function.prototype as any).beep, undefined)
    assert.equal((fn as any).prototype?.beep, undefined)
  })

  test('nothing is read off the prototype of functions', () => {
    const args = unscrub(structuredClone(vectors.unscrub[2].req), () => fn, messageLimits)
    assert.equal(args[0], undefined)
  })

  for (const { first_message: expected } of vectors.handshake)
    test(`the first message of ${JSON.stringify(expected.arguments[0])}`, () => {
      const offer = Object.fromEntries(
        Object.entries(expected.arguments[0]).map(([key, value]) => [key, value === '[Function]' ? fn : value]),
      )
      const scrubbed = scrub([offer], numbering())
      assert.deepEqual(JSON.parse(JSON.stringify({ method: 'methods', ...scrubbed })), expected)
    })
})

/** Values with functions in them, some of them the same, and with circles. */
const values = fc
  .tuple(
    fc.letrec(tie => ({
      value: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.integer(),
        fc.string(),
        fc.boolean(),
        fc.constant(null),
        fc.integer({ min: 0, max: 2 }).map(n => ({ __function: n })),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), tie('value'), { maxKeys: 4 }),
      ),
    })).value,
    fc.boolean(),
  )
  .map(([value, isCircular]) => {
    const functions = [() => 0, () => 1, () => 2]
    const fill = (at: any): any => {
      if (typeof at !== 'object' || at === null) return at
      if ('__function' in at) return functions[at.__function]
      for (const key of Object.keys(at)) at[key] = fill(at[key])
      if (isCircular && Array.isArray(at) && at.length > 0) at.push(at)
      return at
    }
    return [fill(structuredClone(value))]
  })

describe('against the original', () => {
  test('what is scrubbed is the same, byte for byte', () => {
    fc.assert(
      fc.property(values, args => {
        const theirs = originalScrubber([]).scrub(args)
        const ours = scrub(args, numbering())
        assert.equal(JSON.stringify(ours), JSON.stringify(theirs))
      }),
      { numRuns: 500 },
    )
  })

  test('each takes what the other has scrubbed', () => {
    fc.assert(
      fc.property(values, args => {
        const functions: Function[] = []
        const number = numbering()
        const note = (fn: Function, isFirst: boolean): number => {
          const n = number(fn, isFirst)
          functions[n] = fn
          return n
        }
        const ours = JSON.parse(JSON.stringify(scrub(args, note)))
        const by = (n: number) => functions[n]
        assert.deepEqual(originalScrubber([]).unscrub(structuredClone(ours), by), args)
        assert.deepEqual(unscrub(structuredClone(ours), by, messageLimits), args)
      }),
      { numRuns: 500 },
    )
  })
})

describe('hostile messages', () => {
  const path = fc.array(
    fc.oneof(
      fc.constantFrom('__proto__', 'constructor', 'prototype', 'length', 'toString', '0', '1', 'a', '4294967295', '-1'),
      fc.nat(3),
    ),
    { maxLength: 5 },
  )
  const message = fc.record(
    {
      arguments: fc.oneof(
        fc.array(fc.oneof(fc.jsonValue(), fc.constant(JSON.parse('{"__proto__":{"a":{}}}')))),
        fc.jsonValue(),
      ),
      callbacks: fc.oneof(fc.dictionary(fc.oneof(fc.nat().map(String), fc.string()), path), fc.jsonValue()),
      links: fc.oneof(fc.array(fc.record({ from: path, to: path })), fc.jsonValue()),
    },
    { requiredKeys: [] },
  )
  const prototypes = [Object.prototype, Function.prototype, Array.prototype, fn]
  const snapshot = () =>
    prototypes.map(prototype =>
      Reflect.ownKeys(prototype).map(key => [key, Reflect.getOwnPropertyDescriptor(prototype, key)]),
    )

  test('whatever they say, no prototype changes, and the answer is arguments or an error that says what is wrong', () => {
    const before = snapshot()
    fc.assert(
      fc.property(fc.oneof(message, fc.jsonValue()), message => {
        try {
          const args = unscrub(structuredClone(message), () => fn, messageLimits)
          assert.ok(Array.isArray(args))
          assert.ok(args.length <= messageLimits.arguments)
          assert.equal(Object.getPrototypeOf(args), Array.prototype)
        } catch (error) {
          assert.ok(error instanceof MalformedMessageError, String(error))
        }
      }),
      { numRuns: 3000 },
    )
    assert.deepEqual(snapshot(), before)
  })

  test('too much of anything is refused', () => {
    const limits = { callbacks: 2, links: 2, pathLength: 2, arguments: 2 }
    const link = { from: ['0'], to: ['0'] }
    for (const message of [
      { arguments: [1, 2, 3] },
      { callbacks: { 0: ['0'], 1: ['0'], 2: ['0'] } },
      { links: [link, link, link] },
      { callbacks: { 0: ['0', 'a', 'b'] } },
      { callbacks: { '-1': ['0'] } },
      { callbacks: { x: ['0'] } },
      { links: [{ from: ['0'] }] },
    ])
      assert.throws(() => unscrub(message, () => fn, limits), MalformedMessageError)
  })
})

describe('lines', () => {
  const read = (reader: LineReader, text: string): unknown[] => [...reader.read(new TextEncoder().encode(text))]

  test('however they are cut they are the same', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue(), { maxLength: 5 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        (messages, cuts) => {
          const bytes = new TextEncoder().encode(messages.map(message => `${JSON.stringify(message)}\n`).join(''))
          const reader = new LineReader({ bytes: 10_000, depth: 1000 })
          const got: unknown[] = []
          for (let at = 0; at < bytes.length; ) {
            const next = at + cuts.next().value!
            got.push(...reader.read(bytes.subarray(at, next)))
            at = next
          }
          assert.deepEqual(
            got,
            messages.map(message => JSON.parse(JSON.stringify(message))),
          )
        },
      ),
    )
  })

  test('too long, too deep, or no JSON', () => {
    const limits = { bytes: 100, depth: 3 }
    assert.throws(() => read(new LineReader(limits), 'x'.repeat(101)), /100 bytes at most/)
    assert.throws(() => read(new LineReader(limits), '[[[[]]]]\n'), /nested 3 levels at most/)
    assert.deepEqual(read(new LineReader(limits), '[[[]],[[]],"[[[["]\n'), [[[[]], [[]], '[[[[']])
    assert.throws(() => read(new LineReader(limits), 'hello\n'), /must be JSON, but it is 'hello'|JSON/)
    assert.throws(() => [...new LineReader(limits).read(Uint8Array.of(0x22, 0xff, 0x22, 10))], MalformedMessageError)
  })
})
