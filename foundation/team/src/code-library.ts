/**
 * Instructions as functions of JavaScript, by `node:ffi`. V8 calls such a function from code that it has optimized as C would, without what
 * koffi does between, which takes 12 ns and more: but it calls symbols of libraries alone. So a library is made here that has nothing but these
 * instructions, an ELF file in memory, for x86-64 and Linux.
 *
 * V8 cannot collect garbage, nor run JavaScript, while it is in such a function.
 */

import { writeSync } from 'node:fs'

export type Ffi = typeof import('node:ffi')

const pageBytes = 4096
/** Where a file has what, by page: tables, instructions, and what can be written to. */
const [codeAt, dynamicAt, endAt] = [pageBytes, 2 * pageBytes, 3 * pageBytes]
const hashAt = 0x200
/** Behind the tables that the loader writes to. */
const wordsAt = dynamicAt + 0x200
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
export function functionsOf(codes: readonly (readonly number[])[]): (() => number)[] | undefined {
  const library = open([probe, ...codes])
  if (library === undefined) return undefined
  const all = [probe, ...codes].map((_, k) => library.getFunction(nameOf(k), { arguments: [], return: 'int32' }))
  return all[0]() === 42 ? all.slice(1) : undefined
}

/** Functions at any address. */
export interface CodeLibrary {
  /** Without arguments; undefined once there are no more. */
  jump(address: number): (() => void) | undefined
}

const jumps = 8

/** @returns undefined where it cannot be done */
export function openCodeLibrary(): CodeLibrary | undefined {
  const library = open(Array.from({ length: jumps }, (_, k) => jumping(k)))
  if (library === undefined) return undefined
  const targets = new BigInt64Array(
    loadFfi()!.toArrayBuffer(library.getSymbol(nameOf(0)) + BigInt(wordsAt - codeAt), 8 * jumps, false),
  )
  let used = 0
  return {
    jump(address) {
      if (used === jumps) return undefined
      targets[used] = BigInt(address)
      return library.getFunction(nameOf(used++), { arguments: [], return: 'void' })
    },
  }
}

/** jmp [rip + …]: to the address in a word of the library's. */
const jumping = (k: number): number[] => {
  const distance = wordsAt + 8 * k - (codeAt + codeBytes * k + 6)
  return [0xff, 0x25, ...new Uint8Array(Int32Array.of(distance).buffer)]
}

function open(codes: readonly (readonly number[])[]): InstanceType<Ffi['DynamicLibrary']> | undefined {
  const ffi = process.platform === 'linux' && process.arch === 'x64' ? loadFfi() : undefined
  if (ffi === undefined) return undefined
  let file = -1
  // Node keeps account of files that it has opened on a thread, and does not like others to be closed by it.
  let close: ((file: number) => number) | undefined
  try {
    const libc = new ffi.DynamicLibrary(null)
    close = libc.getFunction('close', { arguments: ['int32'], return: 'int32' })
    const create = libc.getFunction('memfd_create', { arguments: ['pointer', 'int32'], return: 'int32' })
    file = create(Buffer.from('skein\0'), 1)
    writeSync(file, libraryOf(codes))
    return new ffi.DynamicLibrary(pathOf(file))
  } catch {
    return undefined
  } finally {
    if (file >= 0) close!(file)
  }
}

/**
 * A path that no other library ever had: of one that is still there under the same path the loader makes no other, and numbers of files come again. So the time is written
 * into it in steps that lead nowhere: the number is this file's alone at this time.
 */
function pathOf(file: number): string {
  const steps = process.hrtime.bigint().toString(2).replaceAll('0', './').replaceAll('1', './/')
  return `/proc/self/fd/${steps}${file}`
}

/** Node 26 has it, and says that it is experimental. */
export function loadFfi(): Ffi | undefined {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return process.getBuiltinModule('node:ffi')
  } catch {
    // It is not allowed.
    return undefined
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
