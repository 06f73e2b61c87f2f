/**
 * How a value was made, so that its task can run again when the value is lost. A recipe keeps the call and small arguments, and of
 * other values only how they were made: so a value does not keep those alive that it came from. What is still there is
 * used, the rest is made again as well.
 */

import { recordOf } from '../calls/arguments.ts'
import type { Call } from '../calls/call.ts'
import { type Given, Prepacked, type Record } from '../calls/record.ts'
import { Ref } from '../ref.ts'
import { Stored } from './store.ts'

/** Larger arguments are not kept for the case that they are needed again. */
const mostArgumentBytes = 1 << 16
/** Most tasks in a row that would have to run again. */
const mostDepth = 100

/** Of a value: how to make it again, or why that cannot be. */
export type Lineage = Recipe | string

/** A large value that another was made from. */
class Part {
  readonly record: WeakRef<Record>
  readonly label: string
  readonly lineage: Lineage

  constructor(record: Record, lineage: Lineage) {
    this.record = new WeakRef(record)
    this.label = record.label
    this.lineage = lineage
  }
}

export class Recipe {
  readonly call: Call
  /** How often it may be made again. */
  left: number
  /** The longest row of tasks that would have to run. */
  readonly depth: number
  /** The arguments, or those references that stand in the packed ones, with parts in the place of references to large values. */
  readonly #values: readonly unknown[]
  readonly #packed: Prepacked | undefined

  constructor(call: Call, left: number, depth: number, values: readonly unknown[], packed: Prepacked | undefined) {
    this.call = call
    this.left = left
    this.depth = depth
    this.#values = values
    this.#packed = packed
  }

  /**
   * Arguments to run the task with, or why there are none.
   *
   * @param run runs the task of a value that is gone
   */
  arguments(run: (lineage: Lineage) => Record | string): Given | string {
    const values: unknown[] = []
    for (const value of this.#values) {
      if (value instanceof Part) {
        const record = value.record.deref() ?? run(value.lineage)
        if (typeof record === 'string') return `${value.label}, which it was made from, is gone, and ${record}`
        values.push(new Ref(record))
      } else values.push(value)
    }
    if (this.#packed === undefined) return values
    const { bytes, holds, handles } = this.#packed
    return new Prepacked(bytes, values as Ref<unknown>[], holds, handles)
  }
}

/**
 * Of what a task has just given, while it still has its arguments.
 *
 * @param known of a value that it was made from
 */
export function lineageOf({ call, given }: Record, known: (part: Stored) => Lineage): Lineage {
  const { retries = 3 } = call.options
  if (call.actor > 0) return 'a method of an actor gave it, whose state has changed since'
  if (retries === 0) return "its task may not run again ('retries' is 0)"
  const packed = given instanceof Prepacked ? given : undefined
  if (packed !== undefined && packed.holds === undefined)
    return 'its task was given arrays of another, which may be gone'
  let bytes = packed?.bytes.length ?? 0
  for (const value of packed?.holds ?? (given as readonly unknown[])) {
    if (ArrayBuffer.isView(value)) bytes += value.byteLength
  }
  if (bytes > mostArgumentBytes) return 'arguments of its task were too large to be kept (give them as references)'
  let depth = 1
  const values = (packed?.refs ?? (given as readonly unknown[])).map(value => {
    if (!(value instanceof Ref)) return value
    const record = recordOf(call.name, value)
    // A small value is kept with its reference. One that was freed cannot be had again.
    const stored = record.isFreed ? undefined : record.found
    if (!(stored instanceof Stored)) return value
    const lineage = known(stored)
    if (lineage instanceof Recipe) depth = Math.max(depth, lineage.depth + 1)
    return new Part(record, lineage)
  })
  if (depth > mostDepth) return `more than ${mostDepth} tasks would have to run again for it`
  return new Recipe(
    call,
    retries,
    depth,
    values,
    packed && new Prepacked(packed.bytes, [], packed.holds, packed.handles),
  )
}
