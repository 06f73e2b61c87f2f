/**
 * Durations counted in buckets that grow by 1/16: a quantile is right to 6 %, in 8 KiB, whatever the number of durations.
 * The idea is that of HdrHistogram (Gil Tene): the exponent of a float picks the power of two, its top bits the sixteenth.
 */

const perDoubling = 16
/** From 2^-20 ms, a nanosecond, to 2^44 ms. */
const [leastExponent, doublings] = [-20, 64]

const float = new Float64Array(1)
const bits = new Uint32Array(float.buffer)

export class Quantiles {
  readonly #counts = new Uint32Array(doublings * perDoubling)
  #count = 0
  #sum = 0
  #most = 0

  add(ms: number): void {
    this.#count++
    this.#sum += ms
    if (ms > this.#most) this.#most = ms
    this.#counts[bucketOf(ms)]++
  }

  get count(): number {
    return this.#count
  }
  get sumMs(): number {
    return this.#sum
  }
  get mostMs(): number {
    return this.#most
  }

  /** The duration that a share q of them does not exceed; 0 when there are none. */
  at(q: number): number {
    const rank = Math.max(1, Math.ceil(q * this.#count))
    let below = 0
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      below += this.#counts[bucket]
      if (below >= rank) return Math.min(this.#most, middleOf(bucket))
    }
    return 0
  }
}

function bucketOf(ms: number): number {
  float[0] = ms
  const exponent = ((bits[1] >>> 20) & 0x7ff) - 1023 - leastExponent
  if (exponent < 0 || !(ms > 0)) return 0
  if (exponent >= doublings) return doublings * perDoubling - 1
  return exponent * perDoubling + ((bits[1] >>> 16) & (perDoubling - 1))
}

const middleOf = (bucket: number): number =>
  2 ** (Math.floor(bucket / perDoubling) + leastExponent) * (1 + ((bucket % perDoubling) + 0.5) / perDoubling)
