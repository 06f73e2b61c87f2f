/** Code whose jumps are as short as they can be: each leads to its label, and none is long that need not be. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InternalError, Random } from '@skein/base'
import fc from 'fast-check'
import { Assembler } from '../src/x64/encode/assembler.ts'
import { conditions } from '../src/x64/encode/general-forms.ts'
import { gpr, Label, Memory } from '../src/x64/encode/operands.ts'

interface Jump {
  readonly line: number
  readonly label: Label
  readonly condition: number
}

/** Labels, jumps between them, single bytes, and reads of a constant; in the order of a seed. */
function scattered(seed: number, aligns: boolean) {
  const random = new Random(seed)
  const asm = new Assembler(true, true)
  const labels = Array.from({ length: 12 }, (_, i) => new Label(`l${i}`))
  const unbound = [...labels]
  const jumps: Jump[] = []
  const gaps: { readonly line: number; readonly multiple: number }[] = []
  const reads: number[] = []
  let line = 0
  while (unbound.length > 0 || line < 300) {
    const kind = random.integer(0, 40)
    if (kind < 2 && unbound.length > 0) {
      const multiple = aligns ? [1, 16, 32][random.integer(0, 3)] : 1
      if (multiple > 1) asm.align(multiple)
      gaps.push({ line, multiple })
      asm.bind(unbound.pop()!)
    } else if (kind < 10) {
      const condition = random.integer(-1, 16)
      const label = labels[random.integer(0, labels.length)]
      jumps.push({ line, label, condition })
      asm.jump(label, condition < 0 ? undefined : conditions[condition])
    } else if (kind === 10) {
      reads.push(line)
      asm.general('mov', [gpr[64][0], asm.constant(Uint8Array.of(line & 255, line >> 8, 0, 0, 0, 0, 0, 0))])
    } else if (kind === 11) asm.general('mov', [gpr[64][1], new Memory({ base: gpr[64][2], disp: 1000 })])
    else asm.general('int3')
    line++
  }
  return { ...asm.finish(), jumps, gaps, reads }
}

for (const aligns of [false, true]) {
  test(`jumps lead to their labels and are short where they reach${aligns ? ', between gaps' : ''}`, () => {
    fc.assert(
      fc.property(fc.nat(), seed => {
        const { bytes, listing, jumps, gaps, reads } = scattered(seed, aligns)
        const view = new DataView(bytes.buffer)
        for (const { line, label, condition } of jumps) {
          const { at } = listing[line]
          const isShort = bytes[at] === (condition < 0 ? 0xeb : 0x70 + condition)
          const opcode = condition < 0 ? [0xe9] : [0x0f, 0x80 + condition]
          if (!isShort) assert.deepEqual([...bytes.subarray(at, at + opcode.length)], opcode)
          const end = at + (isShort ? 2 : opcode.length + 4)
          const distance = isShort ? view.getInt8(end - 1) : view.getInt32(end - 4, true)
          assert.equal(end + distance, label.at)
          // As short as it could be, even if gaps do not change by that.
          if (!isShort && !aligns)
            assert.ok(distance + opcode.length + 2 < -128 || distance > 127, `a jump of ${distance} is long`)
        }
        for (const { line, multiple } of gaps) assert.equal(listing[line].at % multiple, 0)
        for (const line of reads) {
          const end = listing[line].at + 7
          const found = end + view.getInt32(end - 4, true)
          assert.equal(view.getUint16(found, true), line)
        }
      }),
      { numRuns: 60 },
    )
  })
}

test('a jump to nowhere', () => {
  const asm = new Assembler(false, true)
  asm.jump(new Label('nowhere'))
  assert.throws(() => asm.finish(), InternalError)
})
