/**
 * How a compiled kernel is launched, whatever its code is: the variant for this kind of launch, an argument block, a call of the team or of this thread for a small one, and what follows it.
 */

import { type Body, defaultTeam } from '@skein/team'
import type { BackendOptions, Combination, Launch, Outcome, Program } from '../backend.ts'
import type { Tally } from '../lanes/tallies.ts'
import { type Block, Blocks, type Coded } from './block.ts'
import type { Facts } from './facts.ts'
import { lengthOf, type Size, sharesMemory, sizeOf } from './size.ts'

/** Below this many operations, as `Facts.weight` counts them, a call stays on the calling thread: others would save it less than the microsecond or two that it takes to hand them their part. */
const smallLaunch = 120_000
/** The most elements of an array that is copied: each thread's copies, 16 bytes an element, stay in its own cache. */
const mostCopied = 65536
/** Copies are made where there are so many iterations for each element and thread. */
const worthCopies = 4
/** What copies cost besides, in elements. */
const costOfCopies = 32
/** Above so many elements of all threads' copies the team brings them together, below it the calling thread. */
const largeMerge = 16384

const phases = ['run']
const phasesOfScan = ['scan', 'rest']
const none: readonly Tally[] = []

/** The kernel compiled for one kind of launch. */
export interface Variant extends Coded {
  readonly body: Body
}

/** What code depends on beside the kernel. */
export interface Kind {
  readonly unitStep: boolean
  /** Two arrays that are written share memory. */
  readonly overlap: boolean
  /** Arrays of which each thread changes copies of its own. */
  readonly tallies: readonly Tally[]
  /** What is written is larger than the caches, and goes past them. */
  readonly past: boolean
}

/** Where a launch's arrays are while it runs. */
export interface Placement {
  readonly addresses: readonly number[]
  /** @param succeeded all of the range was run */
  release(succeeded: boolean): void
}

export interface Job {
  readonly args: number
  readonly begin: number
  readonly end: number
  readonly schedule: Launch['schedule']
  readonly threads: number
  readonly align: number
  readonly chunk?: number
}

/** Tests choose when copies are worth it. */
export interface LaunchOptions extends BackendOptions {
  readonly worthCopies?: number
}

export abstract class TeamProgram<V extends Variant> implements Program {
  protected readonly facts: Facts
  protected readonly combination: Combination | undefined
  protected readonly options: LaunchOptions
  readonly #origin: number
  readonly #variants = new Map<number, V>()
  /** Calls under way may still be in their code. */
  readonly #outgrown: V[] = []
  readonly #blocks: Blocks
  readonly #writtenCount: number
  #isDisposed = false

  /** @param origin what code adds to an address in the heap */
  constructor(facts: Facts, combination: Combination | undefined, options: LaunchOptions, origin: number) {
    this.facts = facts
    this.combination = combination
    this.options = options
    this.#origin = origin
    this.#blocks = new Blocks(facts, combination, origin)
    this.#writtenCount = facts.written.filter(Boolean).length
  }

  protected abstract make(kind: Kind): V

  protected abstract free(variant: V): void

  /** Whether code is to be made anew before this is run again. */
  protected isOutgrown(_variant: V): boolean {
    return false
  }

  /** Brings arrays to where code can reach them. */
  protected abstract place(launch: Launch, size: Size, isSmall: boolean): Placement

  /** Calls a function on this thread. */
  protected abstract callHere(variant: V, name: string, args: number, begin: number, end: number): number

  abstract listing(): string

  /** Whether a launch of so many positions writes so much that it had better go past the caches. Asked once for each. */
  protected writesPast(_launch: Launch, _addresses: readonly number[], _total: number): boolean {
    return false
  }

  /** Calls a function on the team. */
  protected callTeam(
    variant: V,
    name: string,
    job: Job,
    _placement: Placement,
    _block: Block,
    _launch: Launch,
  ): number {
    return defaultTeam().run(variant.body, name, job)
  }

  /** What a status says that is not 0. */
  protected failure(_variant: V, block: Block, _status: number): Outcome {
    return { failure: block.failure }
  }

  /**
   * The code for a kind of launch.
   *
   * @param _positions how many the launch has; 0: there is none
   */
  protected variant(kind: Kind, _positions: number): V {
    const { unitStep, overlap, tallies, past } = kind
    const first = (unitStep ? 1 : 0) + (overlap ? 2 : 0) + (past ? 4 : 0)
    const key =
      tallies.length === 0 ? first : tallies.reduce((sum, t) => sum + 8 * 2 ** this.facts.tallies.indexOf(t), first)
    const known = this.#variants.get(key)
    if (known !== undefined && !this.isOutgrown(known)) return known
    const made = this.make(kind)
    this.#variants.set(key, made)
    if (known !== undefined) this.#outgrown.push(known)
    return made
  }

  /** One that was made, for listings: where there is none, for the plainest kind. */
  protected anyVariant(): V {
    const [made] = this.#variants.values()
    return (
      this.#variants.get(1) ?? made ?? this.variant({ unitStep: true, overlap: false, tallies: [], past: false }, 0)
    )
  }

  #variantFor(launch: Launch, addresses: readonly number[], threads: number, total: number): V {
    const tallies = this.facts.tallies.length === 0 ? none : this.#worthCopying(launch, addresses, threads, total)
    const unitStep = launch.extents[launch.extents.length - 1].step === 1
    const past = this.writesPast(launch, addresses, total)
    return this.variant({ unitStep, overlap: this.#overlapping(launch, addresses), tallies, past }, total)
  }

  #worthCopying(launch: Launch, addresses: readonly number[], threads: number, total: number): readonly Tally[] {
    const worth = this.options.worthCopies ?? worthCopies
    return this.facts.tallies.filter(({ buffer }) => {
      const length = lengthOf(launch, buffer)
      return (
        length <= mostCopied &&
        total >= worth * (length + costOfCopies) * threads &&
        addresses.every((_, other) => other === buffer || !sharesMemory(launch, addresses, buffer, other))
      )
    })
  }

  /** Whether two arrays that are both written share memory. */
  #overlapping(launch: Launch, addresses: readonly number[]): boolean {
    if (this.#writtenCount < 2) return false
    const { written } = this.facts
    for (let i = 0; i < addresses.length; i++) {
      if (!written[i]) continue
      for (let j = 0; j < i; j++) if (written[j] && sharesMemory(launch, addresses, i, j)) return true
    }
    return false
  }

  run(launch: Launch): Outcome {
    const size = sizeOf(launch)
    if (size.total === 0) return this.#empty(launch)
    const isSmall = size.total * this.facts.weight < smallLaunch
    const threads = isSmall ? 1 : Math.min(launch.threads, defaultTeam().threads)
    const placement = this.place(launch, size, isSmall)
    const v = this.#variantFor(launch, placement.addresses, threads, size.total)
    const block = this.#blocks.take()
    const args = this.#origin + block.address
    let owed = 0
    let succeeded = false
    try {
      const range = block.prepare(launch, v, placement.addresses, threads, size)
      owed = longest(launch, v.tallies)
      for (const phase of this.#phases) {
        const status = isSmall
          ? this.callHere(v, phase, args, 0, range)
          : this.callTeam(v, phase, this.#job(launch, args, v, range, threads), placement, block, launch)
        if (status !== 0) return this.failure(v, block, status)
        if (this.#after(phase, v, block, range, launch, size)) break
      }
      if (owed * threads > largeMerge) {
        const merge = { args, begin: 0, end: owed, threads }
        owed = 0
        defaultTeam().run(v.body, 'merge', merge)
      }
      succeeded = true
      return this.#outcome(block, launch)
    } finally {
      if (owed > 0) this.callHere(v, 'merge', args, 0, owed)
      placement.release(succeeded)
      this.#blocks.giveBack(block)
    }
  }

  async runAsync(launch: Launch): Promise<Outcome> {
    const size = sizeOf(launch)
    if (size.total === 0) return this.#empty(launch)
    const team = defaultTeam()
    const threads = Math.min(launch.threads, team.threads)
    // What is not small is not cut into slices of a synchronous call either.
    const placement = this.place(launch, size, true)
    const v = this.#variantFor(launch, placement.addresses, threads, size.total)
    const block = this.#blocks.take()
    const args = this.#origin + block.address
    let owed = 0
    let succeeded = false
    try {
      const range = block.prepare(launch, v, placement.addresses, threads + 1, size)
      owed = longest(launch, v.tallies)
      for (const phase of this.#phases) {
        const options = {
          ...this.#job(launch, args, v, range, threads),
          ...(launch.signal && { signal: launch.signal }),
        }
        const status = await team.runAsync(v.body, phase, options)
        if (status !== 0) return this.failure(v, block, status)
        if (this.#after(phase, v, block, range, launch, size)) break
      }
      if (owed * threads > largeMerge) {
        const merge = { args, begin: 0, end: owed, threads }
        owed = 0
        await team.runAsync(v.body, 'merge', merge)
      }
      succeeded = true
      return this.#outcome(block, launch)
    } finally {
      // What was counted until an error or a signal came is kept, as other writing is.
      if (owed > 0) this.callHere(v, 'merge', args, 0, owed)
      placement.release(succeeded)
      this.#blocks.giveBack(block)
    }
  }

  get #phases(): readonly string[] {
    return this.combination?.kind === 'scan' ? phasesOfScan : phases
  }

  #job({ schedule, chunk }: Launch, args: number, v: V, end: number, threads: number): Job {
    const rows = this.combination !== undefined || this.facts.rank > 1
    const align = rows ? 1 : v.lanes
    return { args, begin: 0, end, schedule, threads, align, ...(chunk !== undefined && { chunk }) }
  }

  /** What follows a phase, on this thread. Returns whether all is done. */
  #after(phase: string, v: V, block: Block, range: number, { rows }: Launch, size: Size): boolean {
    const args = this.#origin + block.address
    if (phase === 'scan') return this.callHere(v, 'carries', args, range, 0) === 0
    if (this.combination?.kind !== 'reduce') return true
    const combine = (count: number) => void this.callHere(v, 'pairwise', args, count, 0)
    if (rows) block.combineRows(rows, size.rows, range, combine)
    else combine(range)
    return true
  }

  #empty({ rows }: Launch): Outcome {
    if (this.combination?.kind !== 'reduce') return { value: undefined }
    const { init } = this.combination
    if (rows === undefined) return { value: init }
    ;(rows as Float64Array).fill(init as number)
    return { value: undefined }
  }

  #outcome(block: Block, { rows }: Launch): Outcome {
    return { value: this.combination?.kind === 'reduce' && rows === undefined ? block.value : undefined }
  }

  dispose(): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    for (const v of [...this.#variants.values(), ...this.#outgrown]) this.free(v)
    this.#variants.clear()
    this.#blocks.dispose()
  }
}

/** The greatest length of tallies. */
const longest = (launch: Launch, tallies: readonly Tally[]): number =>
  tallies.length === 0 ? 0 : Math.max(...tallies.map(t => lengthOf(launch, t.buffer)))
