/** Code of tallies: changes of a thread's own copies, and bringing them together. `tallies.ts` says what they are. */
import type { KernelIR, Value } from '../ir/ir.ts'
import { isUniform } from '../lanes/shape.ts'
import { identity, isWide, KIND_OF, type Tally } from '../lanes/tallies.ts'
import * as layout from '../launch/layout.ts'
import { checkLanes, checkScalar } from './checks.ts'
import type { FunctionBuilder } from './encode/index.ts'
import type { Helpers } from './helpers.ts'
import { partWidth } from './lanes.ts'
import type { Operands } from './operands.ts'

/** Pushes what `old` becomes by a change of `value`. Both may be pushed more than once. */
function combine(f: FunctionBuilder, kind: string, element: string, old: () => void, value: () => void): void {
  const type = isWide(element) ? 'i64' : 'i32'
  old()
  value()
  if (kind !== 'min' && kind !== 'max') f.op(`${type}.${kind}`)
  else {
    old()
    value()
    f.op(`${type}.${kind === 'min' ? 'lt' : 'gt'}_${element[0] === 'u' ? 'u' : 's'}`).select()
  }
}

/** The vector instruction for it; there is none for the smaller and the larger of 64 bits. */
function combineLanes(kind: string, element: string): string | undefined {
  if (kind === 'min' || kind === 'max')
    return isWide(element) ? undefined : `i32x4.${kind}_${element[0] === 'u' ? 'u' : 's'}`
  if (kind === 'add' || kind === 'sub') return isWide(element) ? `i64x2.${kind}` : `i32x4.${kind}`
  return `v128.${kind}`
}

/** An atomic operation on a tally, done in this thread's copies. */
export function emitTally(E: Operands, v: Value): void {
  const [index] = v.args
  if (E.lanes === 1) return changeOne(E, v)
  if (isUniform(E.shapes.of(index)) && combineLanes(v.attr.kind, v.attr.element)) return changeTogether(E, v)
  changeEach(E, v)
}

/** Pushes the address of an element's copies; the index is pushed by `push`. */
function address(E: Operands, buffer: number, push: () => void): void {
  const { f, frame } = E
  push()
  f.i32(4).op('i32.shl')
  if (frame.memory64) f.op('i64.extend_i32_u')
  frame.pushArray(buffer)
  f.op(frame.memory64 ? 'i64.add' : 'i32.add')
}

/** Changes one copy of an element whose address `push` pushes, for several lanes in turn. */
function changer(E: Operands, v: Value): (copy: number, push: () => void, value: () => void) => void {
  const { f, frame } = E
  const { kind, element } = v.attr
  const type = isWide(element) ? 'i64' : 'i32'
  const at = E.temporary(frame.memory64 ? 'i64' : 'i32')
  const old = E.temporary(type)
  return (copy, push, value) => {
    const offset = copy * (isWide(element) ? 8 : 4)
    push()
    f.tee(at).get(at).load(`${type}.load`, offset).set(old)
    combine(f, kind, element, () => f.get(old), value)
    f.store(`${type}.store`, offset)
  }
}

function changeOne(E: Operands, v: Value): void {
  const [index, value] = v.args
  const push = () => E.pushScalar(index)
  checkScalar(E, v.attr, push)
  changer(E, v)(
    0,
    () => address(E, v.attr.buffer, push),
    () => E.pushScalar(value),
  )
}

/** All lanes meet in one element: its copies are one vector, and so is each part of the values. */
function changeTogether(E: Operands, v: Value): void {
  const { f, frame, mask } = E
  const { buffer, element, kind } = v.attr
  const [index, value] = v.args
  const push = () => E.pushScalar(index)
  checkScalar(E, v.attr, push)
  const at = E.temporary(frame.memory64 ? 'i64' : 'i32')
  address(E, buffer, push)
  f.tee(at).get(at).load('v128.load')
  const type = isWide(element) ? 'i64' : 'i32'
  const nothing = identity({ buffer, element, kind: KIND_OF[kind] })
  for (let p = 0; p < E.partCount(partWidth(value)); p++) {
    E.pushPart(value, p)
    if (mask) {
      E.pushConstant(type, nothing)
      E.pushMaskPart(mask, p, partWidth(value))
      f.op('v128.bitselect')
    }
    f.op(combineLanes(kind, element)!)
  }
  f.store('v128.store')
}

/** Each lane at an element of its own. The indices are checked and shifted together. */
function changeEach(E: Operands, v: Value): void {
  const { f, frame, mask } = E
  const { buffer, element } = v.attr
  const [index, value] = v.args
  const length = () => frame.pushLength(buffer)
  if (isUniform(E.shapes.of(index))) checkScalar(E, v.attr, () => E.pushScalar(index))
  else checkLanes(E, v.attr, index, length)
  const parts = Array.from({ length: E.partCount(32) }, (_, p) => {
    const l = E.temporary('v128')
    E.pushPart(index, p)
    if (mask) {
      length()
      f.op('i32x4.splat')
      E.pushMaskPart(mask, p, 32)
      f.op('v128.bitselect')
    }
    f.i32(4).op('i32x4.shl').set(l)
    return l
  })
  const change = changer(E, v)
  for (let lane = 0; lane < E.lanes; lane++) {
    const at = () => {
      f.get(parts[lane >> 2]).laneOp('i32x4.extract_lane', lane & 3)
      if (frame.memory64) f.op('i64.extend_i32_u')
      frame.pushArray(buffer)
      f.op(frame.memory64 ? 'i64.add' : 'i32.add')
    }
    change(lane % (isWide(element) ? 2 : 4), at, () => E.pushLane(value, lane))
  }
}

/** Where the copies of element `k` are: pushes `base` + 16 · k. */
function pushElement(f: FunctionBuilder, base: () => void, k: () => void): void {
  const { memory64, addressType } = f.module
  base()
  k()
  if (memory64) f.op('i64.extend_i32_u')
  f.addr(4).op(`${addressType}.shl`).op(`${addressType}.add`)
}

const pushIdentity = (f: FunctionBuilder, t: Tally) =>
  isWide(t.element) ? f.i64(identity(t)) : f.i32(identity(t) as number)

/** Fills a thread's copies, when it comes for the first time. Both are locals: their address, and the array's length. */
export function emitBegin(f: FunctionBuilder, t: Tally, copies: number, length: number): void {
  const k = f.local('i32')
  const word = f.local(f.module.addressType)
  f.get(length).i32(1).op('i32.add').set(k)
  pushElement(
    f,
    () => f.get(copies),
    () => f.get(k),
  )
  f.tee(word).load('i32.load').op('i32.eqz').if()
  f.get(word).i32(1).store('i32.store')
  const next = f.loop()
  f.get(k).i32(1).op('i32.sub').set(k)
  pushElement(
    f,
    () => f.get(copies),
    () => f.get(k),
  )
  pushIdentity(f, t)
  f.op(isWide(t.element) ? 'i64x2.splat' : 'i32x4.splat').store('v128.store')
  f.get(k).brIf(next)
  f.end()
  f.end()
  f.release(k).release(word)
}

/** Code of `merge(args, begin, end, thread)`: brings elements begin to end of each array up to date with all threads' copies. */
export function emitMerge(f: FunctionBuilder, ir: KernelIR, tallies: readonly Tally[], helpers: Helpers): void {
  const { memory64, addressType } = f.module
  const [args, begin, end] = [0, 1, 2]
  const add = `${addressType}.add`
  const k = f.local('i32', 'k')
  const length = f.local('i32', 'length')
  const stop = f.local('i32', 'stop')
  const thread = f.local('i32', 't')
  const copies = f.local(addressType, 'copies')
  const at = f.local(addressType)
  for (const t of tallies) {
    const { element, kind } = t
    const slot = layout.arrayOffset(ir, t.buffer)
    const type = isWide(element) ? 'i64' : 'i32'
    const size = isWide(element) ? 8 : 4
    const sum = f.local(type, 'sum')
    const one = f.local(type)
    f.get(args)
      .load('i32.load', slot + layout.ARRAY_LENGTH)
      .set(length)
    // The smaller of `end` and the length.
    f.get(end).get(length).get(end).get(length).op('i32.lt_u').select().set(stop)
    f.get(begin).set(k)
    const out = f.block()
    const next = f.loop()
    f.get(k).get(stop).op('i32.ge_s').brIf(out)
    pushIdentity(f, t)
    f.set(sum)
    f.get(args)
      .load(`${addressType}.load`, slot + layout.ARRAY_COPIES)
      .set(copies)
    f.get(args).load('i32.load', layout.THREADS).set(thread)
    const threads = f.loop()
    pushElement(
      f,
      () => f.get(copies),
      () => f.get(length),
    )
    f.load('i32.load', 16).if()
    pushElement(
      f,
      () => f.get(copies),
      () => f.get(k),
    )
    f.set(at)
    for (let offset = 0; offset < 16; offset += size) {
      f.get(at).load(`${type}.load`, offset).set(one)
      combine(
        f,
        kind,
        element,
        () => f.get(sum),
        () => f.get(one),
      )
      f.set(sum)
    }
    f.end()
    f.get(copies)
    f.get(args).load('i32.load', slot + layout.ARRAY_COPY_BYTES)
    if (memory64) f.op('i64.extend_i32_u')
    f.op(add).set(copies)
    f.get(thread).i32(1).op('i32.sub').tee(thread).brIf(threads)
    f.end()
    f.get(sum)
    pushIdentity(f, t)
    f.op(`${type}.ne`).if()
    f.get(args).load(`${addressType}.load`, slot)
    f.get(k)
    if (memory64) f.op('i64.extend_i32_u')
    f.addr(Math.log2(size)).op(`${addressType}.shl`).op(add)
    f.get(sum).call(helpers.atomic(kind, element)).drop()
    f.end()
    f.get(k).i32(1).op('i32.add').set(k)
    f.br(next)
    f.end()
    f.end()
  }
  f.i32(0)
}
