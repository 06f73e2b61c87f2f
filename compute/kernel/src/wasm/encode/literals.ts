/** Constants as text: short, and exact (reading the text back gives the same bits). */

const NAN32 = 0x7fc00000
const NAN64 = 0x7ff8000000000000n
/** Integers beyond this are masks and bit patterns more often than counts. */
const HEX_FROM = 65536n

export type Shape = 'i8x16' | 'i16x8' | 'i32x4' | 'i64x2' | 'f32x4' | 'f64x2'

/** Decimal when small, else the two's complement in hexadecimal. */
export function integerText(value: bigint, bits: number): string {
  if (value > -HEX_FROM && value < HEX_FROM) return `${value}`
  return `0x${BigInt.asUintN(bits, value).toString(16)}`
}

export function f32Text(bits: number): string {
  const magnitude = bits & 0x7fffffff
  const sign = bits < 0 ? '-' : ''
  if (magnitude > 0x7f800000) {
    return `${sign}nan${magnitude === NAN32 ? '' : `:0x${(magnitude & 0x7fffff).toString(16)}`}`
  }
  if (magnitude === 0x7f800000) return `${sign}inf`
  const view = new DataView(new ArrayBuffer(4))
  view.setInt32(0, bits)
  const value = view.getFloat32(0)
  if (value === 0) return `${sign}0`
  for (let digits = 6; digits < 9; digits++) {
    const text = value.toPrecision(digits)
    if (Math.fround(Number(text)) === value) return `${Number(text)}`
  }
  return `${Number(value.toPrecision(9))}`
}

export function f64Text(bits: bigint): string {
  const magnitude = BigInt.asUintN(63, bits)
  const sign = BigInt.asIntN(64, bits) < 0n ? '-' : ''
  if (magnitude > 0x7ff0000000000000n) {
    return `${sign}nan${magnitude === NAN64 ? '' : `:0x${BigInt.asUintN(52, magnitude).toString(16)}`}`
  }
  if (magnitude === 0x7ff0000000000000n) return `${sign}inf`
  const view = new DataView(new ArrayBuffer(8))
  view.setBigInt64(0, BigInt.asIntN(64, bits))
  const value = view.getFloat64(0)
  return value === 0 ? `${sign}0` : `${value}`
}

/**
 * A vector as the lanes of the shape its reader works on, else of the shape in which it looks most like something a
 * person wrote: `f32x4(1.5)` when all lanes are equal, else `i32x4(0 1 2 3)`.
 */
export function v128Text(bytes: Uint8Array, shape: Shape = likelyShape(bytes)): string {
  const lanes = lanesText(bytes, shape)
  return `${shape}(${lanes.every(lane => lane === lanes[0]) ? lanes[0] : lanes.join(' ')})`
}

function lanesText(bytes: Uint8Array, shape: Shape): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16)
  const every = (width: number, lane: (at: number) => string) =>
    Array.from({ length: 16 / width }, (_, i) => lane(i * width))
  switch (shape) {
    case 'i8x16':
      return every(1, at => `${view.getInt8(at)}`)
    case 'i16x8':
      return every(2, at => `${view.getInt16(at, true)}`)
    case 'i32x4':
      return every(4, at => integerText(BigInt(view.getInt32(at, true)), 32))
    case 'i64x2':
      return every(8, at => integerText(view.getBigInt64(at, true), 64))
    case 'f32x4':
      return every(4, at => f32Text(view.getInt32(at, true)))
    case 'f64x2':
      return every(8, at => f64Text(view.getBigInt64(at, true)))
  }
}

function likelyShape(bytes: Uint8Array): Shape {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16)
  const small = (value: number) => Math.abs(value) < Number(HEX_FROM)
  const ordinary = (value: number) => Object.is(value, 0) || (Math.abs(value) > 1e-12 && Math.abs(value) < 1e12)
  const ints = [0, 4, 8, 12].map(at => view.getInt32(at, true))
  if (ints.every(small)) return 'i32x4'
  const doubles = [0, 8].map(at => view.getFloat64(at, true))
  const singles = [0, 4, 8, 12].map(at => view.getFloat32(at, true))
  // The low half of a double is zero or noise; as singles such a vector alternates.
  const alternates = ints[0] === ints[2] && ints[1] === ints[3] && ints[0] !== ints[1]
  if (singles.every(ordinary) && !(alternates && doubles.every(ordinary))) return 'f32x4'
  if (doubles.every(ordinary)) return 'f64x2'
  return 'i32x4'
}
