/** Vectors from and to elements that lie side by side. With a mask only its lanes touch memory. */

import { ELEMENT_BYTES, type Element } from '../../ir/ir.ts'
import type { Ahead } from '../ahead.ts'
import { Memory, type Predicate, type Register } from '../encode/operands.ts'
import { view } from '../machine/code.ts'
import type { Operands, Place } from './operands.ts'
import type { Width } from './target.ts'

/** Where element 0 of the lanes lies. */
export interface At {
  readonly base: Register
  readonly index?: Register
  readonly scale?: 1 | 2 | 4 | 8
  readonly disp?: number
}

export const memoryAt = ({ base, index, scale, disp = 0 }: At, offset = 0): Memory =>
  new Memory({ base, ...(index && { index, scale: scale ?? 1 }), disp: disp + offset })

export const widthOfElement = (element: Element): Width => (ELEMENT_BYTES[element] === 8 ? 64 : 32)

/** Loads that widen elements of one and two bytes to 32 bits. */
const widening: Partial<Record<Element, string>> = {
  i8: 'vpmovsxbd',
  u8: 'vpmovzxbd',
  u8c: 'vpmovzxbd',
  i16: 'vpmovsxwd',
  u16: 'vpmovzxwd',
}

/** Bits of the lanes that elements become. */
export const laneWidthOf = (E: Operands, element: Element): Width =>
  ELEMENT_BYTES[element] <= 2 && element !== 'f16' ? E.word : widthOfElement(element)

/** Whether vectors of an element can be loaded and stored under a mask. */
export const hasMasked = (E: Operands, element: Element): boolean =>
  E.target.isa === 'avx512' || ELEMENT_BYTES[element] >= 4

/** Loads part p. @param mask undefined: all lanes */
export function loadPart(E: Operands, element: Element, at: At, p: number, mask: Place | undefined): Register {
  const { code, target } = E
  const width = laneWidthOf(E, element)
  const to = code.register(E.bits(width))
  const from = memoryAt(at, p * E.perPart(width) * ELEMENT_BYTES[element])
  const predicate = target.isa === 'avx512' ? E.predicate(p, width, true, mask) : undefined
  if (width < 32) {
    loadWords(E, element, to, from, predicate)
    return to
  }
  const wide = widening[element]
  if (element === 'f16') code.vector('vcvtph2ps', [to, from], predicate)
  else if (wide) code.vector(wide, [to, from], predicate)
  else if (mask && !predicate)
    code.vector(width === 64 ? 'vmaskmovpd' : 'vmaskmovps', [to, E.maskPart(mask, p, width), from])
  else code.vector(width === 64 ? 'vmovupd' : 'vmovups', [to, from], predicate)
  return to
}

/** Stores part p. @param past the caches: at a multiple of the vector's bytes, all lanes */
export function storePart(
  E: Operands,
  element: Element,
  at: At,
  p: number,
  part: Register,
  mask: Place | undefined,
  past = false,
): void {
  const { code, target } = E
  const width = laneWidthOf(E, element)
  const bytes = ELEMENT_BYTES[element]
  const to = memoryAt(at, p * E.perPart(width) * bytes)
  const predicate = target.isa === 'avx512' ? E.predicate(p, width, false, mask) : undefined
  if (past) code.vector(width === 64 ? 'vmovntpd' : 'vmovntps', [to, part])
  else if (width < 32) storeWords(E, bytes, to, part, predicate)
  else if (element === 'f16') code.vector('vcvtps2ph', [to, part, toNearestEven], predicate)
  else if (bytes < 4) {
    if (target.isa === 'avx512') code.vector(bytes === 1 ? 'vpmovdb' : 'vpmovdw', [to, part], predicate)
    else storeNarrow(E, to, part, bytes as 1 | 2)
  } else if (mask && !predicate)
    code.vector(width === 64 ? 'vmaskmovpd' : 'vmaskmovps', [to, E.maskPart(mask, p, width), part])
  else code.vector(width === 64 ? 'vmovupd' : 'vmovups', [to, part], predicate)
}

/** How a float that becomes one of 16 bits is rounded, whatever the processor was told before. */
const toNearestEven = 0

/** AVX2: the low bytes of each lane, side by side. */
function storeNarrow(E: Operands, to: Memory, part: Register, bytes: 1 | 2): void {
  const { code } = E
  const low = Uint8Array.from({ length: 16 }, (_, i) =>
    i < 4 * bytes ? Math.floor(i / bytes) * 4 + (i % bytes) : 0x80,
  )
  const order = new Uint8Array(part.bits / 8)
  for (let half = 0; half < order.length; half += 16) order.set(low, half)
  const packed = code.register(part.bits as 128 | 256)
  code.vector('vpshufb', [packed, part, code.constantRegister(order, part.bits as 128 | 256)])
  if (part.bits === 128) {
    if (bytes === 1) code.vector('vmovd', [to, packed])
    else code.vector('vmovq', [to, packed])
    return
  }
  const joined = code.register(256)
  if (bytes === 2) {
    // The low quadwords of both halves.
    code.vector('vpermq', [joined, packed, 0b1000])
    code.vector('vmovups', [to, view(joined, 128)])
    return
  }
  const high = code.register(128)
  const both = code.register(128)
  code.vector('vextracti128', [high, packed, 1])
  code.vector('vpunpckldq', [both, view(packed, 128), high])
  code.vector('vmovq', [to, both])
}

/** One element as a scalar. */
export function loadElement(E: Operands, element: Element, from: Memory): Register {
  const { code } = E
  switch (element) {
    case 'f32':
    case 'f64': {
      const to = code.register(128)
      code.vector(element === 'f32' ? 'vmovss' : 'vmovsd', [to, from])
      return to
    }
    case 'i64':
    case 'u64': {
      const to = code.gpr(64)
      code.general('mov', [to, from])
      return to
    }
    case 'f16': {
      const to = code.register(128)
      const word = code.gpr(32)
      code.general('movzx', [word, from], 16)
      code.vector('vmovd', [to, word])
      code.vector('vcvtph2ps', [to, to])
      return to
    }
    default: {
      const to = code.gpr(32)
      const bytes = ELEMENT_BYTES[element]
      if (bytes === 4) code.general('mov', [to, from])
      else code.general(element[0] === 'i' ? 'movsx' : 'movzx', [to, from], (8 * bytes) as 8 | 16)
      return to
    }
  }
}

export function storeElement(E: Operands, element: Element, to: Memory, value: Register): void {
  const { code } = E
  if (element === 'f32' || element === 'f64')
    code.vector(element === 'f32' ? 'vmovss' : 'vmovsd', [to, view(value, 128)])
  else if (element === 'f16') {
    const half = code.register(128)
    const word = code.gpr(32)
    code.vector('vcvtps2ph', [half, view(value, 128), toNearestEven])
    code.vector('vmovd', [word, half])
    code.general('mov', [to, view(word, 16)])
  } else code.general('mov', [to, view(value, 8 * ELEMENT_BYTES[element])])
}

/** Elements of one or two bytes as words of as many, or of one as words of two. */
function loadWords(E: Operands, element: Element, to: Register, from: Memory, predicate: Predicate | undefined): void {
  const { code } = E
  const bytes = ELEMENT_BYTES[element]
  if (8 * bytes < E.word) code.vector(element === 'i8' ? 'vpmovsxbw' : 'vpmovzxbw', [to, from], predicate)
  else if (predicate) code.vector(bytes === 1 ? 'vmovdqu8' : 'vmovdqu16', [to, from], predicate)
  else code.vector('vmovups', [to, from])
}

function storeWords(E: Operands, bytes: number, to: Memory, part: Register, predicate: Predicate | undefined): void {
  const { code } = E
  if (8 * bytes === E.word) {
    if (predicate) code.vector(bytes === 1 ? 'vmovdqu8' : 'vmovdqu16', [to, part], predicate)
    else code.vector('vmovups', [to, part])
  } else if (E.target.isa === 'avx512') code.vector('vpmovwb', [to, part], predicate)
  else {
    const low = code.register(256)
    code.vector('vpand', [low, part, E.spread('i32', 0x00ff00ff, 256)])
    code.vector('vpackuswb', [low, low, low])
    // The low quadwords of both halves.
    code.vector('vpermq', [low, low, 0b1000])
    code.vector('vmovups', [to, view(low, 128)])
  }
}

const lineBytes = 64

/** Asks for the lines that a later strip loads. What is not there, behind an array, is not fetched, and no fault. */
export function fetchAhead(
  E: Operands,
  element: Element,
  at: At,
  { bytes, into }: Pick<Ahead, 'bytes' | 'into'>,
): void {
  const strip = E.lanes * ELEMENT_BYTES[element]
  const name = into === 'first' ? 'prefetcht0' : 'prefetcht1'
  for (let offset = 0; offset < strip; offset += lineBytes) E.code.general(name, [memoryAt(at, bytes + offset)])
}

/** Loads all parts of lanes that lie side by side. */
export const loadParts = (E: Operands, element: Element, at: At, mask: Place | undefined): Register[] =>
  Array.from({ length: E.partCount(laneWidthOf(E, element)) }, (_, p) => loadPart(E, element, at, p, mask))
