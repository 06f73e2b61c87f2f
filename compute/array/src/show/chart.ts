/** What a chart shows, before it is drawn: marks over two spans. Elements that are NaN or infinite are gaps. */

export type Numbers = ArrayLike<number>

export interface Span {
  readonly low: number
  readonly high: number
}

/** Points that are joined, or not, in order. */
export interface Series {
  readonly is: 'line' | 'points'
  readonly x: Numbers
  readonly y: Numbers
  readonly label?: string
}

export interface Bars {
  readonly is: 'bars'
  /** One more than heights. */
  readonly edges: Numbers
  readonly heights: Numbers
}

/** Values of a grid in C order, the first row on top. */
export interface Cells {
  readonly is: 'cells'
  readonly rows: number
  readonly columns: number
  readonly values: Numbers
  readonly range: Span
}

export interface Chart {
  readonly title?: string
  readonly x: Span
  readonly y: Span
  readonly marks: readonly Series[] | readonly [Bars] | readonly [Cells]
}

/** From the least to the largest finite number. One number has some space around it, none are 0 to 1. */
export function spanOf(...lists: readonly Numbers[]): Span {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const list of lists) {
    for (let k = 0; k < list.length; k++) {
      const v = list[k]
      if (!Number.isFinite(v)) continue
      if (v < low) low = v
      if (v > high) high = v
    }
  }
  if (low > high) return { low: 0, high: 1 }
  if (low < high) return { low, high }
  const around = low === 0 ? 1 : Math.abs(low) / 2
  return { low: low - around, high: high + around }
}

/**
 * A line of few points that looks the same where `columns` points side by side can be told apart: of the points that follow each other in one column, the
 * lowest and the highest. A gap remains where a column has nothing else.
 */
export function thinned({ x, y }: Pick<Series, 'x' | 'y'>, { low, high }: Span, columns: number): [Numbers, Numbers] {
  if (y.length <= 4 * columns) return [x, y]
  const scale = columns / (high - low)
  const [xs, ys]: [number[], number[]] = [[], []]
  let [column, least, most] = [Number.NaN, -1, -1]
  const take = (k: number): void => {
    xs.push(x[k])
    ys.push(y[k])
  }
  const flush = (): void => {
    if (Number.isNaN(column)) return
    if (least < 0) {
      xs.push(low + (column + 0.5) / scale)
      ys.push(Number.NaN)
    } else {
      take(Math.min(least, most))
      if (least !== most) take(Math.max(least, most))
    }
  }
  for (let k = 0; k < y.length; k++) {
    const at = Math.floor((x[k] - low) * scale)
    if (at !== column && !Number.isNaN(at)) {
      flush()
      ;[column, least, most] = [at, -1, -1]
    }
    if (!Number.isFinite(y[k])) continue
    if (least < 0 || y[k] < y[least]) least = k
    if (most < 0 || y[k] > y[most]) most = k
  }
  flush()
  return [xs, ys]
}

/** A grid of no more than so many rows and columns: means over blocks of about equal size, without NaN and infinities; NaN where nothing else is. */
export function shrunk(cells: Cells, mostRows: number, mostColumns: number): Cells {
  const { rows, columns, values } = cells
  const [r, c] = [Math.min(rows, mostRows), Math.min(columns, mostColumns)]
  if (r === rows && c === columns) return cells
  const [sums, counts] = [new Float64Array(r * c), new Float64Array(r * c)]
  for (let i = 0; i < rows; i++) {
    const row = Math.floor((i * r) / rows) * c
    for (let j = 0; j < columns; j++) {
      const v = values[i * columns + j]
      if (!Number.isFinite(v)) continue
      const at = row + Math.floor((j * c) / columns)
      sums[at] += v
      counts[at]++
    }
  }
  return { ...cells, rows: r, columns: c, values: sums.map((sum, k) => sum / counts[k]) }
}
