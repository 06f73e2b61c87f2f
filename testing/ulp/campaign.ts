/**
 * Errors of one function over many operands. The first machine's results are measured; those of others must be the same, to the bit, and are measured
 * where they need not be: with `fast`.
 */
import { errorByMath, errorByOracle, type FloatType, native, unitsIn1 } from './accuracy.ts'
import { type Evaluate, evaluator, type FloatArray, floats, type Machine, operandsOf } from './evaluate.ts'
import { pairs, strata } from './strata.ts'

export interface Worst {
  error: number
  at: number[]
}

/** What was found so far; plain data, so that a campaign can be put aside. */
export interface Found {
  readonly name: string
  readonly type: FloatType
  readonly stride: number
  readonly machines: readonly Machine[]
  worst: Worst
  sum: number
  count: number
  /** With `fast`, by machine. */
  fast: { [machine: string]: Worst }
  /** The first operands at which a machine gave something else than the first one. */
  differs?: { machine: Machine; at: number[]; gave: number; not: number }
  /** The next number, of those that go through all of them. */
  next: number
}

const BLOCK = 1 << 16
const NUMBERS = 2 ** 32

export const isExhaustive = (name: string, type: FloatType): boolean => type === 'f32' && operandsOf(name) === 1

export function nothingYet(name: string, type: FloatType, stride: number, machines: readonly Machine[]): Found {
  const none = (): Worst => ({ error: 0, at: [] })
  const fast = Object.fromEntries(machines.map(machine => [machine, none()]))
  return { name, type, stride, machines, worst: none(), sum: 0, count: 0, fast, next: 0 }
}

/** The error of a result at operands i. */
type Measure = (i: number, got: number) => number

/** A function's results on each machine. */
class Results {
  readonly exact: readonly FloatArray[]
  readonly fast: readonly FloatArray[]
  readonly #evaluations: readonly (readonly [Evaluate, FloatArray])[]

  constructor({ name, type, machines }: Found, length: number) {
    const make = () => machines.map(() => floats(type, length))
    this.exact = make()
    this.fast = make()
    this.#evaluations = machines.flatMap((machine, k) => [
      [evaluator(name, machine), this.exact[k]] as const,
      [evaluator(name, machine, true), this.fast[k]] as const,
    ])
  }

  compute(operands: FloatArray[]): void {
    for (const [evaluate, out] of this.#evaluations) evaluate(operands, out)
  }
}

const bytesOf = (x: FloatArray): Uint8Array => new Uint8Array(x.buffer)
const isSame = (a: FloatArray, b: FloatArray): boolean => Buffer.compare(bytesOf(a), bytesOf(b)) === 0

/** Takes the first `count` results in. @param at operands i */
function takeIn(found: Found, { exact, fast }: Results, count: number, at: (i: number) => number[], measure: Measure) {
  const seen: { readonly results: FloatArray; readonly worst: Worst }[] = []
  const worstOf = (results: FloatArray): Worst => {
    const known = seen.find(other => isSame(other.results, results))
    if (known) return known.worst
    let [error, where, sum] = [0, -1, 0]
    for (let i = 0; i < count; i++) {
      const here = measure(i, results[i])
      if (here < Infinity) sum += here
      if (here > error) [error, where] = [here, i]
    }
    if (seen.length === 0) found.sum += sum
    const worst = { error, at: where < 0 ? [] : at(where) }
    seen.push({ results, worst })
    return worst
  }
  const larger = (a: Worst, b: Worst): Worst => (b.error > a.error ? b : a)
  found.worst = larger(found.worst, worstOf(exact[0]))
  for (const [k, machine] of found.machines.entries()) {
    found.differs ??= difference(exact[0], exact[k], machine, count, at)
    found.fast[machine] = larger(found.fast[machine], worstOf(fast[k]))
  }
  found.count += count
}

/** Which bits a NaN has is not defined. */
function difference(
  a: FloatArray,
  b: FloatArray,
  machine: Machine,
  count: number,
  at: (i: number) => number[],
): Found['differs'] {
  if (isSame(a, b)) return undefined
  for (let i = 0; i < count; i++) if (!Object.is(a[i], b[i])) return { machine, at: at(i), gave: b[i], not: a[i] }
  return undefined
}

/** Goes on through every `stride`-th of all f32 numbers. @param enough asked now and then @returns whether that was all */
export function everyNumber(found: Found, enough: () => boolean): boolean {
  const { name, stride } = found
  const exact = native(name)
  const x = new Float32Array(BLOCK)
  const bits = new Uint32Array(x.buffer)
  const want = new Float64Array(BLOCK)
  const units = new Float64Array(BLOCK)
  const results = new Results(found, BLOCK)
  const at = (i: number) => [x[i]]
  const measure = (i: number, got: number): number => {
    // The plain case written out; everything odd goes the careful way.
    const error = Math.abs(got - want[i]) * units[i]
    return !(error < 1e9) || want[i] === 0 || got === 0 ? errorByMath(name, at(i), got) : error
  }
  while (found.next < NUMBERS) {
    if (enough()) return false
    for (let i = 0; i < BLOCK; i++) bits[i] = found.next + i * stride
    results.compute([x])
    for (let i = 0; i < BLOCK; i++) {
      want[i] = exact(x[i])
      units[i] = unitsIn1(want[i])
    }
    takeIn(found, results, Math.min(BLOCK, Math.ceil((NUMBERS - found.next) / stride)), at, measure)
    found.next += BLOCK * stride
  }
  return true
}

/** Strata of one operand, pairs of two. @param scale how many times as many as are quick */
export function sampled(found: Found, seed: number, scale: number): void {
  const { name, type } = found
  const operands =
    operandsOf(name) === 1
      ? [strata(type, seed, 16 * scale, 2000 * scale)]
      : pairs(name, type, seed, (type === 'f32' ? 1_000_000 : 20_000) * scale)
  const arrays = operands.map(x => floats(type, x))
  const { length } = arrays[0]
  const results = new Results(found, length)
  results.compute(arrays)
  const at = (i: number) => arrays.map(a => a[i])
  const measure = (i: number, got: number) =>
    type === 'f32' ? errorByMath(name, at(i), got) : errorByOracle(type, name, at(i), got)
  takeIn(found, results, length, at, measure)
  found.next = NUMBERS
}
