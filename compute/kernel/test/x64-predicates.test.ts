/** Comparisons under a predicate, in place of comparisons and what joins their masks: of the same numbers both give the same. */

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Random } from '@skein/base'
import { Memory, type Operand, Register } from '../src/x64/encode/operands.ts'
import { Code, Constants, type Step } from '../src/x64/machine/code.ts'
import { assemble } from '../src/x64/machine/emit.ts'
import { predicated } from '../src/x64/machine/predicates.ts'
import { addressOf, noAvx512, Page } from './x64-run.ts'

const comparisons: readonly (readonly [name: string, predicates: readonly (number | undefined)[]])[] = [
  ['vcmpps', [0, 3, 4, 7, 0x11, 0x12, 0x1d]],
  ['vcmppd', [0, 3, 4, 7, 0x11, 0x12, 0x1d]],
  ['vpcmpd', [0, 1, 2, 4]],
  ['vpcmpud', [1, 2]],
  ['vpcmpq', [0, 1, 2, 4]],
  ['vpcmpuq', [1, 2]],
  ['vptestmd', [undefined]],
  ['vptestnmq', [undefined]],
]

const joins: { readonly [name: string]: (mask: Register, other: Register) => readonly [string, ...Register[]] } = {
  'with another': (mask, other) => ['kandw', mask, other],
  'with another, turned': (mask, other) => ['kandw', other, mask],
  'without it': (mask, other) => ['kandnw', mask, other],
  'it from another': (mask, other) => ['kandnw', other, mask],
  'its opposite': mask => ['knotw', mask],
}

/** `(out, numbers)`: of each comparison of three vectors, joined in each way, the mask. */
function all(constants: Constants): { readonly code: Code; readonly count: number } {
  const code = new Code('masks', constants, [
    { bank: 'gpr', bits: 64 },
    { bank: 'gpr', bits: 64 },
  ])
  const [out, numbers] = code.parameters
  const vectors = [0, 1, 2].map(k => {
    const to = code.register(512)
    code.vector('vmovups', [to, new Memory({ base: numbers, disp: 64 * k })])
    return to
  })
  let count = 0
  for (const [name, predicates] of comparisons)
    for (const predicate of predicates)
      for (const join of Object.values(joins)) {
        const compare = (a: Register, b: Register): Register => {
          const to = code.mask()
          code.vector(name, [to, a, b, ...(predicate === undefined ? [] : [predicate])])
          return to
        }
        const other = compare(vectors[1], vectors[2])
        const mask = compare(vectors[0], vectors[1])
        const [instruction, ...sources] = join(mask, other)
        const to = code.mask()
        code.vector(instruction, [to, ...sources])
        code.vector('kmovw', [new Memory({ base: out, disp: 2 * count++ }), to])
      }
  code.return()
  return { code, count }
}

/** Of a mask; further up there may be anything. */
const lanesOf = (name: string): number => (/(q|pd)$/.test(name) ? 8 : 16)

it('they give the same lanes', { skip: noAvx512() ?? false }, () => {
  const constants = new Constants()
  const { code, count } = all(constants)
  const pages = [true, false].map(naive => new Page(assemble([code], constants, { isa: 'avx512', naive }).bytes))
  const random = new Random(3)
  for (let round = 0; round < 30; round++) {
    const numbers = new Float64Array(24)
    const words = new Int32Array(numbers.buffer)
    for (let k = 0; k < words.length; k++) words[k] = random.integer(0, 2) ? random.integer(-1, 2) : random.u32()
    const singles = new Float32Array(numbers.buffer)
    for (let k = 0; k < 6; k++) singles[random.integer(0, 48)] = Number.NaN
    for (let k = 0; k < 4; k++) numbers[random.integer(0, 24)] = [Number.NaN, 0, -0, 1][k]
    const found = pages.map(page => {
      const out = new Uint16Array(count)
      page.at(0, 2)(addressOf(out), addressOf(numbers))
      return out
    })
    let at = 0
    for (const [name, predicates] of comparisons)
      for (const predicate of predicates)
        for (const join of Object.keys(joins)) {
          const lanes = 2 ** lanesOf(name) - 1
          const [plain, fused] = found.map(out => out[at] & lanes)
          at++
          assert.equal(fused, plain, `${name} ${predicate} ${join}`)
        }
  }
  for (const page of pages) page[Symbol.dispose]()
})

/** The instructions of a function, as text. */
function told(emit: (code: Code) => void): string[] {
  const code = new Code('few', new Constants(), [])
  emit(code)
  const name = (operand: Operand): string => (operand instanceof Register ? operand.name : String(operand))
  return predicated(code.steps).flatMap((step: Step) =>
    step.is === 'vector'
      ? [`${step.name}${step.predicate ? `{${step.predicate.mask.name}}` : ''} ${step.operands.map(name).join(' ')}`]
      : [],
  )
}

it('a comparison is moved only where nothing in between matters to it', () => {
  const written = (k: number) =>
    told(code => {
      const [x, y] = [code.register(512), code.register(512)]
      const [mask, other, to] = [code.mask(), code.mask(), code.mask()]
      code.vector('vcmpps', [mask, x, y, 17])
      if (k === 1) code.vector('vaddps', [x, y, y])
      if (k === 2) code.bind(code.label())
      if (k === 3) code.vector('korw', [to, mask, mask])
      code.vector('kandw', [to, other, mask])
    }).at(-1)
  assert.equal(written(0), 'vcmpps{m3} m4 v0 v1 17')
  for (const k of [1, 2, 3]) assert.equal(written(k), 'kandw m4 m3 m2')
})
