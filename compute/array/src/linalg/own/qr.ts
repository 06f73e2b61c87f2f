/**
 * A = Q·R by Householder reflections, in blocks whose product is I − V·T·Vᵀ, of complex numbers I − V·T·Vᴴ (R. Schreiber, C. Van Loan, A Storage-Efficient WY Representation for Products of Householder Transformations, 1989).
 */

import { block, type Matrix, matrixOf, type Reals, transposed, zerosLike } from '../matrix.ts'
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
      if (tau !== 0) applyReflection(t, j, n, m, tau)
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

/** Applies the reflection of column j to those behind it, four at a time. */
function applyReflection(t: Reals, j: number, n: number, m: number, tau: number): void {
  const v = j * m
  let c = j + 1
  for (; c < n - 3; c += 4) {
    const c0 = c * m
    const c1 = c0 + m
    const c2 = c1 + m
    const c3 = c2 + m
    let s0 = t[c0 + j]
    let s1 = t[c1 + j]
    let s2 = t[c2 + j]
    let s3 = t[c3 + j]
    for (let i = j + 1; i < m; i++) {
      const x = t[v + i]
      s0 += x * t[c0 + i]
      s1 += x * t[c1 + i]
      s2 += x * t[c2 + i]
      s3 += x * t[c3 + i]
    }
    s0 *= tau
    s1 *= tau
    s2 *= tau
    s3 *= tau
    t[c0 + j] -= s0
    t[c1 + j] -= s1
    t[c2 + j] -= s2
    t[c3 + j] -= s3
    for (let i = j + 1; i < m; i++) {
      const x = t[v + i]
      t[c0 + i] -= s0 * x
      t[c1 + i] -= s1 * x
      t[c2 + i] -= s2 * x
      t[c3 + i] -= s3 * x
    }
  }
  for (; c < n; c++) {
    const own = c * m
    let s = t[own + j]
    for (let i = j + 1; i < m; i++) s += t[v + i] * t[own + i]
    s *= tau
    t[own + j] -= s
    for (let i = j + 1; i < m; i++) t[own + i] -= s * t[v + i]
  }
}

const dots = new Float64Array(blockColumns)

/** Products of the vector of column j with those before it. */
function writeDots(t: Reals, j: number, m: number): void {
  const v = j * m
  let c = 0
  for (; c < j - 3; c += 4) {
    const c0 = c * m
    const c1 = c0 + m
    const c2 = c1 + m
    const c3 = c2 + m
    let s0 = t[c0 + j]
    let s1 = t[c1 + j]
    let s2 = t[c2 + j]
    let s3 = t[c3 + j]
    for (let i = j + 1; i < m; i++) {
      const x = t[v + i]
      s0 += x * t[c0 + i]
      s1 += x * t[c1 + i]
      s2 += x * t[c2 + i]
      s3 += x * t[c3 + i]
    }
    dots[c] = s0
    dots[c + 1] = s1
    dots[c + 2] = s2
    dots[c + 3] = s3
  }
  for (; c < j; c++) {
    let s = t[c * m + j]
    for (let i = j + 1; i < m; i++) s += t[c * m + i] * t[v + i]
    dots[c] = s
  }
}

/** The column of T that a reflection adds: −τ·T·Vᵀ·v. */
function extend(triangle: Reals, t: Reals, j: number, n: number, m: number, tau: number): void {
  writeDots(t, j, m)
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
  const w = room(0, panel, panel.columns, b.columns)
  subtractProduct(w, { matrix: v, transposed: true }, { matrix: b })
  const u = room(1, panel, panel.columns, b.columns)
  subtractProduct(u, { matrix: triangle, transposed: isTransposed }, { matrix: w })
  subtractProduct(b, { matrix: v }, { matrix: u })
}

/** B becomes B·(I − V·T·Vᵀ). */
export function applyBlockFromRight(panel: Matrix, triangle: Matrix, b: Matrix): void {
  if (b.columns === 0 || b.rows === 0) return
  const v = vectorsOf(panel)
  const w = room(0, panel, b.rows, panel.columns)
  subtractProduct(w, { matrix: b }, { matrix: v })
  const u = room(1, panel, b.rows, panel.columns)
  subtractProduct(u, { matrix: w }, { matrix: triangle })
  subtractProduct(b, { matrix: u }, { matrix: v, transposed: true })
}

/** Of small matrices: memory of one's own takes longer to be made than such a matrix to be multiplied. */
const rooms = new Map<unknown, Reals[]>()
const mostOfRoom = 8192

/** A matrix of zeros that is needed until the next product of reflections, one of a few. */
function room(which: 0 | 1 | 2, like: Matrix, rows: number, columns: number): Matrix {
  const size = rows * columns * like.parts
  if (size > mostOfRoom) return zerosLike(like, rows, columns)
  const Reals = like.array.constructor as Float64ArrayConstructor
  let known = rooms.get(Reals)
  if (known === undefined) rooms.set(Reals, (known = [0, 1, 2].map(() => new Reals(mostOfRoom))))
  return matrixOf(known[which].fill(0, 0, size), rows, columns, 0, columns, like.parts)
}

/** V, with its ones and zeros. */
function vectorsOf(panel: Matrix): Matrix {
  const { rows: m, columns: n, parts } = panel
  const v = room(2, panel, m, n)
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
