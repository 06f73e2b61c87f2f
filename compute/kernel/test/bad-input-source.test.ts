/** Functions that are no kernels: each case with the error it gives. */
import { ArgumentError } from '@skein/base'
import { KernelSyntaxError, KernelTypeError, kernel, reduce, scan, UnknownNameError } from '../src/index.ts'
import { type Bad, bad, text } from './bad.ts'

process.env.SKEIN_THREADS ??= '4'

const [S, T, U] = [KernelSyntaxError, KernelTypeError, UnknownNameError]
const f64 = () => new Float64Array(10)

/** A kernel of this body over i, x and what is given further. */
const body = (source: string, ...more: unknown[]) => {
  const names = ['x', 'a', 'b'].slice(0, 1 + more.length).join(', ')
  return () => (kernel(text(`(i, ${names}) => { ${source} }`)) as any)(10, f64(), ...more)
}
/** The same over a BigInt64Array. */
const big = (source: string) => () => (kernel(text(`(i, x) => { ${source} }`)) as any)(10, new BigInt64Array(10))
const made = (fn: unknown, options?: unknown) => () => (kernel as any)(fn, options)(3, f64())
const given = (source: string, use: any) => () => (kernel(text(`(i, x) => { ${source} }`), { use }) as any)(10, f64())

/** A private method of a class. */
const hidden = new Function(
  'return class { static #hidden(i, x) { x[i] = 1 } static get() { return this.#hidden } }',
)().get()

bad('what is no function', [
  ['a number', made(5), ArgumentError, /fn must be a function, but it is 5/],
  ['null', made(null), ArgumentError, /fn must be a function/],
  ['nothing', made(undefined), ArgumentError, /fn must be a function/],
  ['text', made('(i, x) => {}'), ArgumentError, /fn must be a function/],
])

bad('functions that cannot be read', [
  ['native', made(Math.sin), S, /no source text.*Pass a plain function/],
  ['bound', made(((i: number) => i).bind(null)), S, /no source text/],
  ['a proxy', made(new Proxy((i: number) => i, {})), S, /no source text/],
  ['a class', made(class A {}), S, /not a plain function.*pass an arrow function/],
  ['async', made(text('async i => {}')), S, /async function.*call it with \.async/],
  ['a generator', made(text('function* (i) {}')), S, /generator function/],
  ['an async method', made(text('({ async m(i) {} }).m')), S, /async function/],
  ['a private method', made(hidden), S, /could not be parsed/],
  [
    '5,000 additions',
    made(text(`(i, x) => { x[i] = ${Array(5000).fill('x[i]').join(' + ')} }`)),
    S,
    /too deeply.*Split it/,
  ],
  ['helpers that double', made(doubling(30)), S, /calls of helpers are compiled in/],
])

function doubling(levels: number): unknown {
  const helpers = Array.from({ length: levels }, (_, k) => `const f${k + 1} = a => f${k}(a) + f${k}(a + 1);`)
  return text(`(i, x) => { const f0 = a => a * 1.5; ${helpers.join(' ')} x[i] = f${levels}(i) }`)
}

bad('parameters', [
  ['four dimensions', made(text('([a, b, c, d], x) => {}')), S, /first parameter is not an index.*\(\[row, col\]/],
  ['no dimension', made(text('([], x) => {}')), S, /first parameter is not an index/],
  ['a destructured object', made(text('({ i }, x) => {}')), S, /first parameter is not an index/],
  ['an index with a default', made(text('(i = 3, x) => {}')), S, /first parameter is not an index/],
  ['the rest', made(text('(i, ...xs) => { xs[i] = 1 }')), S, /destructured parameter/],
  ['a destructured array', made(text('(i, [x]) => { x[i] = 1 }')), S, /Only the first parameter/],
])

const syntax: [string, string, RegExp][] = [
  ["'this'", 'x[i] = this.y', /'this' inside a kernel.*arguments/],
  ["'this' alone", 'x[i] = this', /'this' inside a kernel/],
  ['new.target', 'x[i] = new.target', /new\.target/],
  ['try', 'try { x[i] = 1 } catch {}', /try inside a kernel/],
  ['throw', 'throw new Error("x")', /throw inside a kernel.*assert\(condition/],
  ['for of', 'for (const v of x) x[i] = v', /for … of.*for \(let k = 0/],
  ['for in', 'for (const v in x) x[i] = v', /for … in/],
  ['a string', 'x[i] = "a"', /"a" inside a kernel/],
  ['a template', 'x[i] = `a$' + '{i}`', /a string inside a kernel/],
  ['a tagged template', 'x[i] = Math.sin`1`', /TaggedTemplateExpression/],
  ['a regular expression', 'x[i] = /a/.test(i)', /a call of \/a\/\.test/],
  ['a regular expression as a value', 'x[i] = /[/]}/', /inside a kernel/],
  ['null', 'x[i] = null', /null inside a kernel/],
  ['undefined', 'x[i] = undefined', /undefined inside a kernel/],
  ['typeof', 'x[i] = typeof i', /'typeof' inside a kernel/],
  ['delete', 'delete x[i]', /'delete' inside a kernel/],
  ['in', 'if (i in x) x[i] = 1', /used as a value/],
  ['instanceof', 'if (x instanceof Array) x[i] = 1', /used as a value/],
  ['a spread argument', 'x[i] = Math.max(...x)', /spread argument/],
  ['an object', 'const o = { a: 1 }; x[i] = o.a', /an object made inside/],
  ['an array with holes', 'const o = [1, , 2]; x[i] = o[0]', /a hole or a spread/],
  ['an empty array', 'const o = []; x[i] = o[0]', /empty array.*new Float32Array\(8\)/],
  ['a Map', 'const o = new Map(); x[i] = 1', /new Map.*typed arrays/],
  ['a class', 'class A {} x[i] = 1', /a class inside a kernel/],
  ['a function as a value', 'x[i] = v => v', /function used as a value/],
  ['an async helper', 'const f = async v => v; x[i] = f(1)', /Helpers are plain functions/],
  ['await', 'const f = async () => { await 1 }; x[i] = 1', /async or generator/],
  ['an optional call', 'const f = v => v; x[i] = f?.(1)', /optional call/],
  ['destructuring of a call', 'const f = v => v; const [a, b] = f(1); x[i] = a', /this destructuring/],
  ['deep destructuring', 'const { a: { b } } = x; x[i] = b', /this destructuring/],
  ['lists of different lengths', 'let a = 1, b = 2; [a, b] = [1]; x[i] = a', /as many values as targets/],
  ['default in the middle', 'switch (i) { default: x[i] = 1; case 3: x[i] = 2 }', /Write default last/],
  ['a value returned', 'return x[i]', /a kernel returns nothing.*use reduce/],
  ['a helper without a value, used', 'const f = a => { x[i] = a }; x[i] = f(1)', /gives no value/],
  ['a helper that may not return', 'const f = a => { if (a > 3) return 1 }; x[i] = f(i)', /not every path of 'f'/],
  [
    'a helper that returns nothing somewhere',
    'const f = a => { if (a) return; return 1 }; x[i] = f(i)',
    /without a value/,
  ],
  ['recursion', 'const f = n => (n < 2 ? 1 : n * f(n - 1)); x[i] = f(3)', /'f' calls itself.*write a loop/],
  ['recursion in a ring', 'const f = n => g(n); const g = n => f(n); x[i] = f(3)', /calls itself/],
  ['a constant assigned', 'const a = 1; a = 2; x[i] = a', /'a' is assigned.*declare it with let/],
  ['the index assigned', 'i = 2; x[i] = 1', /'i' is assigned/],
  ['an array assigned', 'x = 2', /'x' is assigned/],
  ['a length assigned', 'x.length = 3', /an assignment to x\.length/],
  ['a method of an array', 'x.map(v => v)', /\.map\(\) of an array/],
  ['a property of an array', 'x[i] = x.byteOffset', /\.byteOffset of an array/],
  ['an array as a value', 'x[i] = x', /'x' is used as a value.*x\[i\]/],
  ['an array in arithmetic', 'x[i] = x + 1', /used as a value/],
  ['a number called', 'const n = 3; x[i] = n(0)', /a call of n/],
  ['a helper as a value', 'const f = a => a; x[i] = f', /'f' is used as a value.*Call it/],
  ['Math.random', 'x[i] = Math.random()', /use random\(seed, i\)/],
  ['no function of Math', 'x[i] = Math.foo(2)', /Math\.foo/],
  ['no number of Math', 'x[i] = Math.FOO', /Math\.FOO/],
  ['what every object has', 'x[i] = Math.constructor(2)', /no function of Math/],
  ['Math itself', 'const m = Math; x[i] = m.PI', /Math used as a value/],
  ['no function of Number', 'x[i] = Number.parseFloat(3)', /Number\.parseFloat/],
  ['the clock', 'x[i] = Date.now()', /'Date' inside a kernel.*pass it as an argument/],
  ['a function of JavaScript', 'x[i] = parseInt(3)', /'parseInt' inside a kernel/],
  ['globalThis', 'x[i] = globalThis.y', /'globalThis' inside a kernel/],
  ['a private array of varying size', 'const o = new Float32Array(i); x[i] = 1', /not a constant from 0 to 65536/],
  ['a huge private array', 'const o = new Float32Array(1e9); x[i] = 1', /not a constant from 0 to 65536/],
  ['a private array of negative size', 'const o = new Float32Array(-1); x[i] = 1', /not a constant/],
  ['a private array of half an element', 'const o = new Float32Array(1.5); x[i] = 1', /not a constant/],
  ['a private array without a size', 'const o = new Float32Array(); x[i] = 1', /not a constant/],
  ['a BigInt beyond 64 bits', 'x[i] = Number(99999999999999999999999n)', /more than 64 bits/],
  ['an atomic operation there is none', 'atomic.foo(x, i, 1)', /Kernels know atomic\.add/],
  ['an atomic operation on a private array', 'const o = new Int32Array(2); atomic.add(o, 0, 1)', /private array/],
]
bad('what the language does not have', [
  ...syntax.map(([name, source, says]): Bad => [name, body(source), S, says]),
  ['arguments', made(text('function (i, x) { x[i] = arguments[0] }')), S, /Name the parameters/],
  ['** on BigInts', big('x[i] = x[i] ** 2n'), S, /\*\* on BigInts/],
  ['>>> on BigInts', big('x[i] = x[i] >>> 2n'), S, />>> on BigInts/],
])

bad('unknown names', [
  ['a number', body('x[i] = WIDTH * 2'), U, /'WIDTH' is not known.*use: \{ WIDTH \}/],
  ['a function', body('x[i] = smooth(2)'), U, /use: \{ smooth \}/],
  ['an object', body('x[i] = config.w'), U, /use: \{ config \}/],
  ['an array', body('x[i] = table[i]'), U, /use: \{ table \}/],
  ['assigned', body('total += x[i]'), U, /use: \{ total \}/],
  ['used before it is declared', body('x[i] = a; let a = 3'), U, /'a' is not known/],
  ['out of its block', body('{ let a = 3 } x[i] = a'), U, /'a' is not known/],
  ['in a helper of use', given('x[i] = f(1)', { f: text('v => v * GAIN') }), U, /'GAIN' is not known/],
  ['of letters beyond ASCII', body('x[i] = größe'), U, /use: \{ größe \}/],
  ['on a later line', body('\n  const a = 1\n  x[i] = a +\n    WIDTH'), U, /│ {5}WIDTH/],
])

bad('what use cannot give', [
  ['text', given('x[i] = W', { W: 'abc' }), S, /'W' is string and not a number/],
  ['null', given('x[i] = W', { W: null }), S, /null and not a number/],
  ['a class', given('x[i] = W(1)', { W: class {} }), S, /A class cannot be/],
  ['a native function', given('x[i] = W(1)', { W: Math.sin }), S, /no source text/],
  ['a method of an object', given('x[i] = W.getTime()', { W: new Date(0) }), S, /a call of W\.getTime/],
  ['a kernel', given('W(1, x)', { W: kernel(text('(i, x) => { x[i] = 1 }')) }), Error, /kernel/],
  ['what is assigned', given('W = 3; x[i] = W', { W: 1 }), S, /'W' is assigned/],
  [
    'a helper that calls itself',
    given('x[i] = f(3)', { f: text('n => (n < 2 ? 1 : f(n - 1))') }),
    S,
    /'f' calls itself/,
  ],
  ['helpers in a ring', given('x[i] = f(3)', { f: text('n => g(n)'), g: text('n => f(n)') }), S, /calls itself/],
  ['an async helper', given('x[i] = f(3)', { f: text('async n => n') }), S, /async function/],
  ['a number', made(text('(i, x) => {}'), { use: 5 }), ArgumentError, /use must be an object/],
  ['a function that gives no object', made(text('(i, x) => {}'), { use: () => 5 }), ArgumentError, /use\(\) must be/],
])

bad('kinds that do not meet', [
  ['a fraction as an index', body('x[i / 2] = 1'), T, /is a fraction.*Math\.floor/],
  ['a float as an index', body('x[x[i]] = 1'), T, /is a fraction/],
  ['a BigInt as an index', body('x[5n] = 1'), T, /is a BigInt.*Number\(x\)/],
  ['a BigInt and a number', body('x[i] = 5n + i'), T, /meets.*BigInt\(x\) or Number\(x\)/],
  ['a BigInt into floats', body('x[i] = 5n'), T, /BigInt stands where/],
  ['a number into BigInts', big('x[i] = 5'), T, /stored in a BigInt64Array.*BigInt\(x\)/],
  ['+ of a BigInt', big('x[i] = +x[i]'), T, /\+ on a BigInt/],
  ['Math of a BigInt', big('x[i] = Math.sin(x[i])'), T, /of an int64/],
  ['min of BigInts', big('x[i] = Math.min(x[i], x[i])'), T, /a < b \? a : b/],
  ['a ternary of both', body('x[i] = i ? 1n : 2'), T, /one side gives/],
  ['a variable of both', body('let a = 1; a = 1n; x[i] = 1'), T, /'a' holds/],
  ['a list of both', body('const a = [1, 1n]; x[i] = 1'), T, /in one array/],
  ['a boolean === a number', body('x[i] = (i > 3) === 1 ? 1 : 0'), T, /write ==/],
  ['a number with elements', body('x[i] = a[0]', 5), T, /'a' is not an array/],
  ['an index with elements', body('x[i] = i[0]'), T, /'i' is not an array/],
  ['a missing argument of Math', body('x[i] = Math.sin()'), T, /It takes 1/],
  ['an argument too many', body('x[i] = Math.sin(1, 2)'), T, /It takes 1/],
  ['a missing argument of sqrt', body('x[i] = Math.sqrt()'), T, /It takes 1/],
  ['a missing argument of a helper', body('const f = (a, b) => a + b; x[i] = f(1)'), T, /without its argument 'b'/],
  ['an argument too many of a helper', body('const f = a => a; x[i] = f(1, 2)'), T, /It has 1 parameters/],
  ['assert without a condition', body('assert()'), T, /assert\(condition/],
  ['atomic.add without arguments', body('atomic.add()'), T, /atomic\.add\(array, index, value\)/],
  ['compareExchange of three', body('atomic.compareExchange(x, i, 1)'), T, /array, index, expected, value/],
  ['atomic.and on floats', body('atomic.and(x, i, 1)'), T, /atomic\.and on floats/],
  ['atomic.add on bytes', body('atomic.add(a, i, 1)', new Uint8Array(10)), T, /32- and 64-bit elements/],
  ['atomic.add on a number', body('atomic.add(i, i, 1)'), T, /'i' is not an array/],
  ['random of one', body('x[i] = random(1)'), T, /random\(seed, index\)/],
  ['random of four', body('x[i] = random(1, 2, 3, 4)'), T, /random\(seed, index, draw\)/],
  ['a helper mixing kinds', given('x[i] = f(i)', { f: text('(v) => {\n  return v + 1n\n}') }), T, /meets/],
])

const combine =
  (source: string, init: unknown = 0) =>
  () =>
    (reduce({ init, combine: text(source) } as any, text('i => i')) as any)(10)
bad('reductions and scans', [
  [
    'no value',
    () => (reduce('+', text('(i, x) => { x[i] }')) as any)(10, f64()),
    S,
    /does not give a value on every path/,
  ],
  ['a value only sometimes', () => (reduce('+', text('i => { if (i > 3) return 1 }')) as any)(10), S, /on every path/],
  ['a bare return', () => (reduce('+', text('i => { if (i > 3) return; return 2 }')) as any)(10), S, /without a value/],
  ['no operator', () => (reduce as any)('-', text('i => i')), ArgumentError, /operator must be one of '\+'/],
  ['null', () => (reduce as any)(null, text('i => i')), ArgumentError, /operator must be/],
  [
    'an object that is none',
    () => (reduce as any)({ combine: 5 }, text('i => i')),
    ArgumentError,
    /\{ init, combine \}/,
  ],
  [
    'a bit operator on floats',
    () => (reduce('&', text('(i, x) => x[i]')) as any)(10, f64()),
    ArgumentError,
    /for floats/,
  ],
  [
    'init of another kind',
    () => (reduce({ init: 0n, combine: text('(a, b) => a') } as any, text('(i, x) => x[i]')) as any)(10, f64()),
    ArgumentError,
    /init must be a number/,
  ],
  ['init that no int32 holds', combine('(a, b) => a + b', 0.5), ArgumentError, /init must be an int32/],
  ['init beyond an int32', combine('(a, b) => a + b', Infinity), ArgumentError, /init must be an int32/],
  ['init that is no number', combine('(a, b) => a + b', NaN), ArgumentError, /init must be an int32/],
  ['a combine that throws', combine('(a, b) => { throw 1 }'), S, /throw inside a kernel/],
  [
    'a combine that asserts',
    combine('(a, b) => { assert(a > 5); return a }'),
    ArgumentError,
    /its two arguments alone/,
  ],
  ['a combine of three', combine('(a, b, c) => a + c'), U, /'c' is not known/],
  ['a combine with unknown names', combine('(a, b) => a + zz'), U, /'zz' is not known/],
  [
    'a combine with an array',
    combine('(a, b) => { const t = [a, b]; return t[0] }'),
    ArgumentError,
    /its two arguments alone/,
  ],
  ['a combine of another kind', combine('(a, b) => 1n'), T, /BigInt/],
  ['a native combine', () => (reduce({ init: 0, combine: Math.max }, text('i => i')) as any)(10), S, /no source text/],
  [
    'a class as combine',
    () => (reduce({ init: 0, combine: class {} } as any, text('i => i')) as any)(10),
    S,
    /A class/,
  ],
  [
    'a scan that changes an array',
    () => (scan('+', text('(i, x) => { x[i] = 1; return 1 }')) as any)(10, f64(), f64()),
    S,
    /changes an array/,
  ],
  [
    'a reset that changes an array',
    () =>
      (scan('+', text('(i, x) => x[i]'), { reset: text('(i, x) => { x[i] = 2; return i > 3 }') }) as any)(
        10,
        f64(),
        f64(),
      ),
    S,
    /changes an array/,
  ],
  [
    'a reset of other dimensions',
    () => (scan('+', text('i => i'), { reset: text('([a, b]) => a > b') }) as any)(10, f64()),
    S,
    /the same parameters/,
  ],
  [
    'a reset that is no function',
    () => (scan as any)('+', text('i => i'), { reset: 5 }),
    ArgumentError,
    /reset must be a function/,
  ],
])
