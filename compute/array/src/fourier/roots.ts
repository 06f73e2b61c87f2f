/** Roots of unity, exact to the last place: angles are brought into the first eighth of the circle while they are whole numbers. */

/** e^(−2πi·k/n), real part first. @param k a whole number from 0 to n − 1 */
export function rootOf(k: number, n: number): readonly [re: number, im: number] {
  // In eighths of the circle, and what is left in parts of 8n; k and n are below 2³¹, products exact.
  const eighth = Math.floor((8 * k) / n)
  const isOdd = eighth % 2 === 1
  const part = 8 * k - eighth * n
  const angle = ((isOdd ? n - part : part) * Math.PI) / (4 * n)
  const [c, s] = [Math.cos(angle), Math.sin(angle)]
  switch (eighth) {
    case 0:
      return [c, -s]
    case 1:
      return [s, -c]
    case 2:
      return [-s, -c]
    case 3:
      return [-c, -s]
    case 4:
      return [-c, s]
    case 5:
      return [-s, c]
    case 6:
      return [s, c]
    default:
      return [c, s]
  }
}

/** All n of them, in pairs. */
export function rootsOf(n: number): Float64Array {
  const roots = new Float64Array(2 * n)
  // The second half of the circle mirrors the first.
  for (let k = 0; 2 * k <= n; k++) {
    const [re, im] = rootOf(k, n)
    roots[2 * k] = re
    roots[2 * k + 1] = im
    if (k > 0) {
      roots[2 * (n - k)] = re
      roots[2 * (n - k) + 1] = -im
    }
  }
  return roots
}
