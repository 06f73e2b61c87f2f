/**
 * What machine code needs of the system: pages that can be executed, and to be called. Both come from the C library by way of `@skein/team`'s `foreign`, which is loaded when first asked for, so that a process which
 * runs no machine code never loads it.
 */

import { constants } from 'node:os'
import { InternalError, NotSupportedError } from '@skein/base'
import { type Foreign, foreign, withoutTermination } from '@skein/team/native'
import { addressOf } from './addresses.ts'

/** Addresses are numbers: user space ends at 2^47, or at 2^56, beyond which Linux maps nothing that was not asked for there. */
export interface System {
  readonly pageBytes: number
  /** A function without arguments at an address. */
  entry(address: number): () => void
  view(address: number, bytes: number): ArrayBuffer
  /** Fresh pages of zeros that can be read and written. @throws NotSupportedError */
  map(bytes: number): number
  /** From now on they can be read and executed, and no longer be written. @throws NotSupportedError */
  makeExecutable(address: number, bytes: number): void
  unmap(address: number, bytes: number): void
  copy(to: number, bytes: Uint8Array): void
  /** How signals of a number are handled: libc's struct sigaction, given and got. False where the system refuses. */
  sigaction(signal: number, action: Uint8Array | null, old: Uint8Array | null): boolean
}

const protRead = 1
const protWrite = 2
const protExec = 4
const mapPrivate = 2
const mapAnonymous = 0x20
const pageBytes = 4096

/** Why this machine runs no machine code whatever its CPU, or what it needs. */
let opened: System | string | undefined

const elsewhere: { readonly [platform: string]: string } = {
  darwin: 'macOS needs pages of its own for code (MAP_JIT), and another way to catch faults',
  win32: 'Windows passes arguments in other registers and has other calls for pages of code',
}

interface Machine {
  readonly platform: string
  readonly arch: string
  readonly versions: { readonly [name: string]: string | undefined }
}

/** @internal For tests: what would be said on another machine. */
export const reasonElsewhere = ({ platform, arch, versions }: Machine): string | undefined => {
  for (const runtime of ['bun', 'deno'])
    if (versions[runtime] !== undefined) return `it is written for Node.js: nobody has tried it on ${runtime}`
  if (arch !== 'x64') return `the processor is no x86-64 (${arch})`
  if (platform === 'linux') return undefined
  return `it is written for Linux: ${elsewhere[platform] ?? `nobody has tried it on ${platform}`}`
}

const open = (): System | string => {
  const elsewhere = reasonElsewhere(process)
  if (elsewhere !== undefined) return elsewhere
  // The heap is a memory of WebAssembly; and who starts Node so wants no code made while it runs.
  if (typeof WebAssembly === 'undefined') return 'this engine has no WebAssembly (--jitless)'
  try {
    const system = systemOf(foreign())
    return mayExecute(system) ?? system
  } catch (error) {
    return (error as Error).message
  }
}

const systemOf = (native: Foreign): System => {
  const mmap = native.libc('mmap', 'l', 'lliiil')
  const mprotect = native.libc('mprotect', 'i', 'lli')
  const munmap = native.libc('munmap', 'i', 'll')
  const memcpy = native.libc('memcpy', 'l', 'lpl')
  const sigaction = native.libc('sigaction', 'i', 'ipp')
  const why = (): string => {
    const number = native.errno()
    const found = Object.entries(constants.errno).find(([, known]) => known === number)
    return found?.[0] ?? `error ${number}`
  }
  const refuse = (what: string, bytes: number): never => {
    throw new NotSupportedError('x64', `${bytes} bytes of machine code`, `the system refuses ${what} (${why()})`)
  }
  return {
    pageBytes,
    entry: address => native.entry(address),
    view: (address, bytes) => native.view(address, bytes),
    map(bytes) {
      const address = mmap(0, bytes, protRead | protWrite, mapPrivate | mapAnonymous, -1, 0)
      return address === -1 ? refuse('memory', bytes) : address
    },
    makeExecutable(address, bytes) {
      if (mprotect(address, bytes, protRead | protExec) !== 0) refuse('to make memory executable', bytes)
    },
    unmap(address, bytes) {
      if (munmap(address, bytes) !== 0) throw new InternalError('pages that are given back were mapped', [why()])
    },
    copy: (to, bytes) => void memcpy(to, bytes, bytes.length),
    sigaction: (signal, action, old) => sigaction(signal, action, old) === 0,
  }
}

/** Hardened systems let no memory become executable that was written; some builds of Node, such as Electron's, reach no memory but V8's own. */
const mayExecute = (system: System): string | undefined => {
  try {
    const answer = new Int32Array(1)
    const code = Uint8Array.of(0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xc7, 0, 42, 0, 0, 0, 0xc3) // mov rax, answer; mov [rax], 42; ret
    new DataView(code.buffer).setBigUint64(2, BigInt(addressOf(answer)), true)
    const address = system.map(pageBytes)
    try {
      system.copy(address, code)
      const isThere = new Uint8Array(system.view(address, code.length)).every((byte, k) => byte === code[k])
      if (!isThere) return 'memory at an address is not what was written there'
      system.makeExecutable(address, pageBytes)
      system.entry(address)()
      return answer[0] === 42 ? undefined : `a function that gives 42 gave ${answer[0]}`
    } finally {
      system.unmap(address, pageBytes)
    }
  } catch (error) {
    return (error as Error).message
  }
}

/** Why no machine code can run here; undefined where it can. What its CPU has is told by `cpu.ts`. */
export const systemRefusal = (): string | undefined => {
  opened ??= withoutTermination(open)
  return typeof opened === 'string' ? opened : undefined
}

/** @throws NotSupportedError where machine code cannot run */
export const system = (): System => {
  opened ??= withoutTermination(open)
  if (typeof opened === 'string') throw new NotSupportedError('x64', 'machine code', opened)
  return opened
}
