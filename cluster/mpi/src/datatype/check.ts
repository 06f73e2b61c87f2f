/** Checks of the arguments of datatype constructors. */

import { ArgumentError } from '@skein/base'

const nameOf = (call: string): string => `Datatype.${call}`

const refuse = (call: string, argument: string, expected: string, found: unknown): never => {
  throw new ArgumentError(nameOf(call), argument, expected, found)
}

export const checkCount = (call: string, argument: string, value: number): void => {
  if (!(Number.isSafeInteger(value) && value >= 0)) refuse(call, argument, 'a whole number from 0 on', value)
}

export const checkPositive = (call: string, argument: string, value: number): void => {
  if (!(Number.isSafeInteger(value) && value > 0)) refuse(call, argument, 'a whole number from 1 on', value)
}

export const checkInteger = (call: string, argument: string, value: number): void => {
  if (!Number.isSafeInteger(value)) refuse(call, argument, 'a whole number', value)
}

const checkEach =
  (checkOne: (call: string, argument: string, value: number) => void, expected: string) =>
  (call: string, argument: string, values: ArrayLike<number>): void => {
    if (!Array.isArray(values) && !ArrayBuffer.isView(values)) refuse(call, argument, expected, values)
    for (let i = 0; i < values.length; i++) checkOne(call, `${argument}[${i}]`, values[i])
  }

export const checkCounts = checkEach(checkCount, 'a list of whole numbers from 0 on')
export const checkIntegers = checkEach(checkInteger, 'a list of whole numbers')
export const checkSizes = checkEach(checkPositive, 'a list of whole numbers from 1 on')

export const checkLength = (
  call: string,
  argument: string,
  values: ArrayLike<unknown>,
  length: number,
  expected: string,
): void => {
  if (!Array.isArray(values) || values.length !== length) refuse(call, argument, `${expected} (${length})`, values)
}

export const checkOneOf = (call: string, argument: string, value: unknown, choices: readonly unknown[]): void => {
  if (!choices.includes(value)) refuse(call, argument, `one of ${choices.map(c => `'${c}'`).join(', ')}`, value)
}

/** What no single check of a list sees: `found` is the part that does not go with the rest. */
export const check = (holds: boolean, call: string, argument: string, expected: string, found: unknown): void => {
  if (!holds) refuse(call, argument, expected, found)
}
