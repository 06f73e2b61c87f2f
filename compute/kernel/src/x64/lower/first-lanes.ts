/** The mask of what strips leave over. */

import type { Register } from '../encode/operands.ts'
import { view } from '../machine/code.ts'
import * as masks from './masks.ts'
import type { Operands, Place } from './operands.ts'

/** The lanes that begin before the end of a segment, where the first of them, at k, does. */
export function firstLanes(E: Operands, k: Register, end: Register): Place {
  const { code } = E
  const left = code.gpr(32)
  code.general('mov', [left, end])
  code.general('sub', [left, k])
  return E.word < 32 ? ofWords(E, left) : ofWholeWords(E, left)
}

function ofWholeWords(E: Operands, left: Register): Place {
  const { code } = E
  const bits = E.bits(32)
  const all = code.register(bits)
  code.vector('vmovd', [view(all, 128), left])
  code.vector('vpbroadcastd', [all, view(all, 128)])
  const parts = Array.from({ length: E.partCount(32) }, (_, p) => {
    const lanes = E.steps(1, p * E.perPart(32), bits)
    const to = masks.newMask(E, 32)
    if (E.target.isa === 'avx512') code.vector('vpcmpd', [to, all, lanes, 6])
    else code.vector('vpcmpgtd', [to, all, lanes])
    return to
  })
  return { parts, width: 32 }
}

function ofWords(E: Operands, left: Register): Place {
  const { code, word: width } = E
  const bits = E.bits(width)
  const each = E.perPart(width)
  const parts = Array.from({ length: E.partCount(width) }, (_, p) => {
    // A word holds no more than the number of lanes.
    const own = code.gpr(32)
    const least = code.gpr(32)
    const most = code.gpr(32)
    code.general('mov', [own, left])
    if (p > 0) code.general('sub', [own, p * each])
    code.general('xor', [least, least])
    code.general('mov', [most, each])
    code.general('cmp', [own, 0])
    code.general('cmovl', [own, least])
    code.general('cmp', [own, most])
    code.general('cmovg', [own, most])
    const to = masks.newMask(E, width)
    if (E.target.isa === 'avx512') {
      const ones = code.gpr(64)
      code.general('mov', [ones, -1])
      code.vector('bzhi', [ones, ones, view(own, 64)])
      code.vector('kmovq', [to, ones])
      return to
    }
    const all = code.register(bits)
    code.vector('vmovd', [view(all, 128), own])
    code.vector(width === 8 ? 'vpbroadcastb' : 'vpbroadcastw', [all, view(all, 128)])
    const numbers = width === 8 ? new Uint8Array(each) : new Uint16Array(each)
    numbers.forEach((_, lane) => (numbers[lane] = lane))
    const lanes = code.constantRegister(new Uint8Array(numbers.buffer), bits)
    code.vector(width === 8 ? 'vpcmpgtb' : 'vpcmpgtw', [to, all, lanes])
    return to
  })
  return { parts, width }
}
