/** Combine functions of reductions and scans: built-in operators, or a user's own. */
import { ArgumentError } from '@skein/base'
import type { Combination } from './backend.ts'
import type { Kind } from './front/kinds.ts'
import { IR_TYPE, isBig, isFloat, KIND_NAME } from './front/kinds.ts'
import { lower } from './front/lower.ts'
import type { Captured } from './front/signature.ts'
import { parseFunction } from './front/source.ts'
import { Builder } from './ir/builder.ts'
import type { KernelIR } from './ir/ir.ts'

export type Operator = '+' | '*' | 'min' | 'max' | '&' | '|' | '^' | '&&' | '||'

/**
 * An operator of one's own. `combine` must be associative, for `reduce` commutative too (elements are dealt to accumulators in
 * turn), and `init` its identity: combine(init, x) = x.
 */
export interface UserOperator<T extends number | bigint = number> {
  init: T
  combine: (a: T, b: T) => T
}

const OPERATORS = new Set<string>(['+', '*', 'min', 'max', '&', '|', '^', '&&', '||'])

export function checkOperator(op: unknown, call: string): void {
  if (typeof op === 'string' && OPERATORS.has(op)) return
  const user = op as Partial<UserOperator> | null
  if (
    user &&
    typeof user === 'object' &&
    typeof user.combine === 'function' &&
    (typeof user.init === 'number' || typeof user.init === 'bigint')
  )
    return
  throw new ArgumentError(
    call,
    'operator',
    `one of ${[...OPERATORS].map(o => `'${o}'`).join(', ')}, or { init, combine }`,
    op,
  )
}

/** The strong kind in which values are combined: booleans are counted, and `&&`, `||` work on 0 and 1. */
export function combinedKind(k: Kind): Kind {
  return k === 'bool' ? 'i32' : k
}

export function combinationOf(
  op: Operator | UserOperator<any>,
  kind: Kind,
  captured: Captured,
  float: 'f32' | 'f64',
  call: string,
): Pick<Combination, 'type' | 'init' | 'combine'> {
  const type = IR_TYPE[kind]
  if (typeof op !== 'string') {
    if (isBig(kind) !== (typeof op.init === 'bigint')) {
      throw new ArgumentError(
        call,
        'init',
        isBig(kind) ? 'a BigInt, as the values are' : 'a number, as the values are',
        op.init,
      )
    }
    const { ir } = lower({
      fn: parseFunction(op.combine, 'combine'),
      use: captured,
      args: [
        { is: 'kind', kind },
        { is: 'kind', kind },
      ],
      gives: 'value',
      indices: 0,
      float,
      want: kind,
    })
    if (ir.buffers.length || ir.sites.length) {
      const found = ir.buffers.length ? 'one that uses an array' : 'one that asserts'
      throw new ArgumentError(call, 'combine', 'a function of its two arguments alone', found)
    }
    return { type, init: initialOf(op.init, kind, call), combine: ir }
  }
  const b = new Builder()
  const x = b.op('scalar', type, [], 0)
  const y = b.op('scalar', type, [], 1)
  const unsigned = kind === 'u32' || kind === 'u64'
  const minmax = (name: 'min' | 'max') => b.op(isFloat(kind) ? name : (unsigned ? 'u' : 's') + name, type, [x, y])
  const integers = () => {
    if (isFloat(kind)) throw new ArgumentError(call, 'operator', "one for floats: '+', '*', 'min', 'max'", op)
  }
  const number = (n: number | bigint): number | bigint => (isBig(kind) ? BigInt(n) : n)
  let init: number | bigint
  let result: typeof x
  switch (op) {
    case '+':
      init = number(0)
      result = b.add(x, y)
      break
    case '*':
      init = number(1)
      result = b.mul(x, y)
      break
    case 'min':
      init = isFloat(kind) ? Infinity : lowest(kind, 'min')
      result = minmax('min')
      break
    case 'max':
      init = isFloat(kind) ? -Infinity : lowest(kind, 'max')
      result = minmax('max')
      break
    case '&':
    case '&&':
      integers()
      init = op === '&' ? number(-1) : number(1)
      result = b.and(x, y)
      break
    case '|':
    case '||':
      integers()
      init = number(0)
      result = b.or(x, y)
      break
    case '^':
      integers()
      init = number(0)
      result = b.xor(x, y)
  }
  const { body } = b
  body.results = [result]
  const scalar = (name: string) => ({ name, type })
  const combine: KernelIR = {
    name: 'combine',
    rank: 0,
    buffers: [],
    scalars: [scalar('a'), scalar('b')],
    sites: [],
    body,
    yields: type,
  }
  return { type, init, combine }
}

/** A user's `init` in the bits of the IR type. */
function initialOf(init: number | bigint, kind: Kind, call: string): number | bigint {
  const kept =
    kind === 'u32'
      ? Number(init) >>> 0
      : kind === 'i32' || kind === 'bool'
        ? Number(init) | 0
        : kind === 'u64'
          ? BigInt.asUintN(64, init as bigint)
          : kind === 'i64'
            ? BigInt.asIntN(64, init as bigint)
            : init
  if (!isFloat(kind) && kept !== init)
    throw new ArgumentError(call, 'init', `${KIND_NAME[kind]}, as the values are`, init)
  if (isBig(kind)) return BigInt.asIntN(64, init as bigint)
  return kind === 'f32' ? Math.fround(init as number) : isFloat(kind) ? init : Number(init) | 0
}

/** The identity of min (the largest value) or of max (the smallest), in the bits of the IR type. */
function lowest(kind: Kind, op: 'min' | 'max'): number | bigint {
  switch (kind) {
    case 'u32':
      return op === 'min' ? -1 : 0
    case 'u64':
      return op === 'min' ? -1n : 0n
    case 'i64':
      return op === 'min' ? 2n ** 63n - 1n : -(2n ** 63n)
    default:
      return op === 'min' ? 2147483647 : -2147483648
  }
}

/** A combined value as the user sees it. */
export function toUser(value: number | bigint, kind: Kind): number | bigint {
  if (kind === 'u32') return Number(value) >>> 0
  if (kind === 'u64') return BigInt.asUintN(64, value as bigint)
  return value
}
