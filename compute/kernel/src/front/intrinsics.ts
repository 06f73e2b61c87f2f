/**
 * Functions that mean something to the compiler. Called outside a kernel, they do the same in plain JavaScript, so that a
 * kernel's function can be run and debugged as it is.
 */
import { uniform64At } from '@skein/base'

type Integers = Int32Array | Uint32Array
type Bigs = BigInt64Array | BigUint64Array
type Floats = Float32Array | Float64Array

type Update = {
  (array: Integers | Floats, index: number, value: number): number
  (array: Bigs, index: number, value: bigint): bigint
}

const update =
  (combine: (a: any, b: any) => any): Update =>
  (array: any, index: number, value: any): any => {
    const old = array[index]
    array[index] = combine(old, value)
    return old
  }

/**
 * Atomic operations on an element that several iterations may change. Each returns the old value. Integers give the same
 * result in any order; sums of floats depend on the order, which is not fixed.
 */
export const atomic = {
  add: update((a, b) => a + b),
  sub: update((a, b) => a - b),
  min: update((a, b) => (typeof a === 'bigint' ? (b < a ? b : a) : Math.min(a, b))),
  max: update((a, b) => (typeof a === 'bigint' ? (b > a ? b : a) : Math.max(a, b))),
  and: update((a, b) => a & b),
  or: update((a, b) => a | b),
  xor: update((a, b) => a ^ b),
  exchange: update((_, b) => b),
  /** Stores `value` if the element is `expected` (as Object.is says: the same bits); returns the old value. */
  compareExchange(array: any, index: number, expected: any, value: any): any {
    const old = array[index]
    if (Object.is(old, expected)) array[index] = value
    return old
  },
}

/**
 * A uniform random number in [0, 1) that depends on its arguments alone: Philox 4x32-10 at counter `index`, `draw`.
 *
 * @param seed  a non-negative safe integer: which stream
 * @param index which number of the stream: the iteration's index
 * @param draw  further numbers for the same index: 0, 1, 2 …
 */
export function random(seed: number, index: number, draw = 0): number {
  return uniform64At(seed, index, draw)
}

/** Stops the kernel with a KernelAssertionError when `condition` does not hold. */
export function assert(condition: unknown, message?: string): void {
  if (!condition) throw new Error(`assertion failed${message ? `: ${message}` : ''}`)
}

export const INTRINSICS = new Map<unknown, string>([
  [random, 'random'],
  [assert, 'assert'],
  [atomic, 'atomic'],
  ...Object.entries(atomic).map(([name, f]) => [f, `atomic.${name}`] as const),
])
