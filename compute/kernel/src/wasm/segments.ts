/** Rows cut into segments, which are numbered row by row: what the functions over two and three dimensions and over blocks run through. */

import * as layout from '../launch/layout.ts'
import type { FunctionBuilder } from './encode/index.ts'

/** Locals that say where a segment lies: positions `begin` to `end` of a row. */
export interface Segment {
  number: number
  row: number
  rowLength: number
  begin: number
  end: number
}

/** Code that does something for each segment from `from` to `to`; the argument block is parameter 0. */
export function eachSegment(f: FunctionBuilder, from: number, to: number, emit: (s: Segment) => void): void {
  const i32 = (name: string, offset: number) => {
    const l = f.local('i32', name)
    f.get(0).load('i32.load', offset).set(l)
    return l
  }
  const segments = i32('segments', layout.SEGMENTS)
  const segmentLength = i32('segment_length', layout.SEGMENTS + 4)
  const rowLength = i32('row_length', layout.ROW)
  const t = f.local('i32', 't')
  const row = f.local('i32', 'row')
  const column = f.local('i32', 'column')
  const begin = f.local('i32', 'k0')
  const end = f.local('i32', 'k1')
  f.get(from).set(t)
  f.get(t).get(segments).op('i32.div_u').set(row)
  f.get(t).get(row).get(segments).op('i32.mul').op('i32.sub').set(column)
  const out = f.block()
  const next = f.loop()
  f.get(t).get(to).op('i32.ge_s').brIf(out)
  f.get(column).get(segmentLength).op('i32.mul').tee(begin)
  f.get(segmentLength).op('i32.add').tee(end)
  // The smaller of the segment's end and the row's.
  f.get(rowLength).get(end).get(rowLength).op('i32.lt_u').select().set(end)
  emit({ number: t, row, rowLength, begin, end })
  f.get(t).i32(1).op('i32.add').set(t)
  f.get(column).i32(1).op('i32.add').tee(column).get(segments).op('i32.eq').if()
  f.i32(0).set(column)
  f.get(row).i32(1).op('i32.add').set(row)
  f.end()
  f.br(next)
  f.end()
  f.end()
}
