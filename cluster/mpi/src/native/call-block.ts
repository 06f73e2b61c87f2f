/**
 * A call of a C function costs koffi some 20 ns, and 5 to 15 ns for each argument, which it takes out of a JavaScript value by calls into
 * V8; a send of Open MPI costs less than its seven arguments. So the functions that are called most often get their arguments through a block
 * of memory: JavaScript writes them there, which costs a store each, and calls, without arguments, a few instructions that load them
 * into registers and onto the stack and go on to the function.
 *
 * The instructions are those of x86-64 with the calling convention of System V. Elsewhere, and where no memory may be made executable, koffi
 * passes the arguments. Each function has its own place for them, so that what is the same as in its last call need not be written again.
 */

import { codeBytes, functionsOf } from '@skein/team/code-library'

type Koffi = typeof import('koffi')

const pageBytes = 4096
const protRead = 1
const protWrite = 2
const protExec = 4
const mapPrivate = 2
const mapAnonymous = process.platform === 'darwin' ? 0x1000 : 0x20

/** Arguments a call has room for: six in registers, six on the stack, which keeps the stack aligned. */
const registers = 6
const stacked = 6
/** Calls there are, and bytes of the words of each. */
const mostCalls = 24
const wordBytes = 128
/** Where the instructions leave what the function returned: koffi takes longer to. */
const resultWord = 2 * (1 + registers + stacked)
/** Where the rest of the page begins, in words of 32 bits. */
const outputs = (mostCalls * wordBytes) / 4

/** A call whose arguments stay where they were written until others are: they are loaded from there each time. */
export interface BlockCall {
  /** In words of 32 bits: the function's address, then its arguments, each in two words of which those of an int need only the first. */
  readonly words: Int32Array
  /** Calls the function. */
  readonly call: () => number
}

export class CallBlock {
  readonly #koffi: Koffi
  readonly #words: Int32Array
  readonly #address: number
  readonly #code: bigint
  readonly #proto: ReturnType<Koffi['proto']>
  /** Enter them without koffi. */
  readonly #entries: readonly (() => number)[] | undefined
  /** Any of the functions may call JavaScript: then koffi calls them all. */
  callsBack = false
  #calls = 0
  #used = outputs

  private constructor(
    koffi: Koffi,
    words: Int32Array,
    address: number,
    code: bigint,
    entries: readonly (() => number)[] | undefined,
  ) {
    this.#entries = entries
    this.#koffi = koffi
    this.#words = words
    this.#address = address
    this.#code = code
    this.#proto = koffi.proto('void', [])
  }

  static open(koffi: Koffi): CallBlock | undefined {
    if (process.arch !== 'x64' || process.platform === 'win32') return undefined
    try {
      const libc = koffi.load(null)
      const mmap = libc.func('mmap', 'void *', ['void *', 'size_t', 'int', 'int', 'int', 'int64_t'])
      const mprotect = libc.func('mprotect', 'int', ['void *', 'size_t', 'int'])
      const page = () => mmap(null, pageBytes, protRead | protWrite, mapPrivate | mapAnonymous, -1, 0) as bigint
      const [block, code] = [page(), page()]
      // MAP_FAILED is -1.
      if (BigInt.asIntN(64, block) === -1n || BigInt.asIntN(64, code) === -1n) return undefined
      const bytes = new Uint8Array(koffi.view(code, pageBytes))
      const codes = Array.from({ length: mostCalls }, (_, k) => instructions(block + BigInt(k * wordBytes)))
      for (const [k, each] of codes.entries()) bytes.set(each, k * codeBytes)
      // Never writable and executable at once.
      if (mprotect(code, pageBytes, protRead | protExec) !== 0) return undefined
      const words = new Int32Array(koffi.view(block, pageBytes))
      return new CallBlock(koffi, words, Number(block), code, functionsOf(codes))
    } catch {
      return undefined
    }
  }

  /** A call of the function at this address. */
  to(target: number): BlockCall {
    const k = this.#calls++
    if (k === mostCalls) throw new RangeError(`a block has room for ${mostCalls} calls`)
    const from = (k * wordBytes) / 4
    const words = this.#words.subarray(from, from + wordBytes / 4)
    put(words, 0, target)
    const enter = this.#koffi.decode(this.#code + BigInt(k * codeBytes), this.#proto) as () => void
    const byKoffi = (): number => {
      enter()
      return words[resultWord]
    }
    const entry = this.#entries?.[k]
    return { words, call: entry === undefined ? byKoffi : this.#caller(k, entry, byKoffi) }
  }

  /** V8 calls a function without delay only where it is always the same one: each has code of its own for it, which V8 knows by its text. */
  #caller(k: number, entry: () => number, byKoffi: () => number): () => number {
    const text = `return () => (block.callsBack ? byKoffi() : entry()) // ${k}`
    return new Function('block', 'entry', 'byKoffi', text)(this, entry, byKoffi)
  }

  /** Ints of the block's page, for what functions write, and where they are. */
  take(ints: number): { readonly view: Int32Array; readonly address: number } {
    const from = this.#used
    // Statuses hold words of 64 bits.
    this.#used += (ints + 1) & ~1
    return { view: this.#words.subarray(from, from + ints), address: this.#address + 4 * from }
  }
}

const perTwo32 = 2 ** -32

/** Writes an address or a handle: 0 is the function's, 1 the first argument. */
export const put = (words: Int32Array, argument: number, value: number): void => {
  words[2 * argument] = value
  words[2 * argument + 1] = value * perTwo32
}

/** Loads the arguments from the block at this address and calls the function that it names. */
const instructions = (block: bigint): number[] => {
  const address = Array.from({ length: 8 }, (_, byte) => Number((block >> BigInt(8 * byte)) & 0xffn))
  const code = [0x53, 0x48, 0xbb, ...address] // push rbx; mov rbx, block
  const displacement = (argument: number) => 8 * (1 + argument)
  for (let k = registers + stacked - 1; k >= registers; k--) code.push(0xff, 0x73, displacement(k)) // push [rbx + …]
  // mov from [rbx + …] to rdi, rsi, rdx, rcx, r8, r9
  const loads = [
    [0x48, 0x7b],
    [0x48, 0x73],
    [0x48, 0x53],
    [0x48, 0x4b],
    [0x4c, 0x43],
    [0x4c, 0x4b],
  ]
  loads.forEach(([prefix, register], k) => code.push(prefix, 0x8b, register, displacement(k)))
  code.push(0xff, 0x13) // call [rbx]
  code.push(0x89, 0x43, 4 * resultWord) // mov [rbx + …], eax
  code.push(0x48, 0x83, 0xc4, 8 * stacked) // add rsp, …
  code.push(0x5b, 0xc3) // pop rbx; ret
  return code
}
