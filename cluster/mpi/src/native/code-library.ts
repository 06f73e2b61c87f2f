/**
 * Instructions as functions of JavaScript, by `node:ffi`. V8 calls such a function from code that it has optimized as C would, without what
 * koffi does between, which takes 20 ns: but it calls symbols of libraries alone. So a library is made here that has nothing but these
 * instructions, an ELF file in memory, for x86-64 and Linux.
 *
 * V8 cannot collect garbage, nor run JavaScript, while it is in such a function.
 */

import { closeSync, writeSync } from 'node:fs'

type Koffi = typeof import('koffi')
type Ffi = typeof import('node:ffi')

const pageBytes = 4096
/** Where a file has what, by page: tables, instructions, and what the loader writes to. */
const [codeAt, dynamicAt, endAt] = [pageBytes, 2 * pageBytes, 3 * pageBytes]
const hashAt = 0x200
const symbolBytes = 24
const segmentBytes = 56
const headerBytes = 64
/** Of each function. */
export const codeBytes = 64

/** Answers, so that it is known whether all this works. */
const probe = [0xb8, 42, 0, 0, 0, 0xc3] // mov eax, 42; ret

/**
 * @param codes instructions of functions without arguments that give an int, `codeBytes` at most
 * @returns the functions; undefined where it cannot be done
 */
export function functionsOf(koffi: Koffi, codes: readonly (readonly number[])[]): (() => number)[] | undefined {
  const ffi = process.platform === 'linux' && process.arch === 'x64' ? load() : undefined
  if (ffi === undefined) return undefined
  let file = -1
  try {
    file = koffi.load(null).func('int memfd_create(const char *name, unsigned int flags)')('skein', 1)
    writeSync(file, libraryOf([probe, ...codes]))
    const library = new ffi.DynamicLibrary(`/proc/self/fd/${file}`)
    const all = [probe, ...codes].map((_, k) => library.getFunction(nameOf(k), { arguments: [], return: 'int32' }))
    return all[0]() === 42 ? all.slice(1) : undefined
  } catch {
    return undefined
  } finally {
    if (file >= 0) closeSync(file)
  }
}

/** Node 26 has it, and says that it is experimental. */
function load(): Ffi | undefined {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return process.getBuiltinModule('node:ffi')
  } finally {
    process.emitWarning = emitWarning
  }
}

const nameOf = (k: number): string => `f${k}`

/** The file (System V ABI, AMD64 supplement; glibc and musl read no more of it than this). */
function libraryOf(codes: readonly (readonly number[])[]): Uint8Array {
  const bytes = new Uint8Array(endAt)
  const view = new DataView(bytes.buffer)
  const half = (at: number, value: number) => view.setUint16(at, value, true)
  const word = (at: number, value: number) => view.setUint32(at, value, true)
  const long = (at: number, value: number) => view.setBigUint64(at, BigInt(value), true)

  const symbols = 1 + codes.length
  const symbolsAt = hashAt + 8 * Math.ceil((4 * (3 + symbols)) / 8)
  const namesAt = symbolsAt + symbolBytes * symbols
  const names = new TextEncoder().encode(`\0${codes.map((_, k) => `${nameOf(k)}\0`).join('')}`)
  bytes.set(names, namesAt)

  // A shared library (3) for x86-64 (62), version 1.
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  for (const [at, value] of [
    [16, 3],
    [18, 62],
    [52, headerBytes],
    [54, segmentBytes],
    [56, 4],
    [58, 64],
  ])
    half(at, value)
  word(20, 1)
  long(32, headerBytes)
  const [isLoaded, isDynamic, isStack] = [1, 2, 0x6474e551]
  const [canRead, canWrite, canRun] = [4, 2, 1]
  const entries = [
    [4, hashAt],
    [5, namesAt],
    [6, symbolsAt],
    [10, names.length],
    [11, symbolBytes],
    [0, 0],
  ]
  const segments = [
    [isLoaded, canRead | canRun, 0, dynamicAt],
    [isLoaded, canRead | canWrite, dynamicAt, endAt - dynamicAt],
    [isDynamic, canRead | canWrite, dynamicAt, 16 * entries.length],
    // Otherwise stacks would be made executable.
    [isStack, canRead | canWrite, 0, 0],
  ]
  for (const [i, [type, flags, from, length]] of segments.entries()) {
    const at = headerBytes + segmentBytes * i
    word(at, type)
    word(at + 4, flags)
    for (const [field, value] of [from, from, from, length, length, type === isLoaded ? pageBytes : 8].entries())
      long(at + 8 + 8 * field, value)
  }
  for (const [i, [tag, value]] of entries.entries()) {
    long(dynamicAt + 16 * i, tag)
    long(dynamicAt + 16 * i + 8, value)
  }

  // A table of one chain, from the first symbol to the last; 0 is none.
  word(hashAt, 1)
  word(hashAt + 4, symbols)
  word(hashAt + 8, 1)
  for (let k = 1; k < symbols; k++) word(hashAt + 12 + 4 * k, (k + 1) % symbols)
  let name = 1
  for (const [k, code] of codes.entries()) {
    if (code.length > codeBytes) throw new RangeError(`${code.length} bytes of code`)
    const at = symbolsAt + symbolBytes * (k + 1)
    word(at, name)
    // A global function, in any section.
    bytes[at + 4] = 0x12
    half(at + 6, 1)
    long(at + 8, codeAt + codeBytes * k)
    long(at + 16, code.length)
    bytes.set(code, codeAt + codeBytes * k)
    name += nameOf(k).length + 1
  }
  return bytes
}
