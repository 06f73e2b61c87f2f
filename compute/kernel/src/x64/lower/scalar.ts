/**
 * Code of the operations on one value: whole numbers in general registers, 1 and 0 for true and false; floats in vectors of 128 bits.
 */

import { InternalError } from '@skein/base'
import type { Type, Value } from '../../ir/ir.ts'
import type { Condition } from '../encode/general-forms.ts'
import { Memory, type Register } from '../encode/operands.ts'
import { type Code, view } from '../machine/code.ts'
import { powerOfTwo } from './constants.ts'
import { emitFloat, Floats } from './floats.ts'
import { remainder } from './remainder.ts'
import { convertScalar } from './scalar-conversions.ts'
import { divideScalar } from './scalar-division.ts'
import { tableAddress, tableLength } from './table.ts'
import { type Target, widthOf } from './target.ts'

export interface ScalarContext {
  readonly code: Code
  readonly target: Target
}

/** The register of operand i. */
export type OperandOf = (i: number) => Register

const isFloat = (type: Type): type is 'f32' | 'f64' => type === 'f32' || type === 'f64'

/** A variable for a value of a type. */
export const scalarRegister = (code: Code, type: Type): Register =>
  isFloat(type) ? code.register(128) : code.gpr(type === 'i64' ? 64 : 32)

/** A constant operand that an instruction can hold. */
function immediateOf({ op, type, attr }: Value): number | undefined {
  if (op !== 'const' || isFloat(type)) return undefined
  const number = Number(attr)
  return number >= -(2 ** 31) && number < 2 ** 31 ? number : undefined
}

/** @returns where the value is, never a register of an operand @throws InternalError: the operation is none of one value's */
export function emitScalar(v: Value, operand: OperandOf, c: ScalarContext): Register {
  if (isComparison(v)) return truth(v, operand, c)
  if (v.op === 'select') return select(v, operand, c)
  if (v.op === 'table') return lookUp(v, operand, c)
  const type = v.args[0]?.type ?? v.type
  if (isFloat(type)) {
    if (v.op === 'frem') return floatRemainder(type, operand, c)
    const made = emitFloat(v, new Floats(c.code, c.target, type, 128, true), i => view(operand(i), 128))
    if (made !== undefined) return made
  } else {
    const made = integer(v, operand, c.code)
    if (made !== undefined) return made
  }
  const converted = convertScalar(v, operand, c)
  if (converted === undefined) throw new InternalError(`x64: no code for ${v.op} of ${type}`)
  return converted
}

// Comparisons.

const comparisons = new Set(['eq', 'ne', 'lt', 'le', 'slt', 'sle', 'ult', 'ule'])

export const isComparison = ({ op }: Value): boolean => comparisons.has(op)

const holds: { readonly [op: string]: Condition } = {
  eq: 'e',
  ne: 'ne',
  slt: 'l',
  sle: 'le',
  ult: 'b',
  ule: 'be',
}
/** What holds of b and a where this holds of a and b. */
const turned: { readonly [condition: string]: Condition } = { e: 'e', ne: 'ne', l: 'g', le: 'ge', b: 'a', be: 'ae' }
const opposite: { readonly [condition: string]: Condition } = {
  e: 'ne',
  ne: 'e',
  l: 'ge',
  le: 'g',
  g: 'le',
  ge: 'l',
  b: 'ae',
  be: 'a',
  a: 'be',
  ae: 'b',
}

/** Sets the flags. The comparison does not hold if one of these conditions does; they are to be asked for at once. */
export function emitCompare(v: Value, operand: OperandOf, c: ScalarContext): { readonly ifNot: readonly Condition[] } {
  const { type } = v.args[0]
  if (!isFloat(type)) {
    return { ifNot: [opposite[compareIntegers(v, operand, c.code)]] }
  }
  if (v.op === 'ne') {
    const differs = equality(v, operand, c)
    c.code.general('test', [differs, differs])
    return { ifNot: ['e'] }
  }
  const condition = compareFloats(v, type, operand, c.code)
  return { ifNot: condition === 'e' ? ['ne', 'p'] : [opposite[condition]] }
}

/** @returns under which condition it holds */
function compareIntegers({ op, args }: Value, operand: OperandOf, code: Code): Condition {
  const bits = args[0].type === 'i64' ? 64 : 32
  const known = knownOperand(args)
  const a = view(operand(known === 0 ? 1 : 0), bits)
  const number = known === undefined ? undefined : immediateOf(args[known])
  if (number === 0 && op !== 'ult' && op !== 'ule') code.general('test', [a, a])
  else code.general('cmp', [a, number ?? view(operand(1), bits)])
  return known === 0 ? turned[holds[op]] : holds[op]
}

/** Which of two operands an instruction can hold as a number. */
function knownOperand(args: readonly Value[]): 0 | 1 | undefined {
  if (args.length !== 2) return undefined
  return immediateOf(args[1]) !== undefined ? 1 : immediateOf(args[0]) !== undefined ? 0 : undefined
}

/** A NaN sets the flags of what is below and of what is equal, and parity. So a < b is asked for as b > a. */
function compareFloats({ op }: Value, type: 'f32' | 'f64', operand: OperandOf, code: Code): Condition {
  const [a, b] = [view(operand(0), 128), view(operand(1), 128)]
  code.vector(type === 'f64' ? 'vucomisd' : 'vucomiss', op === 'eq' ? [a, b] : [b, a])
  return op === 'eq' ? 'e' : op === 'lt' ? 'a' : 'ae'
}

/** Whether floats are equal, or are not, as 1 or 0. */
function equality(v: Value, operand: OperandOf, { code, target }: ScalarContext): Register {
  const f = new Floats(code, target, v.args[0].type as 'f64', 128, true)
  const found = f.where(view(operand(0), 128), v.op as 'eq' | 'ne', view(operand(1), 128))
  const to = code.gpr(32)
  if (f.hasMasks) code.vector('kmovb', [to, found])
  else {
    code.vector('vmovd', [to, found])
    code.general('and', [to, 1])
  }
  return to
}

function truth(v: Value, operand: OperandOf, c: ScalarContext): Register {
  const { code } = c
  const { type } = v.args[0]
  if (isFloat(type) && (v.op === 'eq' || v.op === 'ne')) return equality(v, operand, c)
  // What makes an operand may change the flags, and so does what makes the zero.
  const held = isFloat(type) ? undefined : knownOperand(v.args)
  const registers = v.args.map((_, i) => (i === held ? undefined : operand(i)))
  const to = code.gpr(32)
  code.general('xor', [to, to])
  const known: OperandOf = i => registers[i]!
  const condition = isFloat(type) ? compareFloats(v, type, known, code) : compareIntegers(v, known, code)
  code.general(`set${condition}`, [view(to, 8)])
  return to
}

function select(v: Value, operand: OperandOf, { code, target }: ScalarContext): Register {
  const [condition, then, otherwise] = [operand(0), operand(1), operand(2)]
  const { type } = v
  const to = scalarRegister(code, type)
  if (!isFloat(type)) {
    code.general('mov', [to, view(otherwise, to.bits)])
    code.general('test', [condition, condition])
    code.general('cmovne', [to, view(then, to.bits)])
    return to
  }
  if (target.isa === 'avx512') {
    const mask = code.mask()
    code.vector('kmovb', [mask, view(condition, 32)])
    code.vector(type === 'f64' ? 'vblendmpd' : 'vblendmps', [to, view(otherwise, 128), view(then, 128)], {
      mask,
      zeroes: false,
    })
    return to
  }
  const all = code.gpr(64)
  code.general('mov', [view(all, 32), view(condition, 32)])
  code.general('neg', [all])
  const mask = code.register(128)
  code.vector('vmovq', [mask, all])
  code.vector(type === 'f64' ? 'vblendvpd' : 'vblendvps', [to, view(otherwise, 128), view(then, 128), mask])
  return to
}

// Whole numbers.

const twoOperands: { readonly [op: string]: string } = { sub: 'sub', and: 'and', or: 'or', xor: 'xor' }
const shifts: { readonly [op: string]: readonly [byNumber: string, byRegister: string] } = {
  shl: ['shl', 'shlx'],
  sshr: ['sar', 'sarx'],
  ushr: ['shr', 'shrx'],
}
const counts: { readonly [op: string]: string } = { clz: 'lzcnt', ctz: 'tzcnt', popcnt: 'popcnt' }
const commutes = new Set(['add', 'mul', 'and', 'or', 'xor'])
/** When the second is the one that is asked for. */
const better: { readonly [op: string]: Condition } = { smin: 'g', smax: 'l', umin: 'a', umax: 'b' }

/** Of an i64; a move of the lower half clears the upper. */
const lowWord = 2n ** 32n - 1n

function integer(v: Value, operand: OperandOf, code: Code): Register | undefined {
  const bits = v.args[0].type === 'i64' ? 64 : 32
  // A number stands second where the order is free.
  const known = knownOperand(v.args)
  const isTurned = known === 0 && commutes.has(v.op)
  const x = (i: number) => view(operand(isTurned ? 1 - i : i), bits)
  const number = known === 1 || isTurned ? immediateOf(v.args[known!]) : undefined
  const to = code.gpr(bits)
  const started = () => {
    code.general('mov', [to, x(0)])
    return to
  }
  const { op } = v
  if (op === 'and' && v.args.some(a => a.op === 'const' && a.attr === lowWord)) {
    code.general('mov', [view(to, 32), view(operand(v.args[0].op === 'const' ? 1 : 0), 32)])
    return to
  }
  if (op in twoOperands) {
    const other = number ?? x(1)
    code.general(twoOperands[op], [started(), other])
    return to
  }
  if (op in shifts) {
    const [byNumber, byRegister] = shifts[op]
    if (v.args[1].op === 'const') {
      const count = Number(BigInt(v.args[1].attr) & BigInt(bits - 1))
      code.general(byNumber, [started(), count])
    } else code.vector(byRegister, [to, x(0), x(1)])
    return to
  }
  if (op in counts) {
    code.general(counts[op], [to, x(0)])
    return to
  }
  if (op in better) {
    const [a, b] = [x(0), x(1)]
    code.general('mov', [to, a])
    code.general('cmp', [a, b])
    code.general(`cmov${better[op]}`, [to, b])
    return to
  }
  switch (op) {
    case 'add': {
      const base = view(x(0), 64)
      // Of three operands. Its sums are of 64 bits, whose low ones are right.
      const memory = number === undefined ? { base, index: view(x(1), 64) } : { base, disp: number }
      code.general('lea', [to, new Memory(memory)])
      return to
    }
    case 'mul':
      if (number === undefined) {
        const other = x(1)
        code.general('imul', [started(), other])
      } else {
        const power = powerOfTwo(number)
        if (power === undefined) code.general('imul', [to, x(0), number])
        else code.general('shl', [started(), power])
      }
      return to
    case 'mulhu': {
      const [a, b] = [code.gpr(64), code.gpr(64)]
      code.general('mov', [view(a, 32), x(0)])
      code.general('mov', [view(b, 32), x(1)])
      code.general('imul', [a, b])
      code.general('shr', [a, 32])
      code.general('mov', [to, view(a, 32)])
      return to
    }
    case 'not':
      if (v.type === 'i1') code.general('xor', [started(), 1])
      else code.general('not', [started()])
      return to
    case 'abs': {
      const a = x(0)
      code.general('mov', [to, a])
      code.general('neg', [to])
      code.general('cmovs', [to, a])
      return to
    }
    case 'sdiv':
    case 'udiv':
    case 'srem':
    case 'urem':
      return divideScalar(v, operand, code)
    default:
      return undefined
  }
}

// What else there is.

function floatRemainder(type: 'f32' | 'f64', operand: OperandOf, { code, target }: ScalarContext): Register {
  const f = new Floats(code, target, 'f64', 128, true)
  const [x, y] = [view(operand(0), 128), view(operand(1), 128)]
  if (type === 'f64') return remainder(f, x, y, false)
  const [wideX, wideY] = [x, y].map(r => {
    const to = code.register(128)
    code.vector('vcvtss2sd', [to, r, r])
    return to
  })
  const rest = remainder(f, wideX, wideY, true)
  const to = code.register(128)
  code.vector('vcvtsd2ss', [to, rest, rest])
  return to
}

function lookUp(v: Value, operand: OperandOf, { code }: ScalarContext): Register {
  const index = code.gpr(64)
  code.general('mov', [view(index, 32), view(operand(0), 32)])
  // Lanes that are not active may bring any index.
  const last = code.gpr(32)
  code.general('mov', [last, tableLength(v) - 1])
  code.general('cmp', [view(index, 32), last])
  code.general('cmova', [view(index, 32), last])
  const memory = new Memory({ base: tableAddress(code, v), index, scale: (widthOf(v.type) / 8) as 4 | 8 })
  const to = scalarRegister(code, v.type)
  if (isFloat(v.type)) code.vector(v.type === 'f64' ? 'vmovsd' : 'vmovss', [to, memory])
  else code.general('mov', [to, memory])
  return to
}
