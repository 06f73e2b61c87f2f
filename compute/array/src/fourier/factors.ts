/** Lengths as products of the radices that there is code for. */

/** The largest first. There is code for them. */
const smallPrimes = [13, 11, 7, 5, 3, 2]
/** The largest radix first: a transform begins with it, and later passes have longer rows. */
const most = 16
/** Where fewer passes are then enough: with few points a pass takes longer to begin than to do. */
const mostOfFew = 32

/** Whether passes can do it: n has no prime above 13. */
export function isSmooth(n: number): boolean {
  let rest = n
  for (const p of smallPrimes) while (rest % p === 0) rest /= p
  return rest === 1
}

/** Radices up to 16, or one or two up to 32, whose product is n, the largest first. @param n with no prime above 13 */
export function radicesOf(n: number): number[] {
  if (n <= mostOfFew) return [n]
  if (n <= mostOfFew ** 2) {
    // As like each other as can be.
    let first = Math.ceil(Math.sqrt(n))
    while (n % first !== 0) first++
    if (first <= (n <= most ** 2 ? most : mostOfFew)) return [first, n / first]
  }
  const found: number[] = []
  for (let rest = n; rest > 1; ) {
    let radix = Math.min(most, rest)
    while (rest % radix !== 0) radix--
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
