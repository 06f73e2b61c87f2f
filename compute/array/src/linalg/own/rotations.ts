/**
 * Plane rotations of neighbouring rows, in sweeps as QR iterations make them: each rotates a row with the next, then what came of that with the one after it.
 * They are noted first, many sweeps, and applied by a kernel whose lanes are columns: a few columns stay in the cache while all sweeps pass over them.
 */

import { kernel } from '@skein/kernel'
import { onBackend } from '../../expression/plain.ts'
import type { Matrix, Reals } from '../matrix.ts'

/** Of so many rotations notes are taken before they are applied. */
const mostNoted = 1 << 15

const rotate = kernel(
  (j, sweeps: number, where: Int32Array, angles: Reals, z: Reals) => {
    for (let w = 0; w < sweeps; w++) {
      let at = where[4 * w] + j
      const step = where[4 * w + 1]
      const end = where[4 * w + 3]
      let x = z[at]
      for (let k = where[4 * w + 2]; k < end; k++) {
        const y = z[at + step]
        const c = angles[2 * k]
        const s = angles[2 * k + 1]
        z[at] = c * x + s * y
        x = c * y - s * x
        at += step
      }
      z[at] = x
    }
  },
  { name: 'rotateRows' },
)

export class Rotations {
  readonly #rows: Matrix
  readonly #angles: Reals
  /** Of each sweep: its first row, the way to the next one, its rotations from and to. */
  #sweeps: number[] = []
  #noted = 0

  /** Of the rows of a matrix. */
  constructor(rows: Matrix) {
    this.#rows = rows
    const Reals = rows.array.constructor as Float64ArrayConstructor
    this.#angles = new Reals(2 * Math.max(rows.rows, Math.min(mostNoted, rows.rows ** 2)))
  }

  /** A sweep begins with a row and goes on to those below it, or above it. */
  begin(row: number, isDown: boolean): void {
    if (2 * (this.#noted + this.#rows.rows) > this.#angles.length) this.apply()
    const { at, stride } = this.#rows
    this.#sweeps.push(at + row * stride, isDown ? stride : -stride, this.#noted, this.#noted)
  }

  /** Row and next row become c·row + s·next and c·next − s·row. */
  add(c: number, s: number): void {
    const k = this.#noted++
    this.#angles[2 * k] = c
    this.#angles[2 * k + 1] = s
    this.#sweeps[this.#sweeps.length - 1] = this.#noted
  }

  /** Applies what has been noted. */
  apply(): void {
    const count = this.#sweeps.length / 4
    if (count > 0)
      onBackend(rotate)(this.#rows.columns, count, Int32Array.from(this.#sweeps), this.#angles, this.#rows.array)
    this.#sweeps = []
    this.#noted = 0
  }
}

/** c and s that make (f, g) to (r, 0), written where it is told. */
export interface Rotation {
  c: number
  s: number
  r: number
}

export function makeRotation(f: number, g: number, into: Rotation): void {
  if (g === 0) {
    into.c = 1
    into.s = 0
    into.r = f
    return
  }
  if (f === 0) {
    into.c = 0
    into.s = 1
    into.r = g
    return
  }
  const squares = f * f + g * g
  const r = squares > 1e-280 && squares < 1e280 ? Math.sqrt(squares) : Math.hypot(f, g)
  into.c = f / r
  into.s = g / r
  into.r = r
}
