/**
 * Packing of B: `vectors` vectors of each row of a panel, the rows one behind the other. Lanes behind the last column hold anything.
 *
 * Called with the panel in r14 and the job in rbp (`layout.ts`). What is packed is read `along` its rows where columns are neighbours in memory; else `across`, where rows are, or not even those.
 */

import type { Assembler } from '../encode/assembler.ts'
import { gpr, Memory, mask, type Register, vector } from '../encode/operands.ts'
import type { Isa } from '../run/cpu.ts'
import { job, panel } from './layout.ts'

const [rax, rcx, rdx, rbx, , rbp, rsi, rdi, r8, r9, r10, r11, r12, , r14] = gpr[64]

export interface Packing {
  readonly isa: Isa
  readonly type: 'f32' | 'f64'
  readonly bits: 256 | 512
  readonly vectors: number
  readonly isMasked: boolean
  /** Columns of the last vector, where it is masked and rows are neighbours. */
  readonly rest?: number
  readonly order: 'along' | 'across' | 'any'
}

const at = (base: Register, disp = 0, index?: Register, scale: 1 | 2 | 4 | 8 = 1): Memory =>
  new Memory({ base, disp, ...(index && { index, scale }) })

export function emitPack(code: Assembler, packing: Packing): void {
  if (packing.order === 'along') emitAlong(code, packing)
  else emitAcross(code, packing)
}

function emitAlong(code: Assembler, { isa, type, bits, vectors, isMasked }: Packing): void {
  const suffix = type === 'f32' ? 'ps' : 'pd'
  const bytes = bits / 8
  const registers = vector[bits]
  const maskVector = registers[15]
  code.general('mov', [rsi, at(r14, panel.source)])
  code.general('mov', [rdi, at(r14, panel.b)])
  code.general('mov', [rcx, at(rbp, job.k)])
  code.general('mov', [rdx, at(rbp, job.sourceRow)])
  if (isMasked && isa === 'avx512') code.vector('kmovq', [mask[1], at(r14, panel.mask)])
  if (isMasked && isa === 'avx2') {
    code.general('mov', [rax, at(r14, panel.mask)])
    code.vector('vmovdqu', [maskVector, at(rax)])
  }
  const again = code.label()
  code.align(32)
  code.bind(again)
  for (let v = 0; v < vectors; v++) {
    const from = at(rsi, v * bytes)
    if (!isMasked || v < vectors - 1) code.vector(`vmovu${suffix}`, [registers[v], from])
    else if (isa === 'avx2') code.vector(`vmaskmov${suffix}`, [registers[v], maskVector, from])
    else code.vector(`vmovu${suffix}`, [registers[v], from], { predicate: { mask: mask[1], zeroes: true } })
  }
  for (let v = 0; v < vectors; v++) code.vector(`vmovu${suffix}`, [at(rdi, v * bytes), registers[v]])
  code.general('add', [rsi, rdx])
  code.general('add', [rdi, vectors * bytes])
  code.general('sub', [rcx, 1])
  code.jump(again, 'ne')
  code.general('ret')
}

/** Blocks of some columns of a vector, all that k has: from rbx to rdx on. What is left of k is in r10 afterwards. */
function emitBlocks(code: Assembler, { type, bits, vectors, isa }: Packing, columns: number): void {
  const bytes = type === 'f32' ? 4 : 8
  const rowBytes = (vectors * bits) / 8
  /** Rows that are read at a time. */
  const block = 16 / bytes
  const parts = bits / 128
  const registers = vector[bits]
  const [whole, tooFew] = [code.label(), code.label()]
  code.general('mov', [r8, at(rbp, job.sourceColumn)])
  code.general('lea', [r9, at(r8, 0, r8, 2)])
  code.general('mov', [rsi, rbx])
  code.general('sub', [r10, block])
  code.jump(tooFew, 'b')
  code.align(32)
  code.bind(whole)
  code.general('mov', [rax, rsi])
  for (let part = 0; part < parts; part++) {
    for (let c = 0; c < block; c++) {
      // What is in the lanes of columns that are not there does not matter.
      if (part > 0 && part * block + c >= columns) continue
      const from = [at(rax), at(rax, 0, r8), at(rax, 0, r8, 2), at(rax, 0, r9)][Math.min(c, columns - 1)]
      if (part === 0) code.vector('vmovups', [vector[128][c], from])
      else if (isa === 'avx512' && bits === 512) code.vector('vinsertf32x4', [registers[c], registers[c], from, part])
      else code.vector('vinsertf128', [registers[c], registers[c], from, part])
    }
    if (part < parts - 1) code.general('lea', [rax, block === 4 ? at(rax, 0, r8, 4) : at(rax, 0, r8, 2)])
  }
  let rows: readonly Register[] = [registers[0], registers[1]]
  if (type === 'f64') {
    code.vector('vunpcklpd', [registers[4], registers[0], registers[1]])
    code.vector('vunpckhpd', [registers[5], registers[0], registers[1]])
    rows = [registers[4], registers[5]]
  } else {
    code.vector('vunpcklps', [registers[4], registers[0], registers[1]])
    code.vector('vunpckhps', [registers[5], registers[0], registers[1]])
    code.vector('vunpcklps', [registers[6], registers[2], registers[3]])
    code.vector('vunpckhps', [registers[7], registers[2], registers[3]])
    code.vector('vunpcklpd', [registers[0], registers[4], registers[6]])
    code.vector('vunpckhpd', [registers[1], registers[4], registers[6]])
    code.vector('vunpcklpd', [registers[2], registers[5], registers[7]])
    code.vector('vunpckhpd', [registers[3], registers[5], registers[7]])
    rows = registers.slice(0, 4)
  }
  for (const [row, from] of rows.entries()) code.vector('vmovups', [at(rdx, row * rowBytes), from])
  code.general('add', [rdx, block * rowBytes])
  code.general('add', [rsi, 16])
  code.general('sub', [r10, block])
  code.jump(whole, 'ae')
  code.bind(tooFew)
  code.general('add', [r10, block])
}

/**
 * Column after column. Where rows are neighbours, a vector's columns are read so many rows at a time as 16 bytes hold, and put in order among them: a block of that many rows and columns in each 16 bytes of some vectors is
 * transposed by unpacking them. The last rows, fewer than that, and other strides go element by element.
 */
function emitAcross(code: Assembler, packing: Packing): void {
  const { type, bits, vectors, order } = packing
  const bytes = type === 'f32' ? 4 : 8
  const lanes = bits / 8 / bytes
  const rowBytes = (vectors * bits) / 8
  const [nextVector, done] = [code.label(), code.label()]
  const remaining = r12
  // A column that is not there is the last that is.
  code.general('mov', [gpr[32][12], at(r14, panel.columns)])
  code.general('mov', [rbx, at(r14, panel.source)])
  code.general('mov', [rdi, at(r14, panel.b)])
  code.general('mov', [r11, at(rbp, job.sourceRow)])
  code.bind(nextVector)
  const wholeEnd = code.label()
  code.general('mov', [rdx, rdi])
  // Rows are neighbours: blocks.
  code.general('mov', [r10, at(rbp, job.k)])
  if (order === 'across') {
    const blocks = (columns: number) => emitBlocks(code, packing, columns)
    if (packing.rest !== undefined) {
      const whole = code.label()
      code.general('cmp', [remaining, lanes])
      code.jump(whole, 'ge')
      blocks(packing.rest)
      code.jump(wholeEnd)
      code.bind(whole)
    }
    blocks(lanes)
    code.bind(wholeEnd)
  }
  // The last r10 rows, element by element.
  const [nextRow, nextLane, hasColumn, isVectorDone] = [code.label(), code.label(), code.label(), code.label()]
  code.general('mov', [rsi, at(rbp, job.k)])
  code.general('sub', [rsi, r10])
  code.general('imul', [rsi, r11])
  code.general('add', [rsi, rbx])
  code.bind(nextRow)
  code.general('sub', [r10, 1])
  code.jump(isVectorDone, 'b')
  code.general('mov', [rax, rsi])
  code.general('mov', [rcx, 0])
  code.bind(nextLane)
  const [word, wide] = [gpr[32][9], gpr[64][9]]
  code.general('mov', [type === 'f32' ? word : wide, at(rax)])
  code.general('mov', [at(rdx, 0, rcx, bytes), type === 'f32' ? word : wide])
  code.general('add', [rcx, 1])
  code.general('cmp', [rcx, remaining])
  code.jump(hasColumn, 'ge')
  code.general('add', [rax, at(rbp, job.sourceColumn)])
  code.bind(hasColumn)
  code.general('cmp', [rcx, lanes])
  code.jump(nextLane, 'ne')
  code.general('add', [rdx, rowBytes])
  code.general('add', [rsi, r11])
  code.jump(nextRow)
  code.bind(isVectorDone)
  code.general('mov', [rax, at(rbp, job.sourceColumn)])
  code.general('imul', [rax, rax, lanes])
  code.general('add', [rbx, rax])
  code.general('add', [rdi, bits / 8])
  code.general('sub', [remaining, lanes])
  code.jump(done, 'le')
  code.jump(nextVector)
  code.bind(done)
  code.general('ret')
}
