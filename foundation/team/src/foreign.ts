/**
 * C functions, and memory at addresses. They are reached by `node:ffi` where Node has it (26), else by koffi, an optional package. `node:ffi` is there already, costs a call 3 ns instead of 12, and a thread may be
 * terminated while it loads; but it is experimental, so all that is asked of it is in this file and in code-library.ts, and `SKEIN_FFI=koffi` does without.
 */

import { type CodeLibrary, type Ffi, loadFfi, openCodeLibrary } from './code-library.ts'
import { type Koffi, loadKoffi } from './koffi.ts'
import { isEndedWithCare, withoutTermination } from './loading.ts'

/** What a function gets or gives: `i` an int, `l` 64 bits, `p` the address of a typed array's first byte; null is 0. */
type Letter = 'i' | 'l' | 'p'
export type Argument = number | ArrayBufferView | null

/** Addresses, and whole numbers of 64 bits, are numbers: user space ends far below 2^53. */
export interface Foreign {
  readonly name: 'node:ffi' | 'koffi'
  /** A function of the C library. @param parameters a letter each */
  libc(name: string, result: 'i' | 'l', parameters: string): (...args: Argument[]) => number
  /** A function without arguments at an address. It may neither call JavaScript nor wait for other threads that do. */
  entry(address: number): () => void
  /** Memory that is nobody else's to free while the view is in use. */
  view(address: number, bytes: number): ArrayBuffer
  /** Of a buffer's first byte. */
  address(buffer: ArrayBufferLike): number
  /** Why the last function that failed did: libc's number. */
  errno(): number
}

class NodeForeign implements Foreign {
  readonly name = 'node:ffi'
  readonly #ffi: Ffi
  readonly #process: InstanceType<Ffi['DynamicLibrary']>
  #code: CodeLibrary
  readonly #errnoAt: () => number

  constructor(ffi: Ffi) {
    this.#ffi = ffi
    this.#process = new ffi.DynamicLibrary(null)
    this.#code = openCode()
    // Made now: to make it later would change what it tells.
    this.#errnoAt = this.libc('__errno_location', 'l', '')
  }

  libc(name: string, result: 'i' | 'l', parameters: string): (...args: Argument[]) => number {
    const types = { i: 'int32', l: 'int64', p: 'pointer' } as const
    const letters = [...parameters] as Letter[]
    const given = letters.map(letter => types[letter])
    const native = this.#process.getFunction(name, { arguments: given, return: types[result] }) as (
      ...args: unknown[]
    ) => number | bigint
    return (...args) =>
      Number(native(...args.map((argument, k) => (letters[k] === 'l' ? BigInt(argument as number) : argument))))
  }

  entry(address: number): () => void {
    let found = this.#code.jump(address)
    if (found === undefined) found = (this.#code = openCode()).jump(address)
    return found!
  }

  view(address: number, bytes: number): ArrayBuffer {
    return this.#ffi.toArrayBuffer(BigInt(address), bytes, false)
  }

  address(buffer: ArrayBufferLike): number {
    // It takes shared memory, too.
    return Number(this.#ffi.getRawPointer(buffer as ArrayBuffer))
  }

  errno(): number {
    return this.#ffi.getInt32(BigInt(this.#errnoAt()))
  }
}

const openCode = (): CodeLibrary => {
  const opened = openCodeLibrary()
  if (opened === undefined) throw new Error('the system takes no library of code')
  return opened
}

class KoffiForeign implements Foreign {
  readonly name = 'koffi'
  readonly #koffi: Koffi
  readonly #proto: ReturnType<Koffi['proto']>

  constructor(koffi: Koffi) {
    this.#koffi = koffi
    this.#proto = koffi.proto('void', [])
  }

  libc(name: string, result: 'i' | 'l', parameters: string): (...args: Argument[]) => number {
    const types = { i: 'int', l: 'int64_t', p: 'void *' } as const
    const given = [...parameters].map(letter => types[letter as Letter])
    return withoutTermination(() => this.#koffi.load(null).func(name, types[result], given)) as (
      ...args: Argument[]
    ) => number
  }

  entry(address: number): () => void {
    return withoutTermination(() => this.#koffi.decode(address, this.#proto)) as () => void
  }

  view(address: number, bytes: number): ArrayBuffer {
    return withoutTermination(() => this.#koffi.view(address, bytes))
  }

  address(buffer: ArrayBufferLike): number {
    return Number(this.#koffi.address(buffer))
  }

  errno(): number {
    return this.#koffi.errno()
  }
}

const wants = (name: Foreign['name']): boolean => {
  const asked = process.env.SKEIN_FFI
  return asked === undefined || asked === '' || asked === name
}

const openNode = (): Foreign | undefined => {
  const ffi = wants('node:ffi') ? loadFfi() : undefined
  try {
    return ffi && new NodeForeign(ffi)
  } catch {
    // Not allowed (--permission), or not as it was: koffi may be there.
    return undefined
  }
}

let opened: Foreign | undefined
let node: Foreign | null | undefined

/** @throws Error that says why there is none */
export const foreign = (): Foreign => {
  if (opened !== undefined) return opened
  node ??= openNode() ?? null
  opened = node ?? openKoffi()
  return opened
}

const openKoffi = (): Foreign => {
  if (!wants('koffi')) throw new Error(`SKEIN_FFI=${process.env.SKEIN_FFI}, which is not here`)
  try {
    return withoutTermination(() => new KoffiForeign(loadKoffi()))
  } catch (cause) {
    throw new Error(whyNoKoffi(cause), { cause })
  }
}

const whyNoKoffi = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'MODULE_NOT_FOUND')
    return 'the package koffi, by which machine code is called, is not installed (npm install koffi)'
  if (code === 'ERR_DLOPEN_DISABLED' || code === 'ERR_ACCESS_DENIED')
    return 'Node loads no addons here (--no-addons, or --permission without --allow-addons), so not koffi'
  return `the package koffi cannot be loaded: ${message}`
}

/** Whether this thread may load what `foreign` needs although it may be terminated at any moment: koffi would take the process with it. */
export const survivesTermination = (): boolean => {
  if (isEndedWithCare()) return true
  node ??= openNode() ?? null
  return node !== null
}
