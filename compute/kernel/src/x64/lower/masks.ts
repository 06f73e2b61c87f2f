/**
 * Masks: which lanes of a part. They have the width of the lanes that were compared.
 *
 * AVX2: a vector, each lane all ones or zeros. AVX-512: a mask register, a bit for each lane. A part has 4 to 64 lanes; as many of its bits are looked at, or where it has 4, as a byte, in which those
 * above the lanes are zero. Further up there may be anything. So only masks of 4 lanes need care, and only where bits are turned over or cut in halves: comparisons leave zeros, and so does what joins masks.
 * An odd half of 16 lanes is one shift, and an even one nothing.
 */

import type { Type } from '../../ir/ir.ts'
import type { Condition } from '../encode/general-forms.ts'
import type { Register } from '../encode/operands.ts'
import { type Code, view } from '../machine/code.ts'
import { bytesOf } from './constants.ts'
import { partBits, partCount, type Target, type Width } from './target.ts'

export interface MaskContext {
  readonly code: Code
  readonly target: Target
  readonly lanes: number
  /** Of whole numbers in lanes, where that may be less than 32. */
  readonly word?: Width
}

/** Lanes of a part. */
export const lanesOf = ({ target, lanes }: MaskContext, width: Width): number => partBits(target, lanes, width) / width

const isRegisters = ({ target }: MaskContext): boolean => target.isa === 'avx512'

/** The letter of instructions that look at a part's bits and no others. */
const suffix = (c: MaskContext, width: Width): 'b' | 'w' | 'd' | 'q' => {
  const lanes = lanesOf(c, width)
  return lanes > 32 ? 'q' : lanes > 16 ? 'd' : lanes > 8 ? 'w' : 'b'
}

const isNarrow = (c: MaskContext): boolean => c.word !== undefined && c.word < 32

/** Of instructions that work on at least all bits of any part. */
const letter = (c: MaskContext): 'w' | 'q' => (isNarrow(c) ? 'q' : 'w')

/** A variable for a mask. */
export const newMask = (c: MaskContext, width: Width): Register =>
  isRegisters(c) ? c.code.mask() : c.code.register(partBits(c.target, c.lanes, width))

function made(c: MaskContext, name: string, ...operands: (Register | number)[]): Register {
  const to = c.code.mask()
  c.code.vector(name, [to, ...operands])
  return to
}

function joined(c: MaskContext, name: string, ...operands: Register[]): Register {
  const to = c.code.register(operands[0].bits as 256)
  c.code.vector(name, [to, ...operands])
  return to
}

/** All lanes, or none. */
export function constant(c: MaskContext, value: boolean, width: Width): Register {
  const { code, target, lanes } = c
  if (!isRegisters(c))
    return view(code.constantRegister(bytesOf('i1', value), target.bits), partBits(target, lanes, width))
  const to = code.mask()
  if (!value) code.vector('kxorw', [to, to, to])
  else {
    code.vector(`kxnor${suffix(c, width)}`, [to, to, to])
    if (lanesOf(c, width) === 4) code.vector('kshiftrb', [to, to, 4])
  }
  return to
}

/** All lanes where a scalar is 1, none where it is 0. With AVX2 it is a whole vector, whatever part of it is asked for. */
export function ofScalar(c: MaskContext, scalar: Register, width: Width): Register {
  const { code, target, lanes } = c
  const all = code.gpr(isNarrow(c) ? 64 : 32)
  code.general('mov', [view(all, 32), view(scalar, 32)])
  code.general('neg', [all])
  if (isRegisters(c)) {
    if (lanesOf(c, width) === 4) code.general('and', [all, 15])
    return made(c, `kmov${isNarrow(c) ? 'q' : suffix(c, width)}`, all)
  }
  const to = code.register(target.bits)
  code.vector('vmovd', [view(to, 128), view(all, 32)])
  code.vector('vpbroadcastd', [to, view(to, 128)])
  return view(to, partBits(target, lanes, width))
}

/** A part at a width of a mask that was made at 32, by `ofScalar` or `constant`, and has all lanes or none. */
export function alikePart(c: MaskContext, part: Register, width: Width): Register {
  if (!isRegisters(c)) return view(part, partBits(c.target, c.lanes, width))
  return lanesOf(c, width) === 4 && lanesOf(c, 32) === 8 ? made(c, 'kshiftrb', part, 4) : part
}

/** Part p, at another width, of a mask of which all parts are given. */
export function maskPart(c: MaskContext, parts: readonly Register[], from: Width, to: Width, p: number): Register {
  if (from === to) return parts[p]
  if (from < 32) return partOfWords(c, parts, from, to, p)
  const isWhole = lanesOf(c, from) === lanesOf(c, to)
  if (isRegisters(c)) {
    if (isWhole) return parts[p]
    return from === 32 ? halfOfBits(c, parts[p >> 1], p & 1) : joinedBits(c, parts[2 * p], parts[2 * p + 1], from)
  }
  const { code, target, lanes } = c
  const result = code.register(partBits(target, lanes, to))
  if (from === 32) {
    let half = view(parts[isWhole ? p : p >> 1], 128)
    if (!isWhole && (p & 1) === 1) {
      const high = code.register(128)
      code.vector('vextracti128', [high, parts[p >> 1], 1])
      half = high
    }
    code.vector('vpmovsxdq', [result, half])
  } else if (isWhole) {
    const high = code.register(128)
    code.vector('vextractf128', [high, parts[p], 1])
    code.vector('vshufps', [result, view(parts[p], 128), high, evenWords])
  } else {
    // Even words of both, in each half of 128 bits; then the quarters in order.
    code.vector('vshufps', [result, parts[2 * p], parts[2 * p + 1], evenWords])
    code.vector('vpermpd', [result, result, quartersCrossed])
  }
  return result
}

const evenWords = 0x88
/** 0, 2, 1, 3. */
const quartersCrossed = 0xd8

/** Part p at a greater width of a mask of words. */
function partOfWords(c: MaskContext, parts: readonly Register[], from: Width, to: Width, p: number): Register {
  const { code, target, lanes } = c
  const [every, each] = [lanesOf(c, from), lanesOf(c, to)]
  const times = every / each
  const part = parts[Math.floor(p / times)]
  const first = (p % times) * each
  if (isRegisters(c)) return first === 0 ? part : made(c, `kshiftr${suffix(c, from)}`, part, first)
  const bytes = (first * from) / 8
  let own = view(part, 128)
  if (bytes >= 16) {
    own = code.register(128)
    code.vector('vextracti128', [own, part, 1])
  }
  if (bytes % 16 > 0) {
    const moved = code.register(128)
    code.vector('vpsrldq', [moved, own, bytes % 16])
    own = moved
  }
  const result = code.register(partBits(target, lanes, to))
  code.vector(`vpmovsx${from === 8 ? 'b' : 'w'}${to === 64 ? 'q' : 'd'}`, [result, own])
  return result
}

function halfOfBits(c: MaskContext, mask: Register, half: number): Register {
  if (lanesOf(c, 64) === 8) return half === 0 ? mask : made(c, 'kshiftrw', mask, 8)
  return made(c, 'kshiftrb', half === 0 ? made(c, 'kshiftlb', mask, 4) : mask, 4)
}

/** Two masks as one with twice the lanes. */
function joinedBits(c: MaskContext, low: Register, high: Register, width: Width): Register {
  if (lanesOf(c, width) === 8) return made(c, 'kunpckbw', high, low)
  return made(c, 'korb', made(c, 'kshiftlb', high, 4), low)
}

// Masks of one width.

export const and = (c: MaskContext, a: Register, b: Register): Register =>
  isRegisters(c) ? made(c, `kand${letter(c)}`, a, b) : joined(c, 'vandps', a, b)

export const or = (c: MaskContext, a: Register, b: Register): Register =>
  isRegisters(c) ? made(c, `kor${letter(c)}`, a, b) : joined(c, 'vorps', a, b)

export const xor = (c: MaskContext, a: Register, b: Register): Register =>
  isRegisters(c) ? made(c, `kxor${letter(c)}`, a, b) : joined(c, 'vxorps', a, b)

/** a and not b. */
export const andNot = (c: MaskContext, a: Register, b: Register): Register =>
  isRegisters(c) ? made(c, `kandn${letter(c)}`, b, a) : joined(c, 'vandnps', b, a)

export function not(c: MaskContext, a: Register, width: Width): Register {
  if (isRegisters(c) && lanesOf(c, width) > 4) return made(c, `knot${suffix(c, width)}`, a)
  return xor(c, a, constant(c, true, width))
}

/** Takes from a variable the lanes that another does not have. */
export function andInto(c: MaskContext, to: Register, a: Register): void {
  c.code.vector(isRegisters(c) ? `kand${letter(c)}` : 'vandps', [to, to, a])
}

/** Sets a variable to `then` where `mask` has a lane, to `otherwise` elsewhere; it may be one of them. */
export function blendMasks(c: MaskContext, to: Register, mask: Register, then: Register, otherwise: Register): void {
  if (isRegisters(c)) c.code.vector(`kor${letter(c)}`, [to, and(c, mask, then), andNot(c, otherwise, mask)])
  else c.code.vector(isNarrow(c) ? 'vpblendvb' : 'vblendvps', [to, otherwise, then, mask])
}

/** By the width of the lanes: by masks in vectors, by masks in mask registers, and moves of the lanes of such. */
export const blends = {
  vectors: { 8: 'vpblendvb', 16: 'vpblendvb', 32: 'vblendvps', 64: 'vblendvpd' },
  registers: { 8: 'vpblendmb', 16: 'vpblendmw', 32: 'vblendmps', 64: 'vblendmpd' },
  moves: { 8: 'vmovdqu8', 16: 'vmovdqu16', 32: 'vmovaps', 64: 'vmovapd' },
} as const

/** Part of a value: of `then` in the lanes of the mask, elsewhere of `otherwise`. */
export function select(
  c: MaskContext,
  type: Type,
  mask: Register,
  then: Register,
  otherwise: Register,
  width: Width,
): Register {
  if (type === 'i1') {
    const to = newMask(c, width)
    blendMasks(c, to, mask, then, otherwise)
    return to
  }
  const to = c.code.register(then.bits as 256)
  if (!isRegisters(c)) c.code.vector(blends.vectors[width], [to, otherwise, then, mask])
  else c.code.vector(blends.registers[width], [to, otherwise, then], { mask, zeroes: false })
  return to
}

/** Adds one to the lanes of the mask, of whole numbers of 32 bits in a variable. */
export function increment(c: MaskContext, to: Register, mask: Register): void {
  if (!isRegisters(c)) c.code.vector('vpsubd', [to, to, mask])
  else {
    const one = c.code.constantRegister(bytesOf('i32', 1), to.bits as 256)
    c.code.vector('vpaddd', [to, to, one], { mask, zeroes: false })
  }
}

// Masks as something else.

/** A vector of ones and zeros. */
export function asVector(c: MaskContext, mask: Register, width: Width): Register {
  if (!isRegisters(c)) return mask
  const to = c.code.register(partBits(c.target, c.lanes, width))
  c.code.vector(width === 64 ? 'vpmovm2q' : 'vpmovm2d', [to, mask])
  return to
}

/** Part p at a width of the lanes whose bits are set in a general register of 32, the first one lowest: the opposite of {@link bits}. Bits above a part's lanes may be set in it: it tells lanes, and is not looked at whole. */
export function ofBits(c: MaskContext, word: Register, p: number, width: Width): Register {
  const { code, target, lanes } = c
  const each = lanesOf(c, width)
  if (isRegisters(c)) {
    if (p === 0) return made(c, 'kmovw', word)
    const own = code.gpr(32)
    code.general('mov', [own, word])
    code.general('shr', [own, p * each])
    return made(c, 'kmovw', own)
  }
  const own = new Uint32Array(lanesOf(c, 32) * (width / 32))
  for (let lane = 0; lane < each; lane++) own[(lane * width) / 32] = 1 << (p * each + lane)
  const wanted = code.constantRegister(new Uint8Array(own.buffer), partBits(target, lanes, width))
  const to = code.register(partBits(target, lanes, width))
  code.vector('vmovd', [view(to, 128), word])
  code.vector('vpbroadcastd', [to, view(to, 128)])
  code.vector('vpand', [to, to, wanted])
  code.vector(width === 64 ? 'vpcmpeqq' : 'vpcmpeqd', [to, to, wanted])
  return to
}

/** The mask of the lanes whose highest bit is set, which must be all ones with AVX2. */
export function ofVector(c: MaskContext, vector: Register, width: Width): Register {
  return isRegisters(c) ? made(c, width === 64 ? 'vpmovq2m' : 'vpmovd2m', vector) : vector
}

/** Sets the flags so that the condition tells whether any lane is there. @param isAlike all parts are as the first */
export function jumpIfAny(c: MaskContext, parts: readonly Register[], width: Width, isAlike = false): Condition {
  const { code } = c
  const all = isAlike ? parts.slice(0, 1) : parts
  // In pairs, so that none waits for all before it.
  let rest = all
  while (rest.length > 2 || (rest.length === 2 && !isRegisters(c))) {
    const pairs: Register[] = []
    for (let i = 0; i < rest.length; i += 2) pairs.push(i + 1 < rest.length ? or(c, rest[i], rest[i + 1]) : rest[i])
    rest = pairs
  }
  if (isRegisters(c)) code.vector(`kortest${suffix(c, width)}`, [rest[0], rest[rest.length - 1]])
  else code.vector(isNarrow(c) ? 'vptest' : 'vtestps', [rest[0], rest[0]])
  return 'ne'
}

/** The lanes of some parts, as a rule all, as the bits of a general register, the first one lowest: of 32 or, where they are more, of 64. */
export function bits(
  c: MaskContext,
  { parts, width = 32, alike }: { readonly parts?: readonly Register[]; readonly width?: Width; readonly alike?: true },
): Register {
  const { code, target, lanes } = c
  const at: Width = alike ? 32 : width
  const all = alike
    ? Array.from({ length: partCount(target, lanes, 32) }, () => alikePart(c, parts![0], 32))
    : [...parts!]
  const each = lanesOf(c, at)
  const to = code.gpr(each * all.length > 32 ? 64 : 32)
  if (isRegisters(c)) {
    let rest: Register[] = all
    let size = each
    for (; rest.length > 1; size *= 2) {
      const join = size === 8 ? 'kunpckbw' : size === 16 ? 'kunpckwd' : 'kunpckdq'
      rest = Array.from({ length: rest.length / 2 }, (_, i) => {
        const [low, high] = [rest[2 * i], rest[2 * i + 1]]
        return size === 4 ? joinedBits(c, low, high, at) : made(c, join, high, low)
      })
    }
    code.vector(size > 32 ? 'kmovq' : size > 16 ? 'kmovd' : size > 8 ? 'kmovw' : 'kmovb', [to, rest[0]])
    return to
  }
  for (const [i, part] of all.entries()) {
    const some = i === 0 ? to : code.gpr(to.bits as 64)
    if (at < 32) code.vector('vpmovmskb', [view(some, 32), at === 8 ? part : lowBytes(c, part)])
    else code.vector(at === 64 ? 'vmovmskpd' : 'vmovmskps', [view(some, 32), part])
    if (i === 0) continue
    code.general('shl', [some, i * each])
    code.general('or', [to, some])
  }
  return to
}

/** A byte for each lane of a mask of 16 bits. */
function lowBytes(c: MaskContext, part: Register): Register {
  const { code } = c
  const packed = code.register(part.bits as 256)
  code.vector('vpacksswb', [packed, part, part])
  // The low quadwords of both halves.
  if (part.bits === 256) code.vector('vpermq', [packed, packed, 0b1000])
  return view(packed, 128)
}
