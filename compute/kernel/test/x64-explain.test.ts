/** What is shown of machine code: assembly beside the source, and what it asks of a core. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kernel, scan } from '../src/index.ts'
import { gpr, Memory, vector } from '../src/x64/encode/operands.ts'
import { boundOf, uopsOf } from '../src/x64/explain/ports.ts'
import { x64 } from '../src/x64/index.ts'
import type { Step } from '../src/x64/machine/code.ts'

const skip = x64.unavailable() ?? false

/** A kernel as it stands in a file: in lines of its own. */
const text = (source: string): any => new Function(`return ${source}`)()

test('assembly, the source line beside it, and what the loop asks of a core', { skip }, () => {
  const saxpy = kernel(text('(i, a, x, y) => {\n  y[i] = a * x[i] + y[i]\n}')) as any
  const code = saxpy.on('x64').explain('code', 100, 2.5, new Float32Array(100), new Float32Array(100)) as string
  assert.match(code, /^── x64\nrun:\n/)
  assert.match(code, /^ {4}vmulps [xyz]mm.*\n/m)
  assert.match(code, / ;; {3}2 │ {3}y\[i\] = a \* x\[i\] \+ y\[i\]$/m)
  assert.match(
    code,
    /^run: \d+ instructions; registers: \d+ general, \d+ vector, \d+ mask; \d+ spilled, a frame of \d+ bytes$/m,
  )
  assert.match(
    code,
    /^ {2}loop \.run\d+: \d+ instructions a round \(2 load, 1 store, 2 float, .*\); at least \d+\.\d cycles, for /m,
  )
  assert.match(code, /^ {2}store y +contiguous, proved in range +;; {3}2 │ y\[i\] =/m)
})

test('how memory is reached', { skip }, () => {
  const mixed = kernel(
    text(`(i, x, n, o) => {
      let s = n[0]
      if (x[i] > 3) s += n[x[i]]
      o[i * 3] = s
      o[i * 3 + 1] = x[i]
    }`),
  ) as any
  const shown = mixed
    .on('x64')
    .explain('code', 50, new Int32Array(50), new Float64Array(9), new Float64Array(150)) as string
  const accesses = shown.slice(shown.indexOf('\naccesses\n'))
  assert.match(accesses, /load n +(broadcast|scalar), (proved in range|checked)/)
  assert.match(accesses, /load n +gathered, masked, checked +;; {3}3 │ if/)
  assert.match(accesses, /store o +(scattered|lane by lane) in steps of 3, proved in range/)
  assert.match(accesses, /load x +contiguous, proved in range/)
})

test('a rare case that is a routine is called for the lanes that are in it, and jumped over where there are none', {
  skip,
}, () => {
  for (const name of ['sin', 'cos', 'tan']) {
    const far = kernel(text(`(i, x, y) => { y[i] = Math.${name}(x[i]) }`)) as any
    const code = far.on('x64').explain('code', 100, new Float64Array(100), new Float64Array(100)) as string
    const lines = code.slice(code.indexOf('\nrun:'), code.indexOf('\nrun: ')).split('\n')
    const calls = lines.flatMap((line, k) => (line.includes(' call ') ? [k] : []))
    assert.ok(calls.length > 0)
    // Lanes are taken one by one out of a mask of those that compared so, never of all.
    for (const k of calls)
      assert.doesNotMatch(lines.slice(k - 6, k).join('\n'), /movabs r\w+, (255|15)\b/, `${name}:\n${code}`)
  }
})

test('every function of a scan', { skip }, () => {
  const sums = scan('+', text('(i, x) => x[i]')) as any
  const shown = sums.on('x64').explain('code', 50, new Int32Array(50), new Int32Array(50)) as string
  for (const name of ['scan', 'rest', 'carries', 'local', 'advance', 'propagate'])
    assert.match(shown, new RegExp(`^${name}: \\d+ instructions`, 'm'))
})

test('what instructions are made into', () => {
  const [a, b] = vector[256]
  const at = new Memory({ base: gpr[64][0] })
  const step = (is: 'vector' | 'general', name: string, ...operands: unknown[]) =>
    ({ is, name, operands, depth: 1, loc: undefined }) as Step
  const of = (...steps: Step[]) =>
    Object.fromEntries(Object.entries(uopsOf(steps).counts).filter(([, count]) => count > 0))
  const table: [Step, Record<string, number>][] = [
    [step('vector', 'vmovups', a, at), { load: 1 }],
    [step('vector', 'vmovups', at, a), { store: 1 }],
    [step('vector', 'vmovaps', a, b), { move: 1 }],
    [step('vector', 'vbroadcastss', a, at), { load: 1 }],
    [step('vector', 'vbroadcastss', a, vector[128][1]), { shuffle: 1 }],
    [step('vector', 'vaddps', a, b, at), { load: 1, float: 1 }],
    [step('vector', 'vfmadd231ps', a, b, a), { float: 1 }],
    [step('vector', 'vpermd', a, b, a), { shuffle: 1 }],
    [step('vector', 'vandps', a, b, a), { vector: 1 }],
    [step('vector', 'vpaddd', a, b, a), { vector: 1 }],
    [step('vector', 'vgatherdps', a, at, b), { load: 8, vector: 2 }],
    [step('general', 'add', gpr[64][1], 4), { scalar: 1 }],
    [step('general', 'add', at, gpr[64][1]), { load: 1, store: 1, scalar: 1 }],
    [step('general', 'mov', gpr[64][1], at), { load: 1 }],
    [step('general', 'lea', gpr[64][1], at), { scalar: 1 }],
  ]
  for (const [one, expected] of table) assert.deepEqual(of(one), expected, JSON.stringify(one))
  const { cycles, bound } = boundOf(uopsOf([step('vector', 'vdivps', a, b, a), step('vector', 'vmovups', at, a)]))
  assert.deepEqual([cycles, bound], [6, 'the unit that divides'])
})
