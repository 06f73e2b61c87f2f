/**
 * Which register each variable lives in. Those whose value goes from block to block choose first, the most used for their length before the others; then those of one block, in their order. Each
 * takes a register that nobody holds in its ranges, if it can one that saves a copy. Who finds none takes one from those that are worth less; who cannot lives on the stack, and the instructions
 * that use it are written anew, until all have what they need (after "linear scan" with live ranges of Wimmer and Mössenböck 2005, and the weights of Chow and Hennessy 1990).
 */

import { InternalError } from '@skein/base'
import { Memory, type Operand, Register } from '../encode/operands.ts'
import { find } from '../encode/vector-code.ts'
import { type Code, type Step, type Variable, Virtual } from './code.ts'
import { loadConstant, move, physical } from './convention.ts'
import { frequency, type Liveness, livenessOf } from './liveness.ts'
import type { Placed } from './placed.ts'
import { spill } from './spill.ts'
import { tie } from './ties.ts'
import { access, type Instruction, isKnown, trait, traitsOf } from './traits.ts'
import { RangeUnion } from './unions.ts'
import { firstVariable, nodeOf, nodesFrom, type Uses, usesOf } from './uses.ts'
import { type Isa, storedBits, Work } from './work.ts'

const mostRounds = 30

/** @throws InternalError: malformed code */
export function allocate(code: Code, isa: Isa): Placed {
  const work = new Work(code, isa)
  loadConstants(work)
  for (let round = 0; round < mostRounds; round++) {
    const uses = usesOf(work.steps, work.variables.length)
    const live = liveness(work, uses)
    if (round === 0) tie(work, uses, live)
    const choice = new Choice(work, uses, live)
    choice.run()
    if (choice.homeless.length === 0) return choice.placed()
    spill(work, uses, choice.homes(), live.isDead)
  }
  throw new InternalError(`${code.name}: registers are still missing after ${mostRounds} rounds`)
}

const liveness = (work: Work, uses: Uses): Liveness =>
  livenessOf(
    work.code.name,
    work.steps,
    uses,
    firstVariable + work.variables.length,
    work.arriving.map(nodeOf),
    node => (node < firstVariable ? 'a register of the machine' : nameOf(work.variables[node - firstVariable])),
  )

const nameOf = ({ name, bank, id }: Variable): string => `${name ?? bank[0]}${id}`

/** Constants are loaded where the function begins; what is hardly used is read where it is. */
function loadConstants(work: Work): void {
  const { steps, origins, code } = work
  const uses = new Float64Array(work.variables.length)
  for (const step of steps) {
    if (step.is !== 'vector') continue
    for (const operand of step.operands)
      if (operand instanceof Virtual && operand.variable.constant !== undefined)
        uses[operand.variable.id] += frequency(step.depth)
  }
  const homes: (Memory | undefined)[] = []
  const loads: Step[] = []
  const at = { depth: 0, loc: undefined }
  for (const variable of code.variables) {
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

/** Reads outside of loops. */
const worthLoading = 3
/** Reading a constant where it lies costs less than a variable, which must be written there too. */
const constantShare = 0.5

const gprOrder = [0, 1, 2, 6, 7, 8, 9, 10, 11, 3, 5, 12, 13, 14, 15]
const counting = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)
const lowVectors = counting(16, 32)
const allVectors = counting(16, 48)
const masks = counting(49, 56)

/** A register that is borrowed for a few steps: its holder's value waits on the stack. */
interface Loan {
  readonly register: number
  readonly holder: number
  readonly borrower: number
  readonly from: number
  readonly to: number
}

/** One round. */
class Choice {
  /** Variables that got no register. */
  readonly homeless: number[] = []
  readonly #work: Work
  readonly #uses: Uses
  readonly #live: Liveness
  readonly #registers = Array.from({ length: firstVariable }, () => new RangeUnion())
  /** Of each node its register; -1: none yet. */
  readonly #chosen: Int32Array
  readonly #weight: Float64Array
  readonly #needsLow: Uint8Array
  /** Of each node, bits of the widest write. What is above them is 0. */
  readonly #written: Uint16Array
  /** Copies: who would like to share with whom. */
  readonly #hintOf: Int32Array
  readonly #hintTo: number[] = []
  readonly #hintNext: number[] = []
  readonly #hintGain: number[] = []
  readonly #loans: Loan[] = []
  /** Of each node, what putting it aside costs. */
  readonly #lent: Float64Array
  readonly #changed = { gpr: 0, vector: 0, mask: 0 }

  constructor(work: Work, uses: Uses, live: Liveness) {
    this.#work = work
    this.#uses = uses
    this.#live = live
    const nodes = firstVariable + work.variables.length
    this.#chosen = new Int32Array(nodes).fill(-1)
    this.#weight = new Float64Array(nodes)
    this.#lent = new Float64Array(nodes)
    this.#needsLow = new Uint8Array(nodes)
    this.#written = new Uint16Array(nodes)
    this.#hintOf = new Int32Array(nodes).fill(-1)
  }

  run(): void {
    const { variables } = this.#work
    const { first, starts, isGlobal } = this.#live
    this.#readSteps()
    for (let node = 0; node < firstVariable; node++) {
      if (first[node] < 0) continue
      this.#chosen[node] = node
      this.#weight[node] = Number.POSITIVE_INFINITY
      this.#hold(node, node)
    }
    const globals: number[] = []
    const locals: number[] = []
    for (let id = 0; id < variables.length; id++) {
      const node = firstVariable + id
      if (first[node] < 0) continue
      this.#weight[node] = this.#weightOf(node, variables[id])
      ;(isGlobal[node] ? globals : locals).push(node)
    }
    globals.sort((a, b) => this.#weight[b] - this.#weight[a])
    locals.sort((a, b) => starts[first[a]] - starts[first[b]])
    for (const node of globals) this.#place(node)
    for (const node of locals) this.#place(node)
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
      if ((traits & trait.writesFirst) !== 0) this.#noteWidth(step.operands[0])
      if ((traits & (trait.exchanges | trait.writesTwo)) !== 0) this.#noteWidth(step.operands[1])
      if ((traits & trait.moves) !== 0 && step.predicate === undefined) {
        const [to, from] = step.operands
        if (to instanceof Register && from instanceof Register) this.#hint(nodeOf(to), nodeOf(from), step.depth)
      }
      if (isa === 'avx512' && step.is === 'vector' && (traits & trait.someLow) !== 0 && !takesHigh(step)) {
        for (let k = this.#uses.starts[i]; k < this.#uses.starts[i + 1]; k++)
          this.#needsLow[this.#uses.packed[k] >> 2] = 1
      }
    }
  }

  #noteWidth(to: Operand | undefined): void {
    if (!(to instanceof Virtual)) return
    const node = nodeOf(to)
    this.#written[node] = Math.max(this.#written[node], to.bits)
  }

  /** Whether a copy goes from a register to the same one, and leaves nothing different there. */
  #isIdle(step: Instruction, { operands: chosen }: Instruction): boolean {
    if (step.predicate !== undefined || (traitsOf(step) & trait.moves) === 0 || chosen[0] !== chosen[1]) return false
    const [to, from] = step.operands as [Register, Register]
    if (to.bank === 'mask') return true
    // Bits above those that are copied become 0. Of whole numbers they have to be; of vectors it is enough that nobody looks.
    if (to.bank === 'gpr') return to.bits === 64 || (from instanceof Virtual && this.#written[nodeOf(from)] <= to.bits)
    return to.bits === 512 || (to instanceof Virtual && to.variable.bits <= to.bits)
  }

  #hint(a: number, b: number, depth: number): void {
    if (a < 0 || b < 0) return
    for (const [from, to] of [
      [a, b],
      [b, a],
    ]) {
      if (from < firstVariable) continue
      this.#hintTo.push(to)
      this.#hintGain.push(frequency(depth))
      this.#hintNext.push(this.#hintOf[from])
      this.#hintOf[from] = this.#hintTo.length - 1
    }
  }

  #candidates(node: number): readonly number[] {
    const { bank } = this.#work.variables[node - firstVariable]
    if (bank === 'gpr') return gprOrder
    if (bank === 'mask') return masks
    return this.#work.isa === 'avx2' || this.#needsLow[node] ? lowVectors : allVectors
  }

  #place(node: number): void {
    // Who was put out chooses again, after the one who took the place.
    const waiting = [node]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const candidates = this.#candidates(next)
      const free = this.#freeHinted(next, candidates) ?? candidates.find(register => this.#isFree(register, next))
      if (free !== undefined) this.#hold(free, next)
      else if (!this.#evict(next, candidates, waiting) && !this.#borrow(next, candidates, true)) this.#homeless(next)
    }
  }

  #homeless(node: number): void {
    if (this.#weight[node] === Number.POSITIVE_INFINITY)
      throw new InternalError(
        `${this.#work.code.name}: no register for ${nameOf(this.#work.variables[node - firstVariable])}, which needs one`,
      )
    this.homeless.push(node)
  }

  /** The register that saves most copies. */
  #freeHinted(node: number, candidates: readonly number[]): number | undefined {
    let best: number | undefined
    let most = 0
    for (let hint = this.#hintOf[node]; hint >= 0; hint = this.#hintNext[hint]) {
      const register = this.#chosen[this.#hintTo[hint]]
      if (register < 0 || register === best) continue
      let gain = 0
      for (let other = this.#hintOf[node]; other >= 0; other = this.#hintNext[other])
        if (this.#chosen[this.#hintTo[other]] === register) gain += this.#hintGain[other]
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
    this.#chosen[node] = register
    for (let range = first[node]; range >= 0; range = next[range])
      this.#registers[register].add(starts[range], ends[range], node)
  }

  #leave(node: number): void {
    const { first, starts, next } = this.#live
    const register = this.#chosen[node]
    for (let range = first[node]; range >= 0; range = next[range]) this.#registers[register].remove(starts[range])
    this.#chosen[node] = -1
  }

  /** Takes a register from those that are all worth less. */
  #evict(node: number, candidates: readonly number[], waiting: number[]): boolean {
    const weight = this.#weight[node]
    const isTemporary = weight === Number.POSITIVE_INFINITY
    let best = -1
    let least = Number.POSITIVE_INFINITY
    for (const register of candidates) {
      let heaviest = 0
      let sum = 0
      const isPossible = this.#everyHolder(register, node, holder => {
        if (this.#weight[holder] > heaviest) heaviest = this.#weight[holder]
        sum += this.#live.cost[holder]
        return heaviest < weight
      })
      if (!isPossible) continue
      const price = isTemporary ? sum : heaviest
      if (price < least) {
        least = price
        best = register
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
    for (let range = first[node]; range >= 0; range = next[range])
      if (!this.#registers[register].everyHolder(starts[range], ends[range], visit)) return false
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
    const [from, to] = [starts[range] >> 1, (ends[range] - 1) >> 1]
    for (const register of candidates) {
      let holder = -1
      const isPossible = this.#registers[register].everyHolder(2 * from, 2 * to + 2, found => {
        const isFirst = holder < 0
        holder = found
        return isFirst && found >= firstVariable && !this.#isUsed(found, from, to)
      })
      if (!isPossible || holder < 0) continue
      if (this.#loans.some(loan => loan.register === register && loan.from <= to && from <= loan.to)) continue
      // Who is put aside again and again had better live on the stack.
      const price = 2 * this.#frequencyAt(node)
      if (!mustFind && this.#lent[holder] + price > this.#live.cost[holder]) continue
      this.#lent[holder] += price
      this.#loans.push({ register, holder, borrower: node, from, to })
      this.#chosen[node] = register
      return true
    }
    return false
  }

  /** Loans end with the holder's stay: whoever borrowed its register chooses again. */
  #callIn(holder: number, waiting: number[]): void {
    this.#lent[holder] = 0
    for (let i = this.#loans.length - 1; i >= 0; i--) {
      const loan = this.#loans[i]
      if (loan.holder !== holder) continue
      this.#loans.splice(i, 1)
      this.#chosen[loan.borrower] = -1
      waiting.push(loan.borrower)
    }
  }

  #isUsed(node: number, from: number, to: number): boolean {
    const { starts, packed } = this.#uses
    for (let k = starts[from]; k < starts[to + 1]; k++) if (packed[k] >> 2 === node) return true
    return false
  }

  /** Where those live that got no register. Variables that are never wanted at once may share a place. */
  homes(): (Memory | undefined)[] {
    const { first, starts, ends, next } = this.#live
    const homes: (Memory | undefined)[] = []
    const slots: { readonly bytes: number; readonly memory: Memory; readonly union: RangeUnion }[] = []
    for (const node of this.homeless) {
      const variable = this.#work.variables[node - firstVariable]
      if (variable.constant !== undefined) {
        homes[variable.id] = variable.constant
        continue
      }
      this.#work.spills++
      const bytes = Math.max(8, storedBits(variable) / 8)
      let slot = slots.find(({ bytes: length, union }) => {
        if (length !== bytes) return false
        for (let range = first[node]; range >= 0; range = next[range])
          if (!union.isFree(starts[range], ends[range])) return false
        return true
      })
      if (slot === undefined) slots.push((slot = { bytes, memory: this.#work.slot(bytes), union: new RangeUnion() }))
      for (let range = first[node]; range >= 0; range = next[range]) slot.union.add(starts[range], ends[range], node)
      homes[variable.id] = slot.memory
    }
    return homes
  }

  // The result.

  placed(): Placed {
    const { code, steps, origins } = this.#work
    const { isDead } = this.#live
    const placed: Step[] = []
    const from: (Step | undefined)[] = []
    const keep = (step: Step, origin: Step | undefined) => {
      placed.push(step)
      from.push(origin)
    }
    const loans = this.#loans.map(loan => {
      const variable = this.#work.variables[loan.holder - firstVariable]
      return { ...loan, home: this.#work.slot(Math.max(8, storedBits(variable) / 8)) }
    })
    const loansFrom = Map.groupBy(loans, loan => loan.from)
    const loansTo = Map.groupBy(loans, loan => loan.to)
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i]
      if (isDead[i]) continue
      for (const loan of loansFrom.get(i) ?? []) keep(this.#aside(loan, step, true), undefined)
      if (step.is !== 'vector' && step.is !== 'general') {
        keep(step, origins[i])
        if (step.is === 'call') this.#noteWrites(i)
      } else {
        const replaced = this.#replaced(step)
        if (!this.#isIdle(step, replaced)) {
          keep(replaced, origins[i])
          this.#noteWrites(i)
        } else if (origins[i] !== undefined)
          keep(
            { is: 'undefine', register: replaced.operands[0] as Register, depth: step.depth, loc: step.loc },
            origins[i],
          )
      }
      for (const loan of loansTo.get(i) ?? []) keep(this.#aside(loan, step, false), undefined)
    }
    const { frameBytes, isAligned, spills } = this.#work
    const all = spills + loans.length
    return { code, steps: placed, origins: from, frameBytes, isAligned, changed: this.#changed, spills: all }
  }

  #noteWrites(i: number): void {
    const { starts, packed } = this.#uses
    for (let k = starts[i]; k < starts[i + 1]; k++) {
      if ((packed[k] & access.write) === 0) continue
      const register = this.#chosen[packed[k] >> 2]
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
    if ((traitsOf(step) & trait.isKnownOfOne) !== 0 && isKnown(operands, predicate !== undefined, traitsOf(step))) {
      const to = operands[0]
      for (let k = 1; k < operands.length; k++) {
        const source = operands[k]
        if (to instanceof Virtual && source instanceof Virtual && source.bank === to.bank && source.bits === to.bits)
          chosen[k] = chosen[0]
      }
    }
    if (predicate !== undefined) {
      const { mask, zeroes } = predicate
      const chosenMask = mask instanceof Virtual ? this.#register(mask) : mask
      return { is, name, operands: chosen, predicate: { mask: chosenMask, zeroes }, bits, depth, loc } as Instruction
    }
    return { is, name, operands: chosen, bits, depth, loc } as Instruction
  }

  #register({ variable, bits }: Virtual): Register {
    const chosen = this.#chosen[firstVariable + variable.id]
    // What has no value anywhere is read where any will do.
    const register = chosen < 0 ? this.#candidates(firstVariable + variable.id)[0] : chosen
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
