/**
 * Where code lies whose jumps are as short as they can be. All of them begin short; those that do not reach become long, which may take others out of reach, until all do. Instructions between
 * are written once, without jumps and gaps, and moved apart in the end.
 */

import { InternalError } from '@skein/base'
import type { Label } from './operands.ts'

/** A place among the instructions, counted without jumps and gaps, where something lies between them. */
interface Point {
  readonly at: number
  readonly is: 'label' | 'jump' | 'gap'
  readonly label: Label | undefined
  /** Of a jump; -1: always. */
  readonly condition: number
  /** Of a gap: what follows lies at a multiple of it. */
  readonly multiple: number
  isLong: boolean
  /** Where it lies in the end. */
  from: number
  to: number
}

const shortBytes = 2
const longBytes = (condition: number): number => (condition < 0 ? 5 : 6)

export class Layout {
  readonly #points: Point[] = []

  /** Points so far: what is written now comes behind them. */
  get points(): number {
    return this.#points.length
  }

  label(at: number, label: Label): void {
    this.#add(at, 'label', label)
  }

  jump(at: number, label: Label, condition: number): void {
    this.#add(at, 'jump', label, condition)
  }

  gap(at: number, multiple: number): void {
    this.#add(at, 'gap', undefined, -1, multiple)
  }

  #add(at: number, is: Point['is'], label: Label | undefined, condition = -1, multiple = 1): void {
    this.#points.push({ at, is, label, condition, multiple, isLong: false, from: 0, to: 0 })
  }

  /** Chooses, and sets all labels. */
  settle(): void {
    for (const { is, label } of this.#points) {
      if (is === 'jump' && label!.at === undefined) throw new InternalError(`label ${label!.name} stands nowhere`)
    }
    do this.#place()
    while (this.#lengthen())
  }

  #place(): void {
    let position = 0
    let before = 0
    const points = this.#points
    for (let i = 0; i < points.length; i++) {
      const point = points[i]
      position += point.at - before
      before = point.at
      point.from = position
      if (point.is === 'jump') position += point.isLong ? longBytes(point.condition) : shortBytes
      else if (point.is === 'gap') position = Math.ceil(position / point.multiple) * point.multiple
      else point.label!.at = position
      point.to = position
    }
  }

  #lengthen(): boolean {
    let hasChanged = false
    for (const point of this.#points) {
      if (point.is !== 'jump' || point.isLong) continue
      const distance = point.label!.at! - point.to
      if (distance >= -128 && distance <= 127) continue
      point.isLong = true
      hasChanged = true
    }
    return hasChanged
  }

  /** Where something lies that was written behind so many points. */
  positionOf(at: number, points: number): number {
    if (points === 0) return at
    const { to, at: before } = this.#points[points - 1]
    return to + at - before
  }

  /** The code as it lies. @param fill writes so many bytes that do nothing */
  join(bytes: Uint8Array, fill: (into: Uint8Array, from: number, to: number) => void): Uint8Array<ArrayBuffer> {
    const joined = new Uint8Array(this.positionOf(bytes.length, this.#points.length))
    let before = 0
    let position = 0
    for (const { at, is, from, to, label, condition, isLong } of this.#points) {
      joined.set(bytes.subarray(before, at), position)
      before = at
      position = to
      if (is === 'gap') fill(joined, from, to)
      if (is !== 'jump') continue
      const distance = label!.at! - to
      if (isLong) {
        const opcode = condition < 0 ? [0xe9] : [0x0f, 0x80 + condition]
        joined.set(opcode, from)
        new DataView(joined.buffer).setInt32(from + opcode.length, distance, true)
      } else joined.set([condition < 0 ? 0xeb : 0x70 + condition, distance & 0xff], from)
    }
    joined.set(bytes.subarray(before), position)
    return joined
  }
}
