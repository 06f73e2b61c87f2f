/** Schur's form A = Z·T·Zᴴ with chosen eigenvalues first: neighbouring blocks of the diagonal change places by orthogonal transformations (Z. Bai, J. Demmel, On Swapping Diagonal Blocks in Real Schur Form, 1993). */

import type { Matrix } from '../matrix.ts'
import { makeRotation, rotate, turn } from './complex-rotations.ts'
import { type Hessenberg, split } from './real-schur.ts'
import { makeRotation as makeRealRotation } from './rotations.ts'

const ulp = 2 ** -52
const smallest = 2 ** -1022

/**
 * T and Z, of float64 without gaps, in place; those eigenvalues that are chosen keep their order, and the others too. Of a pair of a real matrix both are chosen if one is.
 * @returns how many are chosen; undefined: two of them are so near each other that they cannot change places
 */
export function orderSchur(t: Matrix, z: Matrix, isChosen: (re: number, im: number) => boolean): number | undefined {
  const n = t.rows
  const form = { n, h: t.array as Float64Array, z: z.array as Float64Array, low: 0, high: n - 1 }
  const isComplex = t.parts === 2
  // Sizes of the blocks that stay behind, in order.
  const passed: number[] = []
  let chosen = 0
  const blocks = isComplex ? complexBlocks(form, isChosen) : realBlocks(form, isChosen)
  for (const { row, size, isFirst } of blocks) {
    if (!isFirst) {
      passed.push(size)
      continue
    }
    let at = row
    for (let k = passed.length - 1; k >= 0; k--) {
      at -= passed[k]
      if (isComplex) swapComplex(form, at)
      else if (passed[k] + size === 2) swapRows(form, at)
      else if (!swapBlocks(form, at, passed[k], size)) return undefined
    }
    chosen += size
  }
  return chosen
}

interface Form extends Hessenberg {
  readonly z: Float64Array
}

interface Block {
  readonly row: number
  readonly size: 1 | 2
  readonly isFirst: boolean
}

function complexBlocks({ n, h }: Form, isChosen: (re: number, im: number) => boolean): Block[] {
  return Array.from({ length: n }, (_, row) => {
    const own = 2 * row * (n + 1)
    return { row, size: 1, isFirst: isChosen(h[own], h[own + 1]) }
  })
}

function realBlocks({ n, h }: Form, isChosen: (re: number, im: number) => boolean): Block[] {
  const blocks: Block[] = []
  for (let row = 0; row < n; ) {
    const own = row * (n + 1)
    const size = row + 1 < n && h[own + n] !== 0 ? 2 : 1
    const im = size === 2 ? Math.sqrt(Math.abs(h[own + 1])) * Math.sqrt(Math.abs(h[own + n])) : 0
    blocks.push({ row, size, isFirst: isChosen(h[own], im) || (size === 2 && isChosen(h[own], -im)) })
    row += size
  }
  return blocks
}

/** Elements k and k + 1 of the diagonal of a complex T. */
function swapComplex({ n, h, z }: Form, k: number): void {
  const own = 2 * k * (n + 1)
  const next = own + 2 * (n + 1)
  const [re, im, nextRe, nextIm] = [h[own], h[own + 1], h[next], h[next + 1]]
  makeRotation(h[own + 2], h[own + 3], nextRe - re, nextIm - im)
  const { c, re: sr, im: si } = turn
  rotate(h, own + 4, 2 * n, 2, n - k - 2, c, sr, si)
  rotate(h, 2 * k, 2, 2 * n, k, c, sr, -si)
  rotate(z, 2 * k, 2, 2 * n, n, c, sr, -si)
  h[own] = nextRe
  h[own + 1] = nextIm
  h[next] = re
  h[next + 1] = im
}

const turned = { c: 1, s: 0, r: 0 }

/** The same of a real T. */
function swapRows({ n, h, z }: Form, k: number): void {
  const own = k * (n + 1)
  const [here, next] = [h[own], h[own + n + 1]]
  makeRealRotation(h[own + 1], next - here, turned)
  turn2(h, own + 2, n, 1, n - k - 2)
  turn2(h, k, 1, n, k)
  turn2(z, k, 1, n, n)
  h[own] = next
  h[own + n + 1] = here
}

/** Numbers x become c·x + s·y, and those y that lie `apart` c·y − s·x. */
function turn2(h: Float64Array, at: number, apart: number, step: number, count: number): void {
  const { c, s } = turned
  for (let k = 0; k < count; k++, at += step) {
    const [x, y] = [h[at], h[at + apart]]
    h[at] = c * x + s * y
    h[at + apart] = c * y - s * x
  }
}

/** Blocks of p rows, from row k on, and of q rows behind them. @returns whether what stays below them is nothing */
function swapBlocks(form: Form, k: number, p: number, q: number): boolean {
  const { n, h, z } = form
  const size = p + q
  let most = 0
  for (let i = k; i < k + size; i++) for (let j = k; j < k + size; j++) most = Math.max(most, Math.abs(h[i * n + j]))
  const basis = invariantOf(form, k, p, q)
  for (let c = 0; c < q; c++) {
    const v = reflectionOf(basis, size, q, c)
    if (v === undefined) continue
    reflect(h, (k + c) * n + k, n, 1, n - k, v)
    reflect(h, k + c, 1, n, k + size, v)
    reflect(z, k + c, 1, n, n, v)
  }
  let left = 0
  for (let i = k + q; i < k + size; i++) {
    for (let j = k; j < k + q; j++) {
      left = Math.max(left, Math.abs(h[i * n + j]))
      h[i * n + j] = 0
    }
  }
  if (!(left <= Math.max(10 * ulp * most, smallest))) return false
  if (q === 2) split(form, k)
  if (p === 2) split(form, k + q)
  return true
}

/** [−X; I] with T₁₁·X − X·T₂₂ = T₁₂, whose columns span what belongs to the block behind; rows of q numbers, scaled so that none is larger than 1. */
function invariantOf({ n, h }: Form, k: number, p: number, q: number): Float64Array {
  const count = p * q
  const wide = count + 1
  // Of unknown (i, j) the row i·q + j, with the right side as its last column.
  const system = new Float64Array(count * wide)
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < q; j++) {
      const row = (i * q + j) * wide
      for (let l = 0; l < p; l++) system[row + l * q + j] += h[(k + i) * n + k + l]
      for (let l = 0; l < q; l++) system[row + i * q + l] -= h[(k + p + l) * n + k + p + j]
      system[row + count] = h[(k + i) * n + k + p + j]
    }
  }
  const x = solved(system, count)
  const basis = new Float64Array((p + q) * q)
  const scale = 1 / x.reduce((most, v) => Math.max(most, Math.abs(v)), 1)
  for (let i = 0; i < count; i++) basis[i] = -x[i] * scale
  for (let j = 0; j < q; j++) basis[(p + j) * q + j] = scale
  return basis
}

/** The solution of a few equations with all pivots; where one is nothing beside the others the least number that is not stands for it. */
function solved(system: Float64Array, count: number): Float64Array {
  const wide = count + 1
  const order = Array.from({ length: count }, (_, i) => i)
  const least = Math.max(smallest / ulp, ulp * system.reduce((most, v) => Math.max(most, Math.abs(v)), 0))
  for (let c = 0; c < count; c++) {
    let [row, column, most] = [c, c, -1]
    for (let i = c; i < count; i++)
      for (let j = c; j < count; j++) {
        const size = Math.abs(system[i * wide + j])
        if (size > most) [row, column, most] = [i, j, size]
      }
    for (let j = 0; j < wide; j++)
      [system[c * wide + j], system[row * wide + j]] = [system[row * wide + j], system[c * wide + j]]
    for (let i = 0; i < count; i++)
      [system[i * wide + c], system[i * wide + column]] = [system[i * wide + column], system[i * wide + c]]
    ;[order[c], order[column]] = [order[column], order[c]]
    if (most < least) system[c * wide + c] = least
    for (let i = c + 1; i < count; i++) {
      const factor = system[i * wide + c] / system[c * wide + c]
      for (let j = c; j < wide; j++) system[i * wide + j] -= factor * system[c * wide + j]
    }
  }
  const x = new Float64Array(count)
  for (let i = count - 1; i >= 0; i--) {
    let value = system[i * wide + count]
    for (let j = i + 1; j < count; j++) value -= system[i * wide + j] * x[order[j]]
    x[order[i]] = value / system[i * wide + i]
  }
  return x
}

/** The vector v, with its τ in front, of the reflection I − τ·v·vᵀ that leaves of column c below row c nothing; columns behind it are reflected. */
function reflectionOf(basis: Float64Array, rows: number, columns: number, c: number): Float64Array | undefined {
  const own = c * columns + c
  let squares = 0
  for (let i = c; i < rows; i++) squares += basis[i * columns + c] ** 2
  const norm = Math.sqrt(squares)
  if (norm === 0) return undefined
  const alpha = basis[own]
  const beta = alpha > 0 ? -norm : norm
  const v = new Float64Array(rows - c + 1)
  v[0] = (beta - alpha) / beta
  v[1] = 1
  for (let i = c + 1; i < rows; i++) v[i - c + 1] = basis[i * columns + c] / (alpha - beta)
  reflect(basis, own, columns, 1, columns - c, v)
  return v
}

/** So many lines, `step` apart, each of elements that lie `apart`. */
function reflect(
  h: Float64Array,
  at: number,
  apart: number,
  step: number,
  count: number,
  [tau, ...v]: Float64Array,
): void {
  for (let k = 0; k < count; k++, at += step) {
    let sum = 0
    for (let i = 0; i < v.length; i++) sum += v[i] * h[at + i * apart]
    sum *= tau
    for (let i = 0; i < v.length; i++) h[at + i * apart] -= sum * v[i]
  }
}
