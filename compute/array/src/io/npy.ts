/**
 * The format `.npy` of NumPy (numpy/lib/format.py, NEP 1): a magic word, a version, a header that is a Python literal padded to 64 bytes, and the elements
 * as they lie in memory, in C or Fortran order. Versions differ in how the header's length and text are written.
 */

import { type DType, type Elements, infoOf } from '../dtypes.ts'
import { ArrayFileError, shapeText } from '../errors.ts'
import { mostElements, type Shape, sizeOf } from '../shape.ts'
import { type Literal, parseLiteral } from './literal.ts'

export interface Header {
  readonly dtype: DType
  readonly shape: Shape
  /** The first axis is the fastest. */
  readonly isFortran: boolean
  readonly isBigEndian: boolean
  /** Bytes in front of the elements. */
  readonly begin: number
}

/** Who reads, and what: for errors. */
export interface Source {
  readonly call: string
  readonly file: string
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] // \x93NUMPY
/** Of a header longer than that no array has need. */
const longestHeader = 1 << 20

const names: Record<string, DType> = {
  b1: 'bool',
  i1: 'int8',
  i2: 'int16',
  i4: 'int32',
  i8: 'int64',
  u1: 'uint8',
  u2: 'uint16',
  u4: 'uint32',
  u8: 'uint64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
  c8: 'complex64',
  c16: 'complex128',
}
const codes = Object.fromEntries(Object.entries(names).map(([code, dtype]) => [dtype, code]))

/** Bytes that say how long the header is: the magic word, two numbers of the version, and the length. At least so many are asked for at first. */
export const prefixBytes = 12

/** Where the header ends; `prefix` are the first bytes of the file. @throws ArrayFileError */
export function headerEnd(prefix: Uint8Array, { call, file }: Source): number {
  const fail = (expected: string, found: string, advice?: string): never => {
    throw new ArrayFileError(call, file, expected, found, advice)
  }
  if (prefix.length >= 4 && prefix[0] === 0x50 && prefix[1] === 0x4b)
    fail("an array's file, .npy", 'an archive, zip', 'Archives of arrays are read by loadz.')
  if (prefix.length < 10 || magic.some((byte, k) => prefix[k] !== byte))
    fail('the magic word \\x93NUMPY', prefix.length < 10 ? `${prefix.length} bytes` : hex(prefix.subarray(0, 6)))
  const [major, minor] = [prefix[6], prefix[7]]
  if (major < 1 || major > 3 || minor !== 0) fail('version 1.0, 2.0 or 3.0 of the format', `${major}.${minor}`)
  if (major > 1 && prefix.length < 12) fail('12 bytes at least', String(prefix.length))
  const view = new DataView(prefix.buffer, prefix.byteOffset)
  const [begin, length] = major === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)]
  if (length > longestHeader) fail(`a header of at most ${longestHeader} bytes`, `one of ${length}`)
  return begin + length
}

const hex = (bytes: Uint8Array): string => [...bytes].map(b => b.toString(16).padStart(2, '0')).join(' ')

/** The last header that was read: files of one kind often come one after the other. */
let last: { readonly text: string; readonly header: Header } | undefined

/** What stands in the header, of the file's bytes up to its end. @throws ArrayFileError */
export function readHeader(bytes: Uint8Array, end: number, source: Source): Header {
  if (bytes.length < end)
    throw new ArrayFileError(
      source.call,
      source.file,
      `a header of ${end} bytes`,
      `${bytes.length} bytes`,
      'The file has been cut off.',
    )
  const isText = bytes[6] === 3
  const begin = bytes[6] === 1 ? 10 : 12
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + begin, end - begin).toString(isText ? 'utf-8' : 'latin1')
  if (last?.text !== text) last = { text, header: headerOf(text, end, source) }
  const { header } = last
  return header.begin === end ? header : { ...header, begin: end }
}

function headerOf(text: string, end: number, source: Source): Header {
  const { call, file } = source
  const fail = (expected: string, found: string, advice?: string, cause?: unknown): never => {
    throw new ArrayFileError(call, file, expected, found, advice, { cause })
  }
  let literal: Literal = null
  try {
    literal = parseLiteral(text)
  } catch (cause) {
    fail('a dictionary of Python as header', (cause as Error).message, undefined, cause)
  }
  const keys = literal instanceof Map ? [...literal.keys()].sort().join(', ') : 'no dictionary'
  if (keys !== 'descr, fortran_order, shape') fail('the keys descr, fortran_order, shape', keys)
  const map = literal as Map<string, Literal>
  const [descr, order, shape] = ['descr', 'fortran_order', 'shape'].map(key => map.get(key)!)
  if (typeof order !== 'boolean') fail('True or False as fortran_order', JSON.stringify(order))
  const isShape = Array.isArray(shape) && shape.every(n => Number.isSafeInteger(n) && (n as number) >= 0)
  if (!isShape) fail('a tuple of whole numbers from 0 as shape', JSON.stringify(shape))
  const size = sizeOf(shape as number[])
  if (size > mostElements)
    fail(`at most ${mostElements} elements`, `the shape ${shapeText(shape as number[])}, of ${size}`)
  const [, mark, code] = (typeof descr === 'string' && /^([<>=|])?(\w+)$/.exec(descr)) || []
  const dtype = Object.hasOwn(names, code ?? '') ? names[code] : undefined
  if (dtype === undefined) {
    const told = Array.isArray(descr) ? 'records' : JSON.stringify(descr)
    return fail(
      'elements of a dtype that arrays have',
      told,
      'Objects, texts, dates, records and long doubles have none.',
    )
  }
  return { dtype, shape: shape as number[], isFortran: order as boolean, isBigEndian: mark === '>', begin: end }
}

/** Bytes that the elements take; checked against those that are there, before anything is allocated. @throws ArrayFileError */
export function checkLength({ dtype, shape, begin }: Header, fileBytes: number, { call, file }: Source): number {
  const expected = sizeOf(shape) * infoOf(dtype).bytes
  const found = fileBytes - begin
  if (found < expected)
    throw new ArrayFileError(
      call,
      file,
      `${expected} bytes of elements, for ${dtype} ${shapeText(shape)}`,
      `${found} bytes`,
      'The file has been cut off, or its header is wrong.',
    )
  return expected
}

/** Makes elements of bytes that have just been read: in the order of this machine, booleans 0 or 1. */
export function settle(elements: Elements, { dtype, isBigEndian }: Pick<Header, 'dtype' | 'isBigEndian'>): void {
  const { kind, bits } = infoOf(dtype)
  if (kind === 'bool') {
    for (let k = 0; k < elements.length; k++) if ((elements[k] as number) > 1) elements[k] = 1
  } else if (isBigEndian && bits > 8) swap(elements, bits / 8)
}

export function swap({ buffer, byteOffset, byteLength }: Elements, bytes: number): void {
  const all = Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)
  if (bytes === 2) all.swap16()
  else if (bytes === 4) all.swap32()
  else if (bytes === 8) all.swap64()
}

/** Magic word, version and header, padded so that the elements behind it begin at a multiple of 64 bytes. */
export function writeHeader(dtype: DType, shape: Shape, isFortran: boolean): Uint8Array {
  const order = isFortran ? 'True' : 'False'
  const code = codes[dtype]
  const mark = infoOf(dtype).bits > 8 ? '<' : '|'
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  // As NumPy has it, the length of the slowest axis can grow to 21 digits in place.
  const grows = shape.length === 0 ? 0 : 21 - String(isFortran ? shape.at(-1) : shape[0]).length
  const text = `{'descr': '${mark}${code}', 'fortran_order': ${order}, 'shape': ${tuple}, }${' '.repeat(grows)}`
  const isLong = 10 + text.length + 65 > 0xffff
  const begin = isLong ? 12 : 10
  const length = Math.ceil((begin + text.length + 1) / 64) * 64 - begin
  const bytes = new Uint8Array(begin + length)
  bytes.set([...magic, isLong ? 2 : 1, 0])
  const view = new DataView(bytes.buffer)
  if (isLong) view.setUint32(8, length, true)
  else view.setUint16(8, length, true)
  bytes.set(new TextEncoder().encode(`${text.padEnd(length - 1)}\n`), begin)
  return bytes
}
