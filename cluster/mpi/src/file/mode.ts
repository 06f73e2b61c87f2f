/** How a file is opened: words as those of `node:fs`, or a list of MPI's flags. */

import type { Caller } from '../message/refusal.ts'
import { refusal } from '../message/refusal.ts'
import type { FileFlag } from './port.ts'

/**
 * | | |
 * |---|---|
 * | `r`, `r+` | reads, or reads and writes, a file that is there |
 * | `w`, `w+` | writes, or reads and writes, a file that is made or emptied |
 * | `wx`, `wx+` | the same of a file that must not be there yet |
 * | `a`, `a+` | writes, or reads and writes, from the end of a file that is made if it is not there |
 */
export type FileMode = keyof typeof words

const words = {
  r: ['rdonly'],
  'r+': ['rdwr'],
  w: ['create', 'wronly'],
  'w+': ['create', 'rdwr'],
  wx: ['create', 'excl', 'wronly'],
  'wx+': ['create', 'excl', 'rdwr'],
  a: ['create', 'wronly', 'append'],
  'a+': ['create', 'rdwr', 'append'],
} as const satisfies { readonly [word: string]: readonly FileFlag[] }

/** All of MPI's flags. */
export const fileFlags: readonly FileFlag[] = [
  'rdonly',
  'wronly',
  'rdwr',
  'create',
  'excl',
  'deleteOnClose',
  'uniqueOpen',
  'sequential',
  'append',
]

export interface CheckedMode {
  readonly flags: readonly FileFlag[]
  /** What is there goes. */
  readonly isEmptied: boolean
}

/** The flags of a mode. @throws MpiError MPI_ERR_AMODE for what does not go together (MPI-4.0, 14.2.1) */
export function checkedMode(caller: Caller, call: string, mode: FileMode | readonly FileFlag[]): CheckedMode {
  if (typeof mode === 'string' && Object.hasOwn(words, mode)) {
    return { flags: words[mode], isEmptied: mode === 'w' || mode === 'w+' }
  }
  const refuse = (expected: string) => refusal(caller, call, 'MPI_ERR_AMODE', 'mode', expected, mode)
  if (!Array.isArray(mode)) throw refuse(`${Object.keys(words).join(', ')}, or a list of MPI's flags`)
  const wrong = mode.find(flag => !fileFlags.includes(flag))
  if (wrong !== undefined || mode.includes(undefined as never)) throw refuse(`a list of ${fileFlags.join(', ')}`)
  const given = [...new Set(mode as FileFlag[])]
  const has = (flag: FileFlag) => given.includes(flag)
  if (given.filter(flag => flag === 'rdonly' || flag === 'wronly' || flag === 'rdwr').length !== 1)
    throw refuse('one with either rdonly, wronly or rdwr')
  if (has('rdonly') && (has('create') || has('excl'))) throw refuse('without create and excl where it is rdonly')
  if (has('rdwr') && has('sequential')) throw refuse('rdonly or wronly where it is sequential')
  return { flags: given, isEmptied: false }
}
