/** Calls of Fortran: everything is given by its address. */

import { InternalError } from '@skein/base'
import type { Reals } from '../matrix.ts'
import type { Library } from './library.ts'

/** A text of one letter, a whole number, the place of the first of many numbers, or null for what is not looked at. */
export type Argument = string | number | ArrayBufferView | null

const letters = new Map<string, Uint8Array>()

function letterOf(text: string): Uint8Array {
  let found = letters.get(text)
  if (found === undefined) letters.set(text, (found = Uint8Array.of(text.charCodeAt(0))))
  return found
}

const most = 24
/** Whole numbers of a call that is over before the next one begins. */
const cells = Array.from({ length: most }, () => new BigInt64Array(1))

/** Addresses and lengths, and how many are lengths. */
function written(args: readonly Argument[], integers: (k: number) => BigInt64Array): [unknown[], number] {
  const texts: number[] = []
  const given = args.map((argument, k) => {
    if (typeof argument === 'string') {
      texts.push(1)
      return letterOf(argument)
    }
    if (typeof argument !== 'number') return argument
    const cell = integers(k)
    cell[0] = BigInt(argument)
    return cell
  })
  return [[...given, ...texts], texts.length]
}

export function call(library: Library, name: string, ...args: Argument[]): void {
  const [given, texts] = written(args, k => cells[k])
  library.useThreads()
  library.subroutine(name, args.length, texts)(...given)
}

/** The same on another thread. What is given belongs to the call meanwhile. */
export function callBeside(library: Library, name: string, ...args: Argument[]): Promise<void> {
  const [given, texts] = written(args, () => new BigInt64Array(1))
  library.useThreads()
  const subroutine = library.subroutine(name, args.length, texts)
  return new Promise((resolve, reject) => {
    subroutine.async(...given, (error: unknown) => {
      // Held until now.
      given.length = 0
      if (error) reject(error as Error)
      else resolve()
    })
  })
}

const info = new Int32Array(2)

/** Of a function of LAPACK, which says last how it went. @returns `info`: 0, or what its documentation says. @throws InternalError if an argument was wrong */
export function solveBy(library: Library, name: string, ...args: Argument[]): number {
  info.fill(0)
  call(library, name, ...args, info)
  if (info[0] < 0) throw new InternalError(`${name} of ${library.path} takes its argument ${-info[0]}`)
  return info[0]
}

/** Room to work in: numbers as many as the function asks for, and so many more. */
export interface Room {
  /** The kind of its numbers. */
  readonly like: Reals
  readonly parts: 1 | 2
  /** Real numbers of a complex function: so many, or as many as it says. */
  readonly real?: number | 'asked'
  /** Whole numbers, too. */
  readonly whole?: number | 'asked'
  /** What comes behind it all. */
  readonly after?: readonly Argument[]
}

/** Of a function that wants room to work in, which it is given behind `args`; told that there are −1 numbers, it says how many it wants. @returns as `solveBy` */
export function solveWithRoom(library: Library, name: string, args: readonly Argument[], room: Room): number {
  const { like, parts, real, whole, after = [] } = room
  const Numbers = like.constructor as Float64ArrayConstructor
  const wordsOfInteger = library.integerBits / 32
  const tail = (count: number, reals: number, integers: number): [Argument[], Reals, Reals, Int32Array] => {
    const numbers = new Numbers(Math.max(1, count) * parts)
    const realNumbers = new Numbers(Math.max(1, reals))
    const words = new Int32Array(Math.max(1, integers) * wordsOfInteger)
    const sized = (size: number | 'asked' | undefined, array: ArrayBufferView, n: number) =>
      size === undefined ? [] : size === 'asked' ? [array, n] : [array]
    return [
      [numbers, count, ...sized(real, realNumbers, reals), ...sized(whole, words, integers), ...after],
      numbers,
      realNumbers,
      words,
    ]
  }
  const fixed = (size: number | 'asked' | undefined) => (typeof size === 'number' ? size : -1)
  const [question, numbers, reals, words] = tail(-1, fixed(real), fixed(whole))
  solveBy(library, name, ...args, ...question)
  // A float32 may have been rounded down.
  const wanted = (found: number, size: number | 'asked' | undefined) =>
    typeof size === 'number' ? size : Math.max(1, Math.ceil(found * (1 + 2 ** -22)))
  const [given] = tail(wanted(numbers[0], undefined), wanted(reals[0], real), wanted(words[0], whole))
  return solveBy(library, name, ...args, ...given)
}

const scalars = (x: number) => ({ f32: Float32Array.of(x, 0), f64: Float64Array.of(x, 0) })
const [one, zero] = [scalars(1), scalars(0)]
const kindOf = (x: Reals) => (x instanceof Float32Array ? 'f32' : 'f64')

/** 1 and 0, real or complex, of the kind of an array. */
export const oneOf = (x: Reals): Reals => one[kindOf(x)]
export const zeroOf = (x: Reals): Reals => zero[kindOf(x)]

/** The letter in front of a name: `s`, `d`, `c`, `z`. */
export const letter = (x: Reals, parts: 1 | 2): string =>
  parts === 2 ? (x instanceof Float32Array ? 'c' : 'z') : x instanceof Float32Array ? 's' : 'd'
