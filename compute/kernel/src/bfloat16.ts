/**
 * Brain floats: the upper half of an f32, with its range and eight bits of precision. JavaScript has no array of them, so theirs is a `Uint16Array`
 * of the bits that kernels take for numbers.
 */

const one = new Float32Array(1)
const bits = new Uint32Array(one.buffer)

/** The number that 16 bits stand for. */
export function fromBfloat(half: number): number {
  bits[0] = half << 16
  return one[0]
}

/** The 16 bits nearest to a number, ties to even. NaN is 0x7fc0. */
export function toBfloat(x: number): number {
  if (x !== x) return 0x7fc0
  // Rounding to odd keeps what decides: a number that is no f32 gets a last bit that makes it none halfway between two results.
  one[0] = x
  if (one[0] !== x && (bits[0] & 1) === 0) bits[0] += Math.abs(one[0]) > Math.abs(x) ? -1 : 1
  return (bits[0] + 0x7fff + ((bits[0] >>> 16) & 1)) >>> 16
}

/**
 * An array of brain floats (bfloat16). In a kernel `x[i]` is a number: read exactly as `float32`, rounded to nearest even when it is written. Outside of kernels
 * `x[i]` is the 16 bits, and {@link BFloat16Array.fromNumbers} and {@link BFloat16Array#toNumbers} convert.
 *
 * It can be made over any buffer, as a `Uint16Array` can, and in the heap by `heap.array(BFloat16Array, length)`. What copies it to another thread makes a
 * `Uint16Array` of it; `new BFloat16Array(x.buffer, x.byteOffset, x.length)` takes its elements for numbers again.
 */
export class BFloat16Array extends Uint16Array<ArrayBufferLike> {
  /** As that of a `Uint16Array`: a length, the bits of all elements, or a buffer. */
  constructor(from: number | ArrayLike<number> | ArrayBufferLike, byteOffset?: number, length?: number) {
    super(from as ArrayBufferLike, byteOffset, length)
  }

  /** Rounds numbers to nearest even; what is beyond 3.39e38 becomes infinite. */
  static fromNumbers(numbers: Iterable<number> | ArrayLike<number>): BFloat16Array {
    return new BFloat16Array(Uint16Array.from(numbers as ArrayLike<number>, toBfloat))
  }

  /** The numbers, all of which an f32 holds exactly. */
  toNumbers(): Float32Array<ArrayBuffer> {
    const wide = new Uint32Array(this.length)
    for (let i = 0; i < wide.length; i++) wide[i] = this[i] << 16
    return new Float32Array(wide.buffer)
  }
}
