/**
 * One long row of words on all threads: chunks are parted into buckets, each by one thread; then each bucket is collected out of all chunks and sorted. Both happen in a core's caches, and memory is only read and
 * written in order.
 *
 * Buckets are told apart by keys in between, which lie as a tree: the middle one first, then those of either half. A chunk is parted by the first of them, either part by the next.
 */

import type { Assembler } from '../encode/assembler.ts'
import type { Label, Register } from '../encode/operands.ts'
import { gpr, mask } from '../encode/operands.ts'
import { emitFill, emitFirst, emitPartition, emitSort } from './quicksort.ts'
import { at, fixed, WordCode, type WordType, working } from './words.ts'

const [rax, rcx, rdx, rbx, , rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15] = gpr[64]
const [eax, ecx, edx, , , , esi] = gpr[32]
const saved = [rbx, rbp, r12, r13, r14, r15]
const left = mask[6]

/** What either function is called with: slots of 8 bytes. Addresses, but for numbers. */
export const job = {
  /** The row, where it goes in order, and its keys in between, chunk by chunk in order of buckets. */
  from: 0,
  to: 8,
  keys: 16,
  /** Numbers of words in all and in a chunk, of chunks. */
  count: 24,
  chunk: 32,
  chunks: 40,
  /** How many buckets, a power of 2; the tree of keys, its root at 1. */
  buckets: 48,
  tree: 56,
  /** For each chunk where its buckets begin, and where the last one ends: 32 bits each. */
  starts: 64,
  /** Where buckets begin in the row, and where the last one ends: 64 bits each. */
  begins: 72,
  /** For each bucket whether all of its keys are one, and that: 32 bits; as wide as a word. */
  isOne: 80,
  least: 88,
  /** For each thread memory of its own: twice so many bytes. */
  scratch: 96,
  scratchBytes: 104,
  /** Rounds with medians as pivots that are too many, for each doubling of a bucket's words. */
  patience: 112,
  bytes: 120,
} as const

/** Behind keys in scratch, since vectors are written as a whole. */
export const slackBytes = 64

const slot = (which: number) => at(rbp, which)

/** `each` is written for one unit after the other, whose number is in r15; a thread's scratch is r12, r13. */
function emitUnits(words: WordCode, each: () => void): void {
  const { code } = words
  const [next, done] = ['next', 'done'].map(name => code.label(name))
  for (const register of saved) code.general('push', [register])
  code.general('mov', [rbp, rdi])
  code.general('movsxd', [r15, esi])
  code.general('movsxd', [r14, edx])
  code.general('movsxd', [r12, ecx])
  code.general('imul', [r12, slot(job.scratchBytes)])
  code.general('add', [r12, r12])
  code.general('add', [r12, slot(job.scratch)])
  code.general('mov', [r13, r12])
  code.general('add', [r13, slot(job.scratchBytes)])
  words.emitConstants()
  code.bind(next)
  code.general('cmp', [r15, r14])
  code.jump(done, 'ge')
  each()
  code.general('add', [r15, 1])
  code.jump(next)
  code.bind(done)
  for (const register of saved.toReversed()) code.general('pop', [register])
  code.general('vzeroupper')
  code.general('xor', [eax, eax])
  code.general('ret')
}

/** As many words as rcx says from rsi to rdi, which are behind them then. It changes rax and rcx. @param change of a vector on its way */
function emitCopy(words: WordCode, change?: (x: Register) => void): void {
  const { code, bytes, lanes } = words
  const [next, rest] = ['next', 'rest'].map(name => code.label(name))
  const [x] = working
  code.general('sub', [rcx, lanes])
  code.jump(rest, 'b')
  code.bind(next)
  words.move(x, at(rsi))
  change?.(x)
  words.move(at(rdi), x)
  code.general('add', [rsi, 64])
  code.general('add', [rdi, 64])
  code.general('sub', [rcx, lanes])
  code.jump(next, 'ae')
  code.bind(rest)
  code.general('add', [rcx, lanes])
  emitFirst(words, left, ecx, rax)
  words.move(x, at(rsi), left)
  if (change) {
    change(x)
    emitFirst(words, left, ecx, rax)
  }
  words.move(at(rdi), x, left)
  code.general('lea', [rsi, at(rsi, 0, rcx, bytes)])
  code.general('lea', [rdi, at(rdi, 0, rcx, bytes)])
}

/** `(job, begin, end, thread)`: chunks, parted. */
export function emitChunks(code: Assembler, type: WordType): void {
  const words = new WordCode(code, type)
  const { bytes } = words
  const part = code.label('part')
  emitUnits(words, () => {
    // Words of the chunk.
    code.general('mov', [rax, r15])
    code.general('imul', [rax, slot(job.chunk)])
    code.general('mov', [rcx, slot(job.count)])
    code.general('sub', [rcx, rax])
    code.general('cmp', [rcx, slot(job.chunk)])
    code.general('mov', [rdx, slot(job.chunk)])
    code.general('cmovg', [rcx, rdx])
    code.general('mov', [rsi, slot(job.from)])
    code.general('lea', [rsi, at(rsi, 0, rax, bytes)])
    code.general('mov', [rdi, r12])
    code.general('mov', [rdx, slot(job.keys)])
    code.general('lea', [rdx, at(rdx, 0, rax, bytes)])
    code.general('push', [rcx])
    emitCopy(words, x => words.encode(x))
    code.general('pop', [rcx])
    code.general('mov', [rsi, r12])
    code.general('mov', [rdi, r13])
    code.general('mov', [r8, 1])
    code.call(part)
    code.general('mov', [r8, slot(job.buckets)])
    emitStart(words)
  })
  code.bind(part)
  emitPart(words, part)
}

/** A function: keys at rsi, rcx of them, with room at rdi, parted by the tree's node r8 and those below it, and put in order of buckets to rdx, which is behind them then. */
function emitPart(words: WordCode, part: Label): void {
  const { code, bytes } = words
  const bucket = code.label('bucket')
  code.general('cmp', [r8, slot(job.buckets)])
  code.jump(bucket, 'ae')
  code.general('mov', [rax, slot(job.tree)])
  words.lane('vpbroadcast', [fixed.pivot, at(rax, 0, r8, bytes)])
  code.general('mov', [r9, rsi])
  code.general('mov', [r10, rdi])
  code.general('mov', [r11, rsi])
  code.general('lea', [rax, at(rsi, 0, rcx, bytes)])
  emitPartition(words, 'below')
  code.general('sub', [r10, rdi])
  code.general('sub', [r11, rsi])
  code.general('add', [r8, r8])
  code.general('push', [rsi])
  code.general('lea', [rax, at(rdi, 0, r10)])
  code.general('push', [rax])
  code.general('push', [r11])
  code.general('push', [r8])
  code.general('lea', [rax, at(rsi, 0, r11)])
  code.general('mov', [rsi, rdi])
  code.general('mov', [rdi, rax])
  code.general('mov', [rcx, r10])
  code.general('shr', [rcx, bytes === 4 ? 2 : 3])
  code.call(part)
  code.general('pop', [r8])
  code.general('pop', [rcx])
  code.general('pop', [rdi])
  code.general('pop', [rsi])
  code.general('shr', [rcx, bytes === 4 ? 2 : 3])
  code.general('add', [r8, 1])
  code.jump(part)

  code.bind(bucket)
  code.general('sub', [r8, slot(job.buckets)])
  emitStart(words)
  code.general('mov', [rdi, rdx])
  emitCopy(words)
  code.general('mov', [rdx, rdi])
  code.general('ret')
}

/** In chunk r15 bucket r8 begins at rdx. It changes rax and r9. */
function emitStart({ code, bytes }: WordCode): void {
  code.general('mov', [rax, slot(job.chunk)])
  code.general('imul', [rax, r15])
  code.general('mov', [r9, slot(job.keys)])
  code.general('lea', [r9, at(r9, 0, rax, bytes)])
  code.general('mov', [rax, rdx])
  code.general('sub', [rax, r9])
  code.general('shr', [rax, bytes === 4 ? 2 : 3])
  code.general('mov', [r9, slot(job.buckets)])
  code.general('add', [r9, 1])
  code.general('imul', [r9, r15])
  code.general('add', [r9, r8])
  code.general('shl', [r9, 2])
  code.general('add', [r9, slot(job.starts)])
  code.general('mov', [at(r9), eax])
}

/** `(job, begin, end, thread)`: buckets, in order. */
export function emitBuckets(code: Assembler, type: WordType): void {
  const words = new WordCode(code, type)
  const { bytes } = words
  const sort = code.label('sort')
  emitUnits(words, () => {
    const [collect, none, one] = ['collect', 'none', 'one'].map(name => code.label(name))
    code.general('mov', [rax, slot(job.begins)])
    code.general('mov', [rdx, at(rax, 0, r15, 8)])
    code.general('mov', [r10, at(rax, 8, r15, 8)])
    code.general('sub', [r10, rdx])
    code.jump(none, 'e')
    code.general('mov', [rax, slot(job.to)])
    code.general('lea', [rdx, at(rax, 0, rdx, bytes)])
    code.general('mov', [rax, slot(job.isOne)])
    code.general('cmp', [at(rax, 0, r15, 4), 0], 32)
    code.jump(one, 'ne')
    // Pieces of all chunks: r8 is where the next chunk's keys are, r9 where it is told of.
    code.general('push', [r10])
    code.general('mov', [r8, slot(job.keys)])
    code.general('mov', [r9, slot(job.starts)])
    code.general('lea', [r9, at(r9, 0, r15, 4)])
    code.general('mov', [r10, slot(job.buckets)])
    code.general('add', [r10, 1])
    code.general('shl', [r10, 2])
    code.general('mov', [r11, slot(job.chunks)])
    code.general('mov', [rdi, r12])
    code.bind(collect)
    code.general('movsxd', [rsi, at(r9)])
    code.general('movsxd', [rcx, at(r9, 4)])
    code.general('sub', [rcx, rsi])
    code.general('lea', [rsi, at(r8, 0, rsi, bytes)])
    emitCopy(words)
    code.general('add', [r9, r10])
    code.general('mov', [rax, slot(job.chunk)])
    code.general('lea', [r8, at(r8, 0, rax, bytes)])
    code.general('sub', [r11, 1])
    code.jump(collect, 'ne')
    code.general('pop', [rcx])
    code.general('mov', [rsi, r12])
    code.general('mov', [rdi, r13])
    code.general('lzcnt', [rax, rcx])
    code.general('mov', [r8, 64])
    code.general('sub', [r8, rax])
    code.general('imul', [r8, slot(job.patience)])
    code.call(sort)
    code.jump(none)
    code.bind(one)
    code.general('mov', [rax, slot(job.least)])
    words.lane('vpbroadcast', [working[0], at(rax, 0, r15, bytes)])
    words.decode(working[0])
    emitFill(words, working[0], rdx, r10)
    code.bind(none)
  })
  emitSort(words, sort)
}
