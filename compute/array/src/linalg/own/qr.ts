/**
 * A = Q·R by Householder reflections, in blocks whose product is I − V·T·Vᵀ, of complex numbers I − V·T·Vᴴ (R. Schreiber, C. Van Loan, A Storage-Efficient WY Representation for Products of Householder Transformations, 1989).
 */

import { block, type Matrix, type Reals, transposed, zerosLike } from '../matrix.ts'
import { applyComplexReflection, extendComplex, reflectComplex } from './complex-reflections.ts'
import { subtractProduct } from './products.ts'

/** Columns of a block. */
const blockColumns = 32

/** Reflections: V below the diagonal (which stands for ones), R on and above it; T of each block. */
export interface Reflections {
  readonly a: Matrix
  readonly triangles: readonly Matrix[]
}

/** In place of A. */
export function factorQR(a: Matrix): Reflections {
  const { rows: m, columns: n } = a
  const rank = Math.min(m, n)
  const triangles: Matrix[] = []
  for (let k = 0; k < rank; k += blockColumns) {
    const columns = Math.min(blockColumns, rank - k)
    const panel = block(a, k, k, m - k, columns)
    const triangle = reflectPanel(panel)
    triangles.push(triangle)
    applyBlock(panel, triangle, block(a, k, k + columns, m - k, n - k - columns), true)
  }
  return { a, triangles }
}

/** B becomes Qᵀ·B, which is conjugated if it is complex, or Q·B. */
export function applyQ({ a, triangles }: Reflections, b: Matrix, isTransposed: boolean): void {
  const order = isTransposed ? [...triangles.keys()] : [...triangles.keys()].reverse()
  for (const k of order) {
    const from = k * blockColumns
    const triangle = triangles[k]
    const panel = block(a, from, from, a.rows - from, triangle.rows)
    applyBlock(panel, triangle, block(b, from, 0, b.rows - from, b.columns), isTransposed)
  }
}

/** Columns of Q, as many as asked for. */
export function formQ(reflections: Reflections, columns: number): Matrix {
  const q = zerosLike(reflections.a, reflections.a.rows, columns)
  for (let k = 0; k < columns; k++) q.array[k * (columns + 1) * q.parts] = 1
  applyQ(reflections, q, false)
  return q
}

/** Reflects the columns of a panel one by one. @returns T, upper triangular */
export function reflectPanel(panel: Matrix): Matrix {
  const { array, at, rows: m, columns: n, stride, parts } = panel
  const t = columnsOf(panel)
  const triangle = zerosLike(panel, n, n)
  if (parts === 2) {
    const tau = new Float64Array(2)
    for (let j = 0; j < n; j++) {
      reflectComplex(t, j * m, j, m, tau)
      for (let c = j + 1; c < n; c++) applyComplexReflection(t, j * m, c * m, j, m, tau)
      extendComplex(triangle.array, t, j, n, m, tau)
    }
  } else {
    for (let j = 0; j < n; j++) {
      const tau = reflect(t, j * m, j, m)
      if (tau !== 0) for (let c = j + 1; c < n; c++) applyReflection(t, j * m, c * m, j, m, tau)
      extend(triangle.array, t, j, n, m, tau)
    }
  }
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++)
      for (let p = 0; p < parts; p++) array[(at + i * stride + j) * parts + p] = t[(j * m + i) * parts + p]
  return triangle
}

/** Reflections by vectors that are there: v below the diagonal of columns, each with its τ, a pair if it is complex. */
export function reflectionsOf(a: Matrix, taus: Float64Array): Reflections {
  const triangles: Matrix[] = []
  const count = taus.length / a.parts
  for (let k = 0; k < count; k += blockColumns) {
    const n = Math.min(blockColumns, count - k)
    const m = a.rows - k
    const v = columnsOf(block(a, k, k, m, n))
    const triangle = zerosLike(a, n, n)
    for (let j = 0; j < n; j++) {
      if (a.parts === 1) extend(triangle.array, v, j, n, m, taus[k + j])
      else extendComplex(triangle.array, v, j, n, m, taus.subarray(2 * (k + j), 2 * (k + j + 1)))
    }
    triangles.push(triangle)
  }
  return { a, triangles }
}

/** Columns one behind the other. */
const columnsOf = (a: Matrix): Reals => transposed(a).array

/** Makes the reflection that leaves of a column only its element j. @returns τ; v lies below, its first element 1 unsaid */
export function reflect(t: Reals, own: number, j: number, m: number): number {
  let below = 0
  for (let i = j + 1; i < m; i++) below = Math.max(below, Math.abs(t[own + i]))
  if (below === 0) return 0
  const top = t[own + j]
  // Scaled, so that squares neither overflow nor vanish.
  const most = Math.max(below, Math.abs(top))
  let squares = 0
  for (let i = j; i < m; i++) squares += (t[own + i] / most) ** 2
  const norm = most * Math.sqrt(squares)
  const beta = top > 0 ? -norm : norm
  // Divided, not multiplied by the inverse, which could overflow.
  for (let i = j + 1; i < m; i++) t[own + i] /= top - beta
  t[own + j] = beta
  return (beta - top) / beta
}

function applyReflection(t: Reals, own: number, other: number, j: number, m: number, tau: number): void {
  let s = t[other + j]
  for (let i = j + 1; i < m; i++) s += t[own + i] * t[other + i]
  s *= tau
  t[other + j] -= s
  for (let i = j + 1; i < m; i++) t[other + i] -= s * t[own + i]
}

/** The column of T that a reflection adds: −τ·T·Vᵀ·v. */
function extend(triangle: Reals, t: Reals, j: number, n: number, m: number, tau: number): void {
  const dots = new Float64Array(j)
  for (let c = 0; c < j; c++) {
    let s = t[c * m + j]
    for (let i = j + 1; i < m; i++) s += t[c * m + i] * t[j * m + i]
    dots[c] = s
  }
  for (let r = 0; r < j; r++) {
    let s = 0
    for (let c = r; c < j; c++) s += triangle[r * n + c] * dots[c]
    triangle[r * n + j] = -tau * s
  }
  triangle[j * n + j] = tau
}

/** B becomes (I − V·T·Vᵀ)·B, or with Tᵀ. */
export function applyBlock(panel: Matrix, triangle: Matrix, b: Matrix, isTransposed: boolean): void {
  if (b.columns === 0 || b.rows === 0) return
  const v = vectorsOf(panel)
  // W = −Vᵀ·B, then −T·W.
  const w = zerosLike(panel, panel.columns, b.columns)
  subtractProduct(w, { matrix: v, transposed: true }, { matrix: b })
  const u = zerosLike(panel, panel.columns, b.columns)
  subtractProduct(u, { matrix: triangle, transposed: isTransposed }, { matrix: w })
  subtractProduct(b, { matrix: v }, { matrix: u })
}

/** B becomes B·(I − V·T·Vᵀ). */
export function applyBlockFromRight(panel: Matrix, triangle: Matrix, b: Matrix): void {
  if (b.columns === 0 || b.rows === 0) return
  const v = vectorsOf(panel)
  const w = zerosLike(panel, b.rows, panel.columns)
  subtractProduct(w, { matrix: b }, { matrix: v })
  const u = zerosLike(panel, b.rows, panel.columns)
  subtractProduct(u, { matrix: w }, { matrix: triangle })
  subtractProduct(b, { matrix: u }, { matrix: v, transposed: true })
}

/** V, with its ones and zeros. */
function vectorsOf(panel: Matrix): Matrix {
  const { rows: m, columns: n, parts } = panel
  const v = zerosLike(panel, m, n)
  for (let i = 0; i < m; i++) {
    const row = (panel.at + i * panel.stride) * parts
    for (let j = 0; j < Math.min(i, n) * parts; j++) v.array[i * n * parts + j] = panel.array[row + j]
    if (i < n) v.array[i * (n + 1) * parts] = 1
  }
  return v
}

/** R, as many rows as asked for. */
export function upperOf(a: Matrix, rows: number): Matrix {
  const r = zerosLike(a, rows, a.columns)
  const { parts } = a
  for (let i = 0; i < rows; i++) {
    for (let j = i * parts; j < a.columns * parts; j++)
      r.array[i * a.columns * parts + j] = a.array[(a.at + i * a.stride) * parts + j]
  }
  return r
}
