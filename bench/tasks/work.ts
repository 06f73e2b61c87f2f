/** What every JavaScript peer's workers do, as plain functions and as a job that a message can carry. */

export interface Job {
  op: 'noop' | 'sum' | 'spin' | 'hold'
  x?: Float64Array
  n?: number
  flag?: Int32Array
}

/** Steps of `spin` that take some 20 ms on a core of 3 GHz. */
export const spinSteps = 20_000_000

/** Steps of `spin` that take some 10 µs. */
export const shortSpinSteps = 10_000

/** Elements of the arrays that are sent: 8 MiB. */
export const arrayLength = 1 << 20

/** Fractional, since a plain sum over whole numbers in a Float64Array runs several times slower in V8. */
export function fillArray(x: Float64Array): Float64Array {
  for (let i = 0; i < x.length; i++) x[i] = (i % 7) + 0.25
  return x
}

export function sum(x: Float64Array): number {
  let s = 0
  for (let i = 0; i < x.length; i++) s += x[i]
  return s
}

export function spin(steps: number): number {
  let x = 1
  for (let i = 0; i < steps; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0
  return x
}

/** Keeps a worker until the flag is not 0. */
export function hold(flag: Int32Array): void {
  Atomics.wait(flag, 0, 0)
}

export function run({ op, x, n, flag }: Job): unknown {
  switch (op) {
    case 'noop':
      return undefined
    case 'sum':
      return sum(x!)
    case 'spin':
      return spin(n!)
    case 'hold':
      return hold(flag!)
  }
}
