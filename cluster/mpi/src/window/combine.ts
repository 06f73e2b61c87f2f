/**
 * Accumulating into the memory of a window, which several threads may see. Whole numbers are combined one by one by atomic instructions; all else while the memory's mutex is held. Elements of
 * one kind always go the same way, so that a call is atomic with any other.
 */

import { basics } from '../datatype/basic.ts'
import type { Datatype, Kind } from '../datatype/datatype.ts'
import { kinds, type NumberArray } from '../datatype/kinds.ts'
import { gather, scatterInto } from '../datatype/packing.ts'
import type { Op, OpName } from '../op.ts'
import { kept } from '../reduce/kept.ts'
import { expression } from '../reduce/loops.ts'
import { reduceInto } from '../reduce/reduce.ts'

/** `n` numbers of `memory` from `m` on are combined with those of `origin` from `o` on; what they were goes to `result`. */
type AtomicLoop = (
  n: number,
  memory: NumberArray,
  m: number,
  origin: NumberArray,
  o: number,
  result: NumberArray,
) => void

const instructions: { readonly [op in OpName]?: string } = {
  sum: 'add',
  band: 'and',
  bor: 'or',
  bxor: 'xor',
  replace: 'exchange',
}

/** One for each op, kind, and whether the result is wanted (2), each with a text of its own, so that V8 compiles it for that kind alone. */
const atomicLoopOf = kept((op: OpName, kind: Kind, operands: number): AtomicLoop => {
  const name = instructions[op]
  const keep = operands === 2 ? 'result[o + k] = ' : ''
  const body =
    op === 'noOp'
      ? `${keep}Atomics.load(memory, m + k)`
      : name !== undefined
        ? `${keep}Atomics.${name}(memory, m + k, origin[o + k])`
        : `const y = origin[o + k]
      for (let r = Atomics.load(memory, m + k), seen; ; r = seen) {
        seen = Atomics.compareExchange(memory, m + k, r, ${expression(op, kind === 'bool' || kind === 'byte' ? 'uint8' : kind)})
        if (seen === r) { ${keep}r; break }
      }`
  return new Function(
    ...['n', 'memory', 'm', 'origin', 'o', 'result'],
    `// ${op} of ${kind}, ${operands}
    for (let k = 0; k < n; k++) {
      ${body}
    }`,
  ) as AtomicLoop
})

const atomicKinds = new Set<Kind>([
  ...(['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64'] as const),
  ...(['bool', 'byte', 'packed', 'object'] as const),
])

const none = new Uint8Array(0)

/** Memory of a rank, and the word that guards it. */
export interface Guarded {
  readonly bytes: Uint8Array
  readonly words: Int32Array
  readonly mutex: number
  /** By kind, the same memory as numbers: made when it is first asked for. */
  readonly numbers: { [kind in Kind]?: NumberArray }
}

/** The memory as numbers, from the last place before it that is aligned for them. */
function numbersIn(memory: Guarded, kind: Kind): NumberArray {
  const { array, size } = kinds[kind]
  const { buffer, byteOffset, length } = memory.bytes
  const first = byteOffset % size
  return (memory.numbers[kind] ??= new array!(buffer, byteOffset - first, Math.floor((length + first) / size)))
}

/**
 * The short way for one whole number in arrays of its kind, which an atomic instruction takes.
 *
 * @returns false: it has to be combined like others
 */
export function combineOne(
  memory: Guarded,
  at: number,
  { kind, size }: Datatype,
  op: OpName,
  origin: ArrayBufferView,
  result: ArrayBufferView,
): boolean {
  if (kind === undefined || !atomicKinds.has(kind)) return false
  const { array } = kinds[kind]
  const begin = (memory.bytes.byteOffset % size) + at
  if (origin.constructor !== array || result.constructor !== array || begin % size !== 0) return false
  const loop = atomicLoopOf(op, kind, 2)
  loop(1, numbersIn(memory, kind), begin / size, origin as NumberArray, 0, result as NumberArray)
  return true
}

/** The same of a swap. */
export function swapOne(
  memory: Guarded,
  at: number,
  { kind, size }: Datatype,
  origin: ArrayBufferView,
  compare: ArrayBufferView,
  result: ArrayBufferView,
): boolean {
  const { array } = kinds[kind!]
  const begin = (memory.bytes.byteOffset % size) + at
  if (origin.constructor !== array || compare.constructor !== array || result.constructor !== array) return false
  if (begin % size !== 0) return false
  const there = numbersIn(memory, kind!) as Int32Array
  const [value, expected] = [(origin as Int32Array)[0], (compare as Int32Array)[0]]
  ;(result as Int32Array)[0] = Atomics.compareExchange(there, begin / size, expected, value)
  return true
}

/**
 * @param at of the first element, in bytes of the memory
 * @param origin elements one after another; undefined: none are read (`noOp`)
 * @param result where what they were goes, one after another; undefined: nowhere
 */
export function combine(
  memory: Guarded,
  at: number,
  count: number,
  type: Datatype,
  op: Op,
  origin: Uint8Array | undefined,
  result: Uint8Array | undefined,
): void {
  if (count === 0 || type.size === 0) return
  const kind = type.kind!
  if (atomicKinds.has(kind) && isAligned(memory.bytes.byteOffset + at, type, kinds[kind].size)) {
    return combineAtomically(memory, at, count, type, op.name as OpName, origin, result)
  }
  hold(memory.words, memory.mutex)
  try {
    combineAlone(memory.bytes, at, count, type, op, origin, result)
  } finally {
    letGo(memory.words, memory.mutex)
  }
}

function isAligned(at: number, { isContiguous, extent, offsets }: Datatype, size: number): boolean {
  if (at % size !== 0) return false
  return isContiguous || size === 1 || (extent % size === 0 && offsets.every(offset => offset % size === 0))
}

function combineAtomically(
  memory: Guarded,
  at: number,
  count: number,
  type: Datatype,
  op: OpName,
  origin: Uint8Array | undefined,
  result: Uint8Array | undefined,
): void {
  const kind = type.kind!
  const { array, size } = kinds[kind]
  const loop = atomicLoopOf(op, kind, result === undefined ? 1 : 2)
  const there = numbersIn(memory, kind)
  const from = numbers(array!, origin ?? none, size)
  const to = result === undefined ? from : numbers(array!, result, size)
  const begin = (at + (memory.bytes.byteOffset % size)) / size
  if (type.isContiguous) {
    loop((count * type.size) / size, there, begin, from, 0, to)
  } else {
    const { offsets, lengths } = type
    let o = 0
    for (let e = 0; e < count; e++) {
      for (let r = 0; r < offsets.length; r++) {
        const n = lengths[r] / size
        loop(n, there, begin + (e * type.extent + offsets[r]) / size, from, o, to)
        o += n
      }
    }
  }
  if (result !== undefined && to.buffer !== result.buffer) {
    result.set(new Uint8Array(to.buffer, to.byteOffset, to.byteLength))
  }
}

/** Bytes as numbers, in place where they are aligned. */
const numbers = (
  array: new (buffer: ArrayBufferLike, from: number, length: number) => NumberArray,
  bytes: Uint8Array,
  size: number,
): NumberArray => {
  const there = bytes.byteOffset % size === 0 ? bytes : bytes.slice()
  return new array(there.buffer, there.byteOffset, there.length / size)
}

function combineAlone(
  bytes: Uint8Array,
  at: number,
  count: number,
  type: Datatype,
  op: Op,
  origin: Uint8Array | undefined,
  result: Uint8Array | undefined,
): void {
  const { buffer, byteOffset } = bytes
  const there = new DataView(buffer, byteOffset + at)
  const isSimple = type.isContiguous && type.recipe.is === 'basic' && op.name !== 'noOp' && op.name !== 'replace'
  if (isSimple) {
    const view = new Uint8Array(buffer, byteOffset + at, count * type.size)
    result?.set(view)
    return reduceInto(op, type, origin!, view, count)
  }
  const before = gather(there, count, type)
  result?.set(before)
  if (op.name === 'noOp') return
  if (op.name === 'replace') return scatterInto(origin!, there, type)
  // One after another, laid out as the kind's basic type is: pairs may have a gap.
  const basic = basics[type.kind!]
  const n = before.length / basic.size
  const [mine, theirs] = [spread(origin!, basic, n), spread(before, basic, n)]
  reduceInto(op, basic, mine, theirs, n)
  scatterInto(gather(theirs, n, basic), there, type)
}

function spread(packed: Uint8Array, basic: Datatype, n: number): Uint8Array {
  const view = new Uint8Array(n * basic.extent)
  scatterInto(packed, view, basic)
  return view
}

/** Swaps one whole number; gives what was there. All are views of one number of `type`. */
export function compareAndSwap(
  memory: Guarded,
  at: number,
  type: Datatype,
  origin: Uint8Array,
  compare: Uint8Array,
  result: Uint8Array,
): void {
  const { array, size } = kinds[type.kind!]
  const { buffer, byteOffset } = memory.bytes
  const [value, expected] = [numbers(array!, origin, size)[0], numbers(array!, compare, size)[0]]
  const isAtomic = (byteOffset + at) % size === 0
  if (isAtomic) {
    const there = new array!(buffer, byteOffset + at, 1)
    const found = new array!(1)
    found[0] = Atomics.compareExchange(there as Int32Array, 0, expected as number, value as number)
    result.set(new Uint8Array(found.buffer))
    return
  }
  hold(memory.words, memory.mutex)
  const there = new Uint8Array(buffer, byteOffset + at, size)
  result.set(there)
  if (numbers(array!, there.slice(), size)[0] === expected) there.set(origin)
  letGo(memory.words, memory.mutex)
}

// A mutex in a word: 0 free, 1 held, 2 held and waited for. Who holds it waits for nothing, so it is held for as long as a loop takes.

const looks = 100

export function hold(words: Int32Array, mutex: number): void {
  if (Atomics.compareExchange(words, mutex, 0, 1) === 0) return
  for (let i = 0; i < looks; i++) if (Atomics.compareExchange(words, mutex, 0, 1) === 0) return
  while (Atomics.exchange(words, mutex, 2) !== 0) Atomics.wait(words, mutex, 2)
}

export function letGo(words: Int32Array, mutex: number): void {
  if (Atomics.exchange(words, mutex, 0) === 2) Atomics.notify(words, mutex, 1)
}
