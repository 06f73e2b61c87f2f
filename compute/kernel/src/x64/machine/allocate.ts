/**
 * From variables to registers, in rounds: who got none lives on the stack from then on, and the instructions that use it are written anew, until all have what they need. If that does not come to an
 * end, every variable of the function lives on the stack: that is slow, and always possible.
 */

import { Choice } from './choice.ts'
import type { Code } from './code.ts'
import { loadConstants } from './constant-loads.ts'
import { homesOf } from './homes.ts'
import { type Liveness, livenessOf } from './liveness.ts'
import { placeNaively } from './naive.ts'
import type { Placed } from './placed.ts'
import { Placement } from './placement.ts'
import { spill } from './spill.ts'
import { tie } from './ties.ts'
import { firstVariable, nodeOf, type Uses, usesOf } from './uses.ts'
import { type Isa, Work } from './work.ts'

const enough = 30

/**
 * @param mostRounds tests have fewer
 * @throws InternalError: malformed code
 */
export function allocate(code: Code, isa: Isa, mostRounds = enough): Placed {
  const work = new Work(code, isa)
  loadConstants(work)
  for (let round = 0; round < mostRounds; round++) {
    const uses = usesOf(work.steps, work.variables.length)
    const live = liveness(work, uses)
    if (round === 0) tie(work, uses, live)
    const choice = new Choice(work, uses, live)
    if (choice.isStuck) break
    if (choice.homeless.length === 0) return new Placement(work, uses, choice).placed(live.isDead)
    spill(work, uses, homesOf(work, live, choice.homeless), live.isDead)
  }
  return placeNaively(code)
}

const liveness = (work: Work, uses: Uses): Liveness =>
  livenessOf(
    work.code.name,
    work.steps,
    uses,
    firstVariable + work.variables.length,
    work.arriving.map(nodeOf),
    node => (node < firstVariable ? 'a register of the machine' : nameOf(work, node - firstVariable)),
  )

function nameOf({ variables }: Work, id: number): string {
  const { name, bank } = variables[id]
  return `${name ?? bank[0]}${id}`
}
