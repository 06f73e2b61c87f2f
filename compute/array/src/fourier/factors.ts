/** Lengths as products of the radices that there is code for. */

/** The largest radix first: a transform begins with it, and later passes have longer rows. */
const most = 16

/** Radices up to 16 whose product is n, the largest first; undefined: n has a prime above 13, and is for Bluestein's algorithm. */
export function radicesOf(n: number): number[] | undefined {
  if (n === 1) return [1]
  const found: number[] = []
  let rest = n
  while (rest > 1) {
    let radix = Math.min(most, rest)
    while (radix > 1 && rest % radix !== 0) radix--
    if (radix === 1) return undefined
    found.push(radix)
    rest /= radix
  }
  return found
}

/** The prime factors of n, the smallest first. */
export function primesOf(n: number): number[] {
  const found: number[] = []
  let rest = n
  for (let p = 2; p * p <= rest; p++) {
    while (rest % p === 0) {
      found.push(p)
      rest /= p
    }
  }
  return rest > 1 ? [...found, rest] : found
}

/** The least length from n on that has no prime above 5. */
export function goodLength(n: number): number {
  let best = 2 ** Math.ceil(Math.log2(n))
  for (let fives = 1; fives < best; fives *= 5) {
    for (let odd = fives; odd < best; odd *= 3) {
      const length = odd * 2 ** Math.max(0, Math.ceil(Math.log2(n / odd)))
      if (length >= n && length < best) best = length
    }
  }
  return best
}
