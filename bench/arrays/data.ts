/** Inputs that the suites of kernels and native code have not; numpy_peer.py holds the same formulas. The others are in ../kernels/data.ts. */
import { fill, hash01, matrixA, matrixB, streamX, streamY, sumX } from '../kernels/data.ts'

type Real = 'f32' | 'f64'
export type Input =
  | 'x'
  | 'y'
  | 'positive'
  | 'squareX'
  | 'squareY'
  | 'a'
  | 'b'
  | 'regular'
  | 'definite'
  | 'side'
  | 'keys'
  | 'distinct'
  | 'places'
  | 'signal'
  | 'rows'

/** A case's name without what says how long its lines are. */
export const arrayId = (name: string) => name.replace(/^(r?fft)(-prime)?-\d+[km]$/, '$1')

/** Of the cases of many lines. */
export const lineCount = 4096

/** A matrix that is well-conditioned: its diagonal is as long as a row. */
const regular = (n: number) => (i: number) => matrixA(i) + (i % (n + 1) === 0 ? n / 4 : 0)
const definite = (n: number) => (i: number) => {
  const [r, c] = [Math.floor(i / n), i % n]
  return (matrixA(i) + matrixA(c * n + r)) / 2 + (r === c ? n : 0)
}

/** Elements of an input of a case of size n. */
export function elementsOf(input: Input, dtype: Real, n: number): Float32Array | Float64Array {
  const formulas: Record<Input, [number, (i: number) => number]> = {
    x: [n, streamX],
    y: [n, streamY],
    positive: [n, sumX],
    squareX: [n * n, sumX],
    squareY: [n * n, streamY],
    a: [n * n, matrixA],
    b: [n * n, matrixB],
    regular: [n * n, regular(n)],
    definite: [n * n, definite(n)],
    side: [n, matrixB],
    keys: [n, i => hash01(i, 0)],
    places: [n, i => hash01(i, 12345)],
    // The place in bits that the hash leaves free.
    // Complex: real and imaginary parts in turn.
    signal: [2 * n, matrixA],
    rows: [2 * lineCount * n, matrixA],
    distinct: [n, i => hash01(i, 0) + i * 2 ** -50],
  }
  const [length, value] = formulas[input]
  return fill<Float32Array | Float64Array>(dtype === 'f32' ? new Float32Array(length) : new Float64Array(length), value)
}
