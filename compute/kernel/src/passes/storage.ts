/**
 * For backends whose memory knows only the element types of SIMD hardware: half-precision and brain floats become 16-bit integers and
 * bit arithmetic, and private arrays keep 32- or 64-bit elements, narrowed when they are stored.
 */
import type { Builder } from '../ir/builder.ts'
import type { Buffer, Element, KernelIR, Value } from '../ir/ir.ts'
import { rewrite } from '../ir/rewrite.ts'

const PRIVATE: Partial<Record<Element, Element>> = {
  i8: 'i32',
  u8: 'i32',
  u8c: 'i32',
  i16: 'i32',
  u16: 'i32',
  u32: 'i32',
  u64: 'i64',
  f16: 'f32',
  bf16: 'f32',
}

/** @param keepsHalves arrays of half-precision floats stay: the backend has instructions for them */
export function lowerStorage(ir: KernelIR, keepsHalves = false): KernelIR {
  const isLowered = (element: Element) => element === 'bf16' || (element === 'f16' && !keepsHalves)
  const isPlain = (b: Buffer) => (b.space === 'global' ? !isLowered(b.element) : !(b.element in PRIVATE))
  const plain = ir.buffers.every(isPlain)
  if (plain) return ir
  const lowered = rewrite(ir, (v, args, b) => {
    const element: Element | undefined = v.attr?.element
    if (!element || v.op === 'table') return undefined
    if (v.op === 'load' && isLowered(element)) {
      const bits = b.op('load', 'i32', args, { ...v.attr, element: 'u16' })
      return element === 'f16' ? halfToFloat(b, bits) : bfloatToFloat(b, bits)
    }
    if (v.op === 'store' && isLowered(element)) {
      const bits = element === 'f16' ? floatToHalf(b, args[1]) : floatToBfloat(b, args[1])
      return b.op('store', 'void', [args[0], bits], { ...v.attr, element: 'u16' })
    }
    if ((v.op === 'lload' || v.op === 'lstore') && element in PRIVATE) {
      const attr = { ...v.attr, element: PRIVATE[element] }
      return v.op === 'lload'
        ? b.op('lload', v.type, args, attr)
        : b.op('lstore', 'void', [args[0], narrowed(b, args[1], element)], attr)
    }
    return undefined
  })
  const buffers = ir.buffers.map((x): Buffer => {
    if (x.space === 'local') return { ...x, element: PRIVATE[x.element] ?? x.element }
    return isLowered(x.element) ? { ...x, element: 'u16' } : x
  })
  return { ...lowered, buffers }
}

/** What a value reads as after it was stored in an element. */
function narrowed(b: Builder, v: Value, element: Element): Value {
  switch (element) {
    case 'u8':
    case 'u8c':
      return b.and(v, 0xff)
    case 'u16':
      return b.and(v, 0xffff)
    case 'i8':
      return b.sshr(b.shl(v, 24), 24)
    case 'i16':
      return b.sshr(b.shl(v, 16), 16)
    case 'f16':
      return halfToFloat(b, floatToHalf(b, v))
    case 'bf16':
      return bfloatToFloat(b, floatToBfloat(b, v))
    default:
      return v
  }
}

/** IEEE binary16 bits (i32) to f32: the exponent is rebased by a multiplication, which handles denormals too. */
function halfToFloat(b: Builder, h: Value): Value {
  const magnitude = b.shl(b.and(h, 0x7fff), 13)
  const finite = b.bitcast(b.mul(b.bitcast(magnitude, 'f32'), b.const('f32', 2 ** 112)), 'i32')
  const special = b.or(magnitude, b.const('i32', 0x7f800000))
  const bits = b.select(b.sle(b.const('i32', 0x7c00 << 13), magnitude), special, finite)
  return b.bitcast(b.or(bits, b.shl(b.and(h, 0x8000), 16)), 'f32')
}

/** f32 to IEEE binary16 bits, rounded to nearest even. */
function floatToHalf(b: Builder, x: Value): Value {
  const bits = b.bitcast(x, 'i32')
  const magnitude = b.and(bits, 0x7fffffff)
  // Normal: add half a unit (and the last bit kept, for ties), rebase the exponent, drop 13 bits.
  const odd = b.and(b.ushr(magnitude, 13), 1)
  const normal = b.ushr(b.add(b.add(magnitude, b.const('i32', 0xfff - (112 << 23))), odd), 13)
  // Below 2^-14: adding 0.5 leaves units of 2^-24 in the low bits.
  const small = b.sub(
    b.bitcast(b.add(b.bitcast(magnitude, 'f32'), b.const('f32', 0.5)), 'i32'),
    b.const('i32', 0x3f000000),
  )
  const finite = b.select(b.slt(magnitude, b.const('i32', 0x38800000)), small, normal)
  const special = b.select(b.slt(b.const('i32', 0x7f800000), magnitude), b.const('i32', 0x7e00), b.const('i32', 0x7c00))
  const h = b.select(b.sle(b.const('i32', 0x477ff000), magnitude), special, finite)
  return b.or(h, b.and(b.ushr(bits, 16), 0x8000))
}

/** The bits of a brain float (i32, in its lower half) to f32. */
function bfloatToFloat(b: Builder, half: Value): Value {
  return b.bitcast(b.shl(half, 16), 'f32')
}

/** f32 to the bits of a brain float, rounded to nearest even, in the lower half. */
function floatToBfloat(b: Builder, x: Value): Value {
  const bits = b.bitcast(x, 'i32')
  const upper = b.ushr(bits, 16)
  // Half a unit less one, and the last bit kept, for ties; a carry goes on into the exponent, as it should.
  const rounded = b.ushr(b.add(b.add(bits, b.const('i32', 0x7fff)), b.and(upper, 1)), 16)
  // A NaN must not become infinite by what it loses.
  return b.select(b.eq(x, x), rounded, b.or(upper, 0x40))
}
