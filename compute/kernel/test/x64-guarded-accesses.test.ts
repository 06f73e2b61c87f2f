/**
 * Every type of element, every kind of access, each kind of machine code: arrays lie right before or behind pages that nobody may touch, and
 * of the room around them not a byte changes. Results are those of the reference.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BFloat16Array } from '../src/index.ts'
import { type Asked, type Compiled, compileFor } from './x64-agree.ts'
import { skip } from './x64-code.ts'
import { Rooms } from './x64-rooms.ts'
import { targets } from './x64-targets.ts'

const classes = [
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, BFloat16Array],
  ...(typeof Float16Array === 'undefined' ? [] : [Float16Array]),
  ...[Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array],
] as unknown as readonly Float64ArrayConstructor[]

const isBig = (type: Float64ArrayConstructor): boolean => type.name.startsWith('Big')
const isWide = (type: Float64ArrayConstructor): boolean => type.BYTES_PER_ELEMENT >= 4

interface Access extends Asked {
  /** Elements of the first array, and of the last, for a range of n. */
  readonly from?: (n: number) => number
  readonly to?: (n: number) => number
  /** Positions of the range beyond the arrays. */
  readonly more?: number
  readonly only?: (type: Float64ArrayConstructor) => boolean
}

/** `at` holds the numbers below n in another order; `some` the same, but what is nowhere for every third. */
const kernels: { readonly [name: string]: Access } = {
  contiguous: { source: '(i, x, at, some, to) => { to[i] = x[i] }' },
  'both ways': { source: '(i, x, at, some, to) => { to[to.length - 1 - i] = x[x.length - 1 - i] }' },
  'in masked lanes': { source: '(i, x, at, some, to) => { if (some[i] < 0) to[i] = x[i] }' },
  'in lanes below the end': { source: '(i, x, at, some, to) => { if (i < x.length) to[i] = x[i] }', more: 37 },
  neighbours: { source: '(i, x, at, some, to) => { if (i > 0) to[i - 1] = x[i - 1]; else to[i] = x[i] }' },
  'by steps of 3': {
    source: '(i, x, at, some, to) => { to[i * 3] = x[i * 3] }',
    ...{ from: n => 3 * n - 2, to: n => 3 * n - 2 },
  },
  'by steps of -2': {
    source: '(i, x, at, some, to) => { to[to.length - 1 - 2 * i] = x[x.length - 1 - 2 * i] }',
    ...{ from: n => 2 * n - 1, to: n => 2 * n - 1 },
  },
  gathered: { source: '(i, x, at, some, to) => { to[i] = x[at[i]] }' },
  scattered: { source: '(i, x, at, some, to) => { to[at[i]] = x[i] }' },
  'gathered and scattered by some lanes': {
    source: '(i, x, at, some, to) => { if (some[i] >= 0) to[some[i]] = x[some[i]] }',
  },
  'gathered and scattered below the end': {
    source: '(i, x, at, some, to) => { if (i < at.length) to[at[i]] = x[at[i]] }',
    more: 37,
  },
  'one for all': { source: '(i, x, at, some, to) => { to[i] = x[x.length - 1] }' },
  'in a loop': { source: '(i, x, at, some, to) => { for (let k = 0; k < x.length; k++) to[i] = x[k] }' },
  'in a loop of its own length': {
    source: '(i, x, at, some, to) => { for (let k = 0; k < at[i]; k++) to[i] = x[k + 1] }',
  },
  'in a row for each': {
    source: '(i, x, at, some, to) => { for (let k = 0; k < 5; k++) to[i * 5 + k] = x[i * 5 + 4 - k] }',
    ...{ from: n => 5 * n, to: n => 5 * n },
  },
  'by atomics': { source: '(i, x, at, some, to) => { atomic.add(to, at[i], x[i]) }', only: isWide },
  'by atomics of some lanes': {
    source: '(i, x, at, some, to) => { if (some[i] >= 0) atomic.max(to, some[i], x[some[i]]) }',
    only: isWide,
  },
  'by counts': {
    source: '(i, x, at, some, to) => { atomic.add(to, at[i] % to.length, 1) }',
    ...{ only: type => isWide(type) && !isBig(type), to: () => 3 },
  },
}

/** Values of other widths in the same strip. */
const mixed: { readonly [name: string]: Access } = {
  'read beside float64': { source: '(i, x, at, some, to) => { to[i] = Number(x[i]) + at[i] }' },
  'read beside float64, anywhere': {
    source: '(i, x, at, some, to) => { if (some[i] >= 0) to[i] = Number(x[some[i]]) }',
  },
}
const stored: { readonly [name: string]: Access } = {
  'written beside float64': { source: '(i, x, at, some, to) => { to[i] = CONVERT(x[i]) }' },
  'written beside float64, anywhere': {
    source: '(i, x, at, some, to) => { if (some[i] >= 0) to[some[i]] = CONVERT(x[i]) }',
  },
}

const combined: { readonly [name: string]: Access } = {
  'in a sum': { source: '(i, x, at, some) => x[i]', kind: 'reduce', operator: '+' },
  'in a maximum of some': {
    source: '(i, x, at, some) => some[i] < 0 ? x[0] : x[some[i]]',
    kind: 'reduce',
    operator: 'max',
  },
  'in a count': { source: '(i, x, at, some) => x[i] > x[0]', kind: 'reduce', operator: '+' },
}
const scanned: { readonly [name: string]: Access } = {
  'in a scan': { source: '(i, x, at, some) => x[i]', kind: 'scan', operator: '+' },
  'in a scan of some': { source: '(i, x, at, some) => some[i] < 0 ? x[0] : x[some[i]]', kind: 'scan', operator: 'max' },
}

/** Four arrays at once, none of them longer than two pages. */
const rooms = new Rooms(2, 4)

/** What was lent last: a room, and the bytes of an array at one of its ends. */
const lent: { readonly room: Uint8Array; readonly from: number; readonly to: number }[] = []

/** The rest of its room is filled with one byte. */
function guarded(type: Float64ArrayConstructor, length: number, atEnd: boolean): Float64Array {
  const array: Float64Array = rooms.guarded(type, type.BYTES_PER_ELEMENT, length, atEnd)
  const room = new Uint8Array(array.buffer).fill(0xa5)
  lent.push({ room, from: array.byteOffset, to: array.byteOffset + array.byteLength })
  return array
}

const isUntouched = (): boolean =>
  lent
    .splice(0)
    .every(({ room, from, to }) => room.subarray(0, from).every(isFilling) && room.subarray(to).every(isFilling))
const isFilling = (byte: number): boolean => byte === 0xa5

const lengths = [1, 2, 7, 8, 15, 16, 17, 33, 130]

type Make = (type: Float64ArrayConstructor, length: number) => Float64Array

/** x, at, some and what is written, which for a scan comes first. */
function makeArguments(access: Access, n: number, types: readonly Float64ArrayConstructor[], make: Make): unknown[] {
  const x = make(types[0], access.from?.(n) ?? n)
  for (let i = 0; i < x.length; i++) x[i] = (isBig(types[0]) ? BigInt((i * 37) % 101) : (i * 37) % 101) as number
  const at = make(Int32Array as never, n)
  const some = make(Int32Array as never, n)
  for (let i = 0; i < n; i++) {
    // Backwards, with neighbours in twos exchanged.
    at[i] = n - 1 - ((i ^ 1) < n ? i ^ 1 : i)
    some[i] = i % 3 === 0 ? -1_000_000_000 : at[i]
  }
  if (types[1] === undefined) return [x, at, some]
  const to = make(types[1], access.to?.(n) ?? n)
  to.fill((isBig(types[1]) ? 0n : 0) as number)
  return access.kind === 'scan' ? [to, x, at, some] : [x, at, some, to]
}

function check(how: string, access: Access, types: readonly Float64ArrayConstructor[]): void {
  const plain: Make = (type, length) => new type(length)
  const compile = (target?: ReturnType<typeof targets>[number]): Compiled =>
    compileFor(access, makeArguments(access, 4, types, plain), target)
  using right = compile()
  for (const target of targets()) {
    using compiled = compile(target)
    for (const n of lengths)
      for (const atEnd of [false, true]) {
        const where = `${types.map(type => type.name)} ${how}, ${target.isa} ${target.bits}, ${n} at the ${atEnd ? 'end' : 'start'}`
        const expected = makeArguments(access, n, types, plain)
        const found = makeArguments(access, n, types, (type, length) => guarded(type, length, atEnd))
        const positions = n + (access.more ?? 0)
        const outcome = right.run(positions, expected)
        assert.deepEqual(compiled.run(positions, found), outcome, where)
        assert.ok(!('failure' in outcome), where)
        for (const [k, array] of expected.entries()) assert.deepEqual(found[k], array, where)
        assert.ok(isUntouched(), `${where}: what is around the arrays has changed`)
      }
  }
}

const wideResults = classes.filter(type => isWide(type))

for (const type of classes)
  test(`${type.name}, before and behind pages that cannot be touched`, { skip }, () => {
    for (const [how, access] of Object.entries(kernels))
      if (access.only?.(type) ?? true) check(how, access, [type, type])
    for (const [how, access] of Object.entries(mixed)) check(how, access, [type, Float64Array])
    const convert = isBig(type) ? 'BigInt' : ''
    for (const [how, access] of Object.entries(stored))
      check(how, { ...access, source: access.source.replace('CONVERT', convert) }, [Float64Array, type])
    for (const [how, access] of Object.entries(combined)) check(how, access, [type])
    const results = wideResults.includes(type) ? [type] : [Int32Array as never, Float64Array]
    for (const result of results) {
      const isInteger = (result as unknown) === Int32Array
      if (isInteger && (type.name.includes('Float') || isBig(type))) continue
      for (const [how, access] of Object.entries(scanned)) check(how, access, [type, result])
    }
  })
