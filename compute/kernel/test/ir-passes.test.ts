import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KernelIR } from '../src/ir/ir.ts'
import { rewrite } from '../src/ir/rewrite.ts'
import { verify } from '../src/ir/verify.ts'
import { hoistInvariants } from '../src/passes/hoist.ts'
import { flattenBranches } from '../src/passes/selects.ts'
import { reference } from '../src/reference/index.ts'
import { randomKernel } from './random-ir.ts'
import { difference } from './random-values.ts'

const seed = Number(process.env.SEED ?? 20254)
const cases = Number(process.env.CASES ?? 100)
console.log(`ir-passes: SEED=${seed} CASES=${cases}`)

const passes: Record<string, (ir: KernelIR) => KernelIR> = {
  flattenBranches,
  hoistInvariants: ir => hoistInvariants(rewrite(ir)),
  'both, twice': ir => hoistInvariants(flattenBranches(hoistInvariants(flattenBranches(ir)))),
}

describe('a pass keeps the meaning and the rules of random kernels', () => {
  for (const [name, pass] of Object.entries(passes)) {
    it(name, () => {
      for (let s = seed; s < seed + cases; s++) {
        const { raw, combination, makeLaunch } = randomKernel(s)
        const after = pass(raw)
        verify(after, { after: `${name}, SEED=${s}` })
        const run = (ir: KernelIR) => {
          const launch = makeLaunch(s)
          const program = reference.compile(ir, combination, { fast: false, unsafe: false, source: [] })
          return { launch, outcome: program.run(launch) }
        }
        const expected = run(raw)
        const found = run(after)
        assert.deepEqual(found.outcome, expected.outcome, `SEED=${s}`)
        assert.equal(difference(raw, expected.launch, found.launch), undefined, `SEED=${s}`)
      }
    })
  }
})
