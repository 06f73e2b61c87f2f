/** Lanes whose elements lie anywhere: gathers and scatters. Lanes that are not active touch nothing. */

import { ELEMENT_BYTES, type Element } from '../../ir/ir.ts'
import { Memory, type Register } from '../encode/operands.ts'
import { view } from '../machine/code.ts'
import { type At, loadElement, memoryAt, widthOfElement } from './contiguous.ts'
import * as masks from './masks.ts'
import type { Operands } from './operands.ts'
import type { Width } from './target.ts'

/** The lanes of an index of 32 bits that belong to part p of values of a width, as a vector of its own. */
function indexPart(E: Operands, index: (p: number) => Register, p: number, width: Width): Register {
  if (width === 32) return index(p)
  const each = E.partCount(64) / E.partCount(32)
  const whole = index(Math.floor(p / each))
  if (each === 1) return whole
  const half = whole.bits / 2
  if (p % 2 === 0) return view(whole, half)
  const to = E.code.register(half as 128 | 256)
  E.code.vector(half === 256 ? 'vextracti64x4' : 'vextracti128', [to, whole, 1])
  return to
}

/** A mask of its own, which the instruction clears. */
function ownMask(E: Operands, p: number, width: Width): Register {
  const { code, mask } = E
  if (E.target.isa === 'avx512') {
    const own = code.mask()
    code.vector('kmovq', [own, mask ? E.maskPart(mask, p, width) : masks.constant(E, true, width)])
    return own
  }
  const own = code.register(E.bits(width))
  code.vector('vmovaps', [own, mask ? E.maskPart(mask, p, width) : masks.constant(E, true, width)])
  return own
}

/** Part p of the elements of an array at the lanes of an index. */
export function gatherPart(E: Operands, element: Element, at: At, index: (p: number) => Register, p: number): Register {
  const { code } = E
  const bytes = ELEMENT_BYTES[element]
  if (bytes < 4) return gatherNarrow(E, element, at, index, p)
  const width = widthOfElement(element)
  const lanes = indexPart(E, index, p, width)
  const to = code.register(E.bits(width))
  const from = new Memory({ base: at.base, index: lanes, scale: bytes as 4 | 8, disp: at.disp ?? 0 })
  const name = width === 64 ? 'vgatherdpd' : 'vgatherdps'
  const own = ownMask(E, p, width)
  // Its lanes that are not active stay, and nobody asks what they were.
  code.undefine(to)
  if (E.target.isa === 'avx512') code.vector(name, [to, from], { mask: own, zeroes: false })
  else code.vector(name, [to, from, own])
  return to
}

/** Elements of one and two bytes, lane by lane. */
function gatherNarrow(E: Operands, element: Element, at: At, index: (p: number) => Register, p: number): Register {
  const { code } = E
  const bits = E.bits(32)
  const [indices, values] = [code.stackMemory(bits / 8, 64), code.stackMemory(bits / 8, 64)]
  code.vector('vmovups', [indices.memory(), index(p)])
  const active = E.mask && masks.bits(E, { parts: [E.maskPart(E.mask, p, 32)], width: 32 })
  for (let lane = 0; lane < E.perPart(32); lane++) {
    const over = code.label()
    if (active) {
      code.general('bt', [active, lane])
      code.jump(over, 'ae')
    }
    const i = code.gpr(64)
    code.general('movsxd', [i, indices.memory(4 * lane)])
    const scale = ELEMENT_BYTES[element] as 1 | 2
    code.general('mov', [values.memory(4 * lane), loadElement(E, element, memoryAt({ ...at, index: i, scale }))])
    code.bind(over)
  }
  const to = code.register(bits)
  code.vector('vmovups', [to, values.memory()])
  return to
}

/** AVX-512: stores part p at the lanes of an index; of lanes that meet, the last is seen. */
export function scatterPart(
  E: Operands,
  element: Element,
  at: At,
  index: (p: number) => Register,
  p: number,
  part: Register,
): void {
  const { code } = E
  const width = widthOfElement(element)
  const lanes = indexPart(E, index, p, width)
  const to = new Memory({ base: at.base, index: lanes, scale: (width / 8) as 4 | 8, disp: at.disp ?? 0 })
  const own = ownMask(E, p, width)
  code.vector(width === 64 ? 'vscatterdpd' : 'vscatterdps', [to, part], { mask: own, zeroes: false })
}
