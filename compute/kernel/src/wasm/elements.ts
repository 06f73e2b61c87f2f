/** Elements of arrays: how they are loaded and stored one by one, where they are, which of a step's pointers finds them. */
import { ELEMENT_BYTES, type Element, type Value } from '../ir/ir.ts'
import type { Access } from '../lanes/accesses.ts'
import { partWidth } from './lanes.ts'
import type { Operands } from './operands.ts'

const shift = (e: Element) => Math.log2(ELEMENT_BYTES[e])

export const wide = (e: Element) => ELEMENT_BYTES[e] === 8

export const SCALAR_LOAD: Record<Element, string> = {
  i8: 'i32.load8_s',
  u8: 'i32.load8_u',
  u8c: 'i32.load8_u',
  i16: 'i32.load16_s',
  u16: 'i32.load16_u',
  i32: 'i32.load',
  u32: 'i32.load',
  f16: 'i32.load16_u',
  bf16: 'i32.load16_u',
  f32: 'f32.load',
  f64: 'f64.load',
  i64: 'i64.load',
  u64: 'i64.load',
}

export const scalarStore = (e: Element) =>
  ELEMENT_BYTES[e] === 1
    ? 'i32.store8'
    : ELEMENT_BYTES[e] === 2
      ? 'i32.store16'
      : SCALAR_LOAD[e].replace('load', 'store')

/** Pushes an address so many bytes behind a pointer; returns the offset that is left for the instruction. */
export type At = (offset: number) => number

/** Pushes array + index·size; the index is pushed by `push` as i32, in range. Returns the offset from there: none. */
export function address(E: Operands, buffer: number, element: Element, push: () => void): 0 {
  const { f, frame } = E
  push()
  const s = shift(element)
  if (frame.memory64) {
    f.op('i64.extend_i32_u')
    if (s) f.i64(s).op('i64.shl')
    frame.pushArray(buffer)
    f.op('i64.add')
  } else {
    if (s) f.i32(s).op('i32.shl')
    frame.pushArray(buffer)
    f.op('i32.add')
  }
  return 0
}

/** Finds the elements of a step; for negative steps from the last lane's, so that offsets are positive. */
export function stepPointer(E: Operands, v: Value, a: Access, step: number): At {
  const { f, frame } = E
  const pointer = E.temporary(frame.memory64 ? 'i64' : 'i32')
  address(E, a.buffer, a.element, () => {
    f.get(E.rep(v.args[0]).scalar!)
    if (step < 0) f.i32((E.lanes - 1) * step).op('i32.add')
  })
  f.set(pointer)
  return offset => E.pushAddress(pointer, offset)
}

/** Bytes from the pointer to a lane's element. */
export const stepOffset = (E: Operands, a: Access, step: number, lane: number): number =>
  (step > 0 ? lane * step : (lane - (E.lanes - 1)) * step) * ELEMENT_BYTES[a.element]

export function pushIndexLane(E: Operands, parts: number[], lane: number): void {
  E.f.get(parts[lane >> 2]).laneOp('i32x4.extract_lane', lane & 3)
}

export function setParts(E: Operands, v: Value, make: (p: number) => void, count = E.partCount(partWidth(v))): void {
  const parts: number[] = []
  for (let p = 0; p < count; p++) {
    make(p)
    const l = E.f.local('v128')
    E.f.set(l)
    parts.push(l)
  }
  E.set(v, { parts })
}

/** Runs `make` for each lane, behind a test of its bit where lanes are masked. */
export function eachActive(E: Operands, make: (lane: number) => void): void {
  const { f } = E
  const bits = E.mask ? E.temporary('i32') : -1
  if (E.mask) {
    E.pushBits(E.mask)
    f.set(bits)
  }
  for (let lane = 0; lane < E.lanes; lane++) {
    if (E.mask)
      f.get(bits)
        .i32(1 << lane)
        .op('i32.and')
        .if()
    make(lane)
    if (E.mask) f.end()
  }
}
