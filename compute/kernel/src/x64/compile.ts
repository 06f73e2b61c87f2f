/** From a kernel's IR to machine code. It is the larger part of this backend, and loaded when code is made for the first time: a process that finds all of its code on the disk does without. */

import { accumulators, type Combination, SCANNED } from '../backend.ts'
import type { KernelIR } from '../ir/ir.ts'
import { analyseShapes } from '../lanes/shape.ts'
import { narrowestWords } from '../lanes/words.ts'
import type { Kind } from '../launch/program.ts'
import { aheadOf } from './ahead.ts'
import type { AccessNote } from './explain/accesses.ts'
import { explained } from './explain/listing.ts'
import { type Lowered, Lowering } from './lower/function.ts'
import { addMerge } from './lower/merge.ts'

import { lowerReduction } from './lower/reduce.ts'
import { lowerScan } from './lower/scan.ts'
import type { Target } from './lower/target.ts'
import { type Program as Assembled, assemble } from './machine/emit.ts'
import { storeOf } from './past.ts'
import { chooseLanes, chooseRest, oneVector } from './plan.ts'

/** What code is made for: a kernel and one kind of launch. */
export interface Job {
  readonly ir: KernelIR
  readonly combination: Combination | undefined
  readonly target: Target
  readonly kind: Kind
  readonly unsafe: boolean
  /** It is to be made soon (`drafts.ts`). */
  readonly isDraft: boolean
  /** Tests choose the lanes, and where registers are. */
  readonly lanes?: number | undefined
  readonly naive?: boolean | undefined
}

/** What is kept of code beside it. */
export interface Description {
  /** By name where the functions that are called begin. */
  readonly entries: { readonly [name: string]: number }
  readonly lanes: number
  readonly scratchBytes: number
}

export function makeCode(job: Job): { readonly description: Description; readonly code: Uint8Array } {
  const { lowered, lanes } = lowerJob(job)
  const { bytes: code, entries } = assembleJob(job, lowered, false)
  const description: Description = {
    entries: Object.fromEntries(
      lowered.functions.flatMap((f, i) => (f.isInner ? [] : [[f.name, entries[i]] as const])),
    ),
    lanes,
    scratchBytes: lowered.scratchBytes,
  }
  return { description, code }
}

/** Where each instruction lies, and what in the source it comes from. */
export const linesOf = (job: Job): Assembled['listing'] => assembleJob(job, lowerJob(job).lowered, true).listing

/** The code for people to read. @param source the kernel's lines */
export function listingOf(job: Job, source: readonly string[]): string {
  const notes: AccessNote[] = []
  const assembled = assembleJob(job, lowerJob(job, notes).lowered, true)
  const names = job.ir.buffers.map(b => b.name)
  return explained(assembled, notes, source, names)
}

/** @param notes gets what is decided about accesses */
function lowerJob(job: Job, notes?: AccessNote[]): { readonly lowered: Lowered; readonly lanes: number } {
  const { ir, combination, target, unsafe, isDraft } = job
  const { unitStep, tallies, past } = job.kind
  const shapes = analyseShapes(ir, true, unitStep)
  const fixed = lanesOf(combination)
  const words = combination === undefined ? narrowestWords(ir, shapes) : undefined
  const whole = fixed ?? job.lanes ?? chooseLanes(ir, shapes, target, tallies, words)
  const lanes = isDraft ? oneVector(ir, shapes, target, whole, words) : whole
  const lowering = new Lowering(ir, combination, {
    target,
    lanes,
    restLanes: fixed ?? chooseRest(ir, shapes, target, lanes, words),
    isDraft,
    shapes,
    unitStep,
    unsafe,
    tallies,
    past: past && words === undefined ? storeOf(ir) : undefined,
    ahead: aheadOf(ir, combination, shapes, past),
    ...(words && { words }),
    ...(notes && { notes }),
  })
  return { lowered: lower(lowering), lanes }
}

const assembleJob = ({ target, naive = false }: Job, { functions, constants }: Lowered, lists: boolean): Assembled =>
  assemble(functions, constants, { isa: target.isa, naive, lists })

/** What the order of reductions and scans fixes. */
function lanesOf(combination: Combination | undefined): number | undefined {
  if (combination === undefined) return undefined
  return combination.kind === 'scan' ? SCANNED : accumulators(combination.type)
}

function lower(lowering: Lowering): Lowered {
  if (lowering.combination === undefined) {
    lowering.addRun()
    if (lowering.options.tallies.length > 0) addMerge(lowering)
    return lowering.finish()
  }
  return lowering.combination.kind === 'scan' ? lowerScan(lowering) : lowerReduction(lowering)
}
