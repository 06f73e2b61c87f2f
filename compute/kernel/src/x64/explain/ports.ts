/**
 * How much a round of an innermost loop asks of the parts of a core: what each instruction is made into, and what the core can do in a cycle. The table is that of no core in particular: a recent wide
 * one has six operations a cycle, two loads, a store, two to three vector units of which one shuffles. What waits for something else, in a chain or in memory, comes on top.
 */

import { type Label, Memory, Register } from '../encode/operands.ts'
import type { Step } from '../machine/code.ts'

type Instruction = Step & { readonly is: 'vector' | 'general' }

export type PortClass = 'load' | 'store' | 'float' | 'vector' | 'shuffle' | 'mask' | 'scalar' | 'branch' | 'move'

export interface Uops {
  readonly counts: { readonly [kind in PortClass]: number }
  /** Of the unit that divides. */
  readonly divideCycles: number
  /** Vectors of 512 bits take two units of three together. */
  readonly isWide: boolean
}

export interface Round {
  /** Where the loop begins. */
  readonly label: string
  readonly instructions: number
  readonly uops: Uops
  readonly cycles: number
  /** What bounds it. */
  readonly bound: string
}

/** A line of a listing, and the step it comes from. */
export interface Line {
  readonly step?: Step | undefined
}

const width = 6
const perCycle = { load: 2, store: 1, float: 2, shuffle: 1, mask: 1, scalar: 4, branch: 2 } as const

const shuffles =
  /^v(p?perm|p?align|pshuf|shuf|p?unpck|insert|pinsr|extract|pextr|p?broadcast|pmov[sz]x|pmov[dqw][bwd]|pack|p?compress|p?expand|cvtps2ph|cvtph2ps|cvtps2pd|cvtpd2ps|movddup|movmsk|pmovmskb)/
const floats =
  /^v(fn?m|add[ps]|sub[ps]|mul[ps]|min[ps]|max[ps]|cmp[ps]|round|rndscale|cvt|getexp|getmant|scalef|range|reduce|fixup|u?comis|rcp|rsqrt|pmull|pmulh|pmuld|pmulu|pmadd)/
/** Cycles for 128 bits; 256 and 512 take two and four times as long. */
const divides: { readonly [name: string]: number } = {
  vdivps: 3,
  vdivpd: 4,
  vsqrtps: 3,
  vsqrtpd: 5,
  vdivss: 3,
  vdivsd: 4,
  vsqrtss: 3,
  vsqrtsd: 5,
}
const registerMoves = /^(vmov[au]p[sd]|vmovdq)/
const scalarDivides = new Set(['div', 'idiv'])
const divideWhole = 10

class Counter {
  readonly counts = { load: 0, store: 0, float: 0, vector: 0, shuffle: 0, mask: 0, scalar: 0, branch: 0, move: 0 }
  divideCycles = 0
  isWide = false

  add(step: Step, isFused: boolean): void {
    if (step.is === 'jump' || step.is === 'call' || step.is === 'return') this.counts.branch++
    else if (step.is === 'vector') this.#vector(step)
    else if (step.is === 'general' && !isFused) this.#general(step)
  }

  #vector({ name, operands }: Instruction): void {
    const { counts } = this
    const bits = Math.max(0, ...operands.map(o => (o instanceof Register && o.bank === 'vector' ? o.bits : 0)))
    this.isWide ||= bits === 512
    const at = operands.findIndex(o => o instanceof Memory)
    const lanes = bits / (/pd$|q$/.test(name) ? 64 : 32)
    if (/gather/.test(name)) {
      counts.load += lanes
      counts.vector += 2
      return
    }
    if (/scatter/.test(name)) {
      counts.store += lanes
      counts.vector += 2
      return
    }
    if (at === 0) {
      counts.store++
      if (shuffles.test(name)) counts.shuffle++
      return
    }
    if (at > 0) {
      counts.load++
      // What is only loaded, or loaded to all lanes, needs no vector unit.
      if (registerMoves.test(name) || /^v(p?broadcast|movddup|maskmov|movs[sd]|mov[dq]$)/.test(name)) return
    } else if (registerMoves.test(name)) {
      counts.move++
      return
    }
    const divide = divides[name]
    if (divide !== undefined) this.divideCycles += divide * Math.max(1, bits / 128)
    if (name[0] === 'k') counts.mask++
    else if (shuffles.test(name) && !(at > 0 && /^vpmov[sz]x/.test(name) && bits < 512)) counts.shuffle++
    else if (floats.test(name) || divide !== undefined) counts.float++
    else counts.vector++
  }

  #general({ name, operands }: Instruction): void {
    const { counts } = this
    const at = operands.findIndex(o => o instanceof Memory)
    if (name === 'lea' || at < 0) {
      if (name === 'mov' && operands[1] instanceof Register) counts.move++
      else counts.scalar++
    } else if (at > 0 || name === 'cmp' || name === 'test') {
      counts.load++
      if (!/^mov/.test(name)) counts.scalar++
    } else {
      counts.store++
      if (name !== 'mov') {
        counts.load++
        counts.scalar++
      }
    }
    if (scalarDivides.has(name)) this.divideCycles += divideWhole
  }
}

const fuses = /^(cmp|test|add|sub|and|inc|dec)$/

/** @param steps instructions in a row */
export function uopsOf(steps: readonly Step[]): Uops {
  const counter = new Counter()
  for (const [i, step] of steps.entries()) {
    const next = steps[i + 1]
    const isFused =
      step.is === 'general' &&
      fuses.test(step.name) &&
      next?.is === 'jump' &&
      next.condition !== undefined &&
      step.operands.every(o => !(o instanceof Memory))
    counter.add(step, isFused)
  }
  const { counts, divideCycles, isWide } = counter
  return { counts, divideCycles, isWide }
}

/** The least cycles that so many operations take, and what asks for them. */
export function boundOf({ counts, divideCycles, isWide }: Uops): { readonly cycles: number; readonly bound: string } {
  const units = isWide ? 2 : 3
  const all = Object.values(counts).reduce((sum, n) => sum + n, 0)
  const { float, vector, shuffle, mask } = counts
  const candidates: [number, string][] = [
    [all / width, `${width} operations a cycle`],
    [(float + vector + shuffle + mask) / units, `${units} vector units`],
    [counts.load / perCycle.load, 'loads'],
    [counts.store / perCycle.store, 'stores'],
    [float / perCycle.float, 'float units'],
    [shuffle / perCycle.shuffle, 'the unit that shuffles'],
    [mask / perCycle.mask, 'mask operations'],
    [counts.scalar / perCycle.scalar, 'scalar units'],
    [counts.branch / perCycle.branch, 'branches'],
    [divideCycles, 'the unit that divides'],
  ]
  const [cycles, bound] = candidates.reduce((most, one) => (one[0] > most[0] ? one : most))
  return { cycles, bound }
}

/** The loops of a function that hold no other loop; what is hardly ever run is not looked at. */
export function innermostLoops(lines: readonly Line[]): Round[] {
  const labels = new Map<Label, number>()
  const ends = new Map<number, number>()
  for (const [i, { step }] of lines.entries()) {
    if (step?.is === 'label') labels.set(step.label, i)
    else if (step?.is === 'jump' && step.depth >= 0) {
      const begin = labels.get(step.label)
      if (begin !== undefined) ends.set(begin, i)
    }
  }
  const loops = [...ends]
  const innermost = loops.filter(
    ([begin, end]) => !loops.some(([b, e]) => (b !== begin || e !== end) && begin <= b && e <= end),
  )
  return innermost.map(([begin, end]) => {
    const steps = lines.slice(begin, end + 1).flatMap(({ step }) => (step === undefined ? [] : [step]))
    const instructions = steps.filter(step => step.is !== 'label' && step.is !== 'undefine')
    const uops = uopsOf(instructions)
    const head = lines[begin].step as Step & { is: 'label' }
    return { label: head.label.name, instructions: instructions.length, uops, ...boundOf(uops) }
  })
}
