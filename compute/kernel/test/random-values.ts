/** Values at which arithmetic goes wrong, arrays and ranges of chance, and the comparison of two runs. */
import type { Random } from '@skein/base'
import type { Extent, Launch } from '../src/backend.ts'
import { BFloat16Array, fromBfloat, toBfloat } from '../src/bfloat16.ts'
import { type Element, type KernelIR, loadedType } from '../src/ir/ir.ts'

export const ELEMENTS: Element[] = [
  'i8',
  'u8',
  'u8c',
  'i16',
  'u16',
  'i32',
  'u32',
  'i64',
  'u64',
  'f16',
  'bf16',
  'f32',
  'f64',
]

const numbers = (text: string) => text.trim().split(/\s+/).map(Number)

/** Values at which arithmetic goes wrong first. */
export const EDGES: Record<string, (number | bigint | boolean)[]> = {
  i1: [false, true],
  i32: numbers(`0 1 -1 2 3 7 8 31 32 33 255 256 -128 32767 65535 65536 1000000000 2147483647 -2147483648 -2147483647`),
  i64: `0 1 -1 2 7 63 64 65 255 65536 2147483648 -2147483648 4294967296 9007199254740993 2305843009213693955
    9223372036854775807 -9223372036854775808 -9223372036854775807`
    .split(/\s+/)
    .map(BigInt),
  f32: numbers(`0 -0 1 -1 0.5 -0.5 1.5 2.5 -2.5 0.1 3 1e-3 255 65504 8388607.5 16777216 16777217 2147483648 -2147483648
    4294967296 9223372036854775808 1e30 -1e30 3.4028234663852886e38 1.1754943508222875e-38 1.401298464324817e-45
    -1.401298464324817e-45 Infinity -Infinity NaN`).map(Math.fround),
  f64: numbers(`0 -0 1 -1 0.5 -0.5 0.49999999999999994 1.5 2.5 -2.5 0.1 3 1e-3 2147483647 2147483647.5 -2147483648.9
    4294967295.5 4294967296 4503599627370495.5 4503599627370497 9007199254740992 9223372036854775807 -9223372036854775808
    1e19 1e30 1e300 -1e300 1.7976931348623157e308 2.2250738585072014e-308 5e-324 -5e-324 Infinity -Infinity NaN`),
}

/** A part of [0, n), any step, now and then empty. */
export function randomExtent(random: Random, n: number): Extent {
  const choice = random.uniform()
  if (choice < 0.5) return { begin: 0, end: n, step: 1 }
  if (choice < 0.53) return { begin: n, end: 0, step: 1 }
  const a = random.integer(0, n)
  const b = random.integer(a, n + 1)
  const step = choice < 0.75 ? 1 : random.integer(1, 5)
  return choice < 0.85 ? { begin: a, end: b, step } : { begin: b - 1, end: a - 1, step: -step }
}

/** A value to lay into an array: small, an edge, or anything. */
export function randomValue(random: Random, element: Element): number | bigint {
  const edges = EDGES[loadedType(element)]
  const choice = random.uniform()
  const edge = edges[random.integer(0, edges.length)] as number | bigint
  if (loadedType(element) === 'i64') {
    const x =
      choice < 0.4
        ? BigInt(random.integer(-20, 20))
        : choice < 0.7
          ? (edge as bigint)
          : (BigInt(random.u32()) << 32n) | BigInt(random.u32())
    return element === 'u64' ? BigInt.asUintN(64, x) : BigInt.asIntN(64, x)
  }
  if (loadedType(element)[0] === 'f')
    return choice < 0.6 ? Math.fround(random.normal() * 10) : choice < 0.8 ? random.integer(-50, 50) : (edge as number)
  return choice < 0.5 ? random.integer(-20, 20) : choice < 0.7 ? (edge as number) : random.u32() | 0
}

export function randomArray(random: Random, element: Element, length: number): ArrayBufferView {
  const array = newArray(element, length)
  for (let i = 0; i < length; i++) {
    const value = randomValue(random, element)
    array[i] = element === 'bf16' ? toBfloat(value as number) : value
  }
  return array
}

/** A typed array of zeros of the class that belongs to the element. */
export function newArray(
  element: Element,
  length: number,
): ArrayBufferView & { [index: number]: number | bigint; length: number } {
  const classes = {
    i8: Int8Array,
    u8: Uint8Array,
    u8c: Uint8ClampedArray,
    i16: Int16Array,
    u16: Uint16Array,
    i32: Int32Array,
    u32: Uint32Array,
    i64: BigInt64Array,
    u64: BigUint64Array,
    f16: Float16Array,
    bf16: BFloat16Array,
    f32: Float32Array,
    f64: Float64Array,
  }
  return new classes[element](length) as any
}

/** Where two runs of one kernel differ, in words; undefined when they agree. NaN equals NaN, -0 is not 0. */
export function difference(ir: KernelIR, expected: Launch, found: Launch): string | undefined {
  const globals = ir.buffers.filter(b => b.space === 'global')
  for (const [i, b] of globals.entries()) {
    const x = expected.arrays[i] as Float64Array
    const y = found.arrays[i] as Float64Array
    if (x.length !== y.length) return `${b.name} has ${y.length} elements, not ${x.length}`
    for (let k = 0; k < x.length; k++) {
      const [expected, found] = b.element === 'bf16' ? [fromBfloat(x[k]), fromBfloat(y[k])] : [x[k], y[k]]
      if (!Object.is(expected, found))
        return `${b.name}[${k}] (${b.element}) is ${String(found)}, not ${String(expected)}`
    }
  }
  return undefined
}
