/**
 * From where to where each variable's value is still wanted. Step i reads at position 2i and writes at 2i + 1; a range is half open, so a register that is read for the last time by the step
 * that writes another can be the same one. Between its ranges a variable has no value, and its register is free.
 *
 * What is read in a block before it is written there comes from other blocks: those are few, and only for them is the flow between blocks solved.
 */

import { InternalError } from '@skein/base'
import type { Label } from '../encode/operands.ts'
import type { Step } from './code.ts'
import { endsFlow } from './convention.ts'
import { access, type Instruction, trait, traitsOf } from './traits.ts'
import { firstVariable, type Uses } from './uses.ts'

export class Liveness {
  /** Of each node the number of its first range; -1: it has none. */
  readonly first: Int32Array
  /** Of each node, the positions in its ranges. */
  readonly length: Int32Array
  /** Of each node, its reads and writes, each by how often it is run. */
  readonly cost: Float64Array
  /** 1: its value goes from block to block. */
  readonly isGlobal: Uint8Array
  /** 1: nothing wants what the step does. */
  readonly isDead: Uint8Array
  starts = new Int32Array(1024)
  ends = new Int32Array(1024)
  /** The range after. */
  next = new Int32Array(1024)
  #ranges = 0

  constructor(nodes: number, steps: number) {
    this.first = new Int32Array(nodes).fill(-1)
    this.length = new Int32Array(nodes)
    this.cost = new Float64Array(nodes)
    this.isGlobal = new Uint8Array(nodes)
    this.isDead = new Uint8Array(steps)
  }

  /** Ranges are added from the last to the first. */
  add(node: number, start: number, end: number): void {
    this.length[node] += end - start
    const after = this.first[node]
    if (after >= 0 && this.starts[after] === end) {
      this.starts[after] = start
      return
    }
    const made = this.#ranges++
    if (made === this.starts.length) {
      this.starts = larger(this.starts)
      this.ends = larger(this.ends)
      this.next = larger(this.next)
    }
    this.starts[made] = start
    this.ends[made] = end
    this.next[made] = after
    this.first[node] = made
  }
}

const larger = (array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
  const made = new Int32Array(2 * array.length)
  made.set(array)
  return made
}

/** How often a step is run, against one outside all loops. */
export const frequency = (depth: number): number => (depth < 0 ? 0.01 : 10 ** Math.min(depth, 6))

/** Where blocks begin, and which may follow each. */
interface Flow {
  readonly begins: readonly number[]
  /** Of each block the one behind it if it is run into, and the one jumped to; -1: none. */
  readonly falls: Int32Array
  readonly jumps: Int32Array
}

function flowOf(name: string, steps: readonly Step[]): Flow {
  const begins: number[] = [0]
  const at = new Map<Label, number>()
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i]
    if (step.is === 'label') {
      if (begins[begins.length - 1] !== i) begins.push(i)
      if (at.has(step.label)) throw new InternalError(`${name}: label ${step.label.name} stands in two places`)
      at.set(step.label, begins.length - 1)
    } else if ((step.is === 'jump' || endsFlow(step)) && i + 1 < steps.length) begins.push(i + 1)
  }
  const falls = new Int32Array(begins.length).fill(-1)
  const jumps = new Int32Array(begins.length).fill(-1)
  for (let block = 0; block < begins.length; block++) {
    const last = steps[(begins[block + 1] ?? steps.length) - 1]
    if (!endsFlow(last) && block + 1 < begins.length) falls[block] = block + 1
    if (last.is !== 'jump') continue
    const target = at.get(last.label)
    if (target === undefined) throw new InternalError(`${name}: label ${last.label.name} stands nowhere`)
    jumps[block] = target
  }
  return { begins, falls, jumps }
}

/**
 * @param arriving nodes that hold something when the function begins
 * @throws InternalError: something is read that was never written
 */
export function livenessOf(
  name: string,
  steps: readonly Step[],
  uses: Uses,
  nodes: number,
  arriving: readonly number[],
  nameOf: (node: number) => string,
): Liveness {
  const flow = flowOf(name, steps)
  const { begins } = flow
  const blocks = begins.length
  const found = new Liveness(nodes, steps.length)

  // Which nodes a block reads before it writes them, and which it writes.
  const writtenIn = new Int32Array(nodes).fill(-1)
  const exposedIn = new Int32Array(nodes).fill(-1)
  const globals: number[] = []
  const index = new Int32Array(nodes).fill(-1)
  const exposed: number[] = []
  const written: number[] = []
  for (let block = 0; block < blocks; block++) {
    const end = uses.starts[begins[block + 1] ?? steps.length]
    for (let k = uses.starts[begins[block]]; k < end; ) {
      // All reads of a step come before its writes, also of the same node; uses of one step hold each node once.
      const use = uses.packed[k++]
      const node = use >> 2
      if ((use & access.read) !== 0 && writtenIn[node] !== block && exposedIn[node] !== block) {
        exposedIn[node] = block
        if (index[node] < 0) index[node] = globals.push(node) - 1
        exposed.push(block, node)
      }
      if ((use & access.write) !== 0 && writtenIn[node] !== block) {
        writtenIn[node] = block
        written.push(block, node)
      }
    }
  }

  const rows = (globals.length + 31) >> 5
  const into = new Int32Array(blocks * rows)
  const kept = new Int32Array(blocks * rows).fill(-1)
  const out = new Int32Array(blocks * rows)
  for (let i = 0; i < exposed.length; i += 2) {
    const g = index[exposed[i + 1]]
    into[exposed[i] * rows + (g >> 5)] |= 1 << (g & 31)
  }
  for (let i = 0; i < written.length; i += 2) {
    const g = index[written[i + 1]]
    if (g >= 0) kept[written[i] * rows + (g >> 5)] &= ~(1 << (g & 31))
  }
  for (let changes = true; changes; ) {
    changes = false
    for (let block = blocks - 1; block >= 0; block--) {
      const falls = flow.falls[block]
      const jumps = flow.jumps[block]
      for (let word = 0; word < rows; word++) {
        const at = block * rows + word
        const after = (falls < 0 ? 0 : into[falls * rows + word]) | (jumps < 0 ? 0 : into[jumps * rows + word])
        out[at] = after
        const before = into[at] | (after & kept[at])
        if (before !== into[at]) {
          into[at] = before
          changes = true
        }
      }
    }
  }
  for (let g = 0; g < globals.length; g++) {
    found.isGlobal[globals[g]] = 1
    if (((into[g >> 5] >> (g & 31)) & 1) !== 0 && !arriving.includes(globals[g]))
      throw new InternalError(`${name} reads ${nameOf(globals[g])}, which was never written on some way there`)
  }
  walk(steps, uses, begins, globals, out, rows, found)
  return found
}

/** Each block from its end to its beginning. */
function walk(
  steps: readonly Step[],
  uses: Uses,
  begins: readonly number[],
  globals: readonly number[],
  out: Int32Array,
  rows: number,
  found: Liveness,
): void {
  const { cost, isDead } = found
  /** Of a node that is wanted here: until where; else -1. */
  const open = new Int32Array(cost.length).fill(-1)
  /** Globals that were wanted somewhere in the block. */
  const wanted: number[] = []
  for (let block = begins.length - 1; block >= 0; block--) {
    const begin = begins[block]
    const end = begins[block + 1] ?? steps.length
    wanted.length = 0
    for (let word = 0; word < rows; word++) {
      for (let bits = out[block * rows + word]; bits !== 0; bits &= bits - 1) {
        const node = globals[word * 32 + 31 - Math.clz32(bits & -bits)]
        open[node] = 2 * end
        wanted.push(node)
      }
    }
    for (let i = end - 1; i >= begin; i--) {
      const from = uses.starts[i]
      const to = uses.starts[i + 1]
      const step = steps[i]
      if ((step.is === 'vector' || step.is === 'general') && isUnwanted(step, uses, from, to, open)) {
        isDead[i] = 1
        continue
      }
      const weight = frequency(step.depth)
      for (let k = from; k < to; k++) {
        const use = uses.packed[k]
        const node = use >> 2
        cost[node] += weight
        if ((use & access.write) === 0) continue
        if (use & access.read) {
          cost[node] += weight
          if (open[node] < 0) open[node] = 2 * i + 2
        } else {
          found.add(node, 2 * i + 1, open[node] < 0 ? 2 * i + 2 : open[node])
          open[node] = -1
        }
      }
      for (let k = from; k < to; k++) {
        const use = uses.packed[k]
        const node = use >> 2
        if ((use & access.read) === 0) continue
        if (open[node] < 0) open[node] = 2 * i + 1
        if (found.isGlobal[node]) wanted.push(node)
      }
    }
    for (let i = 0; i < wanted.length; i++) {
      const node = wanted[i]
      if (open[node] < 0) continue
      found.add(node, 2 * begin, open[node])
      open[node] = -1
    }
  }
}

function isUnwanted(step: Instruction, { packed }: Uses, from: number, to: number, open: Int32Array): boolean {
  if ((traitsOf(step) & trait.isPure) === 0) return false
  let writes = false
  for (let k = from; k < to; k++) {
    if ((packed[k] & access.write) === 0) continue
    const node = packed[k] >> 2
    if (node < firstVariable || open[node] >= 0) return false
    writes = true
  }
  return writes
}
