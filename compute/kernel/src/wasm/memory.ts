/**
 * Loads, stores and atomics, with their bounds checks.
 *
 * An index decides the access: uniform (one scalar access), step 1 (whole vectors), another fixed step (lane by lane at fixed
 * offsets), varying (gather, scatter). A strip of a fixed step is checked once, by its first lane; if that fails, its active
 * lanes are checked and copied one by one through scratch memory, so that a lane that is not active never touches memory.
 */
import { ELEMENT_BYTES, type Element, type Value } from '../ir/ir.ts'
import { type Access, groupBuffers } from '../lanes/accesses.ts'
import { isUniform, isVarying } from '../lanes/shape.ts'
import { partWidth, SHAPE_OF } from './lanes.ts'
import type { Operands, Rep } from './operands.ts'
import { wasmType } from './scalar.ts'

const shift = (e: Element) => Math.log2(ELEMENT_BYTES[e])
const wide = (e: Element) => ELEMENT_BYTES[e] === 8
const SCALAR_LOAD: Record<Element, string> = {
  i8: 'i32.load8_s',
  u8: 'i32.load8_u',
  u8c: 'i32.load8_u',
  i16: 'i32.load16_s',
  u16: 'i32.load16_u',
  i32: 'i32.load',
  u32: 'i32.load',
  f16: 'i32.load16_u',
  f32: 'f32.load',
  f64: 'f64.load',
  i64: 'i64.load',
  u64: 'i64.load',
}
const scalarStore = (e: Element) =>
  ELEMENT_BYTES[e] === 1
    ? 'i32.store8'
    : ELEMENT_BYTES[e] === 2
      ? 'i32.store16'
      : SCALAR_LOAD[e].replace('load', 'store')
/** Private arrays keep elements of up to 4 bytes in 4. */
const slotOf = (e: Element): Element => (wide(e) || e === 'f32' ? e : 'i32')

export function emitMemory(E: Operands, v: Value): void {
  switch (v.op) {
    case 'load':
      return load(E, v)
    case 'store':
      return store(E, v)
    case 'atomic':
      return atomic(E, v)
    default:
      return privateAccess(E, v)
  }
}

/** Checks a group against its shortest array; only if that fails each access is looked at. False: not done. */
export function checkTogether(E: Operands, group: Value[]): boolean {
  const { f, frame } = E
  const index = group[0].args[0]
  const step = E.shapes.of(index)
  const buffers = groupBuffers(group)
  if (isUniform(step)) {
    // Of one array the first access fails, or none does.
    if (buffers.length === 1) {
      checkScalar(E, group[0].attr, () => E.pushScalar(index))
      return true
    }
    E.pushScalar(index)
    frame.pushLeast(buffers, 1)
    f.op('i32.ge_u').unlikely().if()
    for (const v of group) checkScalar(E, v.attr, () => E.pushScalar(index))
    f.end()
    return true
  }
  if (step !== 1 || E.mask) return false
  const base = E.rep(index).scalar!
  f.get(base)
  frame.pushLeast(buffers, E.lanes)
  f.op('i32.ge_u').unlikely().if()
  for (const v of group) slowLanes(E, 'load', v.attr, base, 1, () => E.pushBits(undefined))
  f.end()
  return true
}

/** Pushes array + index·size; the index is pushed by `push` as i32, in range. Returns the offset from there: none. */
function address(E: Operands, buffer: number, element: Element, push: () => void): 0 {
  const { f, frame } = E
  push()
  const s = shift(element)
  if (frame.memory64) {
    f.op('i64.extend_i32_u')
    if (s) f.i64(s).op('i64.shl')
    frame.pushArray(buffer)
    f.op('i64.add')
  } else {
    if (s) f.i32(s).op('i32.shl')
    frame.pushArray(buffer)
    f.op('i32.add')
  }
  return 0
}

export function checkScalar(E: Operands, a: Access, push: () => void): void {
  if (E.options.unsafe) return
  const { f } = E
  push()
  E.frame.pushLength(a.buffer)
  f.op('i32.ge_u').unlikely().if()
  push()
  E.fail(a.site)
  f.end()
}

function setParts(E: Operands, v: Value, make: (p: number) => void, count = E.partCount(partWidth(v))): void {
  const parts: number[] = []
  for (let p = 0; p < count; p++) {
    make(p)
    const l = E.f.local('v128')
    E.f.set(l)
    parts.push(l)
  }
  E.set(v, { parts })
}

/** Pushes the address of a lane-sized scratch area. */
function laneScratch(E: Operands): void {
  E.frame.pushScratch()
  const { laneScratchOffset, memory64 } = E.frame
  if (laneScratchOffset) E.f.addr(laneScratchOffset).op(memory64 ? 'i64.add' : 'i32.add')
}

/** Active lanes one by one through scratch; fails at the first index out of range. */
function slowLanes(
  E: Operands,
  direction: 'load' | 'store',
  a: Access,
  base: number,
  step: number,
  bits: () => void,
): void {
  const { f, frame } = E
  const failed = E.temporary('i64')
  frame.pushArray(a.buffer)
  f.get(base).i32(step)
  frame.pushLength(a.buffer)
  bits()
  laneScratch(E)
  f.call(frame.helpers.lanes(direction, a.element)).tee(failed).i64(-1).op('i64.ne').unlikely().if()
  f.get(failed).op('i32.wrap_i64')
  E.fail(a.site)
  f.end()
}

/** Pushes whether the whole strip starting at `base` is in range. */
function wholeInRange(E: Operands, a: Access, base: number, step: number): void {
  const { f, frame } = E
  f.get(base)
  if (step === 1) {
    frame.pushLimit(a.buffer, E.lanes)
    f.op('i32.lt_u')
    return
  }
  frame.pushLength(a.buffer)
  f.op('i32.lt_u')
  // The last lane's index in 64 bits: it must not wrap into range.
  f.get(base)
    .op('i64.extend_i32_s')
    .i64((E.lanes - 1) * step)
    .op('i64.add')
  frame.pushLength(a.buffer)
  f.op('i64.extend_i32_u').op('i64.lt_u').op('i32.and')
}

// Loads

function load(E: Operands, v: Value): void {
  const a = v.attr as Access
  const index = v.args[0]
  const step = E.shapes.of(index)
  if (isUniform(step)) return loadUniform(E, v, a)
  if (isVarying(step)) return gather(E, v, a)
  const { f, frame } = E
  const base = E.rep(index).scalar!
  const proved = isProved(E, v)
  if (step === 1) {
    if (proved) return loadContiguous(E, v, a.element, stepPointer(E, v, a, step))
    const pointer = E.temporary(frame.memory64 ? 'i64' : 'i32')
    wholeInRange(E, a, base, 1)
    f.likely().if(frame.memory64 ? 'i64' : 'i32')
    address(E, a.buffer, a.element, () => f.get(base))
    f.else()
    slowLanes(E, 'load', a, base, 1, () => E.pushBits(E.mask))
    laneScratch(E)
    f.end()
    f.set(pointer)
    return loadContiguous(E, v, a.element, offset => E.pushAddress(pointer, offset))
  }
  const parts = Array.from({ length: E.partCount(partWidth(v)) }, () => f.local('v128'))
  if (!proved) {
    wholeInRange(E, a, base, step)
    f.likely().if()
  }
  const at = stepPointer(E, v, a, step)
  const perPart = 128 / partWidth(v)
  parts.forEach((l, p) => {
    gatherPart(E, a.element, p, lane => at(stepOffset(E, a, step, lane)), perPart)
    f.set(l)
  })
  if (!proved) {
    f.else()
    slowLanes(E, 'load', a, base, step, () => E.pushBits(E.mask))
    const scratch = E.temporary(frame.memory64 ? 'i64' : 'i32')
    laneScratch(E)
    f.set(scratch)
    loadContiguous(E, v, a.element, offset => E.pushAddress(scratch, offset), parts)
    f.end()
  }
  E.set(v, { parts })
}

/** Pushes an address so many bytes behind a pointer; returns the offset that is left for the instruction. */
type At = (offset: number) => number

/** Whether all lanes of an access are known to be active and in range. */
const isProved = (E: Operands, v: Value): boolean => !E.mask && (E.options.unsafe || E.checked.has(v.id))

/** Finds the elements of a step; for negative steps from the last lane's, so that offsets are positive. */
function stepPointer(E: Operands, v: Value, a: Access, step: number): At {
  const { f, frame } = E
  const pointer = E.temporary(frame.memory64 ? 'i64' : 'i32')
  address(E, a.buffer, a.element, () => {
    f.get(E.rep(v.args[0]).scalar!)
    if (step < 0) f.i32((E.lanes - 1) * step).op('i32.add')
  })
  f.set(pointer)
  return offset => E.pushAddress(pointer, offset)
}

/** Bytes from the pointer to a lane's element. */
const stepOffset = (E: Operands, a: Access, step: number, lane: number): number =>
  (step > 0 ? lane * step : (lane - (E.lanes - 1)) * step) * ELEMENT_BYTES[a.element]

function loadUniform(E: Operands, v: Value, a: Access): void {
  const { f } = E
  const push = () => E.pushScalar(v.args[0])
  if (!E.checked.has(v.id)) checkScalar(E, a, push)
  address(E, a.buffer, a.element, push)
  const spread = E.lanes > 1 && E.uses.byLanes(v) && !E.uses.byScalars(v)
  if (spread && ELEMENT_BYTES[a.element] >= 4) {
    f.load(wide(a.element) ? 'v128.load64_splat' : 'v128.load32_splat')
    const l = f.local('v128')
    f.set(l)
    E.set(v, { parts: [l], alike: true })
    return
  }
  f.load(SCALAR_LOAD[a.element])
  const l = f.local(wasmType(v.type))
  f.set(l)
  E.finishScalar(v, l)
}

/** Loads lanes that lie side by side. */
function loadContiguous(E: Operands, v: Value, element: Element, at: At, into?: number[]): void {
  const { f } = E
  const bytes = ELEMENT_BYTES[element]
  const n = E.partCount(partWidth(v))
  const parts = into ?? Array.from({ length: n }, () => f.local('v128'))
  const s = element === 'i8' || element === 'i16' ? 's' : 'u'
  if (bytes === 1 && n > 1) {
    const t = E.temporary('v128')
    for (let p = 0; p < n; p += 2) {
      f.load(`v128.load8x8_${s}`, at(p * 4), 0).tee(t)
      f.op(`i32x4.extend_low_i16x8_${s}`).set(parts[p])
      f.get(t)
        .op(`i32x4.extend_high_i16x8_${s}`)
        .set(parts[p + 1])
    }
  } else {
    for (let p = 0; p < n; p++) {
      const offset = at(p * 4 * Math.min(bytes, 4))
      if (bytes === 1)
        f.load('v128.load32_zero', offset, 0).op(`i16x8.extend_low_i8x16_${s}`).op(`i32x4.extend_low_i16x8_${s}`)
      else if (bytes === 2) f.load(`v128.load16x4_${s}`, offset, 0)
      else f.load('v128.load', offset, 2)
      f.set(parts[p])
    }
  }
  if (!into) E.set(v, { parts })
}

/** Pushes one part whose lanes come from single elements; `at` pushes an element's address and returns an offset to it. */
function gatherPart(E: Operands, element: Element, p: number, at: (lane: number) => number, perPart: number): void {
  const { f } = E
  const bytes = ELEMENT_BYTES[element]
  for (let l = 0; l < perPart; l++) {
    const lane = p * perPart + l
    if (bytes >= 4) {
      const acc = E.temporary('v128')
      if (l) f.set(acc)
      const offset = at(lane)
      if (l === 0) f.load(bytes === 8 ? 'v128.load64_zero' : 'v128.load32_zero', offset)
      else f.get(acc).loadLane(bytes === 8 ? 'v128.load64_lane' : 'v128.load32_lane', l, offset)
    } else {
      f.load(SCALAR_LOAD[element], at(lane))
      if (l === 0) f.op('i32x4.splat')
      else f.laneOp('i32x4.replace_lane', l)
    }
  }
}

/** Fails if an active lane of a varying index is not below a length. */
export function checkLanes(E: Operands, a: Access, index: Value, length: () => void): void {
  if (E.options.unsafe) return
  const { f, mask } = E
  const parts = E.rep(index).parts!
  const outside = (l: number, p: number) => {
    f.get(l)
    length()
    f.op('i32x4.splat').op('i32x4.ge_u')
    if (!mask) return
    E.pushMaskPart(mask, p, 32)
    f.op('v128.and')
  }
  const most = E.temporary('v128')
  const anyOutside = () => {
    if (mask) {
      parts.forEach((l, p) => {
        outside(l, p)
        if (p) f.op('v128.or')
      })
    } else {
      // The largest of all, as unsigned numbers.
      parts.forEach((l, p) => {
        f.get(l)
        if (p) f.op('i32x4.max_u')
      })
      f.set(most)
      outside(most, 0)
    }
    f.op('v128.any_true')
  }
  anyOutside()
  f.unlikely().if()
  const settle = E.unsettled.get(index.id)
  if (settle) {
    settle()
    anyOutside()
    f.if()
  }
  // Find the first lane that failed.
  const scratch = E.temporary(E.frame.memory64 ? 'i64' : 'i32')
  laneScratch(E)
  f.set(scratch)
  parts.forEach((l, p) => {
    f.get(scratch)
      .get(l)
      .store('v128.store', p * 16, 2)
  })
  f.get(scratch)
  parts.forEach((l, p) => {
    outside(l, p)
    f.op('i32x4.bitmask')
    if (p)
      f.i32(p * 4)
        .op('i32.shl')
        .op('i32.or')
  })
  f.op('i32.ctz').i32(2).op('i32.shl')
  if (E.frame.memory64) f.op('i64.extend_i32_u').op('i64.add')
  else f.op('i32.add')
  f.load('i32.load')
  E.fail(a.site)
  if (settle) f.end()
  f.end()
}

/** Checks the active lanes of a varying index. Returns the index parts to use: 0 in lanes that are not active. */
function checkedIndex(E: Operands, a: Access, index: Value, length: () => void): number[] {
  const parts = E.rep(index).parts!
  checkLanes(E, a, index, length)
  const { f, mask } = E
  if (!mask) return parts
  return parts.map((l, p) => {
    const safe = E.temporary('v128')
    f.get(l)
    E.pushMaskPart(mask, p, 32)
    f.op('v128.and').set(safe)
    return safe
  })
}

function pushIndexLane(E: Operands, parts: number[], lane: number): void {
  E.f.get(parts[lane >> 2]).laneOp('i32x4.extract_lane', lane & 3)
}

function gather(E: Operands, v: Value, a: Access): void {
  const index = checkedIndex(E, a, v.args[0], () => E.frame.pushLength(a.buffer))
  const perPart = 128 / partWidth(v)
  setParts(E, v, p =>
    gatherPart(E, a.element, p, lane => address(E, a.buffer, a.element, () => pushIndexLane(E, index, lane)), perPart),
  )
}

// Stores

function store(E: Operands, v: Value): void {
  const a = v.attr as Access
  const [index, value] = v.args
  const { f } = E
  const step = E.shapes.of(index)
  if (isUniform(step) && isUniform(E.shapes.of(value))) {
    const push = () => E.pushScalar(index)
    if (!E.checked.has(v.id)) checkScalar(E, a, push)
    address(E, a.buffer, a.element, push)
    E.pushScalar(value)
    f.store(scalarStore(a.element))
    return
  }
  if (isVarying(step)) return scatter(E, v, a)
  if (isUniform(step)) {
    // All lanes write one element: the last active one is seen, as in a sequential loop.
    const base = E.temporary('i32')
    E.pushScalar(index)
    f.set(base)
    toScratch(E, a.element, value)
    return slowLanes(E, 'store', a, base, 0, () => E.pushBits(E.mask))
  }
  const base = E.rep(index).scalar!
  const slow = () => {
    toScratch(E, a.element, value)
    slowLanes(E, 'store', a, base, step, () => E.pushBits(E.mask))
  }
  if (E.mask && !(step === 1 && ownsStrip(E, a, index))) return slow()
  const proved = isProved(E, v)
  if (!proved) {
    wholeInRange(E, a, base, step)
    f.likely().if()
  }
  const at = stepPointer(E, v, a, step)
  if (step === 1) storeContiguous(E, a.element, value, at, E.mask)
  else {
    for (let lane = 0; lane < E.lanes; lane++) storeLane(E, a.element, value, lane, at(stepOffset(E, a, step, lane)))
  }
  if (!proved) {
    f.else()
    slow()
    f.end()
  }
}

/**
 * Whether the elements of a strip are written by this strip alone, so that lanes which are not active may be written back as
 * they were: the array's only accesses for writing have this one index, it holds every range index as a plain term, and no
 * other array overlaps it.
 */
function ownsStrip(E: Operands, a: Access, index: Value): boolean {
  if (E.options.overlap) return false
  const terms = new Set<number>()
  if (!linearIndices(index, terms) || terms.size !== E.ir.rank) return false
  return E.writesOf(a.buffer).every(w => w.op === 'store' && w.args[0] === index)
}

function linearIndices(v: Value, terms: Set<number>): boolean {
  switch (v.op) {
    case 'index':
      terms.add(v.attr)
      return true
    case 'add':
    case 'sub':
      return v.args.every(a => linearIndices(a, terms))
    case 'mul':
      return v.args.some(a => !dependsOnIndex(a)) && v.args.every(a => linearIndices(a, terms))
    default:
      return !dependsOnIndex(v)
  }
}

function dependsOnIndex(v: Value): boolean {
  return v.op === 'index' || v.op === 'arg' || v.op === 'result' || v.args.some(dependsOnIndex)
}

/** Pushes a value's lane and stores it at the address below it on the stack. */
function storeLane(E: Operands, element: Element, value: Value, lane: number, offset: number): void {
  const { f } = E
  const bytes = ELEMENT_BYTES[element]
  if (value.op === 'const' || isUniform(E.shapes.of(value))) {
    E.pushScalarOrLane(value)
    f.store(scalarStore(element), offset)
    return
  }
  const perPart = 128 / partWidth(value)
  E.pushPart(value, Math.floor(lane / perPart))
  f.storeLane(`v128.store${bytes * 8}_lane`, (lane % perPart) * (bytes < 4 ? 4 / bytes : 1), offset)
}

function storeContiguous(E: Operands, element: Element, value: Value, at: At, mask: Rep | undefined): void {
  const { f } = E
  const bytes = ELEMENT_BYTES[element]
  const n = E.partCount(partWidth(value))
  const width = partWidth(value)
  let old: number[] | undefined
  if (mask) {
    old = Array.from({ length: n }, () => E.temporary('v128'))
    loadContiguous(E, value, element, at, old)
  }
  const part = (p: number) => {
    E.pushPart(value, p)
    if (!mask) return
    f.get(old![p])
    E.pushMaskPart(mask, p, width)
    f.op('v128.bitselect')
  }
  if (bytes >= 4) {
    for (let p = 0; p < n; p++) {
      const offset = at(p * 16)
      part(p)
      f.store('v128.store', offset, 2)
    }
    return
  }
  // The low bytes of each 32-bit lane, side by side.
  for (let p = 0; p < n; p += 2) {
    const single = p + 1 >= n
    const offset = at(p * 4 * bytes)
    part(p)
    if (single) part(p)
    else part(p + 1)
    if (bytes === 1) {
      f.shuffle([0, 4, 8, 12, 16, 20, 24, 28, 0, 0, 0, 0, 0, 0, 0, 0])
      f.storeLane(single ? 'v128.store32_lane' : 'v128.store64_lane', 0, offset, 0)
    } else {
      f.shuffle([0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29])
      if (single) f.storeLane('v128.store64_lane', 0, offset, 0)
      else f.store('v128.store', offset, 0)
    }
  }
}

function toScratch(E: Operands, element: Element, value: Value): void {
  const pointer = E.temporary(E.frame.memory64 ? 'i64' : 'i32')
  laneScratch(E)
  E.f.set(pointer)
  storeContiguous(E, element, value, offset => E.pushAddress(pointer, offset), undefined)
}

function scatter(E: Operands, v: Value, a: Access): void {
  const [, value] = v.args
  const index = checkedIndex(E, a, v.args[0], () => E.frame.pushLength(a.buffer))
  eachActive(E, lane => {
    address(E, a.buffer, a.element, () => pushIndexLane(E, index, lane))
    storeLane(E, a.element, value, lane, 0)
  })
}

/** Runs `make` for each lane, behind a test of its bit where lanes are masked. */
function eachActive(E: Operands, make: (lane: number) => void): void {
  const { f } = E
  const bits = E.mask ? E.temporary('i32') : -1
  if (E.mask) {
    E.pushBits(E.mask)
    f.set(bits)
  }
  for (let lane = 0; lane < E.lanes; lane++) {
    if (E.mask)
      f.get(bits)
        .i32(1 << lane)
        .op('i32.and')
        .if()
    make(lane)
    if (E.mask) f.end()
  }
}

// Atomics

function atomic(E: Operands, v: Value): void {
  const { f, frame } = E
  const a = v.attr as Access
  const type = wasmType(v.type) as 'i32'
  const update = frame.helpers.atomic(a.kind!, a.element)
  const index = E.temporary('i32')
  const varying = isVarying(E.shapes.of(v.args[0]))
  if (varying) checkLanes(E, a, v.args[0], () => frame.pushLength(a.buffer))
  const one = (lane: number | undefined) => {
    const push = (x: Value) => (lane === undefined ? E.pushScalar(x) : E.pushLane(x, lane))
    push(v.args[0])
    f.set(index)
    if (!varying) checkScalar(E, a, () => f.get(index))
    address(E, a.buffer, a.element, () => f.get(index))
    for (const x of v.args.slice(1)) push(x)
    f.call(update)
  }
  if (E.lanes === 1) {
    one(undefined)
    const l = f.local(type)
    f.set(l)
    E.finishScalar(v, l)
    return
  }
  const used = E.uses.isRead(v)
  const width = partWidth(v)
  const perPart = 128 / width
  const parts = used ? Array.from({ length: E.partCount(width) }, () => f.local('v128')) : []
  eachActive(E, lane => {
    one(lane)
    if (!used) {
      f.drop()
      return
    }
    const old = E.temporary(type)
    const part = parts[Math.floor(lane / perPart)]
    f.set(old)
    f.get(part)
      .get(old)
      .laneOp(`${SHAPE_OF[v.type]}.replace_lane`, lane % perPart)
      .set(part)
  })
  if (used) E.set(v, { parts })
}

// Private arrays: element k of lane l at (k · lanes + l) · slot

function privateAccess(E: Operands, v: Value): void {
  const { f, frame } = E
  const a = v.attr as Access
  const element = slotOf(a.element)
  const size = ELEMENT_BYTES[element]
  const { length } = E.ir.buffers[a.buffer]
  const index = v.args[0]
  const isLoad = v.op === 'lload'
  const at = frame.privateOffset(a.buffer)
  const add = frame.memory64 ? 'i64.add' : 'i32.add'
  /** Pushes scratch + index·lanes·size. */
  const slot = (push: () => void) => {
    push()
    f.i32(E.lanes * size).op('i32.mul')
    if (frame.memory64) f.op('i64.extend_i32_u')
    frame.pushScratch()
    f.op(add)
  }
  const step = E.shapes.of(index)
  if (index.op === 'const' || isUniform(step)) {
    const known = index.op === 'const' && index.attr >= 0 && index.attr < length!
    const push = () => E.pushScalar(index)
    if (!known && !E.options.unsafe) {
      push()
      f.i32(length!).op('i32.ge_u').unlikely().if()
      push()
      E.fail(a.site)
      f.end()
    }
    if (E.lanes === 1) {
      slot(push)
      if (isLoad) {
        f.load(SCALAR_LOAD[element], at)
        const l = f.local(wasmType(v.type))
        f.set(l)
        E.finishScalar(v, l)
      } else {
        E.pushScalar(v.args[1])
        f.store(SCALAR_LOAD[element].replace('load', 'store'), at)
      }
      return
    }
    const pointer = E.temporary(frame.memory64 ? 'i64' : 'i32')
    slot(push)
    f.set(pointer)
    const n = E.partCount(size === 8 ? 64 : 32)
    if (isLoad) {
      setParts(E, v, p => f.load('v128.load', E.pushAddress(pointer, at + p * 16), 2), n)
      return
    }
    const value = v.args[1]
    for (let p = 0; p < n; p++) {
      const offset = E.pushAddress(pointer, at + p * 16)
      E.pushPart(value, p)
      if (E.mask) {
        f.load('v128.load', E.pushAddress(pointer, at + p * 16), 2)
        E.pushMaskPart(E.mask, p, size === 8 ? 64 : 32)
        f.op('v128.bitselect')
      }
      f.store('v128.store', offset, 2)
    }
    return
  }
  const safe = checkedIndex(E, a, index, () => f.i32(length!))
  const perPart = size === 8 ? 2 : 4
  const pointer = E.temporary(frame.memory64 ? 'i64' : 'i32')
  const addressOf = (lane: number) => {
    slot(() => pushIndexLane(E, safe, lane))
    f.set(pointer)
    return E.pushAddress(pointer, at + lane * size)
  }
  if (isLoad) {
    setParts(E, v, p => gatherPart(E, element, p, addressOf, perPart), E.partCount(size === 8 ? 64 : 32))
    return
  }
  eachActive(E, lane => storeLane(E, element, v.args[1], lane, addressOf(lane)))
}
