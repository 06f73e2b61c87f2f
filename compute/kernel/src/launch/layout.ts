/**
 * The argument block: what the host writes into the heap for a launch and generated code reads. Slots of 8 bytes; an
 * address is an i64 where the heap has 64-bit addresses, else an i32.
 *
 *     0   failure: (site + 1) << 32 | index     i64, written by code
 *     8   scratch of thread 0                   address
 *     16  constant pool                         address
 *     24  bytes of scratch for each thread      i32
 *     28  threads that may come                 i32
 *     32  last dimension: begin, step           i32 i32
 *     40  segments of a row, positions in each  i32 i32
 *     48  positions in a row, rows              i32 i32
 *     56  first dimension: begin, step          i32 i32      (of two or three)
 *     64  second dimension: begin, step         i32 i32      (of three)
 *     72  second dimension: count               i32
 *     80  partial results of blocks             address
 *     88  chain of a scan, below                address
 *     96  a scan's blocks, blocks in a batch    i32 i32
 *     104 scalars
 *     …   arrays, 24 bytes each: address, length (i32), and where threads have copies of their own (`lanes/tallies.ts`)
 *         the bytes of one thread's (i32) and the address of those of thread 0
 *
 * The partial result of a block is its value; in a scan its total and its first head (i32), in 16 bytes. The chain is what the
 * threads of a scan write and read meanwhile:
 *
 *     0   next batch, batches left              i32 i32
 *     64  for each batch, and one more:         16 bytes
 *           what is carried into it             8 bytes
 *           state, done                         i32 i32
 */
import type { KernelIR, Type } from '../ir/ir.ts'

export const FAILURE = 0
export const SCRATCH = 8
export const POOL = 16
export const SCRATCH_BYTES = 24
export const THREADS = 28
export const LAST = 32
export const SEGMENTS = 40
export const ROW = 48
export const FIRST = 56
export const SECOND = 64
export const SECOND_COUNT = 72
export const PARTIALS = 80
export const CHAIN = 88
export const BATCHES = 96
const SCALARS = 104

export const scalarOffset = (i: number): number => SCALARS + 8 * i
export const arrayOffset = ({ scalars }: Pick<KernelIR, 'scalars'>, i: number): number =>
  SCALARS + 8 * scalars.length + 24 * i
export const ARRAY_LENGTH = 8
export const ARRAY_COPY_BYTES = 12
export const ARRAY_COPIES = 16
export const blockBytes = (ir: Pick<KernelIR, 'scalars' | 'buffers'>): number =>
  arrayOffset(ir, ir.buffers.filter(b => b.space === 'global').length)

export const NEXT = 0
export const LEFT = 4
const FIRST_BATCH = 64
export const BATCH_BYTES = 16
export const CARRY = FIRST_BATCH
export const STATE = FIRST_BATCH + 8
export const DONE = FIRST_BATCH + 12
export const chainBytes = (batches: number): number => FIRST_BATCH + BATCH_BYTES * (batches + 1)

export const typeBytes = (t: Type): number => (t === 'f64' || t === 'i64' ? 8 : 4)
/** Bytes of a block's partial result in a scan, and where its first head is in them. */
export const SCAN_PARTIAL = 16
export const FIRST_HEAD = 8
