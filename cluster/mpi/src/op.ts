/** Reduction operations: MPI's, and a user's. */

import { ArgumentError } from '@skein/base'
import type { Datatype } from './datatype/datatype.ts'

/** MPI's operations (MPI-4.0, 6.9.2, and those of accumulate). */
export type OpName =
  | 'sum'
  | 'prod'
  | 'max'
  | 'min'
  | 'land'
  | 'band'
  | 'lor'
  | 'bor'
  | 'lxor'
  | 'bxor'
  | 'maxloc'
  | 'minloc'
  | 'replace'
  | 'noOp'

/** Two elements to one, `a` of the lower ranks. */
export type Combine<T> = (a: T, b: T) => T

/**
 * `inout[i] = input[i] op inout[i]` for all i, where `input` is of the lower ranks. Elements of one kind come as a typed array of it, complex ones as
 * pairs of numbers; those of several kinds as a DataView, in which they lie as `type` says.
 */
export type CombineArrays = (input: any, inout: any, count: number, type: Datatype) => void

export interface OpOptions {
  /** Ranks may be combined in any order; without it they are combined in that of ranks. Each op has to be associative. */
  readonly commutative?: boolean
}

export class Op {
  /** 'user' of one that a user made. */
  readonly name: OpName | 'user'
  readonly isCommutative: boolean
  /** Of a user. */
  readonly combine: Combine<any> | undefined
  readonly combineArrays: CombineArrays | undefined
  isFree = false
  /** What an engine keeps for it. */
  handle: unknown
  /** What reductions keep for it: what they found for the type it was last used on. */
  found: unknown

  /** For this room; users have the ops below, `Op.create` and `Op.createForArrays`. */
  constructor(name: OpName | 'user', isCommutative: boolean, combine?: Combine<any>, combineArrays?: CombineArrays) {
    this.name = name
    this.isCommutative = isCommutative
    this.combine = combine
    this.combineArrays = combineArrays
  }

  /**
   * Of a function of two values: any values in the object form, and the elements of typed arrays, where a complex number is
   * `[re, im]` and a pair `[value, index]`.
   */
  static create<T>(combine: Combine<T>, { commutative = false }: OpOptions = {}): Op {
    checkFunction('Op.create', combine)
    return new Op('user', commutative, combine)
  }

  /** Of a function of two arrays of elements, as MPI has them: faster than element by element, and for derived types. */
  static createForArrays(combineArrays: CombineArrays, { commutative = false }: OpOptions = {}): Op {
    checkFunction('Op.createForArrays', combineArrays)
    return new Op('user', commutative, undefined, combineArrays)
  }

  /** No call takes it from now on. */
  free(): void {
    if (this.name !== 'user') throw new ArgumentError('Op.free', 'the op', 'one that a user made', this.name)
    if (this.isFree) throw new ArgumentError('Op.free', 'the op', 'one that was not freed', 'freed')
    this.isFree = true
  }

  toString(): string {
    return this.name
  }
}

const checkFunction = (call: string, f: unknown): void => {
  if (typeof f !== 'function') throw new ArgumentError(call, 'combine', 'a function of two arguments', f)
}

export const sum = new Op('sum', true)
export const prod = new Op('prod', true)
/** Of numbers one of which is NaN: NaN. */
export const max = new Op('max', true)
export const min = new Op('min', true)
/** Logical ones take 0 as false, all else as true, and give 0 or 1. */
export const land = new Op('land', true)
export const band = new Op('band', true)
export const lor = new Op('lor', true)
export const bor = new Op('bor', true)
export const lxor = new Op('lxor', true)
export const bxor = new Op('bxor', true)
/** Of pairs of a value and an index: the greatest value, and the least index that has it. */
export const maxloc = new Op('maxloc', true)
export const minloc = new Op('minloc', true)
/** Of what is there and what comes: what comes; for accumulate. */
export const replace = new Op('replace', false)
/** Of what is there and what comes: what is there. */
export const noOp = new Op('noOp', false)
