/**
 * The WebAssembly memory under a heap. With memory64 the reservation goes beyond 4 GiB (V8 allows 16 GiB); a
 * reservation is address space, not memory, but a system may refuse a large one, so smaller ones are tried in turn.
 */

import { ArgumentError, NotSupportedError } from '@skein/base'

export const pageBytes = 65536

const noWebAssembly = 'this engine has no WebAssembly, whose memories all threads can reach'

const gibibyte = 2 ** 30
/** V8's bounds: 2^18 pages of memory64, 2^16 pages of memory32. */
const mostPages64 = (16 * gibibyte) / pageBytes
const mostPages32 = (4 * gibibyte) / pageBytes

export interface MemoryChoice {
  readonly memory: WebAssembly.Memory
  readonly memory64: boolean
  readonly pages: number
}

/**
 * The two spellings of a 64-bit memory: the finished proposal's, and the one of V8 before 13 (Node 22), which counts in
 * plain numbers. TypeScript has neither yet.
 */
type Spelling = 'address' | 'index'

const reserve = (pages: number, initial: number, spelling?: Spelling): WebAssembly.Memory | undefined => {
  const limits = { initial, maximum: pages, shared: true }
  const descriptor =
    spelling === 'address'
      ? { address: 'i64', shared: true, initial: BigInt(initial), maximum: BigInt(pages) }
      : spelling === 'index'
        ? { index: 'i64', ...limits }
        : limits
  try {
    return new WebAssembly.Memory(descriptor as unknown as WebAssembly.MemoryDescriptor)
  } catch {
    return undefined // The engine lacks the form, or the system the address space.
  }
}

/**
 * Whether modules that import such a memory compile: V8 12 (early Node 22) makes the memory, but has no code for it without a
 * flag. The module is `(import "env" "memory" (memory i64 0 1 shared))`.
 */
const compiles64 = (): boolean =>
  WebAssembly.validate(
    Uint8Array.of(
      0,
      0x61,
      0x73,
      0x6d,
      1,
      0,
      0,
      0,
      2,
      16,
      1,
      3,
      101,
      110,
      118,
      6,
      109,
      101,
      109,
      111,
      114,
      121,
      2,
      7,
      0,
      1,
    ),
  )

/** An engine that does not know a spelling ignores it and makes a 32-bit memory, whose bound gives it away. */
const spelling64 = (): Spelling | undefined =>
  !compiles64()
    ? undefined
    : (['address', 'index'] as const).find(spelling => reserve(mostPages32 + 1, 1, spelling) !== undefined)

/**
 * Reserves the largest memory up to `maxBytes` that engine and system give, halving on refusal down to 64 MiB.
 * `initialPages` must be a function of the reservation, as the allocator's tables are.
 */
export const createMemory = (
  memory64: boolean | undefined,
  maxBytes: number | undefined,
  initialPages: (pages: number) => number,
): MemoryChoice => {
  if (maxBytes !== undefined && !(Number.isSafeInteger(maxBytes) && maxBytes >= 2 ** 20)) {
    throw new ArgumentError('createHeap', 'maxBytes', 'a whole number of bytes from 2^20', maxBytes)
  }
  if (typeof WebAssembly === 'undefined')
    throw new NotSupportedError('wasm', 'the heap', noWebAssembly, 'Start Node without --jitless')
  const wanted = maxBytes === undefined ? Number.POSITIVE_INFINITY : Math.ceil(maxBytes / pageBytes)
  const spelling = memory64 === false ? undefined : spelling64()
  if (spelling !== undefined) {
    for (let pages = Math.min(wanted, mostPages64); ; pages = Math.floor(pages / 2)) {
      const memory = reserve(pages, initialPages(pages), spelling)
      if (memory !== undefined) return { memory, memory64: true, pages }
      if (pages <= 1024) break
    }
  } else if (memory64 === true) {
    throw new NotSupportedError('wasm', 'a heap of 64-bit addresses', 'this engine has no memory64', 'Use memory32')
  }
  for (let pages = Math.min(wanted, mostPages32); ; pages = Math.floor(pages / 2)) {
    const memory = reserve(pages, initialPages(pages))
    if (memory !== undefined) return { memory, memory64: false, pages }
    if (pages <= 1024) break
  }
  throw new NotSupportedError(
    'wasm',
    'the heap',
    'the system refused to reserve 64 MiB of address space for a shared memory',
    'Look at `ulimit -v`',
  )
}

/** Grows by `pages`. False when the limit or the system does not allow it. */
export const growMemory = (memory: WebAssembly.Memory, memory64: boolean, pages: number): boolean => {
  try {
    memory.grow((memory64 && countsInBigInts(memory) ? BigInt(pages) : pages) as number)
    return true
  } catch {
    return false
  }
}

const countsInBigInts = (memory: WebAssembly.Memory): boolean => {
  try {
    memory.grow(0n as unknown as number)
    return true
  } catch {
    return false
  }
}
