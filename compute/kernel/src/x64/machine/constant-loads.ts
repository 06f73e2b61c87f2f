/** Constants are loaded where the function begins; what is hardly used is read where it is. */

import type { Memory } from '../encode/operands.ts'
import { type Step, Virtual } from './code.ts'
import { loadConstant } from './convention.ts'
import { frequency } from './liveness.ts'
import { spill } from './spill.ts'
import { usesOf } from './uses.ts'
import type { Work } from './work.ts'

/** Reads outside of loops. */
const worthLoading = 3

export function loadConstants(work: Work): void {
  const { steps, origins, code } = work
  const uses = readsOf(work)
  const homes: (Memory | undefined)[] = []
  const loads: Step[] = []
  const at = { depth: 0, loc: undefined }
  const { variables } = code
  for (let i = 0; i < variables.length; i++) {
    const variable = variables[i]
    const { id, constant } = variable
    if (constant === undefined || uses[id] === 0) continue
    if (uses[id] < worthLoading) homes[id] = constant
    else loads.push(loadConstant(variable.as(variable.bits), constant, at))
  }
  const begin = code.parameters.length
  work.steps = [...steps.slice(0, begin), ...loads, ...steps.slice(begin)]
  work.origins = [...origins.slice(0, begin), ...loads.map(() => undefined), ...origins.slice(begin)]
  if (homes.length > 0) spill(work, usesOf(work.steps, work.variables.length), homes)
}

/** Of each variable that is a constant, how often it is read. */
function readsOf({ steps, variables }: Work): Float64Array {
  const reads = new Float64Array(variables.length)
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i]
    if (step.is !== 'vector') continue
    const { operands } = step
    for (let k = 0; k < operands.length; k++) {
      const operand = operands[k]
      if (operand instanceof Virtual && operand.variable.constant !== undefined)
        reads[operand.variable.id] += frequency(step.depth)
    }
  }
  return reads
}
