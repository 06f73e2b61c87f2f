/**
 * Copies of matrices: rows one after the other, from any strides to any. Where both have a row's elements side by side, vectors at a time.
 *
 * `emitCopy` is called with registers as below, by code that multiplies; `emitCopyRows` is what threads call, for rows from begin to end of a copy described in memory.
 */

import type { Assembler } from '../encode/assembler.ts'
import { gpr, Memory, type Register, vector } from '../encode/operands.ts'

const [rax, rcx, rdx, rbx, , , rsi, rdi, r8, r9, r10, r11, r12] = gpr[64]
const [, , edx, , , , esi] = gpr[32]

export type ElementBytes = 1 | 2 | 4 | 8 | 16

/** What a copy is called with. It changes these, rax, rbx, r12, r13 and a vector. */
export const copyRegisters = {
  source: rsi,
  target: rdi,
  /** How many, at least one each. */
  rows: rcx,
  columns: rdx,
  /** In bytes. */
  sourceRow: r8,
  sourceColumn: r9,
  targetRow: r10,
  targetColumn: r11,
} as const

/** A copy in memory: slots of 8 bytes. */
export const copy = {
  source: 0,
  target: 8,
  columns: 16,
  sourceRow: 24,
  sourceColumn: 32,
  targetRow: 40,
  targetColumn: 48,
  bytes: 64,
} as const

const at = (base: Register, disp = 0): Memory => new Memory({ base, disp })

export function emitCopy(code: Assembler, element: ElementBytes, isDense: boolean): void {
  const [nextRow, whole, tooFew, next, rowDone] = [...['nextRow', 'whole', 'tooFew', 'next', 'rowDone']].map(name =>
    code.label(name),
  )
  const step = 32
  const perStep = step / element
  // Of a row: how many are left, where they are read and written.
  const [left, from, to] = [rax, rbx, r12]
  code.bind(nextRow)
  code.general('mov', [left, rdx])
  code.general('mov', [from, rsi])
  code.general('mov', [to, rdi])
  if (isDense) {
    code.general('sub', [left, perStep])
    code.jump(tooFew, 'b')
    code.bind(whole)
    code.vector('vmovups', [vector[256][0], at(from)])
    code.vector('vmovups', [at(to), vector[256][0]])
    code.general('add', [from, step])
    code.general('add', [to, step])
    code.general('sub', [left, perStep])
    code.jump(whole, 'ae')
    code.bind(tooFew)
    code.general('add', [left, perStep])
  }
  code.bind(next)
  code.general('sub', [left, 1])
  code.jump(rowDone, 'b')
  moveElement(code, element, from, to)
  code.general('add', [from, r9])
  code.general('add', [to, r11])
  code.jump(next)
  code.bind(rowDone)
  code.general('add', [rsi, r8])
  code.general('add', [rdi, r10])
  code.general('sub', [rcx, 1])
  code.jump(nextRow, 'ne')
  code.general('ret')
}

function moveElement(code: Assembler, element: ElementBytes, from: Register, to: Register): void {
  const x = vector[128][0]
  switch (element) {
    case 16:
      code.vector('vmovups', [x, at(from)])
      code.vector('vmovups', [at(to), x])
      return
    case 8:
      code.vector('vmovsd', [x, at(from)])
      code.vector('vmovsd', [at(to), x])
      return
    case 4:
      code.vector('vmovss', [x, at(from)])
      code.vector('vmovss', [at(to), x])
      return
    case 2:
      code.general('movzx', [gpr[32][13], at(from)], 16)
      code.general('mov', [at(to), gpr[16][13]])
      return
    case 1:
      code.general('movzx', [gpr[32][13], at(from)], 8)
      code.general('mov', [at(to), gpr[8][13]])
  }
}

/** `(copy, begin, end, place)` */
export function emitCopyRows(code: Assembler, element: ElementBytes): void {
  code.general('mov', [rbx, rdi])
  code.general('movsxd', [rsi, esi])
  code.general('movsxd', [rcx, edx])
  code.general('sub', [rcx, rsi])
  for (const [register, slot] of [
    [rdx, copy.columns],
    [r8, copy.sourceRow],
    [r9, copy.sourceColumn],
    [r10, copy.targetRow],
    [r11, copy.targetColumn],
  ] as const)
    code.general('mov', [register, at(rbx, slot)])
  code.general('mov', [rdi, rsi])
  code.general('imul', [rsi, r8])
  code.general('add', [rsi, at(rbx, copy.source)])
  code.general('imul', [rdi, r10])
  code.general('add', [rdi, at(rbx, copy.target)])
  const body = code.label()
  code.call(body)
  code.general('xor', [gpr[32][0], gpr[32][0]])
  code.general('ret')
  code.bind(body)
  emitCopy(code, element, false)
}
