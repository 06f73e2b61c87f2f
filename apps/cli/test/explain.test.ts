// `skein explain`: finds the kernels of a file, their types, and shows what the compiler makes of them.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { defaultBackend } from '@skein/kernel'
import { readType, split, typeName } from '../src/explain/annotation.ts'
import { readSource } from '../src/explain/source-kernels.ts'
import { escapeCode, fixture, skein } from './skein.ts'

const file = fixture('kernels.ts')
const work = mkdtempSync(join(tmpdir(), 'skein-explain-'))
after(() => rmSync(work, { recursive: true, force: true }))
symlinkSync(fixture('../../../../node_modules'), join(work, 'node_modules'), 'junction')

/** A file of its own, with an import of all of Skein's kernels. */
function written(name: string, text: string): string {
  const path = join(work, name)
  writeFileSync(path, `import { kernel, reduce, scan } from '@skein/kernel'\n${text}`)
  return path
}

const ok = (args: string[]): string => {
  const { status, stdout, stderr } = skein(['explain', ...args])
  assert.equal(status, 0, stderr)
  return stdout
}

test('a file without a name: its kernels, and what the program prints stays out of them', () => {
  const { status, stdout, stderr } = skein(['explain', file])
  assert.equal(status, 0, stderr)
  assert.match(stderr, /the program speaks 2/)
  assert.doesNotMatch(stdout, /the program speaks/)
  for (const line of [
    /^saxpy +kernel +\S+kernels\.ts:13 +\(a: number, x: Float32Array, y: Float32Array\)$/m,
    /^mandelbrot +kernel .*\(out: Uint16Array, width: number, height: number\)$/m,
    /^dot +reduce .*\(x: Grid, y: Float64Array \| Float32Array\)$/m,
    /^sums +scan .*\(x: Int32Array\)$/m,
    /^field +kernel .*\(f: Field, flag: boolean\)$/m,
    /^named +kernel .*\(x: Float32Array, by: number\)$/m,
    /^bare +kernel .*\(x\)$/m,
    /^makeLater +kernel .*not made when the file is imported/m,
    /^borrowed +kernel +borrowed\.ts:3 +\(x: Uint8Array\)$/m,
  ])
    assert.match(stdout, line)
  assert.ok(!stdout.includes(escapeCode))
})

test('all of a kernel: its source as written, the IR after each pass, code with the source line beside it', () => {
  const text = ok([`${file}#saxpy`])
  assert.match(text, /^for a: number, x: Float32Array, y: Float32Array$/m)
  assert.match(
    text,
    /1 │ \(i, a: number, x: Float32Array, y: Float32Array\) => \{\n +2 │ +y\[i\] = a \* x\[i\] \+ y\[i\]/,
  )
  assert.match(text, /── IR after front end\n[\s\S]*── IR after /)
  const code = text.slice(text.indexOf(`── ${defaultBackend()}\n`))
  assert.match(code, defaultBackend() === 'x64' ? /vmulps/ : /f32x4\.mul/)
  assert.match(code, /;; +2 │ +y\[i\] = a \* x\[i\] \+ y\[i\]/)
})

test('levels and backends', () => {
  const ir = ok([`${file}#saxpy`, '--level', 'ir'])
  assert.match(ir, /load x\.f32/)
  assert.doesNotMatch(ir, /──/)
  assert.match(ok([`${file}#saxpy`, '-l', 'passes']), /── IR after front end/)
  const code = ok([`${file}#saxpy`, '--level', 'code'])
  assert.doesNotMatch(code, /── IR/)
  assert.match(ok([`${file}#saxpy`, '--level', 'code', '--backend', 'wasm']), /── wasm\n[\s\S]*f32x4\.mul/)
  const reference = ok([`${file}#saxpy`, '--level', 'code', '--backend', 'reference'])
  assert.match(reference, /── reference\n[\s\S]*y\[i0\] = /)
})

test('types: the program’s call, annotations, --types', () => {
  assert.match(ok([`${file}#mandelbrot`, '-l', 'ir']), /for the types of the program's own call/)
  // On another backend there was no call; `width` is in an index, `height` is not.
  assert.match(
    ok([`${file}#mandelbrot`, '-l', 'ir', '-b', 'reference']),
    /for out: Uint16Array, width: integer, height: number/,
  )
  assert.match(ok([`${file}#dot`, '-l', 'ir']), /for x: Float64Array, y: Float64Array[\s\S]*load x\.f64/)
  assert.match(ok([`${file}#sums`, '-l', 'ir']), /for out: Int32Array, x: Int32Array/)
  assert.match(
    ok([`${file}#sums`, '-l', 'ir', '--types', 'Float64Array,Int32Array']),
    /for out: Float64Array, x: Int32Array/,
  )
  assert.match(ok([`${file}#field`, '-l', 'ir']), /for f: Float32Array@2, flag: boolean/)
  assert.match(ok([`${file}#named`, '-l', 'ir']), /for x: Float32Array, by: number/)
  assert.match(ok([`${file}#borrowed`, '-l', 'ir']), /for x: Uint8Array/)
  const other = ok([`${file}#saxpy`, '-l', 'ir', '--types', 'integer, Float64Array, Float64Array'])
  assert.match(other, /for a: integer, x: Float64Array, y: Float64Array[\s\S]*load x\.f64/)
  assert.match(ok([`${file}#bare`, '-l', 'ir', '--types', 'Int8Array']), /store x\.i8/)
})

test('a kernel may be named by its line', () => {
  assert.match(ok([`${file}#13`, '-l', 'ir']), /^saxpy /)
})

const wrong: [target: string, more: string[], status: number, says: RegExp][] = [
  [`${file}#saxpi`, [], 2, /has no kernel 'saxpi'. Did you mean saxpy\? It has saxpy, mandelbrot/],
  [`${file}#bare`, [], 2, /parameter x of bare has no annotation. Give the types: --types <x>/],
  [`${file}#makeLater`, [], 1, /makeLater is not made when .* is imported/],
  [`${file}#saxpy`, ['--types', 'number,Float33Array'], 2, /'Float33Array' is no type of a kernel's argument/],
  [`${file}#saxpy`, ['--types', 'number'], 1, /kernel .*arguments must be \(range, a, x, y\)/],
  [`${fixture('broken.ts')}#bad`, [], 1, /kernel \S+: .*[\s\S]*broken\.ts:7/],
  [fixture('echo.ts'), [], 1, /makes no kernels/],
]
for (const [target, more, status, says] of wrong)
  test(`error: explain ${target.replace(/.*[\\/]/, '')} ${more.join(' ')}`, () => {
    const ended = skein(['explain', target, ...more])
    assert.equal(ended.status, status, ended.stderr)
    assert.match(ended.stderr, says)
    assert.doesNotMatch(ended.stderr, /\n\s+at /, 'no stack')
    assert.match(
      skein(['explain', target, ...more, '--verbose']).stderr,
      status === 1 && !/makeLater|echo/.test(target) ? /\n\s+at / : says,
    )
  })

test('a file that throws half-way shows the kernels it has made', () => {
  assert.match(ok([`${fixture('broken.ts')}#good`, '-l', 'ir']), /store x\.f32/)
})

test('a file that ends the process, or leaves something running, is explained all the same', () => {
  const exits = written('exits.ts', 'const k = kernel((i, x: Float32Array) => { x[i] = 1 })\nprocess.exit(3)\n')
  assert.match(ok([`${exits}#k`, '-l', 'ir']), /store/)
  const runs = written(
    'runs.ts',
    'const k = kernel((i, x: Float32Array) => { x[i] = 1 })\nsetInterval(() => {}, 1000)\n',
  )
  assert.match(ok([`${runs}#k`, '-l', 'ir']), /store/)
})

test('JavaScript has no annotations: --types gives them', () => {
  const path = written('plain.mjs', 'export const k = kernel((i, x) => { x[i] = 1 })\n')
  assert.match(ok([`${path}#k`, '-l', 'ir', '--types', 'Float32Array']), /store x\.f32/)
  assert.equal(skein(['explain', `${path}#k`]).status, 2)
})

test('a number that has to be whole is taken as one', () => {
  const path = written(
    'whole.ts',
    'const k = kernel((i, n: number, x: Int32Array) => { x[i] = x[i] << n })\nconst s = (k, k)\n',
  )
  assert.match(ok([`${path}#k`, '-l', 'ir']), /for n: (integer|number), x: Int32Array/)
})

test('kernels in a source file: names, places, parameters', () => {
  const path = written(
    'shapes.ts',
    `import { kernel as make } from '@skein/kernel'
const a = make((i, x /* the data */: Float32Array, // a comment, with (a bracket
  n: number = 3, { deep }: { deep: number[] }) => { x[i] = n })
class Holder { readonly b = make(function named(i: number, x: Map<string, (a: number) => void>) {}) }
const list = [1, 2].reduce((a, b) => a + b)
let c
c = kernel(([z, y, x], v: Uint8Array) => { v[z] = y + x }).with({ threads: 1 })
export default kernel((i, x: Float32Array) => { x[i] = 0 }, { name: 'by option' })
`,
  )
  const { kernels } = readSource(path)
  assert.deepEqual(
    kernels.map(({ name, rank }) => [name, rank]),
    [
      ['a', 1],
      ['b', 1],
      ['c', 3],
      ['by option', 1],
    ],
  )
  assert.deepEqual(
    kernels[0].parameters!.map(({ name, annotation }) => [name, annotation]),
    [
      ['x', 'Float32Array'],
      ['n', 'number'],
      ['{ deep }', '{ deep: number[] }'],
    ],
  )
  assert.equal(kernels[1].parameters![0].annotation, 'Map<string, (a: number) => void>')
  assert.equal(kernels[0].line, 3)
})

test('annotations as types of arguments', () => {
  const aliases: Record<string, string> = {
    Grid: 'Float64Array',
    Either: '| Grid\n | number',
    Loop: 'Loop',
    View: '{ data: Grid; shape: readonly [number, number, number]; strides: number[] }',
  }
  const table: [text: string, type: string | undefined][] = [
    ['number', 'number'],
    ['integer', 'integer'],
    ['3', 'number'],
    ['bigint', 'bigint'],
    ['boolean', 'boolean'],
    ['true | false', 'boolean'],
    ['Float32Array', 'Float32Array'],
    ['Float32Array<SharedArrayBuffer>', 'Float32Array'],
    ['BigUint64Array', 'BigUint64Array'],
    ['HeapArray<Int16Array>', 'Int16Array'],
    ['Readonly<Int16Array>', 'Int16Array'],
    ['(Float64Array | Float32Array)', 'Float64Array'],
    ['null | Float32Array', 'Float32Array'],
    ['Float32Array & { tag: 1 }', 'Float32Array'],
    ['Grid', 'Float64Array'],
    ['Either', 'Float64Array'],
    ['View', 'Float64Array@3'],
    ['Uint8Array@2', 'Uint8Array@2'],
    ['{ data: Int8Array, shape: number[], strides: number[] }', 'Int8Array@2'],
    ['Loop', undefined],
    ['string', undefined],
    ['number[]', undefined],
    ['DataView', undefined],
    ['(a: number) => void', undefined],
    ['', undefined],
  ]
  for (const [text, expected] of table) {
    const type = readType(text, name => aliases[name])
    assert.equal(type && typeName(type), expected, text)
  }
  assert.deepEqual(split('a, b<c, d>, (e, f) => g', ','), ['a', ' b<c, d>', ' (e, f) => g'])
})
