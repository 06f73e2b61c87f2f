/**
 * Copies of matrices whose columns lie in memory one behind the other, by rows: what `copy.ts` does element by element, in blocks of vectors. Called with the same registers, sourceRow and targetColumn being an element's size.
 *
 * A block's columns are loaded into registers. To interleave the first half of them with the second, element by element, brings the elements of a row nearer; after as many such rounds as halve a register to one element rows stand
 * where columns stood.
 */

import type { Assembler } from '../encode/assembler.ts'
import { gpr, Memory, type Register, vector } from '../encode/operands.ts'
import { type ElementBytes, emitCopy } from './copy.ts'

const [rax, rcx, rdx, rbx, , , rsi, rdi, , r9, r10, , r12, r13] = gpr[64]
const at = (base: Register, disp = 0): Memory => new Memory({ base, disp })

const interleaving = {
  1: ['vpunpcklbw', 'vpunpckhbw'],
  2: ['vpunpcklwd', 'vpunpckhwd'],
  4: ['vpunpckldq', 'vpunpckhdq'],
  8: ['vpunpcklqdq', 'vpunpckhqdq'],
} as const

/** It changes these registers, rax, rbx, r12, r13, and vectors up to 8. Rows and columns are at least one. */
export function emitTranspose(code: Assembler, element: ElementBytes): void {
  if (element === 16) {
    emitCopy(code, element, false)
    return
  }
  const rows = 16 / element
  const columns = Math.min(8, rows)
  const [nextRows, nextColumns, columnsLeft, rowsLeft, done, plain] = [
    ...['nextRows', 'nextColumns', 'columnsLeft', 'rowsLeft', 'done', 'plain'],
  ].map(name => code.label(name))
  // Of a block of rows: how many columns are left, where they are read and written.
  const [left, from, to, free] = [rax, rbx, r12, r13]
  code.bind(nextRows)
  code.general('sub', [rcx, rows])
  code.jump(rowsLeft, 'b')
  code.general('mov', [left, rdx])
  code.general('mov', [from, rsi])
  code.general('mov', [to, rdi])
  code.align(32)
  code.bind(nextColumns)
  code.general('sub', [left, columns])
  code.jump(columnsLeft, 'b')
  let registers: readonly Register[] = vector[128].slice(0, columns)
  for (const register of registers) {
    code.vector('vmovdqu', [register, at(from)])
    code.general('add', [from, r9])
  }
  let spare = vector[128][columns]
  const [low, high] = interleaving[element]
  for (let halves = 1; halves < columns; halves *= 2) {
    const next: Register[] = []
    for (let i = 0; i < columns / 2; i++) {
      const [x, y] = [registers[i], registers[i + columns / 2]]
      code.vector(low, [spare, x, y])
      code.vector(high, [y, x, y])
      next.push(spare, y)
      spare = x
    }
    registers = next
  }
  code.general('mov', [free, to])
  for (const register of registers) {
    // Of bytes there are two rows in a register.
    if (element === 1) {
      code.vector('vmovq', [at(free), register])
      code.general('add', [free, r10])
      code.vector('vpsrldq', [register, register, 8])
      code.vector('vmovq', [at(free), register])
    } else code.vector('vmovdqu', [at(free), register])
    code.general('add', [free, r10])
  }
  code.general('add', [to, columns * element])
  code.jump(nextColumns)

  // Columns that make no block, of these rows.
  code.bind(columnsLeft)
  code.general('add', [left, columns])
  const noColumns = code.label()
  code.jump(noColumns, 'e')
  for (const register of [rsi, rdi, rcx, rdx]) code.general('push', [register])
  code.general('mov', [rsi, from])
  code.general('mov', [rdi, to])
  code.general('mov', [rdx, left])
  code.general('mov', [rcx, rows])
  code.call(plain)
  for (const register of [rdx, rcx, rdi, rsi]) code.general('pop', [register])
  code.bind(noColumns)
  code.general('add', [rsi, 16])
  code.general('mov', [rax, r10])
  code.general('imul', [rax, rax, rows])
  code.general('add', [rdi, rax])
  code.jump(nextRows)

  code.bind(rowsLeft)
  code.general('add', [rcx, rows])
  code.jump(done, 'e')
  code.call(plain)
  code.bind(done)
  code.general('ret')
  code.bind(plain)
  emitCopy(code, element, false)
}
