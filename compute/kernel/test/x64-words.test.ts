/** Lanes of 8 and 16 bits: where they do, and that what they compute is what whole words do. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '@skein/base'
import { optimise } from '../src/compile.ts'
import { analyseShapes } from '../src/lanes/shape.ts'
import { narrowestWords } from '../src/lanes/words.ts'
import { x64 } from '../src/x64/index.ts'
import { newArray } from './random-values.ts'
import { agree, lowered, type Numbers } from './x64-agree.ts'

const skip = x64.unavailable() ?? false
const seed = Number(process.env.SEED ?? 77)
const cases = Number(process.env.CASES ?? 60)
const small = ['u8', 'i8', 'u8c', 'u16', 'i16'] as const
type Small = (typeof small)[number]

function wordsOf(source: string, args: unknown[]): number | undefined {
  const ir = optimise(lowered(source, args).lowered.ir, { fast: false })
  return narrowestWords(ir, analyseShapes(ir, true, true))?.width
}

const bytes = () => [new Uint8Array(8), new Uint8Array(8)]
const signed = () => [new Int8Array(8), new Int8Array(8)]
const pairs = () => [new Uint16Array(8), new Uint8Array(8)]

for (const [source, make, width] of [
  ['(i, x, y) => { y[i] = x[i] + x[i + 1] - 3 }', bytes, 8],
  // Sums of bytes are compared as what they are, or as bytes where they are cut down to them.
  ['(i, x, y) => { y[i] = x[i] + x[i + 1] > 9 ? 1 : 0 }', bytes, 16],
  ['(i, x, y) => { y[i] = ((x[i] + x[i + 1]) & 255) > 9 ? 1 : 0 }', bytes, 8],
  ['(i, x, y) => { y[i] = (x[i] + x[i + 1]) >> 1 }', bytes, 16],
  ['(i, x, y) => { y[i] = x[i] >> 1 }', bytes, 8],
  ['(i, x, y) => { y[i] = x[i] * 3 }', bytes, 16],
  ['(i, x, y) => { y[i] = x[i] < -1 ? 1 : 0 }', bytes, 16],
  ['(i, x, y) => { y[i] = x[i] < -1 ? 1 : 0 }', signed, 8],
  ['(i, x, y) => { y[i] = x[i] >> 1 }', signed, 16],
  ['(i, x, y) => { y[i] = Math.min(x[i], 200) }', signed, 16],
  ['(i, x, y) => { y[i] = x[i] >> 8 }', pairs, 16],
  ['(i, x, y) => { let s = 0; for (let k = 0; k < 3; k++) s += x[i + k]; y[i] = s }', bytes, 8],
  // What is more than 16 bits, or is not told by the making.
  ['(i, x, y) => { y[i] = (x[i] * x[i] + 3 * x[i]) >> 4 }', bytes, undefined],
  ['(i, x, y) => { let s = 0; for (let k = 0; k < 3; k++) s += x[i + k]; y[i] = s > 7 ? 1 : 0 }', bytes, undefined],
  ['(i, x, y) => { y[i] = x[i] + i }', bytes, undefined],
  ['(i, x, y) => { y[i] = x[i] / 2 }', bytes, undefined],
  ['(i, x, y) => { y[x[i] & 7] = 1 }', bytes, undefined],
  ['(i, x, y) => { y[i] = x[i * 2] }', bytes, undefined],
  ['(i, x, y) => { let k = 0; while (k < x[i]) k += 2; y[i] = k }', bytes, undefined],
  ['(i, x, y) => { y[i] = x[i] }', () => [new Uint8Array(8), new Int32Array(8)], undefined],
] as const) {
  test(`${source} of ${make()[0].constructor.name}: words of ${width ?? 32}`, () => {
    assert.equal(wordsOf(source, make()), width)
  })
}

/** Random kernels of three small arrays x, y, z that write `out`, which may be of another element. */
class Kernels {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  #below(n: number): number {
    return this.#random.integer(0, n)
  }

  #one(...texts: string[]): string {
    return texts[this.#below(texts.length)]
  }

  #number(depth: number): string {
    const sub = () => this.#number(depth - 1)
    if (depth === 0 || this.#below(5) === 0)
      return this.#one('x[i]', 'y[i]', 'z[i]', 'x[i + 1]', 'y[i + 5]', 'u[1]', String(this.#below(300) - 40))
    const by = this.#below(10)
    return [
      () => `(${sub()} + ${sub()})`,
      () => `(${sub()} - ${sub()})`,
      () => `(${sub()} ${this.#one('&', '|', '^')} ${sub()})`,
      () => `(${sub()} & ${this.#one('255', '127', '1', '-256', '65535')})`,
      () => `(${sub()} ${this.#one('>>', '>>', '<<')} ${by})`,
      () => `(~${sub()})`,
      () => `Math.${this.#one('min', 'max')}(${sub()}, ${sub()})`,
      () => `Math.abs(${sub()})`,
      () => `Math.imul(${sub()}, ${sub()})`,
      () => `(${this.#condition(depth - 1)} ? ${sub()} : ${sub()})`,
      () => `(x[i] & 255)`,
    ][this.#below(11)]()
  }

  #condition(depth: number): string {
    const compare = () => `${this.#number(depth)} ${this.#one('<', '<=', '>', '===', '!==')} ${this.#number(depth)}`
    if (depth <= 0) return compare()
    const sub = () => this.#condition(depth - 1)
    return [compare, compare, () => `(${sub()} && ${sub()})`, () => `(${sub()} || ${sub()})`, () => `!(${sub()})`][
      this.#below(5)
    ]()
  }

  source(): string {
    const body = [
      () => `out[i] = ${this.#number(3)}`,
      () => `if (${this.#condition(1)}) out[i] = ${this.#number(2)}`,
      () => `if (${this.#condition(1)}) out[i] = ${this.#number(2)}; else out[i] = out[i] + 1`,
      // An element that is there for some lanes only.
      () => `let s = ${this.#number(2)}; if (i < few[0]) s += short[i]; out[i] = s`,
      () =>
        `let s = ${this.#number(1)}; for (let k = 0; k < 3; k++) s ${this.#one('+=', '-=', '^=')} x[i + k]; out[i] = s`,
      () => `let s = ${this.#number(1)}; if (few[0] > 9) s = ${this.#number(2)}; out[i] = s`,
    ][this.#below(6)]()
    return `(i, few, short, u, x, y, z, out) => { ${body} }`
  }
}

test(`random kernels on small elements (SEED=${seed} CASES=${cases})`, { skip }, () => {
  let narrow = 0
  for (let s = seed; s < seed + cases; s++) {
    const random = new Random(s)
    const source = new Kernels(random).source()
    const usual: Small[] = ['u8', 'i8', 'u8c']
    const elements = Array.from({ length: 4 }, () =>
      random.integer(0, 3) > 0 ? usual[random.integer(0, 3)] : small[random.integer(0, 5)],
    )
    const n = random.integer(0, 3) > 0 ? random.integer(1, 600) : random.integer(1, 70)
    const few = random.integer(0, n + 1)
    const offset = random.integer(0, 4)
    const make = () => {
      const arrays = elements.map((element, k) => {
        const whole = newArray(element, offset + n + (k < 3 ? 5 : 0)) as unknown as Numbers
        for (let i = 0; i < whole.length; i++) whole[i] = Math.imul(i + k, 0x9e3779b1) >>> (13 + k)
        return (whole as unknown as Uint8Array).subarray(offset) as unknown as Numbers
      })
      const short = newArray(elements[0], few) as unknown as Numbers
      for (let i = 0; i < few; i++) short[i] = i * 3
      return [Int32Array.of(few), short, Uint8Array.of(3, 200), ...arrays]
    }
    if (wordsOf(source, make()) !== undefined) narrow++
    agree(source, n, make, `seed ${s}, ${elements}, n ${n}, from ${offset}: ${source}`)
  }
  // Or it would test whole words.
  assert(narrow > cases / 5, `${narrow} of ${cases} were narrow`)
})

test('the one lane that is out of range is told, wherever it is', { skip }, () => {
  for (const type of [Uint8Array, Int16Array]) {
    for (const at of [100, 163, 255, 256, 311, 599]) {
      const make = () => [new type(600).fill(1, at, at + 1), new type(100), new type(600)]
      const source = '(i, x, y, out) => { let s = x[i]; if (s === 1) s += y[i]; out[i] = s }'
      agree(source, 600, make, `${at} of ${type.name}`)
      agree('(i, x, y, out) => { if (x[i] === 1) y[i] = 3; out[i] = 1 }', 600, make, `written, ${at} of ${type.name}`)
    }
  }
})
