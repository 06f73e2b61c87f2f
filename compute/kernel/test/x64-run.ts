/** Runs bytes as machine code, for tests. */

import { loadKoffi } from '@skein/team/koffi'
import * as addresses from '../src/x64/run/addresses.ts'
import { chooseIsa, cpu, refusal } from '../src/x64/run/cpu.ts'
import { CodePages } from '../src/x64/run/pages.ts'

/** Why machine code cannot run here; undefined: it can. */
export const noX64 = refusal()

/** Why code with AVX-512 cannot. */
export function noAvx512(): string | undefined {
  if (noX64 !== undefined) return noX64
  const chosen = chooseIsa(cpu(), 'avx512')
  return 'refusal' in chosen ? chosen.refusal : undefined
}

/** Address of a typed array's first byte. */
export const addressOf = (array: ArrayBufferView): bigint => BigInt(addresses.addressOf(array))

export type Native = (...args: (number | bigint)[]) => bigint

/** Code in memory until it is freed. */
export class Page extends CodePages {
  /** The function at an offset, on so many whole numbers of 64 bits. */
  at(offset: number, parameters: number): Native {
    const koffi = loadKoffi()
    const types = Array.from({ length: parameters }, () => 'int64_t')
    const native = koffi.decode(this.address + offset, koffi.proto('int64_t', types)) as (...args: unknown[]) => number
    return (...args) => BigInt(native(...args))
  }
}
