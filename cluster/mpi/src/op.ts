/** Reduction operations: MPI's, and a user's. */

/** MPI's operations (MPI-4.0, 6.9.2, and those of accumulate). */
export type OpName =
  | 'sum' | 'prod' | 'max' | 'min' | 'land' | 'band' | 'lor' | 'bor' | 'lxor' | 'bxor' | 'maxloc' | 'minloc' | 'replace' | 'noOp'

export class Op {
  /** 'user' of one that a user made. */
  readonly name: OpName | 'user'
  readonly isCommutative: boolean
  /** Of a user: two elements to one, `a` of the lower ranks. */
  readonly combine: ((a: any, b: any) => unknown) | undefined
  /** Of a user, on whole arrays: `inout[i] = in[i] op inout[i]`, where `in` is of the lower ranks. */
  readonly combineArrays: ((input: any, inout: any) => void) | undefined
  isFree = false
  /** What an engine keeps for it. */
  handle: unknown
}
