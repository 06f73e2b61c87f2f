/**
 * Values combined with all before them, along lines. Long lines that lie one behind the other are scanned by the kernel's own way (blocks, whose totals are carried on), the same for
 * any number of threads; of others each lane goes along one line.
 */

import type { KernelIR, Value } from '@skein/kernel/compiler'
import { type DType, type Elements, infoOf } from '../dtypes.ts'
import type { Lines } from '../shape.ts'
import { Composer } from './compose.ts'
import { combinationOf, type Fold, initialLane } from './fold.ts'
import { convert, type Lane, pair, real } from './lanes.ts'
import { launchOf, type Run } from './launch.ts'
import { type Made, programOf } from './programs.ts'

/** Elements in C order. */
export interface Lying {
  readonly dtype: DType
  readonly elements: Elements
}

/** Whether the kernel's scans have values of a dtype. */
export const isScanned = (dtype: DType): boolean => {
  const { kind, bits } = infoOf(dtype)
  return kind !== 'complex' && bits >= 32
}

/** Rows one behind the other, into as many. */
export function scanRows(fold: Fold, from: Lying, to: Lying, rows: number, length: number): Run {
  const isOne = rows === 1
  const program = programOf(`${fold.name}-scan-${to.dtype}-${from.dtype}-${isOne}`, () => scan(fold, from, to, isOne))
  const arrays = [to.elements, from.elements]
  return launchOf(program, isOne ? [length] : [rows, length], arrays, isOne ? [] : [length])
}

function scan(fold: Fold, from: Lying, to: Lying, isOne: boolean): Made {
  const c = new Composer()
  const { b } = c
  c.buffer(infoOf(to.dtype).element)
  const x = c.buffer(infoOf(from.dtype).element)
  const k = c.index(isOne ? 0 : 1)
  const place = isOne ? k : b.add(b.mul(c.index(0), c.whole()), k)
  const value = convert(b, c.load(from.dtype, x, place), to.dtype)
  const isFirst = b.eq(k, 0)
  const ir = { ...c.finish(fold.name, isOne ? 1 : 2, value.v), yields: infoOf(to.dtype).type }
  // Each row begins anew.
  if (!isOne) ir.body.results = [value.v, isFirst]
  return { ir, combination: { ...combinationOf(fold, to.dtype), kind: 'scan', segmented: !isOne } }
}

/** Lines wherever they lie, into lines that are longer by one where what is combined of nothing comes first. */
export function runAlong(fold: Fold, from: Lying, to: Lying, lines: Lines, hasInitial: boolean): Run {
  const { before, length, after } = lines
  const more = hasInitial ? 1 : 0
  const areColumns = after > 1
  const key = `${fold.name}-along-${to.dtype}-${from.dtype}-${hasInitial}-${areColumns}`
  const program = programOf(key, () => ({ ir: along(fold, from, to, hasInitial, areColumns) }))
  const scalars = [length, after, length * after, (length + more) * after]
  return launchOf(program, areColumns ? [before, after] : [before], [to.elements, from.elements], scalars)
}

function along(fold: Fold, from: Lying, to: Lying, hasInitial: boolean, areColumns: boolean): KernelIR {
  const c = new Composer()
  const { b } = c
  const { dtype } = to
  const out = c.buffer(infoOf(dtype).element)
  const x = c.buffer(infoOf(from.dtype).element)
  const [length, step, block, blockTo] = [c.whole(), c.whole(), c.whole(), c.whole()]
  const column = areColumns ? c.index(1) : b.const('i32', 0)
  const begin = b.add(b.mul(c.index(0), block), column)
  const beginTo = b.add(b.mul(c.index(0), blockTo), column)
  const load = (k: Value): Lane => convert(b, c.load(from.dtype, x, b.add(begin, b.mul(k, step))), dtype)
  const zero = b.const('i32', 0)
  const first = hasInitial ? initialLane(b, fold, dtype) : load(zero)
  c.store(first, out, beginTo)
  const lane = ([v, im]: Value[]): Lane => (im ? pair(dtype, v, im) : real(dtype, v))
  const shift = hasInitial ? b.add(beginTo, step) : beginTo
  b.loop(
    [hasInitial ? zero : b.const('i32', 1), first.v, ...(first.im ? [first.im] : [])],
    ([k]) => b.slt(k, length),
    ([k, ...before]) => {
      const next = fold.combine(b, lane(before), load(k))
      c.store(next, out, b.add(shift, b.mul(k, step)))
      return [b.add(k, 1), next.v, ...(next.im ? [next.im] : [])]
    },
  )
  return c.finish(fold.name, areColumns ? 2 : 1)
}
