/** Arrays as text, as NumPy prints them: columns aligned, the middle of large ones left out. */

import { type DType, infoOf } from './dtypes.ts'
import { itemAt, type NDArray } from './ndarray.ts'

export interface PrintOptions {
  /** Digits behind the point, at most. Default 8. */
  precision?: number
  /** Beyond so many elements only the ends are shown. Default 1000. */
  threshold?: number
  /** Elements shown at each end of an axis then. Default 3. */
  edge?: number
  /** Characters in a line. Default 75. */
  width?: number
}

/** Elements between square brackets, in rows. */
export function format(x: NDArray, options: PrintOptions = {}): string {
  const { precision = 8, threshold = 1000, edge = 3, width = 75 } = options
  const { view } = x
  if (x.size === 0) return '[]'
  const ends = x.size > threshold ? edge : Infinity
  const shown: (readonly number[])[] = view.shape.map(n => shownOf(n, ends))
  const texts = write(x, shown, precision)
  const widest = texts.reduce((most, t) => Math.max(most, t.length), 0)
  let next = 0
  const rows = (axis: number, indent: string): string => {
    if (axis === view.shape.length) return texts[next++].padStart(axis === 0 ? 0 : widest)
    const isLast = axis === view.shape.length - 1
    const items = shown[axis].map(k => (k < 0 ? '...' : rows(axis + 1, `${indent} `)))
    if (isLast) return `[${fill(items, indent, width)}]`
    const gap = `${','}${'\n'.repeat(view.shape.length - 1 - axis)}${indent} `
    return `[${items.join(gap)}]`
  }
  return rows(0, '')
}

/** Numbers of the elements that are shown, −1 where some are left out. */
function shownOf(length: number, ends: number): number[] {
  const all = Array.from({ length: Math.min(length, 2 * ends + 1) }, (_, k) => k)
  if (length <= 2 * ends) return all
  return [...all.slice(0, ends), -1, ...all.slice(0, ends).map(k => length - ends + k)]
}

/** Items in lines of at most so many characters. */
function fill(items: readonly string[], indent: string, width: number): string {
  const lines: string[] = []
  let line = ''
  for (const item of items) {
    const longer = line === '' ? item : `${line}, ${item}`
    if (line !== '' && indent.length + longer.length + 2 > width) {
      lines.push(line)
      line = item
    } else line = longer
  }
  return [...lines, line].join(`,\n${indent} `)
}

/** Texts of the elements that are shown, in order. */
function write(x: NDArray, shown: readonly (readonly number[])[], precision: number): string[] {
  const { view } = x
  const values: unknown[] = []
  const visit = (axis: number, at: number): void => {
    if (axis === shown.length) values.push(itemAt(view, at))
    else for (const k of shown[axis]) if (k >= 0) visit(axis + 1, at + k * view.strides[axis])
  }
  visit(0, view.offset)
  return textsOf(values, x.dtype, precision)
}

function textsOf(values: readonly unknown[], dtype: DType, precision: number): string[] {
  const { kind } = infoOf(dtype)
  if (kind === 'complex') {
    const pairs = values as { re: number; im: number }[]
    const re = floats(
      pairs.map(z => z.re),
      dtype,
      precision,
    )
    const im = floats(
      pairs.map(z => z.im),
      dtype,
      precision,
    )
    // What aligns the imaginary part's digits stands behind its j.
    return re.map((r, k) => {
      const part = im[k].trim()
      const sign = part.startsWith('-') ? '' : '+'
      return `${r}${sign}${part}j${' '.repeat(im[k].length - im[k].trimEnd().length)}`
    })
  }
  return kind === 'float' ? floats(values as number[], dtype, precision) : values.map(String)
}

/** Digits that tell a float of this width from its neighbours. */
const digits: Partial<Record<DType, number>> = { float16: 4, float32: 8, complex64: 8 }

function floats(values: readonly number[], dtype: DType, precision: number): string[] {
  const sizes = values.filter(x => Number.isFinite(x) && x !== 0).map(Math.abs)
  const [most, least] = [Math.max(0, ...sizes), Math.min(Infinity, ...sizes)]
  const isWide = most >= 1e8 || least < 1e-4 || most / least > 1e3 * 1e5
  const significant = digits[dtype] ?? 17
  const short = (x: number): string => {
    if (!Number.isFinite(x)) return Number.isNaN(x) ? 'nan' : x < 0 ? '-inf' : 'inf'
    const own = significant < 17 ? Number(x.toPrecision(significant)) : x
    return isWide ? exponential(own, precision) : plain(own, precision)
  }
  const texts = values.map(short)
  if (isWide) return texts
  // The same number of digits behind the point for all, so that points stand below each other.
  const behind = Math.max(...texts.map(t => (t.includes('.') ? t.length - t.indexOf('.') - 1 : 0)))
  return texts.map(t => (t.includes('.') ? t + ' '.repeat(behind - (t.length - t.indexOf('.') - 1)) : t))
}

function plain(x: number, precision: number): string {
  const fixed = x.toFixed(precision)
  const cut = fixed.includes('.') ? fixed.replace(/0+$/, '') : `${fixed}.`
  return Object.is(x, -0) && !cut.startsWith('-') ? `-${cut}` : cut
}

function exponential(x: number, precision: number): string {
  const shortest = x.toExponential()
  const cut = shortest.indexOf('e')
  const text = cut - 2 > precision ? x.toExponential(precision) : shortest
  const [digits, exponent] = text.split('e')
  const sign = exponent.startsWith('-') ? '-' : '+'
  return `${digits.includes('.') ? digits : `${digits}.`}e${sign}${exponent.replace(/[+-]/, '').padStart(2, '0')}`
}
