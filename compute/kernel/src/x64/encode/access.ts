/**
 * What an instruction does to the registers that it names, and to others. Both lists of forms say it by flags:
 *
 *     w      the first operand is written            q   it is read        u   it is both, read and written
 *     z      of one register twice the result is known, all zeros or all ones, whatever it holds
 *     x      the second is written as well
 *     <ad    reads rax and rdx besides               >ad writes them
 *
 * Flags of the processor are no part of it.
 */

import { gpr, type Register } from './operands.ts'

export interface Access {
  readonly readsFirst: boolean
  readonly writesFirst: boolean
  readonly isKnownOfOne: boolean
  readonly writesSecond: boolean
  /** Registers that no operand names. */
  readonly reads: readonly Register[]
  readonly writes: readonly Register[]
}

const named = (flag: string | undefined): readonly Register[] =>
  [...(flag ?? '').slice(1)].map(letter => gpr[64]['acdb'.indexOf(letter)])

/** @param usual what holds where no flag says it */
export function accessOf(flags: readonly string[], usual: 'w' | 'u'): Access {
  const first = ['w', 'q', 'u'].find(flag => flags.includes(flag)) ?? usual
  return {
    readsFirst: first !== 'w',
    writesFirst: first !== 'q',
    isKnownOfOne: flags.includes('z'),
    writesSecond: flags.includes('x'),
    reads: named(flags.find(flag => flag.startsWith('<'))),
    writes: named(flags.find(flag => flag.startsWith('>'))),
  }
}
