/**
 * IEEE 754 binary16 by arithmetic, so that the reference needs no Float16Array (Node has it from 24 on) and checks the
 * engine's where there is one. Memory holds the 16 bits; values are numbers that an f32 holds exactly.
 */
import { nearest } from '../ir/semantics.ts'

/** The number that 16 bits stand for. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** The 16 bits nearest to a number, ties to even. NaN is 0x7e00. */
export function toHalf(x: number): number {
  if (x !== x) return 0x7e00
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0
  const m = Math.abs(x)
  // Half a unit beyond the largest finite number rounds to infinity.
  if (m >= 65520) return sign | 0x7c00
  if (m < 2 ** -14) return sign | nearest(m * 2 ** 24)
  let exponent = Math.floor(Math.log2(m))
  if (2 ** exponent > m) exponent--
  if (2 ** (exponent + 1) <= m) exponent++
  // 1024 to 2048 units of the last place; 2048 carries into the exponent, as it should.
  return sign | (((exponent + 15) << 10) + nearest(m / 2 ** (exponent - 10)) - 1024)
}
