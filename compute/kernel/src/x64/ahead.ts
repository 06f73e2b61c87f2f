/**
 * Reading ahead. A processor by itself fetches what comes next, but only to the end of a page; and it looks ahead only as far as operations have room to wait, which a line that is missing fills with those of one or two
 * vectors where each takes many. So the lines of later strips are asked for.
 */

import type { Combination } from '../backend.ts'
import { type KernelIR, type Value, walk } from '../ir/ir.ts'
import type { Access } from '../lanes/accesses.ts'
import { isVarying, type Shapes } from '../lanes/shape.ts'
import { operationsOf } from './drafts.ts'
import { goesStepwise } from './past.ts'

/** Loads whose lines are asked for before they are needed. */
export interface Ahead {
  readonly loads: ReadonlySet<Value>
  readonly bytes: number
  readonly into: 'first' | 'second'
}

const fewOperations = 32

/** Whether a kernel of so many operations a position computes at length with what it reads. */
export const computesMuch = (operations: number): boolean => operations > fewOperations

/** Of what is soon done with. Half as far, and a quarter, were measured to be slower. */
const farAhead = 8192
/** Of what is computed with at length. Half as far, and four times, were measured to be slower. */
export const littleAhead = 2048

/**
 * What is asked for ahead. It costs nothing where all is in a cache, so it needs no kind of launch of its own, but that what is written past the caches leaves the first one to what is read.
 *
 * @param isPast the kernel's output goes past the caches
 */
export function aheadOf(
  ir: KernelIR,
  combination: Combination | undefined,
  shapes: Shapes,
  isPast: boolean,
): Ahead | undefined {
  const all = walk(ir.body)
  if (combination?.kind === 'scan' || all.some(v => v.op === 'loop')) return undefined
  if (computesMuch(operationsOf(ir.body)) || all.some(v => goesAnywhere(v, shapes))) {
    const loads = streams(ir, shapes)
    return loads.size > 0 ? { loads, bytes: littleAhead, into: 'first' } : undefined
  }
  const load = isPast || combination !== undefined ? loneLoad(ir) : undefined
  return load && { loads: new Set([load]), bytes: farAhead, into: isPast ? 'second' : 'first' }
}

/** Whether lanes access memory each where it likes: one after the other, or as good as. */
const goesAnywhere = ({ op, args }: Value, shapes: Shapes): boolean =>
  op === 'atomic' || ((op === 'load' || op === 'store') && isVarying(shapes.of(args[0])))

/** The one load of a kernel that reads a single array once, at every position, and has no loop. */
function loneLoad(ir: KernelIR): Value | undefined {
  const all = walk(ir.body)
  const [load, ...others] = all.filter(v => v.op === 'load' || v.op === 'atomic' || v.op === 'loop')
  return load?.op === 'load' && others.length === 0 && ir.body.ops.includes(load) ? load : undefined
}

/** A load of each stream that every position reads from. Neighbours, as of a stencil's row, are one stream. */
function streams({ body }: KernelIR, shapes: Shapes): ReadonlySet<Value> {
  const found = new Map<string, Value>()
  for (const v of body.ops) {
    if (v.op !== 'load' || shapes.of(v.args[0]) !== 1) continue
    const stream = `${(v.attr as Access).buffer} ${withoutConstants(v.args[0]).id}`
    if (!found.has(stream)) found.set(stream, v)
  }
  return new Set(found.values())
}

function withoutConstants(index: Value): Value {
  const other = index.op === 'add' ? index.args.findIndex(v => v.op === 'const') : -1
  return other < 0 ? index : withoutConstants(index.args[1 - other])
}

/**
 * Of a loop that begins at an element that positions read in order, and goes on one by one, as over the rows of a sparse matrix: a load of each array that it reads there, and where it begins. What the next positions
 * read lies behind it.
 */
export function segmentsOf(
  { args, regions }: Value,
  rank: number,
): { readonly loads: Value[]; readonly begin: Value }[] {
  const [test, body] = regions!
  return test.params.flatMap((counter, i) => {
    const begin = args[i]
    const next = body.results[i]
    const goesOn = next.op === 'add' && next.args.includes(counter) && withoutConstants(next) === counter
    if (begin.op !== 'load' || !goesStepwise(begin.args[0], rank) || !goesOn) return []
    const found = new Map<number, Value>()
    for (const v of body.ops) {
      if (v.op !== 'load' || v.args[0] !== counter) continue
      const { buffer } = v.attr as Access
      if (!found.has(buffer)) found.set(buffer, v)
    }
    return found.size > 0 ? [{ loads: [...found.values()], begin }] : []
  })
}
