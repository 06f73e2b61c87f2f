/**
 * What every backend is: it turns the IR of one kernel, typed for one kind of arguments, into a program that runs over a
 * range. `reference` says what is right; the others are compared with it bit for bit.
 */
import type { KernelIR, Type } from './ir/ir.ts'

/** The same object for all modules of a backend and its caller: what is loaded twice in a process would have another. */
export const modules = {}

/** One dimension of a range: begin, begin + step, … while below end (above, for a negative step). All are i32. */
export interface Extent {
  begin: number
  end: number
  step: number
}

export type Schedule = 'static' | 'dynamic' | 'guided' | 'auto'

export interface Launch {
  /** One extent for each dimension of the kernel; the last is the fastest. Iterations are independent. */
  extents: Extent[]
  /** Values of `ir.scalars`, in order: numbers, or bigints where the scalar's type is i64. */
  scalars: (number | bigint)[]
  /** The arrays of `ir.buffers` in space `global`, in order; any length, the same element type. */
  arrays: ArrayBufferView[]
  threads: number
  schedule: Schedule
  chunk: number | undefined
  /** For a reduction: takes the value of each row of the range, in order, instead of one of all. Of the combination's type, unsigned, or of smaller elements. */
  rows?: ArrayBufferView
  signal?: AbortSignal
}

/** How values are combined in `reduce` and `scan`; null: the body yields nothing. */
export interface Combination {
  kind: 'reduce' | 'scan'
  /** Type of accumulator and values. */
  type: Type
  /** The identity: combine(init, x) = x. */
  init: number | bigint
  /** IR of a function of two scalars `a`, `b` that yields the combined value; rank 0, no buffers. */
  combine: KernelIR
  /** For scans: `out[k]` gets the value before (exclusive) or after (inclusive) element k. The output is array 0. */
  exclusive?: boolean
  /** For scans: the body yields a second value (i1) that is true where a new segment begins. */
  segmented?: boolean
}

/** A check that failed while running: which site, and the index that was out of range. */
export interface Failure {
  site: number
  index: number
}

export type Outcome = { failure: Failure } | { value: number | bigint | undefined }

export interface Program {
  run(launch: Launch): Outcome
  runAsync(launch: Launch): Promise<Outcome>
  /** The generated code as text, with the kernel's lines beside it. */
  listing(): string
  /** Frees what the program holds outside the JavaScript heap. */
  dispose(): void
}

export interface Backend {
  readonly name: string
  /** undefined when it can run here, else why not. */
  unavailable(): string | undefined
  /**
   * The program of a kernel that was compiled before, in another process even; undefined where it is not known by its text, or has none.
   *
   * @param lower makes the kernel's IR, should that be needed
   */
  recall?(lower: () => KernelIR, options: BackendOptions): Program | undefined
  /** @param source text of the kernel, for listings */
  compile(ir: KernelIR, combination: Combination | undefined, options: BackendOptions): Program
}

export interface BackendOptions {
  /** Allow contraction (fused multiply-add) and relaxed SIMD. */
  fast: boolean
  /** Leave out bounds checks: the caller promises that every index is in range. */
  unsafe: boolean
  /** The first small launches may run on code that is made sooner and is not as fast. Default false. */
  drafts?: boolean
  /** What is made may be kept on disk for the next process. Default true. */
  onDisk?: boolean
  /** All that the IR is made of, the same in every process. */
  text?: string
  source: string[]
}

/**
 * The order in which a reduction combines, the same on every backend and for any number of threads.
 *
 * Each row of the range (its last dimension) is cut into blocks of {@link BLOCK} positions, counted from the row's
 * beginning. Within a block, element k goes to accumulator k mod L, L = {@link accumulators}; each accumulator starts at
 * `init`. The block's value is the pairwise combination acc[j] = combine(acc[j], acc[j + h]) for h = L/2, L/4 … 1. The
 * values of all blocks, in order, are combined in adjacent pairs, level by level (an odd last one moves up as it is),
 * until one is left. An empty range gives `init`. With `rows` those of each row are, by themselves.
 *
 * In a scan a block is cut into groups of {@link SCANNED} positions. Within a group, for d = 1, 2, 4, 8 in turn, all elements
 * k ≥ d at once become combine(element k - d, element k). Then element k becomes combine(running, element k), where
 * running is `init` for the first group of a block and else the last element of the group before. The block's total is its last
 * element; carry[0] = init and carry[b] = combine(carry[b-1], total[b-1]). The result is combine(carry[b], element), and
 * for an exclusive scan that of the element before, `init` for the first of all.
 *
 * In a segmented scan nothing reaches over a head: an element whose segment begins behind k - d stays as it is; one whose
 * segment begins in its group takes `init` for running; after a head in its block the result is the element itself; the carry
 * behind a block with a head is its total. The exclusive result at a head is `init`.
 */
export const BLOCK = 16384

/** Positions of a scan that are combined by shifts. */
export const SCANNED = 16

/** Number of accumulators of a reduction: 128 bytes' worth. */
export const accumulators = (type: Type): number => (type === 'f64' || type === 'i64' ? 16 : 32)
