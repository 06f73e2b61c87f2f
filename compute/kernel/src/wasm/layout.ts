/**
 * The argument block: what the host writes into the heap for a launch and generated code reads. Slots of 8 bytes; an
 * address is an i64 where the heap has 64-bit addresses, else an i32.
 *
 *     0   failure: (site + 1) << 32 | index     i64, written by code
 *     8   scratch of thread 0                   address
 *     16  constant pool                         address
 *     24  bytes of scratch for each thread      i32
 *     32  last dimension: begin, step           i32 i32
 *     40  segments of a row, positions in each  i32 i32
 *     48  positions in a row, rows              i32 i32
 *     56  first dimension: begin, step          i32 i32      (of two or three)
 *     64  second dimension: begin, step         i32 i32      (of three)
 *     72  second dimension: count               i32
 *     80  partial results of blocks             address
 *     88  scalars, then arrays: address, length (i32)
 */
import type { KernelIR } from '../ir/ir.ts'

export const FAILURE = 0
export const SCRATCH = 8
export const POOL = 16
export const SCRATCH_BYTES = 24
export const LAST = 32
export const SEGMENTS = 40
export const ROW = 48
export const FIRST = 56
export const SECOND = 64
export const SECOND_COUNT = 72
export const PARTIALS = 80
const SCALARS = 88

export const scalarOffset = (i: number): number => SCALARS + 8 * i
export const arrayOffset = (ir: KernelIR, i: number): number => SCALARS + 8 * ir.scalars.length + 16 * i
export const blockBytes = (ir: KernelIR): number => arrayOffset(ir, ir.buffers.filter(b => b.space === 'global').length)
