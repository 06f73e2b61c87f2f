/**
 * Values in cells: 16 bytes of shared memory each, for what travels most. A cell is a tag, a word, and eight bytes:
 *
 *     undefined null true false      the tag
 *     number                         the float
 *     string                         its length; Latin-1 in the cells that follow
 *     view                           its kind, its address; the length in the cell that follows
 *     packed                         the address of packed bytes; their length in the cell that follows
 */

import { heap, type TypedArray } from '@skein/heap'
import { classOf, kindOf } from '@skein/values'
import { unpack } from './pack.ts'
import { tally } from './tally.ts'
import { type MakeView, viewOf } from './views.ts'

const tag = { undefined: 0, null: 1, true: 2, false: 3, number: 4, string: 5, view: 6, packed: 7 } as const

/** Shared memory as every width the cells need. */
export interface Words {
  readonly ints: Int32Array
  readonly floats: Float64Array
  readonly bytes: Uint8Array
}

export const wordsPerCell = 4
const mostString = 64

/** Cells a value takes, or 0 when it does not go into cells. */
export function cellsOf(value: unknown): number {
  switch (typeof value) {
    case 'undefined':
    case 'boolean':
    case 'number':
      return 1
    case 'string':
      return value.length <= mostString && isLatin1(value) ? 1 + ((value.length + 15) >> 4) : 0
    case 'object':
      if (value === null) return 1
      return ArrayBuffer.isView(value) && !(value instanceof DataView) && heap.owns(value) ? 2 : 0
  }
  return 0
}

const isLatin1 = (s: string): boolean => {
  for (let i = 0; i < s.length; i++) if (s.charCodeAt(i) > 0xff) return false
  return true
}

/** Writes a value for which `cellsOf` gave a number; returns the word after it. */
export function putCells(to: Words, at: number, value: unknown): number {
  const { ints } = to
  switch (typeof value) {
    case 'number':
      ints[at] = tag.number
      to.floats[(at >> 1) + 1] = value
      return at + wordsPerCell
    case 'boolean':
      ints[at] = value ? tag.true : tag.false
      return at + wordsPerCell
    case 'undefined':
      ints[at] = tag.undefined
      return at + wordsPerCell
    case 'string': {
      ints[at] = tag.string
      ints[at + 1] = value.length
      const from = (at + wordsPerCell) * 4
      for (let i = 0; i < value.length; i++) to.bytes[from + i] = value.charCodeAt(i)
      return at + wordsPerCell * (1 + ((value.length + 15) >> 4))
    }
  }
  if (value === null) {
    ints[at] = tag.null
    return at + wordsPerCell
  }
  const view = value as TypedArray
  tally?.shared(view)
  return putSpan(to, at, tag.view, kindOf(view), heap.addressOf(view), view.length)
}

/** Cells that `putPacked` takes. */
export const packedCells = 2

/** Writes where packed bytes lie. */
export const putPacked = (to: Words, at: number, address: number, length: number): number =>
  putSpan(to, at, tag.packed, 0, address, length)

function putSpan(to: Words, at: number, what: number, kind: number, address: number, length: number): number {
  to.ints[at] = what
  to.ints[at + 1] = kind
  to.floats[(at >> 1) + 1] = address
  to.floats[((at + wordsPerCell) >> 1) + 1] = length
  return at + 2 * wordsPerCell
}

/** Reads cells one after the other. */
export class CellReader {
  readonly #from: Words
  readonly #view: MakeView
  #at: number

  constructor(from: Words, at: number, view = viewOf) {
    this.#from = from
    this.#at = at
    this.#view = view
  }

  next(): unknown {
    const { ints, floats, bytes } = this.#from
    const at = this.#at
    this.#at += wordsPerCell
    switch (ints[at]) {
      case tag.undefined:
        return undefined
      case tag.null:
        return null
      case tag.true:
        return true
      case tag.false:
        return false
      case tag.number:
        return floats[(at >> 1) + 1]
      case tag.string: {
        const length = ints[at + 1]
        const from = this.#at * 4
        this.#at += wordsPerCell * ((length + 15) >> 4)
        let s = ''
        for (let i = 0; i < length; i++) s += String.fromCharCode(bytes[from + i])
        return s
      }
    }
    this.#at += wordsPerCell
    const address = floats[(at >> 1) + 1]
    const length = floats[((at + wordsPerCell) >> 1) + 1]
    return ints[at] === tag.view
      ? this.#view(classOf(ints[at + 1]), address, length)
      : unpack(heap.view(Uint8Array, address, length), [], undefined, this.#view)
  }
}
