/**
 * Quicksort by vectors (Blacher and others, Vectorized and performance-portable quicksort, 2022). A vector is compared with a pivot; what is below it is compressed to one place, the rest to another: the former goes to
 * a second stretch of memory, the latter stays in the first, behind which there is always room since more was read than is written. So either part has as much free room as it has words, where it is
 * parted in turn. A few vectors are sorted in registers, and written where they belong.
 *
 * Pivots are medians of a few words. Who has been unlucky too often goes on by the middle between the least and the largest key, which ends after as many rounds as a key has bits.
 */

import type { Label, Register } from '../encode/operands.ts'
import { gpr, mask, vector } from '../encode/operands.ts'
import { emitNetwork } from './network.ts'
import { at, fixed, type WordCode, working } from './words.ts'

const [rax, rcx, rdx, rbx, , , rsi, rdi, r8, r9, r10, r11] = gpr[64]
const [eax, ecx, , ebx, , , , , r8d] = gpr[32]
const [, , , , , taken, left] = mask

/** Vectors that are sorted in registers. */
const mostVectors = 8
const unrolled = 4

/** `below`: keys that are less than the pivot are parted from the others; `notAbove`: with them those that are equal. */
type Side = 'below' | 'notAbove'
const predicate = { below: 1, notAbove: 2 } as const

/**
 * Keys from r9 to rax: those on the pivot's lower side to r10, the others to r11, which both end behind what was written. It changes rbx. Vectors as a whole are written, also behind the last
 * word, but not behind what was read.
 */
export function emitPartition(words: WordCode, side: Side): void {
  const { code, bytes } = words
  const [many, few, rest, last, done] = ['many', 'few', 'rest', 'last', 'done'].map(name => code.label(name))
  const part = (x: Register, isLast: boolean) => {
    const [low, high] = [working[8], working[9]]
    words.lane('vpcmpu', [taken, x, fixed.pivot, predicate[side]])
    if (isLast) {
      code.vector('kandw', [taken, taken, left])
      code.vector('kandnw', [left, taken, left])
      words.lane('vpcompress', [at(r10), x], taken)
      words.lane('vpcompress', [at(r11), x], left)
      return
    }
    code.vector('knotw', [left, taken])
    words.lane('vpcompress', [low, x], taken, true)
    words.lane('vpcompress', [high, x], left, true)
    words.move(at(r10), low)
    words.move(at(r11), high)
    words.maskBits(ebx, taken)
    code.general('popcnt', [ebx, ebx])
    code.general('lea', [r10, at(r10, 0, rbx, bytes)])
    code.general('shl', [ebx, bytes === 4 ? 2 : 3])
    code.general('neg', [rbx])
    code.general('lea', [r11, at(r11, 64, rbx)])
  }
  code.general('sub', [rax, 64 * unrolled])
  code.jump(few)
  code.align(32)
  code.bind(many)
  // All are read before the first is written: places overlap.
  for (let u = 0; u < unrolled; u++) words.move(working[u], at(r9, 64 * u))
  code.general('add', [r9, 64 * unrolled])
  for (let u = 0; u < unrolled; u++) part(working[u], false)
  code.bind(few)
  code.general('cmp', [r9, rax])
  code.jump(many, 'be')
  code.general('add', [rax, 64 * (unrolled - 1)])
  code.jump(last)
  code.bind(rest)
  words.move(working[0], at(r9))
  code.general('add', [r9, 64])
  part(working[0], false)
  code.bind(last)
  code.general('cmp', [r9, rax])
  code.jump(rest, 'be')
  code.general('add', [rax, 64])
  code.general('sub', [rax, r9])
  code.jump(done, 'e')
  code.general('shr', [eax, bytes === 4 ? 2 : 3])
  emitFirst(words, left, eax, rbx)
  words.move(working[0], at(r9), left)
  part(working[0], true)
  words.maskBits(ebx, taken)
  code.general('popcnt', [ebx, ebx])
  code.general('lea', [r10, at(r10, 0, rbx, bytes)])
  words.maskBits(ebx, left)
  code.general('popcnt', [ebx, ebx])
  code.general('lea', [r11, at(r11, 0, rbx, bytes)])
  code.bind(done)
}

/** A mask of the first lanes, as many as a register says. It changes another. */
export function emitFirst({ code }: WordCode, to: Register, count: Register, free: Register): void {
  const free32 = gpr[32][free.number]
  code.general('mov', [free32, -1])
  code.vector('bzhi', [free32, free32, count])
  code.vector('kmovd', [to, free32])
}

/**
 * A function: keys at rsi, rcx of them and at least one, with as much room at rdi, in order as words to rdx; a vector behind either may be written. r8 says how many rounds pivots are medians. It changes all of
 * these, and rax, rbx, r9 to r11. Fixed registers are loaded.
 */
export function emitSort(words: WordCode, sort: Label): void {
  const { code, bytes, lanes } = words
  const shift = bytes === 4 ? 2 : 3
  const [top, leaf, bisect, partition, equal, done] = ['top', 'leaf', 'bisect', 'partition', 'equal', 'done'].map(
    name => code.label(name),
  )
  code.bind(sort)
  code.bind(top)
  code.general('cmp', [rcx, mostVectors * lanes])
  code.jump(leaf, 'be')
  code.general('sub', [r8d, 1])
  code.jump(bisect, 's')
  emitMedian(words)
  code.bind(partition)
  const begin = (out: Register) => {
    code.general('mov', [r9, rsi])
    code.general('mov', [r10, rdi])
    code.general('mov', [r11, rsi])
    code.general('lea', [out, at(rsi, 0, rcx, bytes)])
  }
  begin(rax)
  emitPartition(words, 'below')
  code.general('sub', [r10, rdi])
  code.jump(equal, 'e')
  code.general('sub', [r11, rsi])
  // The others wait: their room is behind what went there, that of the former behind what stayed.
  code.general('push', [rsi])
  code.general('lea', [rax, at(rdi, 0, r10)])
  code.general('push', [rax])
  code.general('lea', [rax, at(rdx, 0, r10)])
  code.general('push', [rax])
  code.general('mov', [rax, r11])
  code.general('shr', [rax, shift])
  code.general('push', [rax])
  code.general('push', [r8])
  code.general('lea', [rax, at(rsi, 0, r11)])
  code.general('mov', [rsi, rdi])
  code.general('mov', [rdi, rax])
  code.general('mov', [rcx, r10])
  code.general('shr', [rcx, shift])
  code.call(sort)
  code.general('pop', [r8])
  code.general('pop', [rcx])
  code.general('pop', [rdx])
  code.general('pop', [rdi])
  code.general('pop', [rsi])
  code.jump(top)

  // The pivot is the least key: those that are equal are done.
  code.bind(equal)
  begin(rax)
  emitPartition(words, 'notAbove')
  code.general('sub', [r10, rdi])
  code.general('sub', [r11, rsi])
  code.general('mov', [rcx, r11])
  code.general('shr', [rcx, shift])
  code.general('shr', [r10, shift])
  words.move(working[0], fixed.pivot)
  words.decode(working[0])
  emitFill(words, working[0], rdx, r10)
  code.general('test', [rcx, rcx])
  code.jump(top, 'ne')
  code.general('ret')

  code.bind(bisect)
  emitMiddle(words)
  code.jump(partition)

  code.bind(leaf)
  emitLeaves(words, done)
  code.bind(done)
  code.general('ret')
}

/** One word to so many places; a register is behind them then. It changes rax. */
export function emitFill(words: WordCode, x: Register, to: Register, count: Register): void {
  const { code, lanes } = words
  const [next, rest] = ['next', 'rest'].map(name => code.label(name))
  code.general('sub', [count, lanes])
  code.jump(rest, 'b')
  code.bind(next)
  words.move(at(to), x)
  code.general('add', [to, 64])
  code.general('sub', [count, lanes])
  code.jump(next, 'ae')
  code.bind(rest)
  code.general('add', [count, lanes])
  emitFirst(words, left, gpr[32][count.number], rax)
  words.move(at(to), x, left)
  code.general('lea', [to, at(to, 0, count, words.bytes)])
}

/** The pivot: the median of as many keys as a vector has, which lie as far apart as they can. */
function emitMedian(words: WordCode): void {
  const { code, bytes, lanes } = words
  const [places, keys] = [working[1], working[0]]
  code.general('mov', [rax, rcx])
  code.general('shr', [rax, lanes === 16 ? 4 : 3])
  code.vector('vpbroadcastd', [places, eax])
  code.vector('vpmulld', [places, places, fixed.count])
  code.general('shr', [rax, 1])
  code.general('lea', [rax, at(rsi, 0, rax, bytes)])
  code.vector('kxnorw', [taken, taken, taken])
  const index = bytes === 4 ? places : vector[256][places.number]
  code.vector(bytes === 4 ? 'vpgatherdd' : 'vpgatherdq', [keys, at(rax, 0, index, bytes)], {
    predicate: { mask: taken, zeroes: false },
  })
  const [sorted] = emitNetwork(words, 1)
  const middle = working.find(r => r !== sorted)!
  code.general('mov', [eax, lanes / 2])
  words.lane('vpbroadcast', [middle, bytes === 4 ? eax : rax])
  words.lane('vperm', [fixed.pivot, middle, sorted])
}

/** The pivot: halfway from the least key to the largest, above the former if they differ. */
function emitMiddle(words: WordCode): void {
  const { code, bytes, lanes } = words
  const [next, rest, done] = ['next', 'rest', 'done'].map(name => code.label(name))
  const [least, most, x, y] = working
  words.move(least, at(rsi))
  words.move(most, least)
  code.general('mov', [r9, rsi])
  code.general('mov', [rax, rcx])
  code.general('sub', [rax, lanes])
  code.jump(rest, 'b')
  code.bind(next)
  words.move(x, at(r9))
  words.lane('vpminu', [least, least, x])
  words.lane('vpmaxu', [most, most, x])
  code.general('add', [r9, 64])
  code.general('sub', [rax, lanes])
  code.jump(next, 'ae')
  code.bind(rest)
  code.general('add', [rax, lanes])
  code.jump(done, 'e')
  // What is left over ends where all end: some are looked at again.
  words.move(x, at(r9, -64, rax, bytes))
  words.lane('vpminu', [least, least, x])
  words.lane('vpmaxu', [most, most, x])
  code.bind(done)
  for (let by = lanes / 2; by >= 1; by /= 2)
    for (const [all, name] of [
      [least, 'vpminu'],
      [most, 'vpmaxu'],
    ] as const) {
      words.exchange(y, all, by)
      words.lane(name, [all, all, y])
    }
  words.lane('vpsub', [most, most, least])
  words.lane('vpsrl', [x, most, 1])
  words.lane('vpsub', [most, most, x])
  words.lane('vpadd', [fixed.pivot, least, most])
}

/** What fits into registers, sorted there. */
function emitLeaves(words: WordCode, done: Label): void {
  const { code, lanes } = words
  const sizes = [1, 2, 4, mostVectors]
  const leaves = sizes.map(size => code.label(`vectors${size}`))
  for (const [i, size] of sizes.entries()) {
    if (i === sizes.length - 1) break
    code.general('cmp', [ecx, size * lanes])
    code.jump(leaves[i], 'be')
  }
  for (const [i, size] of [...sizes.entries()].reverse()) {
    code.bind(leaves[i])
    emitLeaf(words, size)
    if (i > 0) code.jump(done)
  }
}

/** At most so many vectors, and more than half of that. */
function emitLeaf(words: WordCode, vectors: number): void {
  const { code, lanes } = words
  const whole = vectors >> 1
  // Lanes of those vectors that may not be whole, a vector after the other; there are at most 64.
  const bits = () => {
    code.general('lea', [eax, at(rcx, -whole * lanes)])
    code.general('mov', [rbx, -1])
    code.vector('bzhi', [rbx, rbx, rax])
  }
  const nextMask = () => {
    words.maskBits(left, ebx)
    code.general('shr', [rbx, lanes])
  }
  bits()
  for (let v = 0; v < vectors; v++) {
    if (v < whole) words.move(working[v], at(rsi, 64 * v))
    else {
      nextMask()
      words.move(working[v], fixed.ones)
      words.move(working[v], at(rsi, 64 * v), left)
    }
  }
  const sorted = emitNetwork(words, vectors)
  bits()
  for (let v = 0; v < vectors; v++) {
    words.decode(sorted[v])
    if (v < whole) words.move(at(rdx, 64 * v), sorted[v])
    else {
      nextMask()
      words.move(at(rdx, 64 * v), sorted[v], left)
    }
  }
}
