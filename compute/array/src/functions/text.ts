/** Arrays in text files: rows of numbers, as NumPy's `loadtxt`, `genfromtxt` and `savetxt` read and write them. */

import { ArgumentError } from '@skein/base'
import { type DType, infoOf } from '../dtypes.ts'
import { ArrayFileError, ShapeError, shapeText } from '../errors.ts'
import { type ReadItem, readerOf, writerOf } from '../io/numbers.ts'
import { itemAt, type NDArray, places } from '../ndarray.ts'
import { checkShape } from '../shape.ts'
import { checkDType, fresh } from './creation.ts'
import { type ArrayFile, givenBytes, nameOf } from './files.ts'
import { isComplexNumber, type Operand, toArray } from './operands.ts'
import { permuteDims, reshape } from './shaping.ts'

export interface TextOptions<D extends DType = DType> {
  /** Default float64. */
  dtype?: D
  /** What stands between fields. Left out: space, tabs. */
  delimiter?: string
  /** With it fields may stand in quotes, and hold the delimiter then; doubled it is itself. */
  quotechar?: string
  /** What begins a comment, to the end of the line; null: nothing does. Default `#`. */
  comments?: string | null
  /** Lines left out at the beginning, comments too. */
  skiprows?: number
  /** Rows read, at most. */
  maxRows?: number
  /** Columns to read, negative ones from the end. */
  usecols?: number | readonly number[]
  /** Texts of fields that are missing, besides the empty one, where a delimiter is given. */
  missingValues?: readonly string[]
  /** What stands in the array for them: NaN for floats, unless it is named. Without it they are an error for other dtypes. */
  fillingValue?: number | bigint | boolean | { re: number; im: number }
  /** Columns as rows. */
  unpack?: boolean
  /** The least number of axes: 0, 1 or 2. Below 2, one row or one column is an array of one axis. */
  ndmin?: 0 | 1 | 2
}

/**
 * Reads rows of numbers, all of one length, from a text file in UTF-8: an array of rows and columns.
 * @throws ArrayFileError with line and field, where one is no number of the dtype or a row has another length
 */
export async function loadtxt<D extends DType = 'float64'>(
  file: ArrayFile,
  options: TextOptions<D> = {},
): Promise<NDArray<D>> {
  const bytes = givenBytes(file, 'loadtxt') ?? (await (await import('node:fs/promises')).readFile(file as string))
  return parseText(new TextDecoder().decode(bytes), options, 'loadtxt', nameOf(file))
}

/** The same of a text, not of a file: `fromtext('1 2\n3 4')`. */
export const fromtext = async <D extends DType = 'float64'>(
  text: string,
  options: TextOptions<D> = {},
): Promise<NDArray<D>> => {
  if (typeof text !== 'string') throw new ArgumentError('fromtext', 'text', 'a text', text)
  return parseText(text, options, 'fromtext', 'the text')
}

/** Splits a line into fields. @throws ArgumentError */
async function splitter({ delimiter, quotechar, comments }: TextOptions, call: string) {
  for (const [name, mark] of Object.entries({ delimiter, quotechar, comments }))
    if (mark !== undefined && mark !== null && (typeof mark !== 'string' || mark === '' || /[\r\n]/.test(mark)))
      throw new ArgumentError(call, name, 'a text without line breaks', mark)
  if (quotechar === undefined)
    return delimiter === undefined
      ? (line: string) => line.trim().split(/\s+/)
      : (line: string) => line.split(delimiter)
  // Loaded where quotes are asked for: without them a field ends at a delimiter.
  const { default: csv } = await import('papaparse')
  return (line: string) => csv.parse<string[]>(line, { delimiter: delimiter ?? ' ', quoteChar: quotechar }).data[0]
}

/** Lines that are not empty once comments are gone, by their number from 1. */
function* linesOf(text: string, { comments = '#', skiprows = 0, maxRows = Infinity }: TextOptions) {
  const lines = text.split(/\r\n|\n|\r/)
  let count = 0
  for (let k = skiprows; k < lines.length && count < maxRows; k++) {
    const cut = comments === null ? -1 : lines[k].indexOf(comments)
    const line = cut < 0 ? lines[k] : lines[k].slice(0, cut)
    if (line.trim() === '') continue
    count++
    yield [k + 1, line] as const
  }
}

async function parseText<D extends DType>(
  text: string,
  options: TextOptions<D>,
  call: string,
  file: string,
): Promise<NDArray<D>> {
  const { dtype = 'float64' as D, ndmin = 0, unpack = false } = options
  checkDType(dtype, call)
  const read = fieldReader(options, dtype)
  const split = await splitter(options, call)
  const items: ReadItem[] = []
  let rows = 0
  let width = 0
  let chosen: number[] = []
  for (const [line, content] of linesOf(text, options)) {
    const fields = split(content)
    if (rows === 0) {
      width = fields.length
      chosen = pick(width, options.usecols, call)
    }
    if (fields.length !== width)
      throw new ArrayFileError(call, file, `${width} fields in line ${line}, as in those before`, String(fields.length))
    for (const c of chosen) {
      const item = read(fields[c].trim())
      if (item === undefined)
        throw new ArrayFileError(
          call,
          file,
          `a number of ${dtype} in line ${line}, field ${c + 1}`,
          JSON.stringify(fields[c].slice(0, 40)),
          'Missing fields are named by missingValues, with a fillingValue.',
        )
      items.push(item)
    }
    rows++
  }
  const shape = checkShape([rows, chosen.length], call)
  const { array, memory } = fresh(dtype, shape, call)
  const { elements } = memory
  if (infoOf(dtype).kind === 'complex') {
    for (const [k, item] of items.entries()) {
      const z = isComplexNumber(item) ? item : { re: Number(item), im: 0 }
      elements[2 * k] = z.re
      elements[2 * k + 1] = z.im
    }
  } else for (let k = 0; k < items.length; k++) elements[k] = items[k] as number
  const turned = unpack ? permuteDims(array) : array
  if (ndmin >= 2 || !turned.shape.includes(1)) return rows === 0 && ndmin < 2 ? reshape(array, [0]) : turned
  return reshape(turned, turned.size === 1 && ndmin === 0 ? [] : [turned.size]) as NDArray<D>
}

/** Reads a field; undefined: it is no number of the dtype. */
function fieldReader({ missingValues = [], fillingValue, delimiter }: TextOptions, dtype: DType) {
  const { kind, type } = infoOf(dtype)
  const usual = kind === 'float' ? Number.NaN : kind === 'complex' ? { re: Number.NaN, im: 0 } : undefined
  const filling = fillingValue ?? (missingValues.length > 0 ? usual : undefined)
  const own = type === 'i64' && typeof filling === 'number' ? BigInt(filling) : filling
  const read = readerOf(dtype)
  if (own === undefined) return read
  const missing = new Set(delimiter === undefined ? missingValues : ['', ...missingValues])
  return (text: string): ReadItem | undefined => (missing.has(text) ? own : read(text))
}

/** Numbers of the fields that are read. */
function pick(width: number, usecols: TextOptions['usecols'], call: string): number[] {
  if (usecols === undefined) return Array.from({ length: width }, (_, k) => k)
  return [usecols].flat().map(given => {
    const c = (given as number) < 0 ? (given as number) + width : (given as number)
    if (!Number.isInteger(c) || c < 0 || c >= width)
      throw new ArgumentError(call, 'usecols', `columns among the ${width} that there are`, given)
    return c
  })
}

export interface SaveTextOptions {
  /** Writes an element; default the fewest digits from which it is read back as it is. */
  format?: (item: number | bigint | boolean | { re: number; im: number }) => string
  /** Default a space. */
  delimiter?: string
  /** Behind each row. Default `\n`. */
  newline?: string
  /** Lines in front and behind, each after `comments`. */
  header?: string
  footer?: string
  /** Default `# `. */
  comments?: string
}

/** An array of one axis, a number in a row, or of two, as text. @throws ShapeError for more axes */
export function totext(x: Operand, options: SaveTextOptions = {}): string {
  const { delimiter = ' ', newline = '\n', header = '', footer = '', comments = '# ' } = options
  const array = toArray(x, 'savetxt')
  if (array.ndim > 2)
    throw new ShapeError('savetxt', `the shape ${shapeText(array.shape)} has more than two axes.`, [array.shape])
  const rows = array.ndim === 2 ? array : reshape(array, [-1, 1])
  const write = options.format ?? writerOf(rows.dtype)
  const { view } = rows
  const at = places(view)
  const [height, width] = rows.shape
  const noted = (text: string): string[] => (text === '' ? [] : text.split('\n').map(line => comments + line))
  const lines = noted(header)
  for (let r = 0; r < height; r++)
    lines.push(Array.from({ length: width }, () => write(itemAt(view, at.next().value!))).join(delimiter))
  return [...lines, ...noted(footer)].map(line => line + newline).join('')
}

/** Writes such a text to a file in UTF-8. */
export async function savetxt(file: string | URL, x: Operand, options: SaveTextOptions = {}): Promise<void> {
  const array = await toArray(x, 'savetxt').evalAsync()
  await (await import('node:fs/promises')).writeFile(file, totext(array, options))
}
