/** Registers chosen for random programs: what they compute is what they compute with every variable on the stack. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Memory } from '../src/x64/encode/operands.ts'
import { allocate } from '../src/x64/machine/allocate.ts'
import { Code, Constants } from '../src/x64/machine/code.ts'
import { type AssembleOptions, assemble } from '../src/x64/machine/emit.ts'
import { placeNaively } from '../src/x64/machine/naive.ts'
import { follow } from './x64-follow.ts'
import { type ProgramOptions, randomProgram } from './x64-programs.ts'
import { addressOf, noAvx512, noX64, Page } from './x64-run.ts'

/** What a program leaves in memory, and what it returns. */
function outcome(seed: number, options: ProgramOptions, how: Partial<AssembleOptions>): string {
  const { constants, functions, inputBytes, outputBytes } = randomProgram(seed, options)
  const program = assemble(functions, constants, { isa: options.isa, ...how })
  const input = new Uint32Array(inputBytes / 4).map((_, i) => Math.imul(i + 1, 0x9e3779b1) ^ (i << 7))
  const output = new Uint8Array(outputBytes)
  using page = new Page(program.bytes)
  const returned = page.at(program.entries[0], 3)(addressOf(input), addressOf(output), 7)
  return `${returned} ${Buffer.from(output).toString('hex')}`
}

const sizes: { readonly [name: string]: Partial<ProgramOptions> } = {
  'of all kinds': {},
  'with few registers to spare': { wholes: 22, vectors: 38, masks: 11, size: 80 },
  'with few variables': { wholes: 4, vectors: 5, masks: 3, size: 60 },
}

for (const isa of ['avx2', 'avx512'] as const) {
  it(`every instruction of random programs finds what it reads, ${isa}`, () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(...Object.values(sizes)), (seed, size) => {
        for (const code of randomProgram(seed, { isa, ...size }).functions) follow(allocate(code, isa))
      }),
      { numRuns: 12 },
    )
  })

  const skip = (isa === 'avx2' ? noX64 : noAvx512()) ?? false
  describe(`random programs, ${isa}`, { skip }, () => {
    for (const [name, size] of Object.entries(sizes)) {
      it(name, () => {
        fc.assert(
          fc.property(fc.nat(), seed => {
            const options = { isa, ...size }
            assert.equal(outcome(seed, options, {}), outcome(seed, options, { naive: true }))
          }),
          { numRuns: 12 },
        )
      })
    }

    it('whose registers are not chosen in the end', () => {
      const options = { isa, ...sizes['with few registers to spare'] }
      let given = 0
      for (let seed = 0; seed < 8; seed++) {
        assert.equal(outcome(seed, options, { mostRounds: 1 }), outcome(seed, options, { naive: true }), `seed ${seed}`)
        // Of several functions some may need one round alone.
        for (const code of randomProgram(seed, options).functions) {
          const isNaive = allocate(code, isa, 1).spills === placeNaively(code).spills
          if (isNaive && allocate(code, isa).spills < placeNaively(code).spills) given++
        }
      }
      assert.ok(given > 0, 'some had to be given up')
    })
  })
}

it('a constant that has no register is compared from the other side', { skip: noX64 ?? false }, () => {
  const numbers = Float32Array.of(0.5, 1, 2, Number.NaN, -1, 0, Number.POSITIVE_INFINITY, 1)
  const compared = (predicate: number, naive: boolean) => {
    const constants = new Constants()
    const code = new Code('compare', constants, [
      { bank: 'gpr', bits: 64 },
      { bank: 'gpr', bits: 64 },
    ])
    const [x, is] = [code.register(256), code.register(256)]
    code.vector('vmovups', [x, new Memory({ base: code.parameters[0] })])
    code.vector('vcmpps', [is, code.constantRegister(new Uint8Array(Float32Array.of(1).buffer), 256), x, predicate])
    code.vector('vmovups', [new Memory({ base: code.parameters[1] }), is])
    code.return()
    const program = assemble([code], constants, { isa: 'avx2', naive, lists: true })
    using page = new Page(program.bytes)
    const found = new Int32Array(8)
    page.at(0, 2)(addressOf(numbers), addressOf(found))
    return { found, reads: program.listing.some(({ text }) => /^vcmpps .*PTR \.C/.test(text)) }
  }
  for (let predicate = 0; predicate < 32; predicate++) {
    const { found, reads } = compared(predicate, false)
    assert.ok(reads)
    assert.deepEqual(found, compared(predicate, true).found, `predicate ${predicate}`)
  }
})

it('zeros made of any vector are made by a form that can name it', { skip: noAvx512() ?? false }, () => {
  const constants = new Constants()
  const code = new Code('zeros', constants, [{ bank: 'gpr', bits: 64 }])
  const out = new Memory({ base: code.parameters[0] })
  const many = Array.from({ length: 24 }, () => code.register(256))
  code.inLoop(() => {
    for (const vector of many) code.vector('vmovups', [vector, out])
    const zeros = many.map(vector => {
      const made = code.register(256)
      // There is no form of this for vectors from 16 on.
      code.vector('vpxor', [made, vector, vector])
      return made
    })
    for (const made of zeros) code.vector('vmovups', [out, made])
    for (const vector of many) code.vector('vmovups', [out, vector])
    code.vector('vmovups', [out, zeros[0]])
  })
  code.return()
  using page = new Page(assemble([code], constants, { isa: 'avx512' }).bytes)
  const found = new Float64Array(4).fill(1)
  page.at(0, 1)(addressOf(found))
  assert.deepEqual([...found], [0, 0, 0, 0])
})
