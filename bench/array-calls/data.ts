/** What the calls are made of; numpy_peer.py holds the same formulas. */
import { hash01 } from '../kernels/data.ts'

export interface Given {
  shape: readonly number[]
  dtype: 'float64' | 'float32' | 'int32' | 'int64' | 'bool' | 'complex128'
  /** Element k; of complex numbers the parts in turn. */
  value: (k: number) => number
}

const positive = (seed: number) => (k: number) => hash01(k, seed) + 0.5
const signed = (seed: number) => (k: number) => hash01(k, seed) * 8 - 4
const whole = (seed: number) => (k: number) => 1 + Math.floor(hash01(k, seed) * 1000)
const side = 50
const regular = (k: number) => hash01(k, 7) * 2 - 1 + (k % (side + 1) === 0 ? side / 4 : 0)
const definite = (k: number) => {
  const [r, c] = [Math.floor(k / side), k % side]
  return (hash01(k, 7) + hash01(c * side + r, 7)) / 2 + (r === c ? side : 0)
}

const floats = (shape: readonly number[], value: (k: number) => number): Given => ({ shape, dtype: 'float64', value })
const square = [100, 100]

export const given: Record<string, Given> = {
  A: floats(square, positive(1)),
  B: floats(square, positive(2)),
  A32: { shape: square, dtype: 'float32', value: positive(1) },
  B32: { shape: square, dtype: 'float32', value: positive(2) },
  S: floats(square, signed(3)),
  F: floats(square, k => hash01(k, 4) * 1.8 - 0.9),
  Z: { shape: square, dtype: 'complex128', value: positive(5) },
  G: { shape: square, dtype: 'bool', value: k => (hash01(k, 6) < 0.5 ? 1 : 0) },
  I: { shape: square, dtype: 'int32', value: whole(8) },
  J: { shape: square, dtype: 'int32', value: whole(9) },
  O: { shape: square, dtype: 'int64', value: k => (k * 37) % 100 },
  x: floats([1000], positive(1)),
  y: floats([1000], positive(2)),
  s: floats([1000], signed(3)),
  o: floats([1000], k => 0.5 + k / 1000),
  g: { shape: [1000], dtype: 'bool', value: k => (hash01(k, 6) < 0.5 ? 1 : 0) },
  i: { shape: [1000], dtype: 'int32', value: whole(8) },
  j: { shape: [1000], dtype: 'int32', value: whole(9) },
  t: { shape: [1000], dtype: 'int32', value: k => Math.floor(hash01(k, 10) * 100) },
  v: floats([100], positive(11)),
  w: floats([side], positive(12)),
  M: floats([side, side], regular),
  D: floats([side, side], definite),
  K: floats([10, 10], positive(13)),
  L: floats([side, side], positive(14)),
  T: floats([33, 3], positive(15)),
  U: floats([33, 3], positive(16)),
  p: floats([11], positive(17)),
  q: floats([6], positive(18)),
}

export const sizeOf = ({ shape, dtype }: Given) => shape.reduce((n, m) => n * m, dtype === 'complex128' ? 2 : 1)

/** What xtensor's cases have besides. */
const large: Record<string, Given> = {
  E: floats([1000, 1000], positive(1)),
  F: floats([1000, 1000], positive(2)),
  R: floats([1000, 1000], () => 0),
  C3: floats([100, 100, 100], positive(3)),
}
for (const n of [3, 8, 64, 512]) {
  large[`a${n}`] = floats([n, n], positive(1))
  large[`b${n}`] = floats([n, n], positive(2))
}
export const givenToXtensor: Record<string, Given> = { ...given, ...large }

/** Names that a text of code has. */
export const namesIn = (code: string, all: Record<string, Given>): string[] =>
  Object.keys(all).filter(name => new RegExp(`(?<![\\w.'])${name}(?![\\w'(:])`).test(code))
