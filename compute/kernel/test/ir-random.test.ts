import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Extent, Launch } from '../src/backend.ts'
import { type KernelIR, walk } from '../src/ir/ir.ts'
import { printIR } from '../src/ir/print.ts'
import { verify } from '../src/ir/verify.ts'
import { reference } from '../src/reference/index.ts'
import { type RandomKernel, randomKernel } from './random-ir.ts'
import { difference, ELEMENTS } from './random-values.ts'

const seed = Number(process.env.SEED ?? 20255)
const cases = Number(process.env.CASES ?? 100)
console.log(`ir-random: SEED=${seed} CASES=${cases}`)

const seeds = Array.from({ length: cases }, (_, k) => seed + k)

const runOn = ({ ir, combination }: RandomKernel, launch: Launch) =>
  reference.compile(ir, combination, { fast: false, unsafe: false, source: [] }).run(launch)

/** The same positions, last first. */
function backwards({ begin, end, step }: Extent): Extent {
  const count = Math.max(0, Math.ceil((end - begin) / step))
  return { begin: begin + (count - 1) * step, end: begin - step, step: -step }
}

describe('random kernels', () => {
  it('are the same for the same seed, and so are their launches', () => {
    for (const s of seeds.slice(0, 20)) {
      const [a, b] = [randomKernel(s), randomKernel(s)]
      assert.equal(printIR(a.ir), printIR(b.ir))
      const [x, y] = [a.makeLaunch(1), b.makeLaunch(1)]
      assert.deepEqual(x.extents, y.extents)
      assert.deepEqual(x.scalars, y.scalars)
      assert.equal(difference(a.ir, x, y), undefined)
    }
  })

  it('have no races: iterations run backwards do the same', () => {
    for (const s of seeds) {
      const k = randomKernel(s, { kind: 'plain' })
      const forth = k.makeLaunch(s)
      const back = k.makeLaunch(s)
      back.extents = back.extents.map(backwards)
      assert.deepEqual(runOn(k, forth), { value: undefined }, `SEED=${s}`)
      assert.deepEqual(runOn(k, back), { value: undefined }, `SEED=${s}`)
      assert.equal(difference(k.ir, forth, back), undefined, `SEED=${s}`)
    }
  })

  it('use every operation, element and structure between them', () => {
    const count = new Map<string, number>()
    const note = (ir: KernelIR) => {
      for (const v of walk(ir.body)) {
        const what = [v.op, ...(v.attr?.element ? [`${v.op} ${v.attr.element}`] : [])]
        if (v.op === 'if' || v.op === 'loop') {
          if (v.regions!.some(r => r.ops.some(o => o.regions))) what.push(`nested in ${v.op}`)
        }
        for (const w of what) count.set(w, (count.get(w) ?? 0) + 1)
      }
    }
    for (let s = seed; s < seed + 400; s++) note(randomKernel(s).ir)
    const wanted = [
      'if',
      'loop',
      'nested in if',
      'nested in loop',
      'atomic',
      'table',
      'math',
      'lload',
      'lstore',
      'assert',
      'div',
      'sqrt',
    ]
    for (const e of ELEMENTS) wanted.push(`load ${e}`, `store ${e}`)
    assert.deepEqual(
      wanted.filter(w => !count.has(w)),
      [],
    )
  })

  it('fail now and then when asked to, and never else', () => {
    let failed = 0
    for (const s of seeds) {
      const k = randomKernel(s, { failing: true })
      verify(k.ir)
      if ('failure' in runOn(k, k.makeLaunch(s))) failed++
      const safe = randomKernel(s)
      assert(!('failure' in runOn(safe, safe.makeLaunch(s))), `SEED=${s}`)
    }
    assert(failed > cases / 20 && failed < cases, `${failed} of ${cases} failed`)
  })

  it('keep to the types asked for', () => {
    for (const s of seeds) {
      const { ir } = randomKernel(s, { types: ['f32'], elements: ['f32', 'i32', 'u8'] })
      for (const v of walk(ir.body)) assert(v.type !== 'f64' && v.type !== 'i64', `SEED=${s}: ${v.op} is ${v.type}`)
      for (const b of ir.buffers) assert(['f32', 'i32', 'u8'].includes(b.element))
    }
  })
})
