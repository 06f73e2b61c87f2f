/** What a function leaves as it was, where its frame lies, and what is refused as malformed. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InternalError } from '@skein/base'
import fc from 'fast-check'
import { Assembler } from '../src/x64/encode/assembler.ts'
import { gpr, Label, Memory, mask, vector } from '../src/x64/encode/operands.ts'
import { Code, Constants, view } from '../src/x64/machine/code.ts'
import { assemble } from '../src/x64/machine/emit.ts'
import { randomProgram } from './x64-programs.ts'
import { addressOf, noAvx512, noX64, Page } from './x64-run.ts'

const [rax, , rdx, rbx, rsp, rbp, rsi, rdi] = gpr[64]
const calleeSaved = [rbx, rbp, ...gpr[64].slice(12)]

/**
 * `harness(target, args, saved)`: calls the target with the three whole numbers at `args` and every register that it must keep holding something, and writes to `saved` what these hold then: eight bytes
 * for a whole number or a mask, 64 for a vector.
 */
function harness(kept: {
  readonly wholes: readonly number[]
  readonly vectors: number
  readonly masks: boolean
}): Uint8Array {
  const asm = new Assembler()
  for (const register of calleeSaved) asm.general('push', [register])
  asm.general('push', [rdx])
  asm.general('push', [rdi])
  asm.general('mov', [rbp, rsi])
  // Each holds something of its own.
  for (let i = 0; i < kept.vectors; i++)
    asm.vector('vmovups', [vector[kept.masks ? 512 : 256][i], new Memory({ base: rbp, disp: 64 * (i % 8) })])
  if (kept.masks) for (let i = 1; i < 8; i++) asm.vector('kmovq', [mask[i], new Memory({ base: rbp, disp: 8 * i })])
  asm.general('mov', [rdi, new Memory({ base: rbp })])
  asm.general('mov', [rsi, new Memory({ base: rbp, disp: 8 })])
  asm.general('mov', [rdx, new Memory({ base: rbp, disp: 16 })])
  for (const number of kept.wholes) asm.general('mov', [gpr[64][number], 1000 + number])
  asm.general('call', [new Memory({ base: rsp })])
  // Where to write, without a register of one's own: the first is saved on the stack.
  asm.general('push', [rax])
  asm.general('mov', [rax, new Memory({ base: rsp, disp: 16 })])
  let at = 0
  for (const number of kept.wholes) {
    asm.general('mov', [new Memory({ base: rax, disp: at }), gpr[64][number]])
    at += 8
  }
  if (kept.masks)
    for (let i = 1; i < 8; i++, at += 8) asm.vector('kmovq', [new Memory({ base: rax, disp: at }), mask[i]])
  for (let i = 0; i < kept.vectors; i++, at += 64)
    asm.vector('vmovups', [new Memory({ base: rax, disp: at }), vector[kept.masks ? 512 : 256][i]])
  asm.general('pop', [rax])
  asm.general('add', [rsp, 16])
  for (const register of calleeSaved.toReversed()) asm.general('pop', [register])
  asm.general('vzeroupper')
  asm.general('ret')
  return asm.finish().bytes
}

describe('frames', { skip: noX64 ?? false }, () => {
  it("a caller's registers are as they were", () => {
    const wholes = calleeSaved.map(({ number }) => number)
    using caller = new Page(harness({ wholes, vectors: 0, masks: false }))
    fc.assert(
      fc.property(fc.nat(), fc.boolean(), (seed, naive) => {
        const { constants, functions, inputBytes, outputBytes } = randomProgram(seed, { isa: 'avx2' })
        const program = assemble(functions, constants, { isa: 'avx2', naive })
        using page = new Page(program.bytes)
        const [input, output] = [new Uint8Array(inputBytes), new Uint8Array(outputBytes)]
        const args = BigInt64Array.of(addressOf(input), addressOf(output), 7n, 0n)
        const saved = new BigInt64Array(wholes.length)
        caller.at(0, 3)(page.address + program.entries[0], addressOf(args), addressOf(saved))
        assert.deepEqual(
          [...saved],
          wholes.map(number => BigInt(1000 + number)),
        )
      }),
      { numRuns: 15 },
    )
  })

  for (const isa of ['avx2', 'avx512'] as const) {
    it(`an inner function changes nothing but its result, ${isa}`, {
      skip: (isa === 'avx512' && noAvx512()) || false,
    }, () => {
      const wholes = gpr[64]
        .map(({ number }) => number)
        .filter(number => number !== rsp.number && number !== rax.number)
      const vectors = isa === 'avx2' ? 16 : 32
      const masks = isa === 'avx512'
      using caller = new Page(harness({ wholes, vectors, masks }))
      const bytes = masks ? 64 : 32
      const args = new Uint32Array(256).map((_, i) => i * 0x01010101)
      for (let seed = 1; seed < 12; seed++) {
        const { constants, functions } = randomProgram(seed, { isa })
        for (const [i, entry] of assemble(functions, constants, { isa }).entries.entries()) {
          if (!functions[i].isInner) continue
          using page = new Page(assemble(functions, constants, { isa }).bytes)
          const saved = new Uint8Array(8 * wholes.length + (masks ? 56 : 0) + 64 * vectors)
          caller.at(0, 3)(page.address + entry, addressOf(args), addressOf(saved))
          assert.deepEqual(
            [...new BigInt64Array(saved.buffer, 0, wholes.length)],
            wholes.map(number => BigInt(1000 + number)),
          )
          const begin = 8 * wholes.length + (masks ? 56 : 0)
          const given = new Uint8Array(args.buffer)
          if (masks) assert.deepEqual(saved.subarray(8 * wholes.length, begin), given.subarray(8, 64))
          // The result is in the first vector.
          for (let v = 1; v < vectors; v++)
            assert.deepEqual(
              saved.subarray(begin + 64 * v, begin + 64 * v + bytes),
              given.subarray(64 * (v % 8), 64 * (v % 8) + bytes),
            )
        }
      }
    })
  }

  for (const naive of [false, true]) {
    it(`arrays of the stack lie where they asked to, ${naive ? 'on the stack' : 'in registers'}`, () => {
      for (const pushed of [0, 1, 2]) {
        const constants = new Constants()
        const code = new Code('array', constants, [{ bank: 'gpr', bits: 64 }])
        const small = code.stackMemory(8)
        const large = code.stackMemory(128, 64)
        const at = code.gpr(64)
        // Registers that belong to the caller, so many.
        for (const register of calleeSaved.slice(0, pushed)) code.general('mov', [register, 5])
        code.general('mov', [small.memory(), code.parameters[0]])
        code.general('lea', [at, large.memory()])
        code.general('and', [at, 63])
        code.general('add', [at, small.memory()])
        code.return(at)
        using page = new Page(assemble([code], constants, { isa: 'avx2', naive }).bytes)
        assert.equal(page.at(0, 1)(1000), 1000n)
      }
    })
  }
})

describe('malformed code', () => {
  const written = (write: (code: Code) => void) => {
    const constants = new Constants()
    const code = new Code('bad', constants, [{ bank: 'gpr', bits: 64 }])
    write(code)
    return () => assemble([code], constants, { isa: 'avx2' })
  }
  const cases: { readonly [what: string]: { readonly write: (code: Code) => void; readonly says: RegExp } } = {
    'a label in two places': {
      write(code) {
        const label = code.label()
        code.bind(label)
        code.bind(label)
        code.return()
      },
      says: /label \.bad0 stands in two places/,
    },
    'a jump to nowhere': {
      write(code) {
        code.jump(new Label('nowhere'))
      },
      says: /label nowhere stands nowhere/,
    },
    'a variable that is never written': {
      write(code) {
        code.general('add', [code.parameters[0], code.gpr(64, 'ghost')])
        code.return(code.parameters[0])
      },
      says: /reads ghost1, which was never written/,
    },
    'one that is written on one way only': {
      write(code) {
        const [end, maybe] = [code.label(), code.gpr(64, 'maybe')]
        code.general('test', [code.parameters[0], code.parameters[0]])
        code.jump(end, 'e')
        code.general('mov', [maybe, 1])
        code.bind(end)
        code.return(maybe)
      },
      says: /reads maybe1, which was never written/,
    },
    'no end': {
      write(code) {
        code.general('add', [code.parameters[0], 1])
      },
      says: /bad runs past its end/,
    },
    'what runs into steps that stand apart': {
      write(code) {
        code.cold(() => code.return())
      },
      says: /runs into what is hardly ever run/,
    },
    'an instruction that does not exist': {
      write(code) {
        code.vector('vaddxx', [code.register(256), code.register(256)])
        code.return()
      },
      says: /there is no vaddxx of 2 operands/,
    },
    'operands that it does not take': {
      write(code) {
        const [a, b] = [code.register(256), code.register(128)]
        code.vector('vxorps', [a, a, a])
        code.vector('vaddps', [a, a, view(b, 128)])
        code.vector('vmovups', [new Memory({ base: code.parameters[0] }), a])
        code.return()
      },
      says: /v2|no form of vaddps/,
    },
    'a function that is not there': {
      write(code) {
        const inner = new Code('missing', code.constants, [{ bank: 'vector', bits: 256 }], true)
        const v = code.register(256)
        code.vector('vxorps', [v, v, v])
        code.call(inner, [v], v)
        code.return()
      },
      says: /bad calls missing, which is not assembled/,
    },
  }
  for (const [what, { write, says }] of Object.entries(cases)) {
    it(what, () => {
      assert.throws(written(write), error => error instanceof InternalError && says.test(error.message))
    })
  }
})
