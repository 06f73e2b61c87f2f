/** The wasm backend: modules made for a kernel, run over the heap by the team. */
import { NotSupportedError } from '@skein/base'
import { heap } from '@skein/heap'
import { type Body, defaultTeam } from '@skein/team'
import {
  accumulators,
  type Backend,
  type BackendOptions,
  BLOCK,
  type Combination,
  type Launch,
  type Outcome,
  type Program,
  SCANNED,
} from '../backend.ts'
import { ELEMENT_BYTES, type KernelIR, type Type, type Value, walk } from '../ir/ir.ts'
import { lowerStorage } from '../passes/storage.ts'
import { disassemble } from './encode/index.ts'
import * as layout from './layout.ts'
import { type Generated, generate } from './module.ts'
import { chooseLanes, chooseReductionLanes } from './plan.ts'
import { analyseShapes } from './shape.ts'
import { Slices, touchedAtIndex } from './slices.ts'
import { stage } from './staging.ts'
import { begunOffset, copiesBytes, findTallies, type Tally } from './tallies.ts'

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

/** Below this many operations a call stays on the calling thread: waking others would take longer. */
const SMALL = 40_000

/** Bytes that a batch of a scan's blocks writes; with what it reads they should fit into a core's second cache. */
const BATCH_BYTES = 1 << 18
/** Batches for each thread, at least: the last one to end should not be alone for long. */
const BATCHES_EACH = 8

type Exported = (args: number | bigint, ...rest: number[]) => number

/** The most elements of an array that is copied: each thread's copies, 16 bytes an element, stay in its own cache. */
const MOST_COPIED = 65536
/** Copies are made where there are so many iterations for each element and thread. */
const WORTH_COPIES = 4
/** What copies cost besides, in elements. */
const COST_OF_COPIES = 32
/** Above so many elements of all threads' copies the team brings them together, below it the calling thread. */
const LARGE_MERGE = 16384

/** The kernel compiled for one kind of launch. */
interface Variant {
  generated: Generated
  exports: Record<string, Exported>
  body: Body
  lanes: number
  pool: number
  /** Arrays of which each thread changes copies of its own. */
  tallies: readonly Tally[]
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

/** A piece of the heap that is kept and grows. */
interface Room {
  address: number
  bytes: number
  words: Int32Array
}

const emptyRoom = (): Room => ({ address: 0, bytes: 0, words: new Int32Array(0) })

function grow(room: Room, bytes: number, label: string): void {
  if (room.bytes >= bytes) return
  release(room)
  room.address = heap.allocate(bytes, { align: 128, label })
  room.bytes = bytes
  room.words = heap.view(Int32Array, room.address, bytes >> 2)
}

function release(room: Room): void {
  if (room.bytes) heap.free(room.address)
  room.address = room.bytes = 0
}

/** An argument block and what goes with it; one for each launch under way. */
interface Block {
  address: number
  words: Int32Array
  doubles: Float64Array
  bigs: BigInt64Array
  scratch: Room
  partials: Room
  /** Of tallies: what each thread changes instead of the array. */
  copies: Room
}

class WasmProgram implements Program {
  private readonly ir: KernelIR
  private readonly combination: Combination | undefined
  /** Tests choose the lanes, and when copies are worth it. */
  private readonly options: BackendOptions & { lanes?: number; worthCopies?: number }
  private readonly variants = new Map<number, Variant>()
  private readonly blocks: Block[] = []
  private readonly written: boolean[]
  /** Arrays that are only written, at the index itself or as a scan's output. */
  private readonly overwrites: boolean[]
  /** Arrays touched at the range's index alone. */
  private readonly atIndex: readonly boolean[]
  private readonly writtenCount: number
  /** At most so many that each can be a bit of a variant's number. */
  private readonly tallies: readonly Tally[]
  private readonly weight: number
  private disposed = false

  constructor(ir: KernelIR, combination: Combination | undefined, options: BackendOptions) {
    ir = lowerStorage(ir)
    this.ir = ir
    this.combination = combination
    this.options = options
    this.written = ir.buffers.filter(b => b.space === 'global').map(() => false)
    if (combination?.kind === 'scan') this.written[0] = true
    const all = walk(ir.body)
    for (const v of all) if (v.op === 'store' || v.op === 'atomic') this.written[v.attr.buffer] = true
    this.overwrites = ir.buffers.map((_, i) => this.written[i] && overwritesAll(ir, all, i, this.isOutput(i)))
    this.atIndex = combination ? [] : touchedAtIndex(ir, all)
    this.writtenCount = this.written.filter(Boolean).length
    this.tallies = combination ? [] : findTallies(ir).slice(0, 32)
    this.weight = all.reduce((n, v) => n + (v.op === 'loop' ? 100 : 1), 1)
  }

  private variant(unitStep: boolean, overlap: boolean, tallies: readonly Tally[]): Variant {
    const key = tallies.reduce(
      (sum, t) => sum + 4 * 2 ** this.tallies.indexOf(t),
      (unitStep ? 1 : 0) + (overlap ? 2 : 0),
    )
    const known = this.variants.get(key)
    if (known) return known
    const { ir, combination, options } = this
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
    const made: Variant = {
      generated,
      exports: instance.exports as unknown as Record<string, Exported>,
      body,
      lanes,
      pool,
      tallies,
    }
    this.variants.set(key, made)
    return made
  }

  private variantFor(launch: Launch, addresses: readonly number[], threads: number, total: number): Variant {
    const worth = this.options.worthCopies ?? WORTH_COPIES
    const tallies = this.tallies.filter(({ buffer }) => {
      const length = lengthOf(launch, buffer)
      return (
        length <= MOST_COPIED &&
        total >= worth * (length + COST_OF_COPIES) * threads &&
        addresses.every((_, other) => other === buffer || !sharesMemory(launch, addresses, buffer, other))
      )
    })
    const unitStep = launch.extents[launch.extents.length - 1].step === 1
    return this.variant(unitStep, this.overlapping(launch, addresses), tallies)
  }

  private takeBlock(): Block {
    const free = this.blocks.pop()
    if (free) return free
    const bytes = layout.blockBytes(this.ir)
    const address = heap.allocate(bytes, { label: 'kernel arguments' })
    return {
      address,
      words: heap.view(Int32Array, address, bytes >> 2),
      doubles: heap.view(Float64Array, address, bytes >> 3),
      bigs: heap.view(BigInt64Array, address, bytes >> 3),
      scratch: emptyRoom(),
      partials: emptyRoom(),
      copies: emptyRoom(),
    }
  }

  /** Blocks are kept for the next calls, but not those of a crowd of calls at once, nor very large ones. */
  private giveBack(b: Block): void {
    const large = b.scratch.bytes + b.partials.bytes + b.copies.bytes > 1 << 25
    if (this.blocks.length < 4 && !large && !this.disposed) this.blocks.push(b)
    else freeBlock(b)
  }

  private writeAddress(b: Block, offset: number, address: number): void {
    b.words[offset >> 2] = address | 0
    b.words[(offset >> 2) + 1] = Math.floor(address / 4294967296)
  }

  private reserve(b: Block, scratchBytes: number, partialBytes: number): void {
    grow(b.scratch, scratchBytes, 'kernel scratch')
    grow(b.partials, partialBytes, 'kernel partial results')
    this.writeAddress(b, layout.SCRATCH, b.scratch.address)
    this.writeAddress(b, layout.PARTIALS, b.partials.address)
  }

  /** Gives each thread room for copies of the arrays that the launch counts into. */
  private makeCopies(launch: Launch, b: Block, tallies: readonly Tally[], threads: number): void {
    const sizes = tallies.map(t => copiesBytes(lengthOf(launch, t.buffer)))
    const bytes = sizes.reduce((sum, x) => sum + x, 0) * threads
    grow(b.copies, bytes, "kernel copies of a thread's own")
    b.words[layout.THREADS >> 2] = threads
    let offset = 0
    tallies.forEach((t, k) => {
      const at = layout.arrayOffset(this.ir, t.buffer)
      b.words[(at + layout.ARRAY_COPY_BYTES) >> 2] = sizes[k]
      this.writeAddress(b, at + layout.ARRAY_COPIES, b.copies.address + offset)
      const begun = begunOffset(lengthOf(launch, t.buffer))
      for (let thread = 0; thread < threads; thread++) {
        b.copies.words[(offset + begun) / 4] = 0
        offset += sizes[k]
      }
    })
  }

  /** Writes the argument block. Returns the range to run. */
  private prepare(
    launch: Launch,
    b: Block,
    v: Variant,
    addresses: readonly number[],
    threads: number,
    size: Size,
  ): number {
    const { ir, combination } = this
    const { words } = b
    const { extents } = launch
    const last = extents[extents.length - 1]
    b.bigs[0] = 0n
    this.writeAddress(b, layout.POOL, v.pool)
    words[layout.SCRATCH_BYTES >> 2] = v.generated.scratchBytes
    words[layout.LAST >> 2] = last.begin
    words[(layout.LAST >> 2) + 1] = last.step
    let segments = 1
    let segmentLength = size.rowLength
    if (combination) {
      segmentLength = BLOCK
      segments = Math.max(1, Math.ceil(size.rowLength / BLOCK))
    } else if (ir.rank > 1 && size.rows < threads * 8) {
      // Few rows: cut each, so that every thread finds work.
      const wanted = Math.ceil((threads * 8) / size.rows)
      segmentLength = Math.max(v.lanes * 8, Math.ceil(size.rowLength / wanted / v.lanes) * v.lanes)
      segments = Math.max(1, Math.ceil(size.rowLength / segmentLength))
    }
    words[layout.SEGMENTS >> 2] = segments
    words[(layout.SEGMENTS >> 2) + 1] = segmentLength
    words[layout.ROW >> 2] = size.rowLength
    words[(layout.ROW >> 2) + 1] = size.rows
    for (let d = 0; d < extents.length - 1; d++) {
      const at = (d === 0 ? layout.FIRST : layout.SECOND) >> 2
      words[at] = extents[d].begin
      words[at + 1] = extents[d].step
    }
    if (extents.length === 3) words[layout.SECOND_COUNT >> 2] = size.counts[1]
    for (let i = 0; i < ir.scalars.length; i++) {
      const at = layout.scalarOffset(i) >> 3
      const x = launch.scalars[i]
      if (ir.scalars[i].type === 'i64') b.bigs[at] = BigInt.asIntN(64, x as bigint)
      else b.doubles[at] = Number(x)
    }
    for (let i = 0; i < addresses.length; i++) {
      const at = layout.arrayOffset(ir, i)
      this.writeAddress(b, at, addresses[i])
      const { byteLength } = launch.arrays[i]
      words[(at + layout.ARRAY_LENGTH) >> 2] = Math.min(2147483647, byteLength / ELEMENT_BYTES[ir.buffers[i].element])
    }
    const scratchBytes = v.generated.scratchBytes * (threads + 1)
    const range = combination || ir.rank > 1 ? size.rows * segments : size.rowLength
    if (combination?.kind === 'scan')
      return this.prepareScan(b, scratchBytes, range, Math.min(BLOCK, size.rowLength), threads)
    this.reserve(b, scratchBytes, combination ? range * layout.typeBytes(combination.type) : 0)
    if (v.tallies.length > 0) this.makeCopies(launch, b, v.tallies, threads)
    return range
  }

  /** Puts blocks together into batches, and writes what threads begin with. Returns the number of batches. */
  private prepareScan(b: Block, scratchBytes: number, blocks: number, positions: number, threads: number): number {
    const blockBytes = positions * layout.typeBytes(this.combination!.type)
    const most = Math.min(Math.floor(BATCH_BYTES / blockBytes), Math.floor(blocks / (threads * BATCHES_EACH)))
    const each = Math.max(1, most)
    const batches = Math.ceil(blocks / each)
    const chainBytes = layout.chainBytes(batches)
    this.reserve(b, scratchBytes, chainBytes + blocks * layout.SCAN_PARTIAL)
    this.writeAddress(b, layout.CHAIN, b.partials.address)
    this.writeAddress(b, layout.PARTIALS, b.partials.address + chainBytes)
    b.words[layout.BATCHES >> 2] = blocks
    b.words[(layout.BATCHES >> 2) + 1] = each
    b.partials.words.fill(0, 0, chainBytes >> 2)
    return batches
  }

  run(launch: Launch): Outcome {
    const size = sizeOf(launch)
    if (size.total === 0) return this.empty()
    const small = size.total * this.weight < SMALL
    const team = defaultTeam()
    const threads = small ? 1 : Math.min(launch.threads, team.threads)
    const overwritten = this.overwritten(launch, size)
    const slices = small ? undefined : Slices.of(this.ir, launch, this.atIndex, this.written, overwritten)
    const staged = slices ? undefined : stage(this.ir, launch.arrays, this.written, overwritten)
    const { addresses } = (slices ?? staged)!
    const v = this.variantFor(launch, addresses, threads, size.total)
    const b = this.takeBlock()
    const args = heap.memory64 ? BigInt(b.address) : b.address
    let owed = 0
    let succeeded = false
    try {
      const range = this.prepare(launch, b, v, addresses, threads, size)
      owed = longest(launch, v.tallies)
      for (const phase of this.phases()) {
        const status = small
          ? v.exports[phase](args, 0, range, 0)
          : slices
            ? this.runSlices(slices, launch, b, v, range, threads)
            : team.run(v.body, phase, this.job(launch, b, v, range, threads))
        if (status !== 0) return this.failure(b)
        if (this.after(phase, v, args, range)) break
      }
      if (owed * threads > LARGE_MERGE) {
        const merge = { args: b.address, begin: 0, end: owed, threads }
        owed = 0
        team.run(v.body, 'merge', merge)
      }
      succeeded = true
      return this.outcome(b, range)
    } finally {
      if (owed > 0) v.exports.merge(args, 0, owed, 0)
      slices?.free()
      staged?.release(succeeded)
      this.giveBack(b)
    }
  }

  async runAsync(launch: Launch): Promise<Outcome> {
    const size = sizeOf(launch)
    if (size.total === 0) return this.empty()
    const team = defaultTeam()
    const threads = Math.min(launch.threads, team.threads)
    const staged = stage(this.ir, launch.arrays, this.written, this.overwritten(launch, size))
    const v = this.variantFor(launch, staged.addresses, threads, size.total)
    const b = this.takeBlock()
    const args = heap.memory64 ? BigInt(b.address) : b.address
    let owed = 0
    let succeeded = false
    try {
      const range = this.prepare(launch, b, v, staged.addresses, threads + 1, size)
      owed = longest(launch, v.tallies)
      for (const phase of this.phases()) {
        const options = { ...this.job(launch, b, v, range, threads), ...(launch.signal && { signal: launch.signal }) }
        const status = await team.runAsync(v.body, phase, options)
        if (status !== 0) return this.failure(b)
        if (this.after(phase, v, args, range)) break
      }
      if (owed * threads > LARGE_MERGE) {
        const merge = { args: b.address, begin: 0, end: owed, threads }
        owed = 0
        await team.runAsync(v.body, 'merge', merge)
      }
      succeeded = true
      return this.outcome(b, range)
    } finally {
      // What was counted until an error or a signal came is kept, as other writing is.
      if (owed > 0) v.exports.merge(args, 0, owed, 0)
      staged.release(succeeded)
      this.giveBack(b)
    }
  }

  private runSlices(slices: Slices, launch: Launch, b: Block, v: Variant, range: number, threads: number): number {
    const team = defaultTeam()
    const job = this.job(launch, b, v, range, threads)
    const first = launch.extents[0].begin
    const place = (array: number, address: number) => this.writeAddress(b, layout.arrayOffset(this.ir, array), address)
    for (let begin = 0; begin < range; begin += slices.length) {
      const end = Math.min(begin + slices.length, range)
      slices.enter(first + begin, first + end, place)
      let status = 1
      try {
        status = team.run(v.body, 'run', { ...job, begin, end })
      } finally {
        slices.leave(first + begin, first + end, status === 0)
      }
      if (status !== 0) return status
    }
    return 0
  }

  private phases(): string[] {
    return this.combination?.kind === 'scan' ? ['scan', 'rest'] : ['run']
  }

  private job(launch: Launch, b: Block, v: Variant, range: number, threads: number) {
    const rows = this.combination !== undefined || this.ir.rank > 1
    return {
      args: b.address,
      begin: 0,
      end: range,
      schedule: launch.schedule,
      threads,
      align: rows ? 1 : v.lanes,
      ...(launch.chunk !== undefined && { chunk: launch.chunk }),
    }
  }

  /** What follows a phase, on this thread. Returns whether all is done. */
  private after(phase: string, v: Variant, args: number | bigint, range: number): boolean {
    if (phase === 'scan') return v.exports.carries(args, range) === 0
    if (this.combination?.kind === 'reduce') v.exports.pairwise(args, range)
    return true
  }

  private failure(b: Block): Outcome {
    const packed = b.bigs[0]
    return { failure: { site: Number(packed >> 32n) - 1, index: Number(BigInt.asIntN(32, packed)) } }
  }

  private empty(): Outcome {
    return { value: this.combination?.kind === 'reduce' ? this.combination.init : undefined }
  }

  private outcome(b: Block, range: number): Outcome {
    if (this.combination?.kind !== 'reduce' || range === 0) return this.empty()
    return { value: readValue(b.partials.address, this.combination.type) }
  }

  private isOutput(buffer: number): boolean {
    return buffer === 0 && this.combination?.kind === 'scan'
  }

  /** Arrays of which this launch writes every element and reads none. */
  private overwritten(launch: Launch, size: Size): boolean[] {
    if (!this.overwrites.some(Boolean)) return this.overwrites
    const [{ begin, end, step }] = launch.extents
    const reached = begin === 0 && step === 1 ? end : 0
    return this.overwrites.map((o, i) => o && lengthOf(launch, i) <= (this.isOutput(i) ? size.total : reached))
  }

  /** Whether two arrays that are both written share memory. */
  private overlapping(launch: Launch, addresses: readonly number[]): boolean {
    if (this.writtenCount < 2) return false
    for (let i = 0; i < addresses.length; i++) {
      if (!this.written[i]) continue
      for (let j = 0; j < i; j++) if (this.written[j] && sharesMemory(launch, addresses, i, j)) return true
    }
    return false
  }

  listing(): string {
    const [made] = this.variants.values()
    const v = this.variants.get(1) ?? made ?? this.variant(true, false, [])
    return disassemble(v.generated.bytes, { positions: v.generated.positions, source: this.options.source })
  }

  dispose(): void {
    if (this.disposed) return
    this.disposed = true
    for (const v of this.variants.values()) {
      v.body.unload()
      heap.free(v.pool)
    }
    this.blocks.forEach(freeBlock)
    this.variants.clear()
    this.blocks.length = 0
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

const lengthOf = (launch: Launch, array: number): number =>
  (launch.arrays[array] as unknown as { length: number }).length

/** The greatest length of tallies. */
const longest = (launch: Launch, tallies: readonly Tally[]): number =>
  tallies.reduce((most, t) => Math.max(most, lengthOf(launch, t.buffer)), 0)

const sharesMemory = (launch: Launch, addresses: readonly number[], i: number, j: number): boolean =>
  addresses[i] < addresses[j] + launch.arrays[j].byteLength && addresses[j] < addresses[i] + launch.arrays[i].byteLength

function freeBlock(b: Block): void {
  heap.free(b.address)
  release(b.scratch)
  release(b.partials)
  release(b.copies)
}

function readValue(address: number, type: Type): number | bigint {
  switch (type) {
    case 'f64':
      return heap.view(Float64Array, address, 1)[0]
    case 'f32':
      return heap.view(Float32Array, address, 1)[0]
    case 'i64':
      return heap.view(BigInt64Array, address, 1)[0]
    default:
      return heap.view(Int32Array, address, 1)[0]
  }
}

interface Size {
  counts: number[]
  rows: number
  rowLength: number
  total: number
}

function sizeOf(launch: Launch): Size {
  const counts = launch.extents.map(e => Math.max(0, Math.ceil((e.end - e.begin) / e.step)))
  const rowLength = counts[counts.length - 1]
  const rows = counts.slice(0, -1).reduce((a, c) => a * c, 1)
  return { counts, rows, rowLength, total: rows * rowLength }
}
