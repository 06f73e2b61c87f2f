/**
 * Which register each variable lives in, in one round. Those whose value goes from block to block choose first, the most used for their length before the others; then those of one block, in their order. Each
 * takes a register that nobody holds in its ranges, if it can one that saves a copy. Who finds none takes one from those that are worth less; a variable of a few steps borrows one, whose holder's value
 * waits on the stack meanwhile (after "linear scan" with live ranges of Wimmer and Mössenböck 2005, and the weights of Chow and Hennessy 1990).
 */

import { Memory, type Operand, Register } from '../encode/operands.ts'
import { find } from '../encode/vector-code.ts'
import { type Variable, Virtual } from './code.ts'
import { physical } from './convention.ts'
import { frequency, type Liveness } from './liveness.ts'
import { type Instruction, trait, traitsOf } from './traits.ts'
import { RangeUnion } from './unions.ts'
import { firstVariable, nodeOf, type Uses } from './uses.ts'
import type { Work } from './work.ts'

/** Reading a constant where it lies costs less than a variable, which must be written there too. */
const constantShare = 0.5

const gprOrder = [0, 1, 2, 6, 7, 8, 9, 10, 11, 3, 5, 12, 13, 14, 15]
const counting = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)
const lowVectors = counting(16, 32)
const allVectors = counting(16, 48)
const masks = counting(49, 56)

/** A register that is borrowed for a few steps: its holder's value waits on the stack. */
export interface Loan {
  readonly register: number
  readonly holder: number
  readonly borrower: number
  readonly from: number
  readonly to: number
}

export class Choice {
  /** Of each node its register; -1: none. */
  readonly chosen: Int32Array
  readonly loans: Loan[] = []
  /** Variables that got no register. */
  readonly homeless: number[] = []
  /** One that must have a register got none: this cannot be had. */
  isStuck = false
  readonly #work: Work
  readonly #uses: Uses
  readonly #live: Liveness
  readonly #registers = Array.from({ length: firstVariable }, () => new RangeUnion())
  readonly #weight: Float64Array
  readonly #needsLow: Uint8Array
  /** Copies: who would like to share with whom. */
  readonly #hintOf: Int32Array
  readonly #hintTo: number[] = []
  readonly #hintNext: number[] = []
  readonly #hintGain: number[] = []
  /** Of each node, what putting it aside costs. */
  readonly #lent: Float64Array

  constructor(work: Work, uses: Uses, live: Liveness) {
    this.#work = work
    this.#uses = uses
    this.#live = live
    const nodes = firstVariable + work.variables.length
    this.chosen = new Int32Array(nodes).fill(-1)
    this.#weight = new Float64Array(nodes)
    this.#lent = new Float64Array(nodes)
    this.#needsLow = new Uint8Array(nodes)
    this.#hintOf = new Int32Array(nodes).fill(-1)
    this.#readSteps()
    this.#run()
  }

  #run(): void {
    const { variables } = this.#work
    const { first, starts, isGlobal } = this.#live
    for (let node = 0; node < firstVariable; node++) {
      if (first[node] < 0) continue
      this.#weight[node] = Number.POSITIVE_INFINITY
      this.#hold(node, node)
    }
    const globals: number[] = []
    const locals: number[] = []
    for (let id = 0; id < variables.length; id++) {
      const node = firstVariable + id
      if (first[node] < 0) continue
      this.#weight[node] = this.#weightOf(node, variables[id])
      if (isGlobal[node]) globals.push(node)
      else locals.push(node)
    }
    globals.sort((a, b) => this.#weight[b] - this.#weight[a])
    locals.sort((a, b) => starts[first[a]] - starts[first[b]])
    for (let i = 0; i < globals.length; i++) this.#place(globals[i])
    for (let i = 0; i < locals.length; i++) this.#place(locals[i])
  }

  #weightOf(node: number, { id, constant }: Variable): number {
    const { length, cost, isGlobal } = this.#live
    if (this.#work.isTemporary[id]) return Number.POSITIVE_INFINITY
    if (constant !== undefined) return (constantShare * cost[node]) / (length[node] + 8)
    // From one step to the next: on the stack it would need a register for as long.
    if (length[node] <= 2 && !isGlobal[node]) return Number.POSITIVE_INFINITY
    return cost[node] / (length[node] + 8)
  }

  /** Copies become hints; some instructions cannot name every vector. */
  #readSteps(): void {
    const { steps, isa } = this.#work
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i]
      if ((step.is !== 'vector' && step.is !== 'general') || this.#live.isDead[i]) continue
      const traits = traitsOf(step)
      if ((traits & trait.moves) !== 0 && step.predicate === undefined) {
        const to = step.operands[0]
        const from = step.operands[1]
        if (to instanceof Register && from instanceof Register) this.#hint(nodeOf(to), nodeOf(from), step.depth)
      }
      if (isa === 'avx512' && step.is === 'vector' && (traits & trait.someLow) !== 0 && !takesHigh(step)) {
        for (let k = this.#uses.starts[i]; k < this.#uses.starts[i + 1]; k++)
          this.#needsLow[this.#uses.packed[k] >> 2] = 1
      }
    }
  }

  /** Two sides of a copy. */
  #hint(a: number, b: number, depth: number): void {
    if (a < 0 || b < 0) return
    const gain = frequency(depth)
    if (a >= firstVariable) this.#addHint(a, b, gain)
    if (b >= firstVariable) this.#addHint(b, a, gain)
  }

  #addHint(from: number, to: number, gain: number): void {
    this.#hintTo.push(to)
    this.#hintGain.push(gain)
    this.#hintNext.push(this.#hintOf[from])
    this.#hintOf[from] = this.#hintTo.length - 1
  }

  /** The registers that a variable may have, those first that are cheapest to use. */
  candidates(node: number): readonly number[] {
    const { bank } = this.#work.variables[node - firstVariable]
    if (bank === 'gpr') return gprOrder
    if (bank === 'mask') return masks
    return this.#work.isa === 'avx2' || this.#needsLow[node] ? lowVectors : allVectors
  }

  #place(node: number): void {
    if (this.#placeFreely(node)) return
    // Who was put out chooses again, after the one who took the place.
    const waiting = [node]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (this.#placeFreely(next)) continue
      const candidates = this.candidates(next)
      if (this.#evict(next, candidates, waiting) || this.#borrow(next, candidates, true)) continue
      if (this.#weight[next] === Number.POSITIVE_INFINITY) this.isStuck = true
      this.homeless.push(next)
    }
  }

  /** In a register that nobody holds meanwhile. */
  #placeFreely(node: number): boolean {
    const candidates = this.candidates(node)
    let register = this.#hintOf[node] < 0 ? -1 : this.#freeHinted(node, candidates)
    for (let i = 0; i < candidates.length && register < 0; i++)
      if (this.#isFree(candidates[i], node)) register = candidates[i]
    if (register < 0) return false
    this.#hold(register, node)
    return true
  }

  /** The register that saves most copies; -1: none is free. */
  #freeHinted(node: number, candidates: readonly number[]): number {
    let best = -1
    let most = 0
    for (let hint = this.#hintOf[node]; hint >= 0; hint = this.#hintNext[hint]) {
      const register = this.chosen[this.#hintTo[hint]]
      if (register < 0 || register === best) continue
      let gain = 0
      for (let other = this.#hintOf[node]; other >= 0; other = this.#hintNext[other])
        if (this.chosen[this.#hintTo[other]] === register) gain += this.#hintGain[other]
      if (gain <= most || !candidates.includes(register) || !this.#isFree(register, node)) continue
      best = register
      most = gain
    }
    return best
  }

  #isFree(register: number, node: number): boolean {
    const { first, starts, ends, next } = this.#live
    const union = this.#registers[register]
    for (let range = first[node]; range >= 0; range = next[range])
      if (!union.isFree(starts[range], ends[range])) return false
    return true
  }

  #hold(register: number, node: number): void {
    const { first, starts, ends, next } = this.#live
    const union = this.#registers[register]
    this.chosen[node] = register
    for (let range = first[node]; range >= 0; range = next[range]) union.add(starts[range], ends[range], node)
  }

  #leave(node: number): void {
    const { first, starts, next } = this.#live
    const union = this.#registers[this.chosen[node]]
    for (let range = first[node]; range >= 0; range = next[range]) union.remove(starts[range])
    this.chosen[node] = -1
  }

  /** Takes a register from those that are all worth less. */
  #evict(node: number, candidates: readonly number[], waiting: number[]): boolean {
    const weight = this.#weight[node]
    const isTemporary = weight === Number.POSITIVE_INFINITY
    let best = -1
    let least = Number.POSITIVE_INFINITY
    let heaviest = 0
    let sum = 0
    const weigh = (holder: number) => {
      if (this.#weight[holder] > heaviest) heaviest = this.#weight[holder]
      sum += this.#live.cost[holder]
      return heaviest < weight
    }
    for (let i = 0; i < candidates.length; i++) {
      heaviest = 0
      sum = 0
      if (!this.#everyHolder(candidates[i], node, weigh)) continue
      const price = isTemporary ? sum : heaviest
      if (price < least) {
        least = price
        best = candidates[i]
      }
    }
    if (best < 0) return false
    // For one step's sake a loop's variable does not leave: it is put aside for that step.
    if (isTemporary && least > 2 * this.#frequencyAt(node) && this.#borrow(node, candidates, false)) return true
    const holders = new Set<number>()
    this.#everyHolder(best, node, holder => {
      holders.add(holder)
      return true
    })
    for (const holder of holders) {
      this.#leave(holder)
      waiting.push(holder)
      this.#callIn(holder, waiting)
    }
    this.#hold(best, node)
    return true
  }

  #everyHolder(register: number, node: number, visit: (holder: number) => boolean): boolean {
    const { first, starts, ends, next } = this.#live
    const union = this.#registers[register]
    for (let range = first[node]; range >= 0; range = next[range])
      if (!union.everyHolder(starts[range], ends[range], visit)) return false
    return true
  }

  #frequencyAt(node: number): number {
    const { first, starts } = this.#live
    return frequency(this.#work.steps[starts[first[node]] >> 1].depth)
  }

  /** For a variable that lives for a few steps: the register of one that these do not touch, which is put aside meanwhile. */
  #borrow(node: number, candidates: readonly number[], mustFind: boolean): boolean {
    const { first, starts, ends, next, isGlobal } = this.#live
    const range = first[node]
    if (this.#weight[node] !== Number.POSITIVE_INFINITY || isGlobal[node] || next[range] >= 0) return false
    const from = starts[range] >> 1
    const to = (ends[range] - 1) >> 1
    let holder = -1
    const isAlone = (found: number) => {
      const isFirst = holder < 0
      holder = found
      return isFirst && found >= firstVariable && !this.#isUsed(found, from, to)
    }
    for (const register of candidates) {
      holder = -1
      const isPossible = this.#registers[register].everyHolder(2 * from, 2 * to + 2, isAlone)
      if (!isPossible || holder < 0) continue
      if (this.loans.some(loan => loan.register === register && loan.from <= to && from <= loan.to)) continue
      // Who is put aside again and again had better live on the stack.
      const price = 2 * this.#frequencyAt(node)
      if (!mustFind && this.#lent[holder] + price > this.#live.cost[holder]) continue
      this.#lent[holder] += price
      this.loans.push({ register, holder, borrower: node, from, to })
      this.chosen[node] = register
      return true
    }
    return false
  }

  /** Loans end with the holder's stay: whoever borrowed its register chooses again. */
  #callIn(holder: number, waiting: number[]): void {
    this.#lent[holder] = 0
    for (let i = this.loans.length - 1; i >= 0; i--) {
      const loan = this.loans[i]
      if (loan.holder !== holder) continue
      this.loans.splice(i, 1)
      this.chosen[loan.borrower] = -1
      waiting.push(loan.borrower)
    }
  }

  #isUsed(node: number, from: number, to: number): boolean {
    const { starts, packed } = this.#uses
    for (let k = starts[from]; k < starts[to + 1]; k++) if (packed[k] >> 2 === node) return true
    return false
  }
}

/** Whether an instruction can name vectors from 16 on in place of its variables. */
function takesHigh({ name, operands, predicate, bits }: Instruction): boolean {
  if (predicate !== undefined || !operands.some(operand => operand instanceof Virtual && operand.bank === 'vector'))
    return true
  let next = 16
  const high = operands.map((operand): Operand => {
    if (operand instanceof Register && operand.bank === 'vector') return physical('vector', next++, operand.bits)
    if (operand instanceof Memory && operand.index?.bank === 'vector')
      return new Memory({ ...operand, index: physical('vector', next++, operand.index.bits) })
    return operand
  })
  return find(name, high, bits ? { length: bits } : {}) !== undefined
}
