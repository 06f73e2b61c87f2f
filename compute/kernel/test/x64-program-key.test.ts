import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type KernelIR, type Value, walk } from '../src/ir/ir.ts'
import { irText } from '../src/x64/run/program-key.ts'
import { randomKernel } from './random-ir.ts'

const seed = Number(process.env.SEED ?? 20261)
const seeds = Array.from({ length: 60 }, (_, k) => seed + k)
console.log(`x64-program-key: SEED=${seed}`)

const used = ({ body }: KernelIR): Value[] => [...new Set(walk(body).flatMap(v => [v, ...v.args]))]

/** The text when something of a value is another; undefined where it has no such thing. */
const changed = (ir: KernelIR, v: Value, part: 'op' | 'type' | 'args' | 'attr', other: unknown): string | undefined => {
  if (other === undefined) return undefined
  const kept = v[part]
  ;(v as unknown as { [part: string]: unknown })[part] = other
  const text = irText(ir)
  ;(v as unknown as { [part: string]: unknown })[part] = kept
  return text
}

/** Adding 1 does not change what is large, or not finite. */
const otherNumber = (x: number): number => (x === 12345 ? 1 : 12345)

test('the text of a kernel is the same wherever it is made, and another when anything of it is', () => {
  for (const s of seeds) {
    const { ir } = randomKernel(s)
    const text = irText(ir)
    assert.equal(irText(randomKernel(s).ir), text)
    for (const v of used(ir)) {
      const attr =
        typeof v.attr === 'number' ? otherNumber(v.attr) : typeof v.attr === 'bigint' ? v.attr + 1n : undefined
      const args = v.args.length > 1 && v.args[0] !== v.args[1] ? [v.args[1], v.args[0], ...v.args.slice(2)] : undefined
      assert.notEqual(changed(ir, v, 'op', `${v.op}x`), text)
      assert.notEqual(changed(ir, v, 'type', v.type === 'i32' ? 'f32' : 'i32'), text)
      assert.notEqual(changed(ir, v, 'args', args), text, `args of ${v.op} ${v.id}`)
      assert.notEqual(changed(ir, v, 'attr', attr), text)
    }
    for (const part of [
      { rank: ir.rank + 1 },
      { buffers: [...ir.buffers, { ...ir.buffers[0], space: 'local' as const }] },
    ])
      assert.notEqual(irText({ ...ir, ...part } as KernelIR), text)
    assert.equal(irText({ ...ir, name: 'other' }), text, 'a name changes no code')
  }
})

test('constants that JSON does not tell apart are told apart', () => {
  const texts = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, null, '0', 0n, '0n0'].map(
    attr => {
      const value = { id: 0, op: 'const', type: 'f64', args: [], attr, loc: undefined, regions: undefined } as Value
      const body = { params: [], ops: [], results: [value] }
      return irText({ name: 'f', rank: 1, buffers: [], scalars: [], sites: [], body })
    },
  )
  assert.equal(new Set(texts).size, texts.length)
})
