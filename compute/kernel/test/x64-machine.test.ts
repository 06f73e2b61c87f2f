/** Functions on variables, assembled and run: what a call hands over, gives back and leaves as it was. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Memory } from '../src/x64/encode/operands.ts'
import { Code, Constants, view } from '../src/x64/machine/code.ts'
import { assemble } from '../src/x64/machine/emit.ts'
import { addressOf, noX64, Page } from './x64-run.ts'

/** `sum(out, count)`: adds 1.5 to four lanes `count` times, by an inner function, and stores them. */
function summing(constants: Constants): Code[] {
  const inner = new Code(
    'add',
    constants,
    [0, 1].map(() => ({ bank: 'vector', bits: 256 })),
    true,
  )
  const sum = inner.register(256)
  inner.vector('vaddpd', [sum, inner.parameters[0], inner.parameters[1]])
  inner.return(sum)

  const code = new Code('sum', constants, [
    { bank: 'gpr', bits: 64 },
    { bank: 'gpr', bits: 64 },
  ])
  const [out, count] = code.parameters
  const i = code.gpr(64)
  const total = code.register(256)
  const step = code.constantRegister(new Uint8Array(new Float64Array([1.5]).buffer), 256)
  code.general('mov', [i, 0])
  code.vector('vxorpd', [total, total, total])
  const head = code.label()
  code.inLoop(() => {
    code.bind(head, 32)
    code.call(inner, [total, step], total)
    code.general('add', [i, 1])
    code.general('cmp', [i, count])
    code.jump(head, 'l')
  })
  code.vector('vmovupd', [new Memory({ base: out }), total])
  code.return(i)
  return [code, inner]
}

describe('functions', { skip: noX64 ?? false }, () => {
  for (const naive of [true, false]) {
    it(`call one another, ${naive ? 'on the stack' : 'in registers'}`, () => {
      const constants = new Constants()
      const program = assemble(summing(constants), constants, { isa: 'avx2', naive })
      using page = new Page(program.bytes)
      const out = new Float64Array(4)
      assert.equal(page.at(program.entries[0], 2)(addressOf(out), 8), 8n)
      assert.deepEqual([...out], [12, 12, 12, 12])
    })
  }
})

it('a constant that is used once is the first to be compared', { skip: noX64 ?? false }, () => {
  const constants = new Constants()
  const code = new Code('above', constants, [{ bank: 'gpr', bits: 64 }])
  const x = code.register(128)
  const is = code.gpr(64)
  code.vector('vmovsd', [x, new Memory({ base: code.parameters[0] })])
  code.general('mov', [is, 0])
  code.vector('vucomisd', [code.constantRegister(new Uint8Array(new Float64Array([2.5]).buffer), 128), x])
  code.general('seta', [view(is, 8)])
  code.return(is)
  using page = new Page(assemble([code], constants, { isa: 'avx2' }).bytes)
  const above = (number: number) => page.at(0, 1)(addressOf(new Float64Array([number])))
  assert.deepEqual([2, 2.5, 3].map(above), [1n, 0n, 0n])
})

it('the lower half of a whole number, widened again, has no upper half', { skip: noX64 ?? false }, () => {
  const constants = new Constants()
  const code = new Code('lower', constants, [
    { bank: 'gpr', bits: 64 },
    { bank: 'gpr', bits: 64 },
  ])
  const [x, out] = code.parameters
  const [half, wide] = [code.gpr(32), code.gpr(64)]
  code.general('mov', [half, view(x, 32)])
  code.general('mov', [view(wide, 32), half])
  code.general('mov', [new Memory({ base: out }), wide])
  code.return()
  using page = new Page(assemble([code], constants, { isa: 'avx2' }).bytes)
  const found = new BigInt64Array(1)
  page.at(0, 2)(-2, addressOf(found))
  assert.equal(found[0], 2n ** 32n - 2n)
})
