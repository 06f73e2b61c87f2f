/** What all tiles have in common: how they come by A's elements, and the loop over k. */

import type { Assembler } from '../encode/assembler.ts'
import { gpr, Memory, type Register } from '../encode/operands.ts'

const [rax, rcx, , rbx, , , , rdi, r8, , , r11] = gpr[64]

const at = (base: Register, disp = 0, index?: Register, scale: 1 | 2 | 4 | 8 = 1): Memory =>
  new Memory({ base, disp, ...(index && { index, scale }) })

/** Rows that are reached from one base: at strides of 0, 1, 2, 3 (a register has three strides) and 4. */
const rowsOfBase = 5
const bases = [rdi, r11, rbx]
const unroll = 4

/** A's rows from rdi on. They stand r8 apart, or, `along` rows, side by side, and columns r8 apart. */
export class TileRows {
  readonly #code: Assembler
  readonly #rows: number
  readonly #along: 'k' | 'rows'
  readonly #bytes: number

  /** @param bytes of an element */
  constructor(code: Assembler, rows: number, along: 'k' | 'rows', bytes: number) {
    this.#code = code
    this.#rows = rows
    this.#along = along
    this.#bytes = bytes
  }

  /** Calls `steps` for so many columns of A and rows of B at a time, until those in rcx are done. */
  emitLoop(steps: (count: number) => void): void {
    const code = this.#code
    this.#emitBases()
    const [rest, again, single, done] = ['rest', 'again', 'single', 'done'].map(() => code.label())
    code.general('sub', [rcx, unroll])
    code.jump(rest, 'b')
    code.align(32)
    code.bind(again)
    steps(unroll)
    code.general('sub', [rcx, unroll])
    code.jump(again, 'ae')
    code.bind(rest)
    code.general('add', [rcx, unroll])
    code.jump(done, 'e')
    code.bind(single)
    steps(1)
    code.general('sub', [rcx, 1])
    code.jump(single, 'ne')
    code.bind(done)
  }

  #emitBases(): void {
    const code = this.#code
    if (this.#along === 'rows') return
    if (this.#rows > 3) code.general('lea', [rax, at(r8, 0, r8, 2)])
    for (let base = 1; base * rowsOfBase < this.#rows; base++) {
      code.general('lea', [bases[base], at(bases[base - 1], 0, r8, 4)])
      code.general('add', [bases[base], r8])
    }
  }

  /** The element of a row, in a step of those that are done at a time. @param disp within the element */
  element(row: number, step: number, disp = 0): Memory {
    if (this.#along === 'rows') return at(rdi, row * this.#bytes + disp)
    const base = bases[Math.floor(row / rowsOfBase)]
    const from = step * this.#bytes + disp
    switch (row % rowsOfBase) {
      case 0:
        return at(base, from)
      case 1:
        return at(base, from, r8)
      case 2:
        return at(base, from, r8, 2)
      case 3:
        return at(base, from, rax)
      default:
        return at(base, from, r8, 4)
    }
  }

  /** Behind each step. */
  emitAfterStep(): void {
    if (this.#along === 'rows') this.#code.general('add', [rdi, r8])
  }

  /** Behind those that are done at a time. */
  emitAfterSteps(count: number): void {
    if (this.#along === 'rows') return
    for (let base = 0; base * rowsOfBase < this.#rows; base++)
      this.#code.general('add', [bases[base], count * this.#bytes])
  }
}
