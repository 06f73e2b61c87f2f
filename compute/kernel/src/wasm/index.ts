/** The wasm backend: modules made for a kernel, run over the heap by the team. */
import { NotSupportedError } from '@skein/base'
import { heap } from '@skein/heap'
import { defaultTeam } from '@skein/team'
import { accumulators, type Backend, type BackendOptions, type Combination, type Launch, SCANNED } from '../backend.ts'
import { type KernelIR, type Value, walk } from '../ir/ir.ts'
import { analyseShapes } from '../lanes/shape.ts'
import type { Block } from '../launch/block.ts'
import { factsOf } from '../launch/facts.ts'
import {
  type Job,
  type Kind,
  type LaunchOptions,
  type Placement,
  TeamProgram,
  type Variant,
} from '../launch/program.ts'
import { lengthOf, type Size } from '../launch/size.ts'
import { lowerStorage } from '../passes/storage.ts'
import { disassemble } from './encode/index.ts'
import { type Generated, generate } from './module.ts'
import { chooseLanes, chooseReductionLanes } from './plan.ts'
import { Slices, touchedAtIndex } from './slices.ts'
import { stage } from './staging.ts'

export const wasm: Backend = {
  name: 'wasm',
  unavailable: () => (typeof WebAssembly === 'undefined' ? 'this engine has no WebAssembly' : undefined),
  compile(ir, combination, options) {
    if (walk(ir.body).some(v => v.op === 'log')) {
      throw new NotSupportedError(
        'wasm',
        `console.log in kernel ${ir.name}`,
        'threads would print in any order',
        "Run it with .on('reference')",
      )
    }
    return new WasmProgram(ir, combination, options)
  },
}

type Exported = (args: number | bigint, ...rest: number[]) => number

interface WasmVariant extends Variant {
  generated: Generated
  exports: Record<string, Exported>
}

/** The copies of a launch's arrays that lie outside the heap: all at once, or slice after slice. */
interface Staging extends Placement {
  readonly slices?: Slices
}

/** The engine's limits on one function are met by fewer lanes, where the kernel may have any number of them. */
function withinLimits(name: string, lanes: number[], make: (lanes: number) => Generated) {
  for (const n of lanes) {
    if (n > lanes[0]) continue
    const generated = make(n)
    try {
      return { generated, module: new WebAssembly.Module(generated.bytes as BufferSource) }
    } catch (e) {
      if (!(e instanceof WebAssembly.CompileError) || !/maximum function size|count too large/.test(e.message)) throw e
    }
  }
  throw new NotSupportedError(
    'wasm',
    `kernel ${name}`,
    'its code is larger than the engine takes as one function',
    "Split it into several kernels, or run it with .on('reference').",
  )
}

class WasmProgram extends TeamProgram<WasmVariant> {
  /** Tests choose the lanes. */
  declare protected readonly options: LaunchOptions & { readonly lanes?: number }
  readonly #ir: KernelIR
  /** Arrays that are only written, at the index itself or as a scan's output. */
  readonly #overwrites: boolean[]
  /** Arrays touched at the range's index alone. */
  readonly #atIndex: readonly boolean[]

  constructor(ir: KernelIR, combination: Combination | undefined, options: BackendOptions) {
    const lowered = lowerStorage(ir)
    super(factsOf(lowered, combination), combination, options, 0)
    this.#ir = lowered
    const all = walk(lowered.body)
    this.#overwrites = lowered.buffers.map(
      (_, i) => this.facts.written[i] && overwritesAll(lowered, all, i, this.#isOutput(i)),
    )
    this.#atIndex = combination ? [] : touchedAtIndex(lowered, all)
  }

  protected override make({ unitStep, overlap, tallies }: Kind): WasmVariant {
    const { combination, options } = this
    const ir = this.#ir
    const shapes = analyseShapes(ir, true, unitStep)
    const lanes =
      combination?.kind === 'reduce'
        ? chooseReductionLanes(ir, shapes, tallies, accumulators(combination.type))
        : combination?.kind === 'scan'
          ? options.lanes === 1
            ? 1
            : SCANNED
          : (options.lanes ?? chooseLanes(ir, shapes, tallies))
    const fewer = combination === undefined ? [4, 1] : combination.kind === 'scan' ? [1] : []
    const shared = { memory64: heap.memory64, shapes, unitStep, overlap, tallies, unsafe: options.unsafe }
    const make = (lanes: number) => generate(ir, combination, { ...shared, lanes })
    const { generated, module } = withinLimits(ir.name, [lanes, ...fewer], make)
    const instance = new WebAssembly.Instance(module, { env: { memory: heap.memory } })
    const body = defaultTeam().load({ bytes: generated.bytes, exports: generated.exports, instance, name: ir.name })
    const pool = heap.allocate(Math.max(16, generated.pool.length), { label: 'kernel constants' })
    heap.view(Uint8Array, pool, generated.pool.length).set(generated.pool)
    return {
      generated,
      exports: instance.exports as unknown as Record<string, Exported>,
      body,
      lanes,
      scratchBytes: generated.scratchBytes,
      pool,
      tallies,
    }
  }

  protected override free({ body, pool }: WasmVariant): void {
    body.unload()
    heap.free(pool)
  }

  protected override place(launch: Launch, size: Size, isSmall: boolean): Staging {
    const overwritten = this.#overwritten(launch, size)
    const slices = isSmall ? undefined : Slices.of(this.#ir, launch, this.#atIndex, this.facts.written, overwritten)
    if (slices === undefined) return stage(this.#ir, launch.arrays, this.facts.written, overwritten)
    return { addresses: slices.addresses, slices, release: () => slices.free() }
  }

  protected override callHere(
    { exports }: WasmVariant,
    name: string,
    args: number,
    begin: number,
    end: number,
  ): number {
    const address = heap.memory64 ? BigInt(args) : args
    // Those beside the bodies of a range take the range alone.
    if (name === 'carries' || name === 'pairwise') return exports[name](address, begin)
    return exports[name](address, begin, end, 0)
  }

  protected override callTeam(v: WasmVariant, name: string, job: Job, { slices }: Staging, b: Block, launch: Launch) {
    const team = defaultTeam()
    if (slices === undefined) return team.run(v.body, name, job)
    const first = launch.extents[0].begin
    const place = (array: number, address: number) => b.setArray(array, address)
    for (let begin = 0; begin < job.end; begin += slices.length) {
      const end = Math.min(begin + slices.length, job.end)
      slices.enter(first + begin, first + end, place)
      let status = 1
      try {
        status = team.run(v.body, name, { ...job, begin, end })
      } finally {
        slices.leave(first + begin, first + end, status === 0)
      }
      if (status !== 0) return status
    }
    return 0
  }

  #isOutput(buffer: number): boolean {
    return buffer === 0 && this.combination?.kind === 'scan'
  }

  /** Arrays of which this launch writes every element and reads none. */
  #overwritten(launch: Launch, size: Size): boolean[] {
    if (!this.#overwrites.some(Boolean)) return this.#overwrites
    const [{ begin, end, step }] = launch.extents
    const reached = begin === 0 && step === 1 ? end : 0
    return this.#overwrites.map((o, i) => o && lengthOf(launch, i) <= (this.#isOutput(i) ? size.total : reached))
  }

  listing(): string {
    const { generated } = this.anyVariant()
    return disassemble(generated.bytes, { positions: generated.positions, source: this.options.source })
  }
}

/** Whether a kernel writes every element of an array whose length is the range's, and reads none. */
function overwritesAll(ir: KernelIR, all: readonly Value[], buffer: number, isOutput: boolean): boolean {
  const accesses = all.filter(v => v.attr?.buffer === buffer && v.op !== 'lload' && v.op !== 'lstore')
  if (isOutput) return accesses.length === 0
  if (ir.rank !== 1) return false
  const isPlain = (v: Value) => v.op === 'store' && v.args[0].op === 'index'
  return accesses.every(isPlain) && accesses.some(v => ir.body.ops.includes(v))
}
