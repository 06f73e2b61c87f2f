/** Each operation as machine code, of one value and of lanes, against the table of meanings. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isComparison } from '../src/x64/lower/scalar.ts'
import type { Target } from '../src/x64/lower/target.ts'
import { type Code, Constants } from '../src/x64/machine/code.ts'
import { assemble } from '../src/x64/machine/emit.ts'
import { cpu } from '../src/x64/run/cpu.ts'
import {
  type Case,
  cases,
  expectedOf,
  firstWrong,
  inputsOf,
  laneFunction,
  resultArray,
  scalarFunction,
} from './x64-operations.ts'
import { addressOf, noX64, Page } from './x64-run.ts'

const skipOf = ({ isa }: Target): string | false => {
  if (noX64 !== undefined) return noX64
  return isa === 'avx512' && cpu().isa !== 'avx512' ? 'the CPU has no AVX-512' : false
}

const avx2: Target = { isa: 'avx2', bits: 256 }
const avx512: Target = { isa: 'avx512', bits: 512 }
const half: Target = { isa: 'avx512', bits: 256 }

/** Runs the functions of all cases, made by `make`, and compares what each gives. */
function check(target: Target, lanes: number, make: (c: Case, constants: Constants) => Code | undefined): void {
  const constants = new Constants()
  const made = cases.flatMap(c => {
    const code = make(c, constants)
    return code === undefined ? [] : [{ c, code }]
  })
  assert.ok(made.length > 0)
  const program = assemble(
    made.map(({ code }) => code),
    constants,
    { isa: target.isa },
  )
  using page = new Page(program.bytes)
  const wrong: string[] = []
  for (const [k, { c }] of made.entries()) {
    const found = resultArray(c.v.type)
    const operands = inputsOf(c).map(numbers => (numbers === undefined ? 0n : addressOf(numbers)))
    const all = [addressOf(found), ...operands, 0n, 0n, 0n].slice(0, 4)
    page.at(program.entries[k], 4)(...all)
    const difference = firstWrong(c, found, expectedOf(c, lanes))
    if (difference !== undefined) wrong.push(`${c.name}: ${difference}`)
  }
  assert.deepEqual(wrong, [])
}

describe('operations of one value are what they mean', () => {
  for (const target of [avx2, avx512]) {
    it(target.isa, { skip: skipOf(target) }, () =>
      check(target, 1, (c, constants) => scalarFunction(c, target, constants)),
    )
    it(`comparisons before a branch, ${target.isa}`, { skip: skipOf(target) }, () =>
      check(target, 1, (c, constants) => (isComparison(c.v) ? scalarFunction(c, target, constants, true) : undefined)),
    )
  }
})

/** With a few lanes a part of 32-bit values is half a vector. */
describe('operations of lanes are what they mean', () => {
  for (const [target, lanes] of [
    [avx2, 4],
    [avx2, 16],
    [avx512, 4],
    [avx512, 8],
    [avx512, 32],
    [half, 16],
  ] as const) {
    it(`${target.isa}, ${target.bits} bits, ${lanes} lanes`, { skip: skipOf(target) }, () =>
      check(target, lanes, (c, constants) => laneFunction(c, target, lanes, constants)),
    )
  }
})

it('only divisions of 64 bits have no code for lanes', { skip: skipOf(avx2) }, () => {
  for (const target of [avx2, avx512]) {
    const none = cases.filter(c => laneFunction(c, target, 8, new Constants()) === undefined)
    assert.deepEqual(new Set(none.map(({ v }) => v.op)), new Set(['sdiv', 'udiv', 'srem', 'urem']))
    assert.ok(none.every(({ v }) => v.type === 'i64'))
  }
})
