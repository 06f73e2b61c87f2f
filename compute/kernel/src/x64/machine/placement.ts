/** Code as it is once every variable has its register: the same instructions on registers of the machine, without copies to where a value is already, and with what puts a lent register's value aside. */

import { Memory, type Operand, type Predicate, type Register } from '../encode/operands.ts'
import type { Choice, Loan } from './choice.ts'
import { type Step, Virtual } from './code.ts'
import { move, physical } from './convention.ts'
import type { Placed } from './placed.ts'
import { access, type Instruction, isKnown, trait, traitsOf } from './traits.ts'
import { firstVariable, nodeOf, nodesFrom, type Uses } from './uses.ts'
import { storedBits, type Work } from './work.ts'

export class Placement {
  readonly #work: Work
  readonly #uses: Uses
  readonly #choice: Choice
  /** Of each node, bits of the widest write. What is above them is 0. */
  readonly #written: Uint16Array
  readonly #changed = { gpr: 0, vector: 0, mask: 0 }

  constructor(work: Work, uses: Uses, choice: Choice) {
    this.#work = work
    this.#uses = uses
    this.#choice = choice
    this.#written = new Uint16Array(choice.chosen.length)
  }

  placed(isDead: Uint8Array): Placed {
    const { code, steps, origins } = this.#work
    this.#noteWidths(isDead)
    const loans = this.#choice.loans.map(loan => {
      const variable = this.#work.variables[loan.holder - firstVariable]
      return { ...loan, home: this.#work.slot(Math.max(8, storedBits(variable) / 8)) }
    })
    /** Steps at which a loan begins or ends. */
    const isTurn = new Uint8Array(steps.length)
    for (const { from, to } of loans) isTurn[from] = isTurn[to] = 1
    const placed: Step[] = []
    const from: (Step | undefined)[] = []
    const keep = (step: Step, origin: Step | undefined) => {
      placed.push(step)
      from.push(origin)
    }
    for (let i = 0; i < steps.length; i++) {
      if (isDead[i]) continue
      const step = steps[i]
      const origin = origins[i]
      if (isTurn[i]) for (const loan of loans) if (loan.from === i) keep(this.#aside(loan, step, true), undefined)
      if (step.is !== 'vector' && step.is !== 'general') {
        keep(step, origin)
        if (step.is === 'call') this.#noteWrites(i)
      } else {
        const replaced = this.#replaced(step)
        if (!this.#isIdle(step, replaced)) {
          keep(replaced, origin)
          this.#noteWrites(i)
        } else if (origin !== undefined) {
          const { depth, loc } = step
          keep({ is: 'undefine', register: replaced.operands[0] as Register, depth, loc }, origin)
        }
      }
      if (isTurn[i]) for (const loan of loans) if (loan.to === i) keep(this.#aside(loan, step, false), undefined)
    }
    const { frameBytes, isAligned, spills } = this.#work
    const all = spills + loans.length
    return { code, steps: placed, origins: from, frameBytes, isAligned, changed: this.#changed, spills: all }
  }

  #noteWidths(isDead: Uint8Array): void {
    const { steps } = this.#work
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i]
      if ((step.is !== 'vector' && step.is !== 'general') || isDead[i]) continue
      const traits = traitsOf(step)
      if ((traits & trait.writesFirst) !== 0) this.#noteWidth(step.operands[0])
      if ((traits & (trait.exchanges | trait.writesTwo)) !== 0) this.#noteWidth(step.operands[1])
    }
  }

  #noteWidth(to: Operand | undefined): void {
    if (!(to instanceof Virtual)) return
    const node = nodeOf(to)
    if (to.bits > this.#written[node]) this.#written[node] = to.bits
  }

  /** Whether a copy goes from a register to the same one, and leaves nothing different there. */
  #isIdle(step: Instruction, replaced: Instruction): boolean {
    if (step.predicate !== undefined || (traitsOf(step) & trait.moves) === 0) return false
    if (replaced.operands[0] !== replaced.operands[1]) return false
    const [to, from] = step.operands as [Register, Register]
    if (to.bank === 'mask') return true
    // Bits above those that are copied become 0. Of whole numbers they have to be; of vectors it is enough that nobody looks.
    if (to.bank === 'gpr') return to.bits === 64 || (from instanceof Virtual && this.#written[nodeOf(from)] <= to.bits)
    return to.bits === 512 || (to instanceof Virtual && to.variable.bits <= to.bits)
  }

  #noteWrites(i: number): void {
    const { starts, packed } = this.#uses
    const { chosen } = this.#choice
    for (let k = starts[i]; k < starts[i + 1]; k++) {
      if ((packed[k] & access.write) === 0) continue
      const register = chosen[packed[k] >> 2]
      const bank = register < 16 ? 'gpr' : register < 48 ? 'vector' : 'mask'
      this.#changed[bank] |= 1 << (register - nodesFrom(bank))
    }
  }

  #aside({ holder, home, register }: Loan & { readonly home: Memory }, at: Step, away: boolean): Step {
    const variable = this.#work.variables[holder - firstVariable]
    const { bank } = variable
    const named = physical(bank, register - nodesFrom(bank), bank === 'gpr' ? 64 : storedBits(variable))
    return away ? move(home, named, at) : move(named, home, at)
  }

  #replaced(step: Instruction): Instruction {
    const { is, name, operands, predicate, bits, depth, loc } = step
    const chosen: Operand[] = new Array(operands.length)
    for (let k = 0; k < operands.length; k++) {
      const operand = operands[k]
      if (operand instanceof Virtual) chosen[k] = this.#register(operand)
      else if (operand instanceof Memory) chosen[k] = this.#memory(operand)
      else chosen[k] = operand
    }
    // Of one register twice the result is known: it may be the result's own, which this form can name.
    const traits = traitsOf(step)
    if ((traits & trait.isKnownOfOne) !== 0 && isKnown(operands, predicate !== undefined, traits)) {
      const to = operands[0]
      for (let k = 1; k < operands.length; k++) {
        const source = operands[k]
        if (to instanceof Virtual && source instanceof Virtual && source.bank === to.bank && source.bits === to.bits)
          chosen[k] = chosen[0]
      }
    }
    return { is, name, operands: chosen, predicate: predicate && this.#predicate(predicate), bits, depth, loc }
  }

  #predicate({ mask, zeroes }: Predicate): Predicate {
    return { mask: mask instanceof Virtual ? this.#register(mask) : mask, zeroes }
  }

  #register({ variable, bits }: Virtual): Register {
    const node = firstVariable + variable.id
    const chosen = this.#choice.chosen[node]
    // What has no value anywhere is read where any will do.
    const register = chosen < 0 ? this.#choice.candidates(node)[0] : chosen
    return physical(variable.bank, register - nodesFrom(variable.bank), bits)
  }

  #memory(memory: Memory): Memory {
    const { base, index, scale, disp, label, broadcast } = memory
    if (!(base instanceof Virtual) && !(index instanceof Virtual)) return memory
    return new Memory({
      base: base instanceof Virtual ? this.#register(base) : base,
      index: index instanceof Virtual ? this.#register(index) : index,
      scale,
      disp,
      label,
      broadcast,
    })
  }
}
