/** Lanes whose elements lie anywhere: gathers and scatters. Lanes that are not active touch nothing. */

import { ELEMENT_BYTES, type Element } from '../../ir/ir.ts'
import type { Access } from '../../lanes/accesses.ts'
import { Memory, type Operand, type Register } from '../encode/operands.ts'
import { view } from '../machine/code.ts'
import { type At, widthOfElement } from './contiguous.ts'
import * as masks from './masks.ts'
import type { Operands, VectorBits } from './operands.ts'
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
export function gatherPart(
  E: Operands,
  { buffer, element }: Access,
  at: At,
  index: (p: number) => Register,
  p: number,
): Register {
  const bytes = ELEMENT_BYTES[element]
  // Private arrays have no such elements.
  if (bytes < 4) return gatherNarrow(E, element, buffer, index, p)
  const width = widthOfElement(element)
  const lanes = indexPart(E, index, p, width)
  const from = new Memory({ base: at.base, index: lanes, scale: bytes as 4 | 8, disp: at.disp ?? 0 })
  return gatherWords(E, width === 64 ? 'vgatherdpd' : 'vgatherdps', from, p, width)
}

function gatherWords(E: Operands, name: string, from: Memory, p: number, width: Width): Register {
  const { code } = E
  const to = code.register(E.bits(width))
  const own = ownMask(E, p, width)
  // Its lanes that are not active stay, and nobody asks what they were.
  code.undefine(to)
  if (E.target.isa === 'avx512') code.vector(name, [to, from], { mask: own, zeroes: false })
  else code.vector(name, [to, from, own])
  return to
}

/** Elements of one and two bytes: words of 4, which lie where these do and on no other page, and out of each what is wanted. */
function gatherNarrow(
  E: Operands,
  element: Element,
  buffer: number,
  index: (p: number) => Register,
  p: number,
): Register {
  const { code } = E
  const bits = E.bits(32)
  const isByte = ELEMENT_BYTES[element] === 1
  const { base, before } = E.frame.words(buffer)
  const vector = (name: string, ...operands: Operand[]): Register => {
    const to = code.register(bits)
    code.vector(name, [to, ...operands])
    return to
  }
  const and = E.target.isa === 'avx512' ? 'vpandd' : 'vpand'
  const first = code.register(bits)
  code.vector('vmovd', [view(first, 128), before])
  code.vector('vpbroadcastd', [first, view(first, 128)])
  const place = vector('vpaddd', index(p), first)
  const lanes = vector('vpsrld', place, isByte ? 2 : 1)
  const words = gatherWords(E, 'vgatherdps', new Memory({ base, index: lanes, scale: 4 }), p, 32)
  const offset = vector(and, place, E.spread('i32', isByte ? 3 : 1, bits))
  const own = vector('vpsrlvd', words, vector('vpslld', offset, isByte ? 3 : 4))
  const above = isByte ? 24 : 16
  if (element[0] === 'i') return vector('vpsrad', vector('vpslld', own, above), above)
  const value = vector(and, own, E.spread('i32', isByte ? 0xff : 0xffff, bits))
  return element === 'f16' ? ofHalves(E, value) : value
}

/** Floats of the 16 bits in each lane of 32. */
function ofHalves(E: Operands, lanes: Register): Register {
  const { code } = E
  const bits = lanes.bits as VectorBits
  const to = code.register(bits)
  const packed = code.register(bits === 512 ? 256 : (bits as 128 | 256))
  const halves = view(packed, bits === 512 ? 256 : 128)
  if (E.target.isa === 'avx512') code.vector('vpmovdw', [halves, lanes])
  else {
    code.vector('vpackusdw', [packed, lanes, lanes])
    // The low quadwords of both halves.
    if (bits === 256) code.vector('vpermq', [packed, packed, 0b1000])
  }
  code.vector('vcvtph2ps', [to, halves])
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
