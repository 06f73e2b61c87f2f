// Whether a history can be explained by operations that each happened at one moment between its call and its answer.
//
// J. Wing and C. Gong, "Testing and verifying concurrent objects", Journal of Parallel and Distributed Computing 17, 1993: try operations that may come next, one
// after another, and take them back where that leads nowhere. G. Lowe, "Testing for linearizability", Concurrency and Computation 29, 2017: what was tried already
// (the same operations done, the same state) is not tried again. A. Horn and D. Kroening, "Faster linearizability checking via P-compositionality", 2015: parts of a history that do not
// touch each other are checked by themselves. Parts are looked at in turn, each with a budget that grows, for one part may cost more than there
// is time for while another is wrong at a glance.
import type { Operation } from './history.ts'

export interface Model<State, Input, Output> {
  readonly name: string
  readonly initial: State
  /**
   * The state after the operation, or undefined if it cannot have given that output there. An output of undefined is one that nobody knows: any will do.
   */
  step(state: State, input: Input, output: Output | undefined): State | undefined
  /** The same text or number for the same state, and another for another. Default: a number itself, of all else its JSON. */
  key?(state: State): string | number
  /** Parts that do not touch each other. Default: one. */
  partition?(history: readonly Operation<Input, Output>[]): readonly (readonly Operation<Input, Output>[])[]
  /** An operation in words, for the picture. */
  describe?(input: Input, output: Output | undefined): string
}

export interface CheckOptions {
  /** Steps at most, over all parts. Default 100 million. */
  maxSteps?: number
  /** States that are remembered at most, over all parts, about 100 bytes each. Default 5 million. */
  maxStates?: number
  signal?: AbortSignal
}

export type Verdict<Input = unknown, Output = unknown> =
  | {
      readonly linearizable: true
      readonly steps: number
      readonly orders: readonly (readonly Operation<Input, Output>[])[]
    }
  | {
      readonly linearizable: false
      readonly steps: number
      /** The part that is wrong. */
      readonly part: readonly Operation<Input, Output>[]
      /** The longest order that was found for some of its operations. */
      readonly longest: readonly Operation<Input, Output>[]
      /** Operations that should have come next, and could not. */
      readonly stuck: readonly Operation<Input, Output>[]
    }
  | { readonly linearizable: 'unknown'; readonly steps: number; readonly reason: string }

/** Checks a history against a model. */
export const checkLinearizable = <State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  options: CheckOptions = {},
): Verdict<Input, Output> => {
  const { maxSteps = 100_000_000, maxStates = 5_000_000, signal } = options
  const parts = (model.partition?.(history) ?? [history]).map(part => new Search(model, part))
  let open = parts
  let steps = 0
  for (let budget = 1000; open.length > 0; budget *= 4) {
    const left: typeof open = []
    for (const part of open) {
      signal?.throwIfAborted()
      const before = part.steps
      const answer = part.search(Math.min(budget, maxSteps - steps))
      steps += part.steps - before
      if (answer === false) return { linearizable: false, steps, part: part.operations, ...part.failure() }
      if (answer === undefined) left.push(part)
      else part.forget()
      if (steps >= maxSteps && (left.length > 0 || part !== open.at(-1)))
        return { linearizable: 'unknown', steps, reason: `not decided after ${steps} steps` }
      let states = 0
      for (const { states: remembered } of parts) states += remembered
      if (states > maxStates)
        return { linearizable: 'unknown', steps, reason: `not decided with ${states} states in memory` }
    }
    open = left
  }
  return { linearizable: true, steps, orders: parts.map(part => part.order()) }
}

const none = -1

interface Remembered {
  readonly from: number
  readonly done: Uint32Array
  readonly state: number
}

/** The search through one part; it can be left and taken up again. */
class Search<State, Input, Output> {
  readonly operations: readonly Operation<Input, Output>[]
  steps = 0
  states = 0
  private readonly model: Model<State, Input, Output>
  /**
   * Calls and answers in order of time, a doubly linked list in arrays: entry i is the call of operation i, entry n + i its answer, entry 2n the head. An operation that has been
   * put in order is taken out of the list, both of its entries.
   */
  private readonly next: Int32Array
  private readonly previous: Int32Array
  /** The operations in the order found so far, and the state before each. */
  private readonly chosen: number[] = []
  private readonly statesBefore: State[] = []
  private state: State
  /** Which operations have been put in order: bits, and two sums that stand for them. */
  private readonly done: Uint32Array
  /** Before these words all bits of `done` are set, and after them none: what is remembered is what lies between, for in a long history that is little. */
  private low = 0
  private high = 0
  private hashLow = 0
  private hashHigh = 0
  private readonly stateNumbers = new Map<string | number, number>()
  private seen = new Map<number, Remembered[]>()
  /** Operations that were answered and are not in the order yet. Those that were not may never have happened. */
  private left: number
  private longest: number[] = []
  /** The call to try next. */
  private at: number

  constructor(model: Model<State, Input, Output>, operations: readonly Operation<Input, Output>[]) {
    this.model = model
    this.operations = operations
    this.state = model.initial
    this.left = operations.filter(({ end }) => end !== Number.POSITIVE_INFINITY).length
    const n = operations.length
    this.done = new Uint32Array((n + 31) >>> 5)
    this.next = new Int32Array(2 * n + 1)
    this.previous = new Int32Array(2 * n + 1)
    const entries = Array.from({ length: 2 * n }, (_, i) => i)
    const timeOf = (entry: number): number => (entry < n ? operations[entry].begin : operations[entry - n].end)
    // Of what happens at the same time calls come first: whoever may have overlapped is taken to have.
    entries.sort((a, b) => {
      const [ta, tb] = [timeOf(a), timeOf(b)]
      return ta === tb ? Number(a >= n) - Number(b >= n) || a - b : ta - tb
    })
    let last = 2 * n
    for (const entry of entries) {
      this.next[last] = entry
      this.previous[entry] = last
      last = entry
    }
    this.next[last] = none
    this.at = n === 0 ? none : this.next[2 * n]
  }

  /** True: an order was found. False: there is none. Undefined: the budget is used up. */
  search(budget: number): boolean | undefined {
    const n = this.operations.length
    const end = this.steps + budget
    while (this.left > 0) {
      if (this.steps >= end) return undefined
      this.steps++
      const { at } = this
      if (at !== none && at < n) {
        const { input, output } = this.operations[at]
        const after = this.model.step(this.state, input, output)
        if (after !== undefined && this.isNew(at, after)) this.choose(at, after)
        else this.at = this.next[at]
      } else if (!this.takeBack()) return false
    }
    return true
  }

  order(): readonly Operation<Input, Output>[] {
    return this.chosen.map(i => this.operations[i])
  }

  failure(): { longest: Operation<Input, Output>[]; stuck: Operation<Input, Output>[] } {
    const longest = this.longest.map(i => this.operations[i])
    const inOrder = new Set(this.longest)
    const rest = this.operations.filter((_, i) => !inOrder.has(i))
    const firstEnd = rest.reduce((first, { end }) => Math.min(first, end), Number.POSITIVE_INFINITY)
    return { longest, stuck: rest.filter(({ begin }) => begin < firstEnd) }
  }

  forget(): void {
    this.seen = new Map()
    this.states = 0
  }

  private choose(operation: number, after: State): void {
    const n = this.operations.length
    this.chosen.push(operation)
    this.statesBefore.push(this.state)
    this.state = after
    this.flip(operation)
    if (this.operations[operation].end !== Number.POSITIVE_INFINITY) this.left--
    this.unlink(operation)
    this.unlink(n + operation)
    this.at = this.next[2 * n]
  }

  private takeBack(): boolean {
    if (this.chosen.length > this.longest.length) this.longest = [...this.chosen]
    const operation = this.chosen.pop()
    if (operation === undefined) return false
    this.state = this.statesBefore.pop()!
    this.flip(operation)
    if (this.operations[operation].end !== Number.POSITIVE_INFINITY) this.left++
    this.relink(this.operations.length + operation)
    this.relink(operation)
    this.at = this.next[operation]
    return true
  }

  /** Whether these operations with that state were not tried before; notes that they are now. */
  private isNew(operation: number, after: State): boolean {
    this.flip(operation)
    const state = this.numberOf(after)
    const key = this.hashHigh * 2 ** 21 + ((this.hashLow ^ scrambled(state)) >>> 11)
    const known = this.seen.get(key)
    let isKnown = false
    if (known === undefined) this.seen.set(key, [this.remembered(state)])
    else {
      isKnown = known.some(entry => entry.state === state && this.isDone(entry))
      if (!isKnown) known.push(this.remembered(state))
    }
    if (!isKnown) this.states++
    this.flip(operation)
    return !isKnown
  }

  private numberOf(state: State): number {
    const { key } = this.model
    const text = key ? key(state) : typeof state === 'number' ? state : jsonOf(state)
    let number = this.stateNumbers.get(text)
    if (number === undefined) this.stateNumbers.set(text, (number = this.stateNumbers.size))
    return number
  }

  private flip(operation: number): void {
    const { done } = this
    const word = operation >>> 5
    done[word] ^= 1 << (operation & 31)
    this.low = Math.min(this.low, word)
    while (done[this.low] === 0xffffffff) this.low++
    this.high = Math.max(this.high, word + 1)
    while (this.high > this.low && done[this.high - 1] === 0) this.high--
    this.hashLow ^= scrambled(operation)
    this.hashHigh = (this.hashHigh ^ scrambled(~operation)) >>> 0
  }

  private remembered(state: number): Remembered {
    return { from: this.low, done: this.done.slice(this.low, this.high), state }
  }

  private isDone({ from, done }: Remembered): boolean {
    if (from !== this.low || done.length !== Math.max(0, this.high - this.low)) return false
    for (let i = 0; i < done.length; i++) if (done[i] !== this.done[from + i]) return false
    return true
  }

  private unlink(entry: number): void {
    const { next, previous } = this
    next[previous[entry]] = next[entry]
    if (next[entry] !== none) previous[next[entry]] = previous[entry]
  }

  private relink(entry: number): void {
    const { next, previous } = this
    next[previous[entry]] = entry
    if (next[entry] !== none) previous[next[entry]] = entry
  }
}

/** JSON has no NaN and no undefined: those must not be taken for null. */
const jsonOf = (state: unknown): string =>
  typeof state === 'string'
    ? JSON.stringify(state)
    : JSON.stringify(state, (_, value: unknown) =>
        value === undefined || (typeof value === 'number' && !Number.isFinite(value)) ? { '': String(value) } : value,
      )

const scrambled = (x: number): number => {
  let h = Math.imul(x ^ 0x9e3779b9, 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
