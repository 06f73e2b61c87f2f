/**
 * The code around tiles: `multiply(job, begin, end, place)` does units from begin to end (`layout.ts`). For each panel of columns all tiles of the unit's rows, one under the other, so that the panel stays in the cache.
 *
 * Who finds a panel that nobody has packed packs it. Who finds one that another thread is packing waits a little, then packs it as well: both write the same. So nobody depends on a thread
 * that has been broken off.
 */

import type { Assembler } from '../encode/assembler.ts'
import { gpr, Memory, mask, type Register } from '../encode/operands.ts'
import type { Isa } from '../run/cpu.ts'
import { copyRegisters } from './copy.ts'
import { job, panel, state, unit } from './layout.ts'
import { tileRegisters } from './tile.ts'

const [, rcx, rdx, rbx, rsp, rbp, rsi, rdi, , , , , r12, r13, r14, r15] = gpr[64]
const [eax, ecx, edx, , , , esi] = gpr[32]

/** Looks at a panel that another thread is packing. */
const patience = 20_000

const at = (base: Register, disp = 0): Memory => new Memory({ base, disp })

// Of the stack frame.
const endOfUnits = at(rsp, 0)
const tiles = at(rsp, 8)
/** Of the unit: where its part of A is read, and of this thread where it may be copied. */
const firstOfA = at(rsp, 16)
const copyOfA = at(rsp, 24)
const frameBytes = 40

/** @param elementBytes of an element of A's copy */
export function emitMultiply(code: Assembler, isa: Isa, elementBytes: number): void {
  const [nextUnit, copied, nextPanel, packed, absent, tall, short, shorts, allTiles, following, done] = [
    ...[
      'nextUnit',
      'copied',
      'nextPanel',
      'packed',
      'absent',
      'tall',
      'short',
      'shorts',
      'allTiles',
      'following',
      'done',
    ],
  ].map(name => code.label(name))
  const { a, b, c, k, aStride, bStride, cStride, start } = tileRegisters

  const emitStrides = () => {
    code.general('mov', [aStride, at(rbp, job.aStride)])
    code.general('mov', [bStride, at(rbp, job.bStride)])
    code.general('mov', [cStride, at(rbp, job.cStride)])
  }
  const emitTile = (target: number, aStep: number, cStep: number) => {
    code.general('mov', [a, r13])
    code.general('mov', [b, at(r14, panel.b)])
    code.general('mov', [c, rbx])
    code.general('mov', [k, at(rbp, job.k)])
    code.general('mov', [start, at(rbp, job.start)])
    code.general('call', [at(r14, target)])
    code.general('add', [r13, at(rbp, aStep)])
    code.general('add', [rbx, at(rbp, cStep)])
  }

  code.general('sub', [rsp, frameBytes])
  code.general('mov', [rbp, rdi])
  code.general('mov', [r15, at(rbp, job.units)])
  code.general('movsxd', [rsi, esi])
  code.general('movsxd', [rdx, edx])
  code.general('movsxd', [rcx, ecx])
  for (const register of [rsi, rdx]) {
    code.general('imul', [register, register, unit.bytes])
    code.general('add', [register, r15])
  }
  code.general('mov', [endOfUnits, rdx])
  code.general('mov', [r15, rsi])
  code.general('imul', [rcx, at(rbp, job.copyBytes)])
  code.general('add', [rcx, at(rbp, job.copies)])
  code.general('mov', [copyOfA, rcx])

  code.bind(nextUnit)
  code.general('cmp', [r15, endOfUnits])
  code.jump(done, 'ae')
  code.general('mov', [r13, at(r15, unit.a)])
  code.general('cmp', [at(rbp, job.copyCode), 0], 64)
  code.jump(copied, 'e')
  code.general('mov', [copyRegisters.source, r13])
  code.general('mov', [copyRegisters.target, copyOfA])
  code.general('mov', [copyRegisters.rows, at(r15, unit.copyRows)])
  code.general('mov', [copyRegisters.columns, at(r15, unit.copyColumns)])
  code.general('mov', [copyRegisters.sourceRow, at(rbp, job.copyRow)])
  code.general('mov', [copyRegisters.sourceColumn, at(rbp, job.copyColumn)])
  code.general('mov', [copyRegisters.targetRow, at(rbp, job.aStride)])
  code.general('mov', [copyRegisters.targetColumn, elementBytes])
  code.general('call', [at(rbp, job.copyCode)])
  code.general('mov', [r13, copyOfA])
  code.bind(copied)
  code.general('mov', [firstOfA, r13])
  emitStrides()
  code.general('mov', [r14, at(r15, unit.begin)])

  code.bind(nextPanel)
  code.general('cmp', [at(r14, panel.state), state.packed], 32)
  code.jump(absent, 'ne')
  code.bind(packed)
  if (isa === 'avx512') code.vector('kmovq', [mask[1], at(r14, panel.mask)])
  else code.general('mov', [r12, at(r14, panel.mask)])
  code.general('mov', [r13, firstOfA])
  code.general('mov', [rbx, at(r15, unit.c)])
  code.general('add', [rbx, at(r14, panel.cOffset)])
  code.general('mov', [eax, at(r15, unit.tall)])
  code.general('mov', [tiles, eax])
  code.general('test', [eax, eax])
  code.jump(shorts, 'e')
  code.bind(tall)
  emitTile(panel.tallCode, job.aTall, job.cTall)
  code.general('sub', [tiles, 1], 32)
  code.jump(tall, 'ne')
  code.bind(shorts)
  code.general('mov', [eax, at(r15, unit.short)])
  code.general('mov', [tiles, eax])
  code.general('test', [eax, eax])
  code.jump(allTiles, 'e')
  code.bind(short)
  emitTile(panel.shortCode, job.aShort, job.cShort)
  code.general('sub', [tiles, 1], 32)
  code.jump(short, 'ne')
  code.bind(allTiles)
  code.general('add', [r14, panel.bytes])
  code.general('cmp', [r14, at(r15, unit.end)])
  code.jump(following, 'ne')
  code.general('mov', [r14, at(r15, unit.first)])
  code.bind(following)
  code.general('cmp', [r14, at(r15, unit.begin)])
  code.jump(nextPanel, 'ne')
  code.general('add', [r15, unit.bytes])
  code.jump(nextUnit)

  code.bind(done)
  code.general('xor', [eax, eax])
  code.general('add', [rsp, frameBytes])
  code.general('ret')

  const [pack, wait] = ['pack', 'wait'].map(name => code.label(name))
  code.bind(absent)
  code.general('xor', [eax, eax])
  code.general('mov', [ecx, state.taken])
  code.general('lock_cmpxchg', [at(r14, panel.state), ecx])
  code.jump(pack, 'e')
  code.general('mov', [ecx, patience])
  code.bind(wait)
  code.general('cmp', [at(r14, panel.state), state.packed], 32)
  code.jump(packed, 'e')
  code.general('pause')
  code.general('sub', [ecx, 1])
  code.jump(wait, 'ne')
  code.bind(pack)
  code.general('mov', [r13, copyOfA])
  code.general('call', [at(r14, panel.packCode)])
  code.general('mov', [at(r14, panel.state), state.packed], 32)
  emitStrides()
  code.jump(packed)
}
