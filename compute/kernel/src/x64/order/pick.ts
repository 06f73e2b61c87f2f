/**
 * What is picked out of a row, one behind the other: `vpcompressd` puts together what is picked of a vector. A stretch of the row is a unit of work; first they are counted, so that each knows where its own go, then
 * written.
 */

import type { Assembler } from '../encode/assembler.ts'
import { gpr, mask, vector } from '../encode/operands.ts'
import { emitFirst } from './quicksort.ts'
import { at, WordCode, type WordKind } from './words.ts'

export interface Picking {
  /** `places`: of bytes that are not 0. `changes`: words that differ from those before them, of floats NaN from each. */
  readonly of: 'places' | 'changes'
  readonly counts: boolean
  readonly bytes: 4 | 8
  readonly kind: WordKind
}

/** What the code is called with: slots of 8 bytes. Addresses, but for numbers. */
export const pickJob = {
  /** Bytes or words. Before the first word there is another. */
  from: 0,
  to: 8,
  /** For each stretch how many are picked, which is written; or where they go, and behind the last one where its own end: 64 bits each. */
  counts: 16,
  count: 24,
  stretch: 32,
  bytes: 40,
} as const

const [rax, rcx, rdx, rbx, , , rsi, rdi, r8, r9, r10, r11] = gpr[64]
const [eax, , edx, ebx, , , esi] = gpr[32]
const [x, packed, places, step] = vector[512]
const [, , , , , picked, left, present] = mask

/** `(job, begin, end, thread)` */
export function emitPick(code: Assembler, { of, counts, bytes, kind }: Picking): void {
  const words = new WordCode(code, { bytes, kind, descending: false })
  const { lanes } = words
  const fromBytes = of === 'places' ? 1 : bytes
  const slot = (name: keyof typeof pickJob) => at(rdi, pickJob[name])
  const [nextUnit, next, rest, ready, done] = ['nextUnit', 'next', 'rest', 'ready', 'done'].map(name =>
    code.label(name),
  )
  code.general('push', [rbx])
  code.general('movsxd', [r8, esi])
  code.general('movsxd', [r9, edx])
  if (of === 'places') {
    code.general('mov', [eax, lanes])
    code.vector('vpbroadcastd', [step, eax])
  }
  code.bind(nextUnit)
  code.general('cmp', [r8, r9])
  code.jump(done, 'ge')
  // Of the stretch: rcx is left of it, from rsi on; to rdx, where from r11 on there is no room for a whole vector. r10 are counted.
  code.general('mov', [rax, slot('stretch')])
  code.general('mov', [rbx, rax])
  code.general('imul', [rax, r8])
  code.general('mov', [rcx, slot('count')])
  code.general('sub', [rcx, rax])
  code.general('cmp', [rcx, rbx])
  code.general('cmovg', [rcx, rbx])
  code.general('mov', [rsi, slot('from')])
  code.general('lea', [rsi, at(rsi, 0, rax, fromBytes)])
  if (counts) code.general('xor', [r10, r10])
  else {
    if (of === 'places') {
      code.vector('vpbroadcastd', [places, eax])
      const count = new Uint8Array(Uint32Array.from({ length: lanes }, (_, l) => l).buffer)
      code.vector('vpaddd', [places, places, code.constant(count)])
    }
    code.general('mov', [rbx, slot('counts')])
    code.general('mov', [rdx, at(rbx, 0, r8, 8)])
    code.general('mov', [r11, at(rbx, 8, r8, 8)])
    code.general('mov', [rbx, slot('to')])
    code.general('lea', [rdx, at(rbx, 0, rdx, bytes)])
    code.general('lea', [r11, at(rbx, -64, r11, bytes)])
  }
  /** A vector, of which the first lanes are looked at. */
  const group = (isWhole: boolean) => {
    const first = isWhole ? undefined : { predicate: { mask: left, zeroes: true } }
    if (of === 'places') {
      const truths = vector[128][x.number]
      code.vector('vmovdqu8', [truths, at(rsi)], first)
      code.vector('vptestmb', [picked, truths, truths])
    } else {
      code.vector(`vmovdqu${8 * bytes}`, [x, at(rsi)], first)
      const differ = kind === 'float' ? `vcmpp${bytes === 4 ? 's' : 'd'}` : `vpcmpu${bytes === 4 ? 'd' : 'q'}`
      code.vector(
        differ,
        [picked, x, at(rsi, -bytes), 4],
        isWhole ? undefined : { predicate: { mask: left, zeroes: false } },
      )
    }
    words.maskBits(ebx, picked)
    code.general('popcnt', [ebx, ebx])
    if (counts) {
      code.general('add', [r10, rbx])
      return
    }
    const [partly, written] = ['partly', 'written'].map(name => code.label(name))
    words.lane('vpcompress', [packed, of === 'places' ? places : x], picked, true)
    code.general('cmp', [rdx, r11])
    code.jump(partly, 'g')
    words.move(at(rdx), packed)
    code.jump(written)
    code.bind(partly)
    emitFirst(words, present, ebx, rax)
    words.move(at(rdx), packed, present)
    code.bind(written)
    code.general('lea', [rdx, at(rdx, 0, rbx, bytes)])
    if (of === 'places') code.vector('vpaddd', [places, places, step])
  }
  code.general('sub', [rcx, lanes])
  code.jump(rest, 'b')
  code.align(32)
  code.bind(next)
  group(true)
  code.general('add', [rsi, lanes * fromBytes])
  code.general('sub', [rcx, lanes])
  code.jump(next, 'ae')
  code.bind(rest)
  code.general('add', [rcx, lanes])
  code.jump(ready, 'e')
  emitFirst(words, left, gpr[32][rcx.number], rax)
  group(false)
  code.bind(ready)
  if (counts) {
    code.general('mov', [rbx, slot('counts')])
    code.general('mov', [at(rbx, 0, r8, 8), r10])
  }
  code.general('add', [r8, 1])
  code.jump(nextUnit)
  code.bind(done)
  code.general('pop', [rbx])
  code.general('vzeroupper')
  code.general('xor', [eax, eax])
  code.general('ret')
}
