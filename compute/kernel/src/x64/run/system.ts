/**
 * What machine code needs of the system: pages that can be executed, and to be called. Both come from the C library by way of koffi, which is loaded when first asked for, so that a process which runs no
 * machine code never loads it.
 */

import { InternalError, NotSupportedError } from '@skein/base'
import { type Koffi, loadKoffi, withoutTermination } from '@skein/team/native'

/** Addresses are numbers: user space ends at 2^47, or at 2^56, beyond which Linux maps nothing that was not asked for there. */
export interface System {
  readonly koffi: Koffi
  readonly pageBytes: number
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

/** @internal For tests: what would be said on another machine. */
export const reasonElsewhere = (platform: string, arch: string): string | undefined => {
  if (arch !== 'x64') return `the processor is no x86-64 (${arch})`
  if (platform === 'linux') return undefined
  return `it is written for Linux: ${elsewhere[platform] ?? `nobody has tried it on ${platform}`}`
}

const open = (): System | string => {
  const elsewhere = reasonElsewhere(process.platform, process.arch)
  if (elsewhere !== undefined) return elsewhere
  let koffi: Koffi
  try {
    koffi = loadKoffi()
  } catch {
    return 'the package koffi, by which machine code is called, is not installed (npm install koffi)'
  }
  const libc = koffi.load(null)
  const mmap = libc.func('int64_t mmap(int64_t, int64_t, int, int, int, int64_t)')
  const mprotect = libc.func('int mprotect(int64_t, int64_t, int)')
  const munmap = libc.func('int munmap(int64_t, int64_t)')
  const memcpy = libc.func('void memcpy(int64_t, const uint8_t *, int64_t)')
  const sigaction = libc.func('int sigaction(int, const uint8_t *, _Out_ uint8_t *)')
  const errno = (): string => {
    const number = koffi.errno()
    const found = Object.entries(koffi.os.errno).find(([, known]) => known === number)
    return found?.[0] ?? `error ${number}`
  }
  const refuse = (what: string, bytes: number): never => {
    throw new NotSupportedError('x64', `${bytes} bytes of machine code`, `the system refuses ${what} (${errno()})`)
  }
  const system: System = {
    koffi,
    pageBytes,
    map(bytes) {
      const address = mmap(0, bytes, protRead | protWrite, mapPrivate | mapAnonymous, -1, 0) as number
      return address === -1 ? refuse('memory', bytes) : address
    },
    makeExecutable(address, bytes) {
      if (mprotect(address, bytes, protRead | protExec) !== 0) refuse('to make memory executable', bytes)
    },
    unmap(address, bytes) {
      if (munmap(address, bytes) !== 0) throw new InternalError('pages that are given back were mapped', [errno()])
    },
    copy: (to, bytes) => memcpy(to, bytes, bytes.length),
    sigaction: (signal, action, old) => sigaction(signal, action, old) === 0,
  }
  return mayExecute(system) ?? system
}

/** Hardened systems let no memory become executable that was written. */
const mayExecute = (system: System): string | undefined => {
  const { koffi } = system
  try {
    const address = system.map(pageBytes)
    try {
      system.copy(address, Uint8Array.of(0xb8, 42, 0, 0, 0, 0xc3)) // mov eax, 42; ret
      system.makeExecutable(address, pageBytes)
      const answer = (koffi.decode(address, koffi.proto('int', [])) as () => number)()
      return answer === 42 ? undefined : `a function that returns 42 returned ${answer}`
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
