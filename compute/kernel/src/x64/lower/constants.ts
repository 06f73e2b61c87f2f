/** Numbers as the bytes they are in memory. */

import type { Type } from '../../ir/ir.ts'

const scratch = new DataView(new ArrayBuffer(8))

/** Of one element; a truth value as all ones or zeros. */
export function bytesOf(type: Type, value: number | bigint | boolean): Uint8Array {
  switch (type) {
    case 'f64':
      scratch.setFloat64(0, value as number, true)
      break
    case 'i64':
      scratch.setBigInt64(0, BigInt.asIntN(64, BigInt(value)), true)
      break
    case 'f32':
      scratch.setFloat32(0, value as number, true)
      break
    default:
      scratch.setInt32(0, type === 'i1' ? -Number(value) : Number(value), true)
  }
  return new Uint8Array(scratch.buffer.slice(0, type === 'f64' || type === 'i64' ? 8 : 4))
}

/** k where a number is 2^k; undefined where it is none of them. */
export function powerOfTwo(value: number | bigint): number | undefined {
  const whole = BigInt(value)
  if (whole <= 0n || (whole & (whole - 1n)) !== 0n) return undefined
  return whole.toString(2).length - 1
}
