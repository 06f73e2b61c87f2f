/** Vector code of whole numbers that are words of 8 or 16 bits. Which operations they are, and that operands hold what they must, `lanes/words.ts` has seen to. */

import type { Value } from '../../ir/ir.ts'
import type { Operand, Register } from '../encode/operands.ts'
import type { LaneContext } from './lane-code.ts'
import * as masks from './masks.ts'
import { make } from './parts.ts'

/** Part p of the result, words or a mask of their width. */
export function wordPart(v: Value, p: number, c: LaneContext): Register | undefined {
  const { code, word } = c
  const bits = c.bits(word)
  const letter = word === 8 ? 'b' : 'w'
  const hasMasks = c.target.isa === 'avx512'
  const x = (i: number) => c.part(i, p, word)
  const op = (name: string, ...sources: Operand[]) => make(code, bits, name, ...sources)
  const logic = (name: string, a: Register, b: Register) => op(`vp${name}${hasMasks ? 'd' : ''}`, a, b)
  const all = (value: number) => c.spreadWord(value, bits)
  switch (v.op) {
    case 'add':
    case 'sub':
      return op(`vp${v.op}${letter}`, x(0), x(1))
    case 'mul':
      return op('vpmullw', x(0), x(1))
    case 'and': {
      // What leaves a word as it is: to say that no more is wanted.
      const whole = v.args.findIndex(a => a.op === 'const' && (~a.attr & (2 ** word - 1)) === 0)
      return whole >= 0 ? x(1 - whole) : logic('and', x(0), x(1))
    }
    case 'or':
    case 'xor':
      return logic(v.op, x(0), x(1))
    case 'not':
      return logic('xor', x(0), all(-1))
    case 'abs':
      return op(`vpabs${letter}`, x(0))
    case 'smin':
    case 'smax':
    case 'umin':
    case 'umax': {
      const sign = v.op[0] === 's' && !c.areUnsigned([0, 1]) ? 's' : 'u'
      return op(`vp${v.op.slice(1)}${sign}${letter}`, x(0), x(1))
    }
    case 'shl':
      return op('vpsllw', x(0), v.args[1].attr & 31)
    case 'sshr':
    case 'ushr': {
      const by = v.args[1].attr & 31
      if (!c.areUnsigned([0])) return op('vpsraw', x(0), by)
      const moved = op('vpsrlw', x(0), by)
      // Of two bytes the upper one's lowest bits came into the lower one.
      return word === 8 ? logic('and', moved, all(0xff >> by)) : moved
    }
    case 'select':
      return masks.select(c, 'i32', c.part(0, p, word), x(1), x(2), word)
    case 'booltoint': {
      const mask = c.part(0, p, word)
      if (!hasMasks) return op('vpand', mask, all(1))
      const to = code.register(bits)
      code.vector(masks.blends.moves[word], [to, all(1)], { mask, zeroes: true })
      return to
    }
    default:
      return compare(v, x(0), x(1), c)
  }
}

const predicates: { readonly [op: string]: number } = { eq: 0, slt: 1, ult: 1, sle: 2, ule: 2, ne: 4 }

function compare(v: Value, a: Register, b: Register, c: LaneContext): Register | undefined {
  if (!(v.op in predicates)) return undefined
  const { code, word } = c
  const letter = word === 8 ? 'b' : 'w'
  // Without a sign, those below zero are above all others, in words as in what they were cut from.
  const isUnsigned = v.op[0] === 'u' || c.areUnsigned([0, 1])
  if (c.target.isa === 'avx512') {
    const to = code.mask()
    code.vector(`vpcmp${isUnsigned ? 'u' : ''}${letter}`, [to, a, b, predicates[v.op]])
    return to
  }
  const op = (name: string, x: Register, y: Register) => make(code, c.bits(word), `${name}${letter}`, x, y)
  const atMost = (x: Register, y: Register) =>
    op('vpcmpeq', make(code, c.bits(word), `vpmin${isUnsigned ? 'u' : 's'}${letter}`, x, y), x)
  switch (v.op) {
    case 'eq':
      return op('vpcmpeq', a, b)
    case 'ne':
      return masks.not(c, op('vpcmpeq', a, b), word)
    case 'slt':
    case 'ult':
      return isUnsigned ? masks.not(c, atMost(b, a), word) : op('vpcmpgt', b, a)
    default:
      return atMost(a, b)
  }
}
