/**
 * Threefry 4x32-20: like Philox a pure function of a counter and a key, made of additions, rotations and exclusive ors alone (J. K. Salmon, M. A. Moraes,
 * R. O. Dror and D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11, section 4.2).
 */

/** By how many bits words are turned left: of each round, of eight, that of the first and that of the second pair. */
export const threefryRotations: readonly (readonly [number, number])[] = [
  [10, 26],
  [11, 21],
  [13, 27],
  [23, 5],
  [6, 20],
  [17, 11],
  [25, 10],
  [18, 20],
]
/** With the words of the key it makes the fifth. */
export const threefryParity = 0x1bd11bda
export const threefryRounds = 20

/**
 * The Threefry 4x32 bijection: encrypts the four words of `counter` under the four of `key` into `out`, which it returns. Words are taken modulo 2^32.
 */
export const threefry4x32 = (
  counter: ArrayLike<number>,
  key: ArrayLike<number>,
  out: Uint32Array = new Uint32Array(4),
  rounds: number = threefryRounds,
): Uint32Array => {
  const k = [key[0]! | 0, key[1]! | 0, key[2]! | 0, key[3]! | 0, 0]
  k[4] = threefryParity ^ k[0]! ^ k[1]! ^ k[2]! ^ k[3]!
  let x0 = (counter[0]! + k[0]!) | 0
  let x1 = (counter[1]! + k[1]!) | 0
  let x2 = (counter[2]! + k[2]!) | 0
  let x3 = (counter[3]! + k[3]!) | 0
  for (let round = 0; round < rounds; round++) {
    const [first, second] = threefryRotations[round % 8]!
    // Of odd rounds the pairs are (0, 3) and (2, 1).
    const [y, z] = round % 2 === 0 ? [x1, x3] : [x3, x1]
    x0 = (x0 + y) | 0
    x2 = (x2 + z) | 0
    const turned = ((y << first) | (y >>> (32 - first))) ^ x0
    const other = ((z << second) | (z >>> (32 - second))) ^ x2
    ;[x1, x3] = round % 2 === 0 ? [turned, other] : [other, turned]
    if (round % 4 !== 3) continue
    const r = (round + 1) / 4
    x0 = (x0 + k[r % 5]!) | 0
    x1 = (x1 + k[(r + 1) % 5]!) | 0
    x2 = (x2 + k[(r + 2) % 5]!) | 0
    x3 = (x3 + k[(r + 3) % 5]! + r) | 0
  }
  out[0] = x0
  out[1] = x1
  out[2] = x2
  out[3] = x3
  return out
}
