/**
 * Bad input, a table: what is called, the error's class, and what its message must say. After each case a good kernel still runs.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { heap } from '@skein/heap'
import { defaultTeam } from '@skein/team'
import { kernel, reduce, scan } from '../src/index.ts'
import { noX64 } from './backends.ts'

const double = kernel((i, x: Float32Array) => {
  x[i] = x[i] * 2
})

function stillWorks(): void {
  const x = heap.f32(40_000).fill(3)
  double(40_000, x)
  assert(x.every(v => v === 6))
}

const f32 = (n: number) => new Float32Array(n)
const write = kernel((i, a: number, x: Float32Array) => {
  x[i] = a
})
// Functions whose types would not let the bad call through.
const any = (f: unknown): any => f

interface Case {
  what: string
  run: () => unknown
  error: string
  /** All must be found in the message. */
  says: RegExp[]
}

const fromText = (text: string) => any(new Function(`return ${text}`)())
const compiled =
  (text: string, ...args: unknown[]) =>
  () =>
    any(kernel)(fromText(text), { name: 'bad' })(4, ...args)

const CASES: Case[] = [
  // Syntax that kernels do not have: position, caret, and what to write instead.
  {
    what: 'a string',
    run: compiled('(i, x) => { x[i] = "a" }', f32(4)),
    error: 'KernelSyntaxError',
    says: [/numbers, booleans and BigInts/, /\^/],
  },
  {
    what: 'try',
    run: compiled('(i, x) => { try { x[i] = 1 } catch {} }', f32(4)),
    error: 'KernelSyntaxError',
    says: [/try/, /\^/],
  },
  { what: 'throw', run: compiled('(i, x) => { throw 1 }', f32(4)), error: 'KernelSyntaxError', says: [/assert/, /\^/] },
  {
    what: 'for of',
    run: compiled('(i, x) => { for (const v of x) x[i] = v }', f32(4)),
    error: 'KernelSyntaxError',
    says: [/for \(let k = 0/],
  },
  {
    what: 'a class',
    run: compiled('(i, x) => { class A {} ; x[i] = 1 }', f32(4)),
    error: 'KernelSyntaxError',
    says: [/class/],
  },
  {
    what: 'an object',
    run: compiled('(i, x) => { const o = { a: 1 }; x[i] = o.a }', f32(4)),
    error: 'KernelSyntaxError',
    says: [/object/],
  },
  {
    what: 'a regular expression',
    run: compiled('(i, x) => { x[i] = /a/ }', f32(4)),
    error: 'KernelSyntaxError',
    says: [/\^/],
  },
  {
    what: 'this',
    run: compiled('function (i, x) { x[i] = this.a }', f32(4)),
    error: 'KernelSyntaxError',
    says: [/'this'/],
  },
  {
    what: 'await',
    run: () => any(kernel)(async (i: number, x: Float32Array) => void (x[i] = 1)),
    error: 'KernelSyntaxError',
    says: [/async/, /\.async/],
  },
  { what: 'a generator', run: () => any(kernel)(function* () {}), error: 'KernelSyntaxError', says: [/generator/] },
  {
    what: 'a class for a function',
    run: () => any(kernel)(class {}),
    error: 'KernelSyntaxError',
    says: [/plain function|arrow function/],
  },
  { what: 'a native function', run: () => any(kernel)(Math.max), error: 'KernelSyntaxError', says: [/native/] },
  {
    what: 'Math.random',
    run: compiled('(i, x) => { x[i] = Math.random() }', f32(4)),
    error: 'KernelSyntaxError',
    says: [/random\(seed, i\)/],
  },
  {
    what: 'a method of an array',
    run: compiled('(i, x) => { x[i] = x.indexOf(1) }', f32(4)),
    error: 'KernelSyntaxError',
    says: [/x\[i\]/],
  },
  {
    what: 'a helper that calls itself',
    run: compiled('(i, x) => { const f = n => n < 1 ? 0 : f(n - 1); x[i] = f(3) }', f32(4)),
    error: 'KernelSyntaxError',
    says: [/calls itself/],
  },
  {
    what: 'break outside a loop of its own function',
    run: compiled('(i, x) => { const f = () => { return 1 }; x[i] = f(1) }', f32(4)),
    error: 'KernelTypeError',
    says: [/0 parameters/],
  },
  {
    what: 'an assignment to a constant',
    run: compiled('(i, x) => { const a = 1; a = 2; x[i] = a }', f32(4)),
    error: 'KernelSyntaxError',
    says: [/let/],
  },
  {
    what: 'a return value',
    run: compiled('(i, x) => { return x[i] }', f32(4)),
    error: 'KernelSyntaxError',
    says: [/reduce/],
  },
  // Names and types.
  {
    what: 'an unknown name',
    run: compiled('(i, x) => { x[i] = WIDTH }', f32(4)),
    error: 'UnknownNameError',
    says: [/WIDTH/, /use: \{ WIDTH \}/, /\^\^\^\^\^/],
  },
  {
    what: 'an unknown function',
    run: compiled('(i, x) => { x[i] = smooth(i) }', f32(4)),
    error: 'UnknownNameError',
    says: [/smooth/],
  },
  {
    what: 'a fractional index',
    run: compiled('(i, x) => { x[i / 2] = 1 }', f32(4)),
    error: 'KernelTypeError',
    says: [/Math\.floor/, /i \/ 2/],
  },
  {
    what: 'BigInt and number',
    run: compiled('(i, x) => { x[i] = x[i] + 1 }', new BigInt64Array(4)),
    error: 'KernelTypeError',
    says: [/BigInt/],
  },
  {
    what: 'a number into a BigInt array',
    run: compiled('(i, x) => { x[i] = 1 }', new BigInt64Array(4)),
    error: 'KernelTypeError',
    says: [/BigInt\(x\)/],
  },
  {
    what: 'an index of a number',
    run: compiled('(i, a) => { a[i] = 1 }', 3),
    error: 'KernelTypeError',
    says: [/not an array/],
  },
  {
    what: 'arithmetic on an array',
    run: compiled('(i, x) => { x[i] = x + 1 }', f32(4)),
    error: 'KernelSyntaxError',
    says: [/x\[i\]/],
  },
  // Arguments.
  { what: 'too few arguments', run: () => any(write)(4, 1), error: 'ArgumentError', says: [/range, a, x/] },
  { what: 'too many arguments', run: () => any(write)(4, 1, f32(4), 2), error: 'ArgumentError', says: [/range, a, x/] },
  {
    what: 'a plain array',
    run: () => any(write)(4, 1, [1, 2]),
    error: 'ArgumentError',
    says: [/x must be/, /typed array/, /heap\.f64/],
  },
  {
    what: 'a string argument',
    run: () => any(write)(4, 'a', f32(4)),
    error: 'ArgumentError',
    says: [/a must be/, /'a'/],
  },
  { what: 'null', run: () => any(write)(4, null, f32(4)), error: 'ArgumentError', says: [/null/] },
  { what: 'undefined', run: () => any(write)(4, undefined, f32(4)), error: 'ArgumentError', says: [/undefined/] },
  {
    what: 'a DataView',
    run: () => any(write)(4, 1, new DataView(new ArrayBuffer(8))),
    error: 'ArgumentError',
    says: [/x must be/],
  },
  {
    what: 'a detached array',
    run: () => {
      const x = f32(4)
      structuredClone(x, { transfer: [x.buffer as ArrayBuffer] })
      write(4, 1, x)
    },
    error: 'ArgumentError',
    says: [/detached/],
  },
  {
    what: 'a released array',
    run: () => {
      const x = heap.f32(64)
      heap.release(x)
      write(64, 1, x)
    },
    error: 'UseAfterFreeError',
    says: [/released/],
  },
  // Ranges.
  ...[-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, 1e300].map(
    (n): Case => ({
      what: `the range ${n}`,
      run: () => write(n, 1, f32(4)),
      error: 'ArgumentError',
      says: [/range/, /2\^31/],
    }),
  ),
  { what: 'no range', run: () => any(write)(undefined, 1, f32(4)), error: 'ArgumentError', says: [/range/] },
  {
    what: 'a step of 0',
    run: () => write({ begin: 0, end: 4, step: 0 }, 1, f32(4)),
    error: 'ArgumentError',
    says: [/step/],
  },
  {
    what: 'two dimensions for one',
    run: () => write([2, 2], 1, f32(4)),
    error: 'ArgumentError',
    says: [/1 dimension/],
  },
  {
    what: 'one dimension for two',
    run: () => kernel(([r, c], x: Float32Array) => void (x[r + c] = 1))(4, f32(8)),
    error: 'ArgumentError',
    says: [/2 dimensions/, /rows, columns/],
  },
  // Settings.
  {
    what: 'an unknown backend',
    run: () => any(write).on('cuda'),
    error: 'ArgumentError',
    says: [/'wasm' or 'x64' or 'reference'/, /cuda/],
  },
  { what: 'no threads', run: () => write.with({ threads: 0 }), error: 'ArgumentError', says: [/threads/] },
  {
    what: 'an unknown schedule',
    run: () => any(write).with({ schedule: 'fair' }),
    error: 'ArgumentError',
    says: [/guided/, /fair/],
  },
  { what: 'a fractional chunk', run: () => write.with({ chunk: 1.5 }), error: 'ArgumentError', says: [/chunk/] },
  { what: 'an unknown operator', run: () => any(reduce)('-', () => 1), error: 'ArgumentError', says: [/combine/] },
  {
    what: 'an operator for integers on floats',
    run: () => reduce('&', (i, x: Float32Array) => x[i])(4, f32(4)),
    error: 'ArgumentError',
    says: [/floats/],
  },
  {
    what: 'a combine that throws',
    run: () =>
      reduce({ init: 0, combine: fromText('(a, b) => { throw a + b }') }, (i, x: Float32Array) => x[i])(4, f32(4)),
    error: 'KernelSyntaxError',
    says: [/throw/],
  },
  {
    what: 'a short output of a scan',
    run: () => scan('+', (i, x: Float32Array) => x[i])(8, f32(4), f32(8)),
    error: 'ArgumentError',
    says: [/at least 8/],
  },
  {
    what: 'a scan into bytes',
    run: () => any(scan('+', (i, x: Float32Array) => x[i]))(4, new Uint8Array(4), f32(4)),
    error: 'ArgumentError',
    says: [/32- or 64-bit/],
  },
  // While running.
  {
    what: 'an index past the end',
    run: () => write(5, 1, f32(4)),
    error: 'IndexError',
    says: [/x\[i\]/, /index 4/, /length 4/, /\^/],
  },
  {
    what: 'an index past the end, on every thread',
    run: () => write(1_000_000, 1, heap.f32(999_999)),
    error: 'IndexError',
    says: [/index 999999/],
  },
  {
    what: 'a negative index',
    run: () => kernel((i, x: Float32Array) => void (x[i - 1] = 1))(4, f32(4)),
    error: 'IndexError',
    says: [/x\[i - 1\]/, /-1/],
  },
  {
    what: 'a NaN index',
    run: () => kernel((i, x: Float32Array) => void (x[Math.floor(x[i])] = 1))(4, f32(4).fill(Number.NaN)),
    error: 'IndexError',
    says: [/not a number/],
  },
  {
    what: 'a gathered index',
    run: () =>
      kernel((i, k: Int32Array, x: Float32Array) => void (x[i] = x[k[i]]))(4, new Int32Array([0, 1, 99, 3]), f32(4)),
    error: 'IndexError',
    says: [/x\[k\[i\]\]/, /99/],
  },
  {
    what: 'an index of a private array',
    run: () =>
      kernel((i, x: Float32Array) => {
        const a = new Float32Array(4)
        a[i] = 1
        x[i] = a[0]
      })(8, f32(8)),
    error: 'IndexError',
    says: [/a\[i\]/, /length 4/],
  },
  { what: 'an empty array', run: () => write(1, 1, f32(0)), error: 'IndexError', says: [/length 0/] },
]

describe('bad input', () => {
  for (const c of CASES) {
    it(`${c.what} → ${c.error}`, () => {
      assert.throws(c.run, (e: Error & { code?: string }) => {
        assert.equal(e.name, c.error, String(e.stack))
        assert.match(String(e.code), /^SKEIN_/)
        for (const part of c.says) assert.match(e.message, part)
        return true
      })
      stillWorks()
    })
  }

  it('nothing outside the array is written by a failing kernel', () => {
    const whole = heap.f32(4096)
    const part = whole.subarray(1000, 2000)
    assert.throws(() => write(3000, 7, part), { name: 'IndexError' })
    assert(whole.subarray(0, 1000).every(v => v === 0) && whole.subarray(2000).every(v => v === 0))
  })

  it('overlapping arrays see the same bytes, in the heap and outside', () => {
    const shift = kernel((i, x: Float32Array, y: Float32Array) => void (y[i] = x[i] + 1))
    for (const whole of [heap.f32(64), f32(64)]) {
      shift(32, whole.subarray(0, 32), whole.subarray(32))
      assert(whole.subarray(32).every(v => v === 1))
      shift(64, whole, whole)
      assert.deepEqual([whole[0], whole[63]], [1, 2])
    }
  })
})

describe('bad input, asynchronous', () => {
  const endless = kernel((i, x: Float32Array) => {
    while (x[0] === 0) x[i + 1] = i
  })

  it('an endless loop ends by its AbortSignal', async () => {
    const x = heap.f32(8)
    await assert.rejects(endless.with({ signal: AbortSignal.timeout(50), threads: 2 }).async(2, x), {
      name: 'CancelledError',
    })
    stillWorks()
  })

  it('a signal that is aborted already starts nothing', async () => {
    const x = f32(4)
    await assert.rejects(write.with({ signal: AbortSignal.abort() }).async(4, 1, x), { name: 'CancelledError' })
    assert.throws(() => write.with({ signal: AbortSignal.abort() })(4, 1, x), { name: 'CancelledError' })
    assert(x.every(v => v === 0))
    stillWorks()
  })

  it('an index out of range', async () => {
    await assert.rejects(write.async(100_000, 1, heap.f32(99_999)), { name: 'IndexError' })
    stillWorks()
  })

  it('calls side by side', async () => {
    const arrays = Array.from({ length: 8 }, () => heap.f32(50_000))
    await Promise.all(arrays.map((x, k) => write.async(50_000, k + 1, x)))
    arrays.forEach((x, k) => assert(x.every(v => v === k + 1)))
    assert.equal(defaultTeam().stats().running, 0)
  })
})

describe('a full heap', () => {
  const run = (backend: string): string[] => {
    const program = `
      import { heap } from '${import.meta.resolve('@skein/heap')}'
      import { kernel } from '${new URL('../src/index.ts', import.meta.url).href}'
      const write = kernel((i, x) => { x[i] = 1; x[i ^ 1] = 1 }).on('${backend}')
      const held = heap.f32(8 << 20, { label: 'what I keep' })
      try { write(16 << 20, new Float32Array(16 << 20)); console.log('fits') } catch (e) { console.log(e.name, /what I keep/.test(e.message)) }
      const x = new Float32Array(1000); write(1000, x); console.log(x.every(v => v === 1), held.length)`
    const out = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { ...process.env, SKEIN_HEAP_MAX: String(64 << 20) },
      encoding: 'utf8',
    })
    return out.trim().split('\n')
  }

  it('is an error that says who holds what, and the process goes on', () => {
    assert.deepEqual(run('wasm'), ['HeapOutOfMemoryError true', `true ${8 << 20}`])
  })

  it('is no matter to machine code, which reads other arrays in their places', { skip: noX64 }, () => {
    assert.deepEqual(run('x64'), ['fits', `true ${8 << 20}`])
  })
})
