import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ArgumentError } from '@skein/base'
import { parseExpressionAt } from 'acorn'
import { calleeOf } from '../src/callee/callee.ts'
import { freeNames, type Tree } from '../src/callee/free-names.ts'
import { functionOf } from '../src/callee/function-of.ts'
import { NotPortableError } from '../src/errors.ts'
import { pack, unpack } from '../src/values/pack.ts'
import * as steps from './steps.ts'

const freeIn = (text: string): string =>
  freeNames(parseExpressionAt(text, 0, { ecmaVersion: 'latest', sourceType: 'module' }) as Tree)
    .map(({ name, assigned }) => (assigned ? `${name}=` : name))
    .join(' ')

/** There and back, as a function travels. */
function travelled(fn: unknown, use?: Parameters<typeof calleeOf>[2]): (...args: any[]) => any {
  const { bytes } = pack(calleeOf('test', fn, use), 'test', 'callee', true)
  return functionOf(unpack(bytes) as Parameters<typeof functionOf>[0]) as (...args: any[]) => any
}

describe('functions by their text', () => {
  it('finds the names that a function does not define', () => {
    const table: [text: string, free: string][] = [
      ['x => x + 1', ''],
      ['x => x + y', 'y'],
      ['({ a, b: [c, ...d], ...e }, f = g) => [a, c, d, e, f, b]', 'g b'],
      ['() => { const a = 1; { let b = a; var c = b } return c + b }', 'b'],
      ['() => { x = 1; y++; [z, w.v] = [1, 2]; ({ a: u } = {}) }', 'x= y= z= w u='],
      ['() => { for (const i of list) for (let j = 0; j < i; j++) k(i, j); return i }', 'list k i'],
      ['() => { for (p of list) ; for (q.r in list) ; }', 'p= list q'],
      ['() => { try { a() } catch ({ message = b }) { return message } }', 'a b'],
      ['function f(n) { return n ? f(n - 1) : arguments.length + this.x }', ''],
      ['() => this.x + arguments[0]', 'this arguments'],
      [
        '() => { function g() { return h() } class H extends I { [k] = this.m; static { var s = J } n() { return H + s } } return g(H) }',
        'h I k J s',
      ],
      ['() => { a: for (;;) { break a } }', ''],
      ['o => ({ key: o.prop, [o.x]: o?.y, short, method() { return free } })', 'short free'],
      ['x => { switch (x) { case 1: let y = 2; return y; default: return y } }', ''],
      ['async x => { await import("y"); return import.meta.url }', 'import'],
      ['() => `$' + '{a}$' + '{b`c`}`', 'a b'],
      ['() => { const { [k]: v = w } = o; return v }', 'k w o'],
      ['() => (function g() { return g })()', ''],
      ['(a, b = () => a) => { var a2 = b; return typeof c }', 'c'],
    ]
    for (const [text, free] of table) assert.equal(freeIn(text), free, text)
  })

  it('carries a function with what it is given', () => {
    const k = 3
    const triple = (x: number) => x * k
    const twice = (x: number) => triple(x) * 2
    class Box {
      readonly x: number
      constructor(x: number) {
        this.x = x
      }
    }
    assert.equal(travelled((x: number) => x + 1)(1), 2)
    assert.equal(travelled(triple, { k })(2), 6)
    assert.equal(travelled(twice, { triple, k })(2), 12)
    assert.equal(travelled((x: number) => new Box(x).x, { Box })(5), 5)
    assert.equal(
      travelled(
        {
          add(a: number, b: number) {
            return a + b
          },
        }.add,
      )(1, 2),
      3,
    )
    assert.equal(
      travelled(function fact(n: number): number {
        return n < 2 ? 1 : n * fact(n - 1)
      })(5),
      120,
    )
    assert.deepEqual(
      [
        ...travelled(function* (n: number) {
          yield n
        })(4),
      ],
      [4],
    )
    assert.equal(travelled((m: Map<string, number>) => m.get(key), { key: 'a' } as never)(new Map([['a', 1]])), 1)
    assert.equal(travelled(triple, () => ({ k }))(2), 6)
  })

  it('is not misled by what tools make of functions', () => {
    const fn = (text: string) => new Function(`return ${text}`)() as (x: number) => number
    assert.equal(travelled(fn('x => { const f = __name(y => y + 1, "f"); return f(x) }'))(1), 2)
    assert.equal(travelled(fn('x => __pow(x, 2)'))(3), 9)
    assert.equal(travelled(fn('x => (cov_1a().f[0]++, cov_1a().s[1]++, x)'))(3), 3)
    assert.equal(travelled(fn('x => x * __vite_ssr_import_0__.WIDTH'), { WIDTH: 4 })(3), 12)
    // A minifier's: the value is called `a` in the function, and WIDTH in what was written.
    const minified = new Function('a', 'return [x => x * a, () => ({ WIDTH: a })]')(4)
    assert.equal(travelled(minified[0], minified[1])(3), 12)
  })

  it('says what is missing, where, and what to do', () => {
    const SEP = ','
    let n = 0
    const refused = (fn: unknown, expected: RegExp, use?: Parameters<typeof calleeOf>[2]) =>
      assert.throws(
        () => calleeOf('bag.map', fn, use),
        (e: unknown) => e instanceof NotPortableError && expected.test(e.message),
      )
    refused(
      (line: string) => line.split(SEP),
      /^bag\.map: .* uses 'SEP' \(in `.*line\.split\(SEP\)\)?`\).*\{ use: \{ SEP \} \}/,
    )
    refused(
      () => n++,
      /assigns 'n', which was only given to it/,
      () => ({ n }),
    )
    refused(() => n++, /uses 'n'/)
    refused(parseInt, /no source text: it is native or bound/)
    refused(((x: number) => x).bind(null), /no source text/)
    refused(class A {}, /is a class/)
    refused(() => import('node:fs'), /uses 'import'.*Define it as a task/)
    refused((x: number) => steps.square(x), /uses 'steps'/)
    refused((x: number) => steps.square(x), /cannot be given the task 'steps'/, { steps: steps.square } as never)
    refused(new Function('return () => this')(), /uses 'this'/)
    assert.throws(() => calleeOf('bag.map', 5), ArgumentError)
    assert.throws(() => calleeOf('bag.map', (x: number) => x, 7 as never), /use must be an object of names/)
    assert.throws(() => calleeOf('bag.map', (x: number) => x, { 'a b': 1 }), /use must be made of names/)
  })
})

const key: string = 'used above by its name only'
