/** The x64 backend: machine code made for a kernel, run over the arrays where they are. */

import { InternalError, NotSupportedError } from '@skein/base'
import { defaultTeam } from '@skein/team'
import { survivesTermination } from '@skein/team/native'
import { accumulators, type Backend, type Combination, type Launch, type Outcome, SCANNED } from '../backend.ts'
import { type KernelIR, walk } from '../ir/ir.ts'
import { analyseShapes } from '../lanes/shape.ts'
import { narrowestWords } from '../lanes/words.ts'
import type { Block } from '../launch/block.ts'
import { type Kind, type LaunchOptions, type Placement, TeamProgram, type Variant } from '../launch/program.ts'
import { lowerStorage } from '../passes/storage.ts'
import type { AccessNote } from './explain/accesses.ts'
import { explained } from './explain/listing.ts'
import { type Lowered, Lowering } from './lower/function.ts'
import { addMerge } from './lower/merge.ts'
import { lowerReduction } from './lower/reduce.ts'
import { lowerScan } from './lower/scan.ts'
import type { Target } from './lower/target.ts'
import { type Program as Assembled, assemble } from './machine/emit.ts'
import { chooseLanes, chooseRest } from './plan.ts'
import { heapAddress, placeOf } from './run/addresses.ts'
import { type CodeCache, processCache } from './run/cache.ts'
import { isa, refusal } from './run/cpu.ts'
import { faultError } from './run/faults.ts'
import { processGates } from './run/gates.ts'
import { CodePages } from './run/pages.ts'
import { programKey } from './run/program-key.ts'

/** For who loads this module: whether it has got the same ones. */
export { modules } from '../backend.ts'

/** Why kernels do not run on it unless told to; undefined: they do. */
export const whyNotByDefault = (): string | undefined =>
  survivesTermination()
    ? refusal()
    : 'this thread may be terminated at any moment, and the process would end with it if it were loading koffi just then (Node.js 26 needs no koffi)'

export const x64: Backend = {
  name: 'x64',
  unavailable: refusal,
  compile(ir, combination, options) {
    if (walk(ir.body).some(v => v.op === 'log')) {
      throw new NotSupportedError(
        'x64',
        `console.log in kernel ${ir.name}`,
        'threads would print in any order',
        "Run it with .on('reference')",
      )
    }
    return new X64Program(ir, combination, options)
  },
}

/** The kernel compiled for one kind of launch. */
interface X64Variant extends Variant {
  readonly kind: Kind
  readonly pages: CodePages
  readonly entries: { readonly [name: string]: (args: number, begin: number, end: number, place: number) => number }
}

/** Tests choose the lanes, what code is made for, and where registers are. */
export interface X64Options extends LaunchOptions {
  readonly lanes?: number
  readonly target?: Target
  readonly naive?: boolean
  /** Where code is kept for the next process; null: nowhere. Default: the process's cache. */
  readonly cache?: CodeCache | null
}

/** What is kept of a variant beside its code. */
interface Description {
  /** By name where the functions that are called begin. */
  readonly entries: { readonly [name: string]: number }
  readonly lanes: number
  readonly scratchBytes: number
}

class X64Program extends TeamProgram<X64Variant> {
  declare protected readonly options: X64Options
  readonly #target: Target

  constructor(ir: KernelIR, combination: Combination | undefined, options: X64Options) {
    super(lowerStorage(ir, true), combination, options, heapAddress())
    this.#target = options.target ?? targetHere()
  }

  protected override make(kind: Kind): X64Variant {
    const { entries: offsets, lanes, scratchBytes, code } = this.#code(kind)
    const pages = new CodePages(code)
    const names = Object.keys(offsets)
    const functions = Object.fromEntries(names.map(name => [name, pages.address + offsets[name]]))
    const body = defaultTeam().native({ functions, gates: processGates().address, name: this.ir.name })
    const entries = Object.fromEntries(
      names.map((name, i) => [name, body.entry(i) as X64Variant['entries'][string]] as const),
    )
    return { kind, pages, entries, body, lanes, scratchBytes, pool: 0, tallies: kind.tallies }
  }

  /** The code of a kind of launch, made or found. */
  #code(kind: Kind): Description & { readonly code: Uint8Array } {
    const { ir, combination, options } = this
    const { cache: asked, onDisk = true, source: _, ...choices } = options
    const cache = onDisk ? (asked === undefined ? processCache() : asked) : null
    // Whatever else is chosen may change the code.
    const key = cache ? programKey(ir, combination, [this.#target, kind, choices]) : undefined
    const found = key !== undefined ? cache!.read(key) : undefined
    if (found !== undefined) return { ...(found.description as Description), code: found.code }
    const { lowered, lanes: chosen } = this.#lower(kind)
    const { bytes: code, entries } = this.#assemble(lowered, false)
    const description: Description = {
      entries: Object.fromEntries(
        lowered.functions.flatMap((f, i) => (f.isInner ? [] : [[f.name, entries[i]] as const])),
      ),
      lanes: chosen,
      scratchBytes: lowered.scratchBytes,
    }
    if (key !== undefined) cache!.write(key, { description, code })
    return { ...description, code }
  }

  /** @param notes gets what is decided about accesses */
  #lower({ unitStep, tallies }: Kind, notes?: AccessNote[]): { readonly lowered: Lowered; readonly lanes: number } {
    const { ir, combination, options } = this
    const target = this.#target
    const shapes = analyseShapes(ir, true, unitStep)
    const fixed = lanesOf(combination)
    const words = combination === undefined ? narrowestWords(ir, shapes) : undefined
    const lanes = fixed ?? options.lanes ?? chooseLanes(ir, shapes, target, tallies, words)
    const lowering = new Lowering(ir, combination, {
      target,
      lanes,
      restLanes: fixed ?? chooseRest(ir, shapes, target, lanes, words),
      shapes,
      unitStep,
      unsafe: options.unsafe,
      tallies,
      ...(words && { words }),
      ...(notes && { notes }),
    })
    return { lowered: lower(lowering), lanes }
  }

  #assemble({ functions, constants }: Lowered, lists: boolean): Assembled {
    const { naive = false } = this.options
    return assemble(functions, constants, { isa: this.#target.isa, naive, lists })
  }

  protected override free({ body, pages }: X64Variant): void {
    body.unload()
    pages.dispose()
  }

  protected override place({ arrays }: Launch): Placement {
    // What is released holds on to the arrays until then.
    return { addresses: arrays.map(placeOf), release: () => void arrays }
  }

  protected override callHere({ entries }: X64Variant, name: string, args: number, begin: number, end: number): number {
    return entries[name](args, begin, end, 0)
  }

  protected override failure(v: X64Variant, block: Block, status: number): Outcome {
    if (status > 0) return super.failure(v, block, status)
    const { address, bytes } = v.pages
    const listing = () => this.#listed(v)
    const { source } = this.options
    const error = faultError(processGates(), status, {
      name: `kernel ${this.ir.name}`,
      address,
      bytes,
      listing,
      source,
    })
    throw error ?? new InternalError(`kernel ${this.ir.name} returns a site, not ${status}`)
  }

  listing(): string {
    const notes: AccessNote[] = []
    const assembled = this.#assemble(this.#lower(this.anyVariant().kind, notes).lowered, true)
    const names = this.ir.buffers.map(b => b.name)
    return explained(assembled, notes, this.options.source, names)
  }

  #listed({ kind }: X64Variant): Assembled['listing'] {
    return this.#assemble(this.#lower(kind).lowered, true).listing
  }
}

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

function targetHere(): Target {
  const here = isa()
  return { isa: here, bits: here === 'avx512' ? 512 : 256 }
}
