import type { Chance } from '../world.ts'

const poolBytes = 4096

/** Unpredictable numbers, from the operating system, some at a time. */
export const realChance = (): Chance => {
  const pool = new Uint8Array(poolBytes)
  const words = new Uint32Array(pool.buffer)
  let used = poolBytes
  const word = (): number => {
    if (used + 4 > poolBytes) {
      crypto.getRandomValues(pool)
      used = 0
    }
    used += 4
    return words[used / 4 - 1]
  }
  const uniform = (): number => (word() >>> 5) * 2 ** -27 + (word() >>> 6) * 2 ** -53
  return {
    uniform,
    integer: (low, high) => low + Math.floor(uniform() * (high - low)),
    bytes: length => {
      const bytes = new Uint8Array(length)
      // The engine gives 65,536 at a time at most.
      for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536))
      return bytes
    },
  }
}
