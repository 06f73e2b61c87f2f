/** Which dtypes operations take, what they compute in and give. */

import { type DType, infoOf, isComplex, isInexact, partOf } from '../../dtypes.ts'
import { DTypeError } from '../../errors.ts'
import { promote } from '../../promotion.ts'
import type { Signature } from '../operation.ts'

export type Rule = (name: string) => (dtypes: readonly DType[]) => Signature

type Class = 'bool' | 'integer' | 'float' | 'complex'

const classOf = (dtype: DType): Class => {
  const { kind } = infoOf(dtype)
  return kind === 'signed' || kind === 'unsigned' ? 'integer' : kind
}

const words: Record<Class, string> = {
  bool: 'booleans',
  integer: 'integers',
  float: 'floats',
  complex: 'complex numbers',
}

function list(classes: readonly Class[]): string {
  const told = classes.map(c => words[c])
  return told.length === 1 ? told[0] : `${told.slice(0, -1).join(', ')} and ${told[told.length - 1]}`
}

/** Looks signatures up that were found before: there are few of an operation. */
function remembered(find: (dtypes: readonly DType[]) => Signature): (dtypes: readonly DType[]) => Signature {
  const known = new Map<string, Signature>()
  let lastDtypes: readonly DType[] = []
  let last: Signature | undefined
  return dtypes => {
    // Most often it is that of the call before: a text of several dtypes takes longer to make than to compare them.
    if (last !== undefined && dtypes.length === lastDtypes.length && dtypes.every((d, k) => d === lastDtypes[k]))
      return last
    const key = dtypes.length === 1 ? dtypes[0] : dtypes.join()
    let signature = known.get(key)
    if (signature === undefined) known.set(key, (signature = find(dtypes)))
    lastDtypes = dtypes
    last = signature
    return signature
  }
}

/** Operands meet in one dtype, of one of these classes; the result is `result` of it. */
export function meeting(classes: readonly Class[], result: (dtype: DType) => DType = same): Rule {
  return name =>
    remembered(dtypes => {
      const dtype = dtypes.reduce(promote)
      if (!classes.includes(classOf(dtype))) throw new DTypeError(name, list(classes), dtypes)
      return { operands: dtypes.map(() => dtype), result: result(dtype) }
    })
}

/** The same, of floats and complex numbers; integers and booleans are computed as float64. */
export function inexact(classes: readonly ('float' | 'complex')[], result: (dtype: DType) => DType = same): Rule {
  return name =>
    remembered(dtypes => {
      const met = dtypes.reduce(promote)
      const dtype = isInexact(met) ? met : 'float64'
      if (!(classes as readonly Class[]).includes(classOf(dtype)))
        throw new DTypeError(name, `${list(classes)}, and integers, of which it makes float64`, dtypes)
      return { operands: dtypes.map(() => dtype), result: result(dtype) }
    })
}

/** As a rule says; but a real operand beside a complex one stays real, in the type of a part: it has no imaginary part that would meet infinities. */
export const mixing =
  (rule: Rule): Rule =>
  name => {
    const find = rule(name)
    return remembered(dtypes => {
      const { operands, result } = find(dtypes)
      return { operands: operands.map((to, k) => (isComplex(to) && !isComplex(dtypes[k]) ? partOf(to) : to)), result }
    })
  }

export const same = (dtype: DType): DType => dtype
export const toBool = (): DType => 'bool'
/** Of complex numbers the type of a part. */
export const toReal = (dtype: DType): DType => (isComplex(dtype) ? partOf(dtype) : dtype)

export const anything: readonly Class[] = ['bool', 'integer', 'float', 'complex']
export const ordered: readonly Class[] = ['bool', 'integer', 'float']
export const numbers: readonly Class[] = ['integer', 'float', 'complex']
export const realNumbers: readonly Class[] = ['integer', 'float']
export const integersAndBools: readonly Class[] = ['bool', 'integer']
export const integersOnly: readonly Class[] = ['integer']
