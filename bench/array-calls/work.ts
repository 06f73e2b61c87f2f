/** Calls that are over in microseconds: each measurement makes as many as take some milliseconds. */
import type { Work } from '../harness/serve.ts'

const leastMs = 4

/** @param checksum of what the call gives */
export function repeated<T>(call: () => T, checksum: (value: T) => number): Work {
  let last!: T
  let times = 1
  const measure = (): number => {
    const from = performance.now()
    for (let k = 0; k < times; k++) last = call()
    return performance.now() - from
  }
  return {
    run: () => {
      last = call()
    },
    time: () => {
      let ms = measure()
      while (ms < leastMs && times < 1e6) {
        times = Math.ceil(times * Math.min(8, Math.max(1.5, (1.2 * leastMs) / Math.max(ms, 1e-3))))
        ms = measure()
      }
      return ms / 1e3 / times
    },
    checksum: () => checksum(last),
    threads: 1,
  }
}

/** Whether a result may hold arrays that are to be given back: bytes and lists of numbers, which take longer to go through than to be made, do not. */
export function mayHoldArrays(value: unknown): value is object {
  let first = value
  while (Array.isArray(first)) first = first[0]
  return typeof first === 'object' && first !== null && !ArrayBuffer.isView(first)
}
