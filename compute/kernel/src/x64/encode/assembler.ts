/**
 * Code as it is put together: instructions one after another, labels, and the constants they read, which lie behind the code. Distances to labels that are not bound yet are filled in when
 * the code is finished; a jump back is as short as it can be.
 */

import { InternalError } from '@skein/base'
import { chooseGeneral, encodeGeneral } from './general-code.ts'
import { type Condition, conditions } from './general-forms.ts'
import { Layout } from './layout.ts'
import { generalText, vectorText } from './listing.ts'
import { Label, Memory, type Operand } from './operands.ts'
import { choose, encodeVector, type Output, type VectorOptions } from './vector-code.ts'

/** A distance of 32 bits that is to be filled in, at a place of the code, counted from another. */
interface Fixup {
  readonly at: number
  readonly from: number
  readonly label: Label
  readonly disp: number
  /** Points of the layout before it. */
  readonly points: number
}

/** A line of a listing: where it begins, and what stands there. */
export interface ListedLine {
  readonly at: number
  readonly text: string
}

export interface Assembled {
  /** Code, then constants. It may lie at any address that is a multiple of 64. */
  readonly bytes: Uint8Array
  /** How much of it is code. */
  readonly codeBytes: number
  readonly listing: readonly ListedLine[]
}

const cacheLine = 64

export class Assembler implements Output {
  #bytes = new Uint8Array(4096)
  #view = new DataView(this.#bytes.buffer)
  #length = 0
  readonly #fixups: Fixup[] = []
  readonly #constants = new Map<string, { readonly bytes: Uint8Array; readonly label: Label }>()
  readonly #placed: { readonly bytes: Uint8Array; readonly label: Label }[] = []
  readonly #listing: ListedLine[] | undefined
  #labels = 0

  /** Until it is settled, labels do not tell where they are. */
  readonly #layout: Layout | undefined
  readonly #pointsAt: number[] = []

  /**
   * @param lists keeps the text of every instruction
   * @param shortens jumps ahead take two bytes too where they reach; nothing has its place before the end
   */
  constructor(lists = false, shortens = false) {
    this.#listing = lists ? [] : undefined
    this.#layout = shortens ? new Layout() : undefined
  }

  /** Bytes so far. */
  get at(): number {
    return this.#length
  }

  /** Lines of the listing so far. */
  get lines(): number {
    return this.#listing?.length ?? 0
  }

  // Output.

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow()
    this.#bytes[this.#length++] = value
  }

  int32(value: number): void {
    if (this.#length + 4 > this.#bytes.length) this.#grow()
    this.#view.setInt32(this.#length, value, true)
    this.#length += 4
  }

  #write(bytes: Uint8Array): void {
    while (this.#length + bytes.length > this.#bytes.length) this.#grow()
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  distance({ label, disp }: Memory, after: number): void {
    this.#distance(label!, disp, after)
  }

  #distance(label: Label, disp: number, after: number): void {
    const at = this.#length
    this.#fixups.push({ at, from: at + 4 + after, label, disp, points: this.#layout?.points ?? 0 })
    this.int32(0)
  }

  #grow(): void {
    const larger = new Uint8Array(2 * this.#bytes.length)
    larger.set(this.#bytes)
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }

  // Instructions.

  /** A vector instruction. */
  vector(name: string, operands: readonly Operand[], options?: VectorOptions): void {
    const chosen = choose(name, operands, options)
    if (this.#listing !== undefined) this.#note(vectorText(chosen))
    encodeVector(this, chosen)
  }

  /** One on general registers. @param bits of memory, where no register tells it */
  general(name: string, operands: readonly Operand[] = [], bits?: 8 | 16 | 32 | 64): void {
    const chosen = chooseGeneral(name, operands, bits)
    if (this.#listing !== undefined) this.#note(generalText(chosen))
    encodeGeneral(this, chosen)
  }

  /** A jump, under a condition or always. */
  jump(label: Label, condition?: Condition): void {
    this.#note(`${condition === undefined ? 'jmp' : `j${condition}`} ${label.name}`)
    const number = condition === undefined ? -1 : conditions.indexOf(condition)
    if (this.#layout !== undefined) {
      this.#layout.jump(this.#length, label, number)
      return
    }
    if (label.at !== undefined) {
      const distance = label.at - (this.#length + 2)
      if (distance >= -128) {
        this.byte(number < 0 ? 0xeb : 0x70 + number)
        this.byte(distance & 0xff)
        return
      }
    }
    if (number < 0) this.byte(0xe9)
    else {
      this.byte(0x0f)
      this.byte(0x80 + number)
    }
    this.#distance(label, 0, 0)
  }

  call(label: Label): void {
    this.#note(`call ${label.name}`)
    this.byte(0xe8)
    this.#distance(label, 0, 0)
  }

  label(name?: string): Label {
    return new Label(name ?? `.L${this.#labels++}`)
  }

  /** The label stands here. */
  bind(label: Label): void {
    if (label.at !== undefined) throw new InternalError(`label ${label.name} stands in two places`)
    label.at = this.#length
    this.#layout?.label(this.#length, label)
    this.#note(`${label.name}:`)
  }

  /** What follows begins at a multiple of so many bytes, behind instructions that do nothing. */
  align(bytes: number): void {
    if (this.#layout !== undefined) {
      this.#layout.gap(this.#length, bytes)
      return
    }
    for (let gap = -this.#length & (bytes - 1); gap > 0; ) {
      const nop = nops[Math.min(gap, nops.length) - 1]
      for (const byte of nop) this.byte(byte)
      gap -= nop.length
    }
  }

  /** Text of the listing that is no instruction: where in the source what follows comes from. */
  comment(text: string): void {
    this.#note(`; ${text}`)
  }

  #note(text: string): void {
    if (this.#listing === undefined) return
    this.#listing.push({ at: this.#length, text })
    if (this.#layout !== undefined) this.#pointsAt.push(this.#layout.points)
  }

  /** Bytes that lie behind the code, at a label. */
  place(bytes: Uint8Array, label: Label): void {
    this.#placed.push({ bytes, label })
  }

  /** Memory that holds these bytes: of the same bytes there is one. */
  constant(bytes: Uint8Array, broadcast?: 2 | 4 | 8): Memory {
    const key = String.fromCharCode(...bytes)
    let found = this.#constants.get(key)
    if (found === undefined)
      this.#constants.set(key, (found = { bytes: bytes.slice(), label: new Label(`.C${this.#constants.size}`) }))
    return new Memory({ label: found.label, broadcast })
  }

  finish(): Assembled {
    const layout = this.#layout
    if (layout !== undefined) {
      layout.settle()
      this.#bytes = layout.join(this.#bytes.subarray(0, this.#length), fillGap)
      this.#view = new DataView(this.#bytes.buffer)
      this.#length = this.#bytes.length
    }
    const codeBytes = this.#length
    // The largest first: behind tables of any length there are few gaps.
    const constants = [...this.#constants.values(), ...this.#placed].sort((a, b) => b.bytes.length - a.bytes.length)
    for (const { bytes, label } of constants) {
      // A vector is read by instructions that want it at a multiple of its length.
      const alignment = Math.min(cacheLine, 2 ** Math.ceil(Math.log2(bytes.length)))
      while (this.#length % (label === constants[0].label ? cacheLine : alignment) !== 0) this.byte(0xcc)
      if (label.at !== undefined) throw new InternalError(`label ${label.name} stands in two places`)
      label.at = this.#length
      this.#listing?.push({ at: this.#length, text: `${label.name}:` })
      this.#write(bytes)
    }
    for (const { at, from, label, disp, points } of this.#fixups) {
      if (label.at === undefined) throw new InternalError(`label ${label.name} stands nowhere`)
      const moved = layout === undefined ? 0 : layout.positionOf(at, points) - at
      this.#view.setInt32(at + moved, label.at + disp - (from + moved), true)
    }
    const lines = this.#listing ?? []
    const listing =
      layout === undefined
        ? lines
        : lines.map(({ at, text }, i) => ({
            at: i < this.#pointsAt.length ? layout.positionOf(at, this.#pointsAt[i]) : at,
            text,
          }))
    return { bytes: this.#bytes.slice(0, this.#length), codeBytes, listing }
  }
}

function fillGap(into: Uint8Array, from: number, to: number): void {
  for (let at = from; at < to; ) {
    const nop = nops[Math.min(to - at, nops.length) - 1]
    into.set(nop, at)
    at += nop.length
  }
}

/** By length, from 1 (Intel manual, volume 2, NOP). */
const nops: readonly (readonly number[])[] = [
  [0x90],
  [0x66, 0x90],
  [0x0f, 0x1f, 0x00],
  [0x0f, 0x1f, 0x40, 0x00],
  [0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00],
  [0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
]
