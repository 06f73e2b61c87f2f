/** What control asks about the regions that it holds, and how it names what they give. */

import { EFFECTS, type Region, type Value, walk } from '../../ir/ir.ts'

export const resultOf = (owner: Value, index: number, type: Value['type']): Value =>
  ({ id: -1, op: 'result', type, args: [owner], attr: index, loc: undefined, regions: undefined }) as Value

/** No memory, no effects, no loops: may run for lanes that are not active. @param also what may run as well */
export function isPlain(r: Region, also: (v: Value) => boolean = () => false): boolean {
  return r.ops.every(
    v =>
      also(v) ||
      (!EFFECTS.has(v.op) &&
        v.op !== 'load' &&
        v.op !== 'loop' &&
        v.op !== 'lload' &&
        !v.regions?.some(x => !isPlain(x, also))),
  )
}

/** Whether an operation of a region, or of one nested in it, reads one of these values. */
export function readsAny(r: Region, values: ReadonlySet<Value>): boolean {
  const wants = (v: Value) => values.has(v) || (v.op === 'result' && values.has(v.args[0]))
  return (
    r.results.some(wants) ||
    walk(r).some(v => v.args.some(wants) || v.regions?.some(inner => inner.results.some(wants)) === true)
  )
}

export const sizeOf = (r: Region): number =>
  r.ops.reduce((n, v) => n + 1 + (v.regions?.reduce((m, x) => m + sizeOf(x), 0) ?? 0), 0)
