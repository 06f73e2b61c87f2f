/**
 * Kinds: what the front end knows of a number beyond its IR type.
 *
 * Strong kinds come from data: `i32 u32 i64 u64 f32 f64 bool`. Weak kinds come from literals and scalar parameters and
 * adapt to the data they meet: `wi` a whole number, `wf` a fraction, `wb` a BigInt literal. A weak value is computed as
 * JavaScript would (as f64) until then, so arithmetic among parameters never wraps.
 */
import type { Type, Value } from '../ir/ir.ts'

export type Kind = 'bool' | 'i32' | 'u32' | 'i64' | 'u64' | 'f32' | 'f64' | 'wi' | 'wf' | 'wb'

/** A value and its kind. */
export interface Typed {
  v: Value
  k: Kind
  /** Declared but never assigned: takes any kind, as 0. */
  empty?: true
}

export const IR_TYPE: Record<Kind, Type> = {
  bool: 'i1',
  i32: 'i32',
  u32: 'i32',
  i64: 'i64',
  u64: 'i64',
  f32: 'f32',
  f64: 'f64',
  wi: 'f64',
  wf: 'f64',
  wb: 'i64',
}

export const isWeak = (k: Kind): boolean => k === 'wi' || k === 'wf' || k === 'wb'
export const isBig = (k: Kind): boolean => k === 'i64' || k === 'u64' || k === 'wb'
export const isFloat = (k: Kind): boolean => k === 'f32' || k === 'f64' || k === 'wf'

/**
 * The kind in which two kinds meet, in arithmetic and in a variable that holds both. BigInt and number do not meet.
 * @param float the default float: what a fraction literal makes of an integer
 */
export function join(a: Kind, b: Kind, float: 'f32' | 'f64'): Kind | undefined {
  if (a === b) return a
  if (isBig(a) !== isBig(b)) return undefined
  if (isBig(a)) return a === 'wb' ? b : b === 'wb' ? a : 'u64'
  if (a === 'bool') return b
  if (b === 'bool') return a
  if (a === 'f64' || b === 'f64') return 'f64'
  if (a === 'f32' || b === 'f32') return 'f32'
  if (a === 'wf') return b === 'wi' ? 'wf' : float
  if (b === 'wf') return a === 'wi' ? 'wf' : float
  if (a === 'u32' || b === 'u32') return 'u32'
  return 'i32'
}

/** The strong kind of a mutable variable that only weak values were assigned to. */
export function strengthen(k: Kind, float: 'f32' | 'f64'): Kind {
  return k === 'wi' ? 'i32' : k === 'wf' ? float : k === 'wb' ? 'i64' : k
}

/** As a reader of an error message would say it. */
export const KIND_NAME: Record<Kind, string> = {
  bool: 'a boolean',
  i32: 'an int32',
  u32: 'a uint32',
  i64: 'an int64 (BigInt)',
  u64: 'a uint64 (BigInt)',
  f32: 'a float32',
  f64: 'a float64',
  wi: 'a whole number',
  wf: 'a number',
  wb: 'a BigInt',
}
