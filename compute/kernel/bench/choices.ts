/**
 * What was measured before the machine code of kernels was made as it is: each choice beside what it was chosen over, in one run, interleaved. `node compute/kernel/bench/choices.ts [widths] [ahead] [past]`;
 * medians. On `past` two threads, else one.
 */
import { heap } from '@skein/heap'
import { compileProgram } from '../src/compile.ts'
import { bindArguments } from '../src/specialise.ts'
import { x64 } from '../src/x64/index.ts'
import { lowered } from '../test/x64-agree.ts'

const median = (times: number[]): number => times.sort((a, b) => a - b)[times.length >> 1]

/** A kernel's text over n positions, with choices that are not made by the compiler. */
function launcher(source: string, n: number, args: unknown[], choices: object, threads = 1): () => void {
  const { types, lowered: l } = lowered(source, args)
  const options = { fast: false, unsafe: false, source: [], onDisk: false, ...choices }
  const program = compileProgram(l.ir, undefined, x64, options)
  const launch: any = { extents: [{ begin: 0, end: n, step: 1 }], scalars: [], arrays: [], threads, schedule: 'auto' }
  bindArguments(types, args, { bound: l.bound } as never, launch)
  return () => void program.run(launch)
}

/** Medians in ms, of so many rounds of each in turn. */
function compare(runs: readonly (() => void)[], rounds: number, times: number): number[] {
  const found: number[][] = runs.map(() => [])
  for (let r = 0; r < rounds; r++)
    for (const [k, run] of runs.entries()) {
      run()
      const begin = performance.now()
      for (let t = 0; t < times; t++) run()
      found[k].push((performance.now() - begin) / times)
    }
  return found.map(median)
}

/** Vectors of 512 and of 256 bits, and AVX2. */
function widths(): void {
  const n = 1 << 14
  const f = () => heap.f32(n).map((_, i) => (i % 97) / 13 + 0.1)
  const d = () => heap.f64(n).map((_, i) => (i % 97) / 13 + 0.1)
  const w = () => heap.i32(n).map((_, i) => (i * 7919) % n)
  const b = () => heap.u8(n).map((_, i) => i)
  const escapes = `(i, x, out) => { const cx = x[i] / 4 - 1.5, cy = x[i] / 5; let a = 0, b = 0, k = 0
    while (a * a + b * b <= 4 && k < 200) { const t = a * a - b * b + cx; b = 2 * a * b + cy; a = t; k++ } out[i] = k }`
  const cases: [name: string, source: string, args: unknown[]][] = [
    ['saxpy f32', '(i, x, y) => { y[i] = 3 * x[i] + y[i] }', [f(), f()]],
    ['root and quotient f64', '(i, x, y) => { y[i] = Math.sqrt(x[i] * x[i] + 3) / (x[i] + 2) }', [d(), d()]],
    ['exp f32', '(i, x, y) => { y[i] = Math.exp(-x[i]) }', [f(), f()]],
    ['sin f64', '(i, x, y) => { y[i] = Math.sin(x[i]) }', [d(), d()]],
    ['Mandelbrot f32', escapes, [f(), f()]],
    ['gather f32', '(i, k, x, y) => { y[i] = x[k[i]] }', [w(), f(), f()]],
    ['scatter f32', '(i, k, x, y) => { y[k[i]] = x[i] }', [w(), f(), f()]],
    ['masked scatter f32', '(i, k, x, y) => { if (x[i] > 3) y[k[i]] = x[i] }', [w(), f(), f()]],
    ['scatter u8', '(i, k, x, y) => { y[k[i]] = x[i] }', [w(), b(), b()]],
    ['masked scatter u8', '(i, k, x, y) => { if (x[i] > 100) y[k[i]] = x[i] }', [w(), b(), b()]],
    ['mean of bytes', '(i, x, y) => { y[i] = (x[i] + y[i]) >> 1 }', [b(), b()]],
  ]
  const targets = [
    { isa: 'avx512', bits: 512 },
    { isa: 'avx512', bits: 256 },
    { isa: 'avx2', bits: 256 },
  ]
  for (const [name, source, args] of cases) {
    const runs = targets.map(target => launcher(source, n, args, { target }))
    const [wide, narrow, avx2] = compare(runs, 25, name.startsWith('Mandel') ? 3 : 40)
    const each = ((wide * 1e6) / n).toFixed(3)
    const others = `256 bits ${(narrow / wide).toFixed(2)}, AVX2 ${(avx2 / wide).toFixed(2)} times the time`
    console.log(`${name.padEnd(22)} 512 bits ${each} ns an element; ${others}`)
  }
}

/** Gathers that also load what is gathered so many positions later: if that took less time than without, loads ahead would pay. */
function ahead(): void {
  const n = 1 << 20
  for (const length of [1 << 16, 1 << 19, 1 << 24]) {
    const [x, y] = [heap.f32(length), heap.f32(n)]
    let seed = 12345
    const k = heap.i32(n + 256)
    for (let i = 0; i < k.length; i++) k[i] = (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) % length
    const distances = [16, 64, 200]
    const sources = distances.map(by => `(i, k, x, y) => { y[i] = Math.max(x[k[i]], x[k[i + ${by}]]) }`)
    const runs = ['(i, k, x, y) => { y[i] = x[k[i]] }', ...sources].map(text => launcher(text, n, [k, x, y], {}))
    const [plain, ...others] = compare(runs, 9, 1)
    const told = others.map(time => (time / plain).toFixed(2)).join(', ')
    const each = ((plain * 1e6) / n).toFixed(2)
    console.log(`gather of ${length / 2 ** 18} MiB: ${each} ns; loads ${distances} ahead: ${told} times the time`)
    for (const array of [x, y, k]) heap.release(array)
  }
}

/** Stores past the caches, and what it is to read the output in the next kernel. */
function past(): void {
  for (const mebibytes of [4, 8, 16, 32, 64, 128]) {
    const n = mebibytes << 18
    const [a, b, c, d] = [0, 1, 2, 3].map(() => heap.f32(n).fill(1))
    const [often, always] = [Number.MAX_VALUE, 0].map(leastPast => {
      const of = (source: string, ...args: unknown[]) => launcher(source, n, args, { leastPast }, 2)
      const triad = of('(i, x, y, z) => { z[i] = x[i] + 3 * y[i] }', a, b, c)
      const scale = of('(i, z, w) => { w[i] = z[i] * 2 }', c, d)
      const fill = of('(i, z) => { z[i] = 2 }', c)
      return { copy: of('(i, x, z) => { z[i] = x[i] }', a, c), triad, fill, 'triad, scaled': () => (triad(), scale()) }
    })
    const told = Object.entries(often).map(([name, run]) => {
      const [through, by] = compare([run, always[name as keyof typeof always]], 11, Math.max(1, 8 / mebibytes))
      return `${name} ${(through / by).toFixed(2)}`
    })
    console.log(`${mebibytes} MiB an array, times as fast past the caches: ${told.join(', ')}`)
    for (const array of [a, b, c, d]) heap.release(array)
  }
}

const parts: { readonly [name: string]: () => void } = { widths, ahead, past }
const asked = process.argv.slice(2)
for (const name of asked.length > 0 ? asked : Object.keys(parts)) parts[name]()
