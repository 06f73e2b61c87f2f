/** What the small examples share: run plain JavaScript and kernels, compare, print one line. */

import { performance } from 'node:perf_hooks'

/** A size from the command line; `otherwise` when none is given. */
export const sizeArgument = (otherwise: number): number => {
  const given = process.argv[2]
  if (given === undefined) return otherwise
  const size = Number(given)
  if (!Number.isInteger(size) || size < 1) {
    console.error(`the size must be a whole number from 1 on, and is '${given}'`)
    process.exit(2)
  }
  return size
}

/** The kernels' first run compiles; it is not timed here. */
const timed = (work: () => void): number => {
  const began = performance.now()
  work()
  return performance.now() - began
}

/**
 * Runs `plain`, then `kernels` twice (the second is timed), and prints both times. `difference` compares the results; more than
 * `tolerance` ends the program with exit code 1.
 */
export const sideBySide = (
  what: string,
  plain: () => void,
  kernels: () => void,
  difference: () => number,
  tolerance = 0,
): void => {
  const plainMs = timed(plain)
  kernels()
  const kernelMs = timed(kernels)
  const found = difference()
  const closeness = found === 0 ? 'equal' : `within ${found.toPrecision(2)}`
  console.log(
    `${what}: plain ${plainMs.toFixed(1)} ms, kernels ${kernelMs.toFixed(1)} ms, ${(plainMs / kernelMs).toFixed(1)}× as fast; results ${closeness}`,
  )
  if (!(found <= tolerance)) {
    console.error(`the results differ by ${found}, and at most ${tolerance} is allowed`)
    process.exit(1)
  }
}

/** The largest difference between two arrays, relative to the largest value of the first. */
export const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  let worst = 0
  let scale = 0
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i] - b[i])
    if (!(difference <= worst)) worst = difference
    scale = Math.max(scale, Math.abs(a[i]))
  }
  return worst === 0 ? 0 : worst / scale
}
