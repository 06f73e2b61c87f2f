/**
 * A = Q·R by Householder reflections, in blocks whose product is I − V·T·Vᵀ (R. Schreiber, C. Van Loan, A Storage-Efficient WY Representation for Products of Householder Transformations, 1989).
 */

import { block, type Matrix, type Reals, zerosLike } from '../matrix.ts'
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

/** B becomes Qᵀ·B, or Q·B. */
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
  for (let k = 0; k < columns; k++) q.array[k * columns + k] = 1
  applyQ(reflections, q, false)
  return q
}

/** Reflects the columns of a panel one by one. @returns T, upper triangular */
function reflectPanel(panel: Matrix): Matrix {
  const { array, at, rows: m, columns: n, stride } = panel
  const t = columnsOf(panel)
  const triangle = zerosLike(panel, n, n)
  for (let j = 0; j < n; j++) {
    const tau = reflect(t, j * m, j, m)
    if (tau !== 0) for (let c = j + 1; c < n; c++) applyReflection(t, j * m, c * m, j, m, tau)
    extend(triangle.array, t, j, n, m, tau)
  }
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) array[at + i * stride + j] = t[j * m + i]
  return triangle
}

/** Reflections by vectors that are there: v below the diagonal of columns, each with its τ. */
export function reflectionsOf(a: Matrix, taus: Float64Array): Reflections {
  const triangles: Matrix[] = []
  for (let k = 0; k < taus.length; k += blockColumns) {
    const n = Math.min(blockColumns, taus.length - k)
    const m = a.rows - k
    const v = columnsOf(block(a, k, k, m, n))
    const triangle = zerosLike(a, n, n)
    for (let j = 0; j < n; j++) extend(triangle.array, v, j, n, m, taus[k + j])
    triangles.push(triangle)
  }
  return { a, triangles }
}

/** Columns one behind the other. */
function columnsOf({ array, at, rows: m, columns: n, stride }: Matrix): Reals {
  const Reals = array.constructor as Float64ArrayConstructor
  const t = new Reals(m * n)
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) t[j * m + i] = array[at + i * stride + j]
  return t
}

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
  const scale = 1 / (top - beta)
  for (let i = j + 1; i < m; i++) t[own + i] *= scale
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
function applyBlock(panel: Matrix, triangle: Matrix, b: Matrix, isTransposed: boolean): void {
  if (b.columns === 0 || b.rows === 0) return
  const { rows: m, columns: n } = panel
  const v = zerosLike(panel, m, n)
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < Math.min(i + 1, n); j++)
      v.array[i * n + j] = i === j ? 1 : panel.array[panel.at + i * panel.stride + j]
  }
  // W = −Vᵀ·B, then −T·W.
  const w = zerosLike(panel, n, b.columns)
  subtractProduct(w, { matrix: v, transposed: true }, { matrix: b })
  const u = zerosLike(panel, n, b.columns)
  subtractProduct(u, { matrix: triangle, transposed: isTransposed }, { matrix: w })
  subtractProduct(b, { matrix: v }, { matrix: u })
}

/** R, as many rows as asked for. */
export function upperOf(a: Matrix, rows: number): Matrix {
  const r = zerosLike(a, rows, a.columns)
  for (let i = 0; i < rows; i++)
    for (let j = i; j < a.columns; j++) r.array[i * a.columns + j] = a.array[a.at + i * a.stride + j]
  return r
}
