/** Arrays to look at: charts in a terminal, as text or as SVG. */

import { ArgumentError } from '@skein/base'
import { isComplex } from '../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../errors.ts'
import type { NDArray } from '../ndarray.ts'
import { type Chart, type Numbers, type Series, spanOf } from '../show/chart.ts'
import { asarray, type Nested } from './creation.ts'
import { histogram } from './histogram.ts'
import type { Operand } from './operands.ts'
import { elementsOf } from './placing.ts'

const kinds = ['line', 'scatter', 'histogram', 'heatmap'] as const
const forms = ['terminal', 'text', 'svg'] as const

export interface ShowOptions {
  /**
   * `line`: elements in order; of a 2-dimensional array each column is a line. `scatter`: of a 2-dimensional array the first column against each other one. `histogram`: of
   * all elements. `heatmap`: of a 2-dimensional array, the first row on top. Left out: `heatmap` for two axes, else `line`.
   */
  kind?: (typeof kinds)[number]
  /** `terminal` (default): printed; `text`: the same lines as a result; `svg`: a document. */
  as?: (typeof forms)[number]
  /** Where along the horizontal axis the rows are, for lines and points; left out 0, 1, … */
  x?: Operand | readonly number[]
  /** Of a histogram; left out, the square root of the number of elements, at most 60. */
  bins?: number
  title?: string
  /** Of lines, or of points of one colour. */
  labels?: readonly string[]
  /** Of the whole: in characters (as wide as the terminal, or 80; 20 lines), or in pixels (640 × 400). */
  width?: number
  height?: number
  /** Colours in text. Left out, they are there on a terminal that has them. */
  colour?: boolean
}

/** Elements as numbers, in C order. */
function numbersOf(x: NDArray, call: string): Numbers {
  if (isComplex(x.dtype)) throw new DTypeError(call, 'real numbers', [x.dtype], 'Take nd.abs, nd.real or nd.imag.')
  const elements = elementsOf(x) as unknown as ArrayLike<number | bigint>
  return typeof elements[0] === 'bigint' ? Float64Array.from(elements, Number) : (elements as Numbers)
}

function filled(n: number, value: (k: number) => number): Float64Array {
  const list = new Float64Array(n)
  for (let k = 0; k < n; k++) list[k] = value(k)
  return list
}

/** Columns of an array of one or two axes. */
function columnsOf(x: NDArray, call: string): Numbers[] {
  if (x.ndim === 1) return [numbersOf(x, call)]
  const [rows, columns] = x.shape
  const values = numbersOf(x, call)
  return Array.from({ length: columns }, (_, c) => filled(rows, r => values[r * columns + c]))
}

/** Some space at the ends of what is not a whole number of anything. */
const padded = ({ low, high }: { low: number; high: number }) => {
  const space = (high - low) / 40
  return { low: low - space, high: high + space }
}

function seriesChart(x: NDArray, is: Series['is'], { x: given, labels, title }: ShowOptions, call: string): Chart {
  const columns = columnsOf(x, call)
  let places: Numbers
  if (given !== undefined) {
    const along = asarray(given as Nested)
    if (along.ndim !== 1 || along.size !== x.shape[0])
      throw new ShapeError(
        call,
        `x of shape ${shapeText(along.shape)} does not say where ${x.shape[0]} rows are, of an array of shape ${shapeText(x.shape)}.`,
        [x.shape, along.shape],
      )
    places = numbersOf(along, call)
  } else if (is === 'points' && columns.length > 1) places = columns.shift()!
  else places = filled(x.shape[0], k => k)
  const marks = columns.map((y, k): Series => ({ is, x: places, y, label: labels?.[k] }))
  const [across, up] = [spanOf(places), padded(spanOf(...columns))]
  return { title, x: is === 'points' ? padded(across) : across, y: up, marks }
}

function histogramChart(x: NDArray, { bins, title }: ShowOptions, call: string): Chart {
  const finite = Float64Array.from(numbersOf(x, call)).filter(Number.isFinite)
  const { counts, edges } = histogram(finite, {
    bins: bins ?? Math.max(1, Math.min(60, Math.ceil(Math.sqrt(finite.length)))),
  })
  const heights = numbersOf(counts, call)
  const most = spanOf(heights).high
  const limits = numbersOf(edges, call)
  const [low, high] = [limits[0], limits[limits.length - 1]]
  return {
    title,
    x: { low, high },
    y: { low: 0, high: finite.length === 0 ? 1 : most * 1.02 },
    marks: [{ is: 'bars', edges: limits, heights }],
  }
}

function gridChart(x: NDArray, { title }: ShowOptions, call: string): Chart {
  const [rows, columns] = x.shape
  const values = numbersOf(x, call)
  return {
    title,
    x: { low: 0, high: Math.max(1, columns) },
    y: { low: 0, high: Math.max(1, rows) },
    marks: rows * columns === 0 ? [] : [{ is: 'cells', rows, columns, values, range: spanOf(values) }],
  }
}

function checkSize(value: number | undefined, name: string, least: number, otherwise: number): number {
  if (value === undefined) return otherwise
  if (!Number.isSafeInteger(value) || value < least || value > 10_000)
    throw new ArgumentError('show', name, `a whole number from ${least} to 10000`, value)
  return value
}

function chartOf(x: NDArray, options: ShowOptions): Chart {
  const call = 'show'
  const { kind = x.ndim === 2 ? 'heatmap' : 'line', bins } = options
  if (!kinds.includes(kind)) throw new ArgumentError(call, 'kind', `one of ${kinds.join(', ')}`, kind)
  if (bins !== undefined && (!Number.isSafeInteger(bins) || bins < 1))
    throw new ArgumentError(call, 'bins', 'a whole number from 1', bins)
  if (kind === 'histogram') return histogramChart(x, options, call)
  const isFine = kind === 'heatmap' ? x.ndim === 2 : x.ndim === 1 || x.ndim === 2
  if (!isFine) {
    const wanted = kind === 'heatmap' ? 'two axes' : 'one or two axes'
    throw new ShapeError(call, `a ${kind} is of arrays with ${wanted}, not of shape ${shapeText(x.shape)}.`, [x.shape])
  }
  if (kind === 'heatmap') return gridChart(x, options, call)
  return seriesChart(x, kind === 'line' ? 'line' : 'points', options, call)
}

/**
 * Draws an array: `await nd.show(x)` prints a chart, `await nd.show(x, { as: 'svg' })` is the text of an SVG document.
 *
 * NaN and infinities are gaps; of an empty array there are axes alone. Of a line with many more points than the picture has columns the lowest and the highest of each
 * column are drawn, of a grid with more cells than it has places their means, of points on one place one.
 * @throws ArgumentError for an option that there is not; ShapeError for a shape that has no such chart; DTypeError for complex numbers
 */
export function show(
  x: Operand | Nested | Iterable<number>,
  options: ShowOptions & { as: 'text' | 'svg' },
): Promise<string>
export function show(x: Operand | Nested | Iterable<number>, options?: ShowOptions): Promise<undefined>
export async function show(
  x: Operand | Nested | Iterable<number>,
  options: ShowOptions = {},
): Promise<string | undefined> {
  const { as = 'terminal' } = options
  if (!forms.includes(as)) throw new ArgumentError('show', 'as', `one of ${forms.join(', ')}`, as)
  const array = await asarray(x as Nested).evalAsync()
  const chart = chartOf(array, options)
  const { scaleLinear } = await import('d3-scale')
  if (as === 'svg') {
    const { drawSvg } = await import('../show/svg.ts')
    const [width, height] = [checkSize(options.width, 'width', 120, 640), checkSize(options.height, 'height', 80, 400)]
    return drawSvg(chart, { width, height }, scaleLinear)
  }
  const { drawText } = await import('../show/terminal.ts')
  const out = typeof process === 'object' && as === 'terminal' && process.stdout?.isTTY ? process.stdout : undefined
  const page = {
    width: checkSize(options.width, 'width', 20, out?.columns ?? 80),
    height: checkSize(options.height, 'height', 6, 20),
    colour: options.colour ?? out?.hasColors?.(2 ** 24) === true,
  }
  const drawn = drawText(chart, page, scaleLinear)
  if (as === 'text') return drawn
  console.log(drawn)
}
