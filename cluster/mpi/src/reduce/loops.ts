/**
 * Loops over elements, `out[o + t] = first[…] op second[…] op …`, for MPI's ops. V8 compiles a function for the classes of arrays that
 * it has seen in it, and slowly for many; so each op has a loop of its own for each kind and number of operands, made from its
 * text when it is first asked for. The text names the kind, for of equal texts V8 makes one function.
 */

import type { Kind } from '../datatype/datatype.ts'
import { kinds, type NumberArray } from '../datatype/kinds.ts'
import type { OpName } from '../op.ts'
import { kept } from './kept.ts'

/** An array and from which of its elements on, in turns: `n` numbers of `out` from `o` on, of the first operand, and so on. */
export type Loop = (n: number, out: NumberArray, o: number, ...operands: (NumberArray | number)[]) => void

/** `n` pairs, each operand as an array of values and an array of indices over the same memory. */
export type PairLoop = (n: number, ...arrays: NumberArray[]) => void

const isBig = (kind: Kind): boolean => kind === 'int64' || kind === 'uint64'

/** `r op y`, in the numbers of a kind. Stores into typed arrays wrap by themselves; before, integers are kept to 32 bits. */
export const expression = (op: OpName, kind: Kind): string => {
  const big = isBig(kind)
  const wrap = (text: string): string => (big ? `BigInt.as${kind === 'int64' ? 'Int' : 'Uint'}N(64, ${text})` : text)
  const isFloat = kind.startsWith('float')
  const [zero, one] = big ? ['0n', '1n'] : ['0', '1']
  switch (op) {
    case 'sum':
      return isFloat || big ? wrap('r + y') : 'r + y | 0'
    case 'prod':
      return isFloat || big ? wrap('r * y') : 'Math.imul(r, y)'
    case 'max':
      return isFloat ? 'Math.max(r, y)' : 'r > y ? r : y'
    case 'min':
      return isFloat ? 'Math.min(r, y)' : 'r < y ? r : y'
    case 'land':
      return `r != ${zero} && y != ${zero} ? ${one} : ${zero}`
    case 'lor':
      return `r != ${zero} || y != ${zero} ? ${one} : ${zero}`
    case 'lxor':
      return `(r != ${zero}) != (y != ${zero}) ? ${one} : ${zero}`
    case 'band':
      return 'r & y'
    case 'bor':
      return 'r | y'
    default:
      return 'r ^ y'
  }
}

/** Each step gives a number of the kind, so that three operands give the bits of two and then the third. A store rounds by itself. */
const roundOf = (kind: Kind): string => (kind === 'float32' ? 'Math.fround' : kind === 'float16' ? 'Math.f16round' : '')

const makeLoop = (op: OpName, kind: Kind, operands: number): Loop => {
  const { lanes } = kinds[kind]
  if (lanes === 2 && op === 'prod') return makeComplexProduct(kind, operands)
  const others = Array.from({ length: operands - 1 }, (_, k) => k + 1)
  const parameters = ['a0', 'i0', ...others.flatMap(k => [`a${k}`, `i${k}`])]
  const scalar = lanes === 2 ? (kind === 'complex64' ? 'float32' : 'float64') : kind
  const round = roundOf(scalar)
  const body = others.map(k => `y = a${k}[i${k} + t]; r = ${round}(${expression(op, scalar)})`)
  return new Function(
    ...['n', 'out', 'o', ...parameters],
    `// ${op} of ${kind}
    for (let t = 0; t < n; t++) {
      let r = a0[i0 + t], y
      ${body.join('\n')}
      out[o + t] = r
    }`,
  ) as Loop
}

const makeComplexProduct = (kind: Kind, operands: number): Loop => {
  const round = kind === 'complex64' ? 'Math.fround' : ''
  const others = Array.from({ length: operands - 1 }, (_, k) => k + 1)
  const parameters = ['a0', 'i0', ...others.flatMap(k => [`a${k}`, `i${k}`])]
  const body = others.map(
    k =>
      `x = a${k}[i${k} + t]; y = a${k}[i${k} + t + 1]; s = ${round}(re * x - im * y); im = ${round}(re * y + im * x); re = s`,
  )
  return new Function(
    ...['n', 'out', 'o', ...parameters],
    `// products of ${kind}
    for (let t = 0; t < n; t += 2) {
      let re = a0[i0 + t], im = a0[i0 + t + 1], x, y, s
      ${body.join('\n')}
      out[o + t] = re
      out[o + t + 1] = im
    }`,
  ) as Loop
}

const makePairLoop = (op: OpName, kind: Kind, operands: number): PairLoop => {
  const { extent, pair } = kinds[kind]
  const { value, index, indexOffset } = pair!
  const v = `${extent / kinds[value].size} * t`
  const i = `${extent / kinds[index].size} * t + ${indexOffset / kinds[index].size}`
  const better = op === 'maxloc' ? '>' : '<'
  const others = Array.from({ length: operands - 1 }, (_, k) => k + 1)
  const body = others.map(
    k => `x = v${k}[${v}]; j = i${k}[${i}]
      if (x ${better} r || (x == r && j < at)) { r = x; at = j }`,
  )
  return new Function(
    ...['n', 'outV', 'outI', 'v0', 'i0', ...others.flatMap(k => [`v${k}`, `i${k}`])],
    `// ${op} of ${kind}
    for (let t = 0; t < n; t++) {
      let r = v0[${v}], at = i0[${i}], x, j
      ${body.join('\n')}
      outV[${v}] = r
      outI[${i}] = at
    }`,
  ) as PairLoop
}

/** The loop of an op that is defined for a kind which is no pair. Complex sums are sums of their numbers: `n` counts those. */
export const loopOf = kept(makeLoop)

/** maxloc and minloc: of equal values the lower index counts. */
export const pairLoopOf = kept(makePairLoop)
