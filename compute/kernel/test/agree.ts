/**
 * One kernel in every way it can be run, with equal results: the function itself index after index, the reference backend,
 * and the fast ones with arrays inside and outside the heap, on 1 to n threads, by every schedule, with chunks, over awkward sizes.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { heap } from '@skein/heap'
import { kernel, type Range } from '../src/index.ts'
import { fastHere } from './backends.ts'

export interface Case {
  fn: Function
  use?: { [name: string]: unknown }
  float?: 'f32' | 'f64'
  /** Fresh arguments for a range of n, the same for the same n. */
  args: (n: number) => unknown[]
  /** Default: n. */
  range?: (n: number) => Range
  sizes?: number[]
  /**
   * How far JavaScript's own result may lie from the kernel's: 0 by default, units in the last place of the array's floats,
   * or 'differs' where the kernel language says something else.
   */
  plain?: number | 'differs'
}

type Numbers = ArrayBufferView & { [index: number]: number | bigint; readonly length: number }

export const SIZES = [...Array.from({ length: 18 }, (_, n) => n), 31, 32, 33, 39, 100, 1000]
const SOME = [1, 3, 17, 33, 1000]
const SCHEDULES = ['static', 'dynamic', 'guided', 'auto'] as const

export function agree(what: string, cases: { [name: string]: Case }): void {
  describe(what, () => {
    for (const [name, c] of Object.entries(cases)) it(name, () => agrees(c))
  })
}

export async function agrees(c: Case): Promise<void> {
  const made = kernel(c.fn as any, { ...(c.use && { use: c.use }), ...(c.float && { float: c.float }) }) as any
  const slow = made.on('reference')
  for (const n of c.sizes ?? SIZES) {
    const range = c.range ? c.range(n) : n
    const expected = c.args(n)
    slow(range, ...expected)
    if (c.plain !== 'differs') {
      const plain = c.args(n)
      for (const index of indices(range)) c.fn(index, ...plain)
      same(plain, expected, `the reference against JavaScript, n = ${n}`, c.plain ?? 0)
    }
    for (const backend of fastHere) await agreesOn(backend, made.on(backend), c, n, range, expected)
  }
}

async function agreesOn(backend: string, fast: any, c: Case, n: number, range: Range, expected: unknown[]) {
  const outside = c.args(n)
  fast(range, ...outside)
  same(expected, outside, `${backend}, n = ${n}`)
  await inHeap(c.args(n), async args => {
    fast(range, ...args)
    same(expected, args, `${backend} in the heap, n = ${n}`)
  })
  if (!SOME.includes(n)) return
  for (const schedule of SCHEDULES) {
    for (const chunk of [undefined, 1, 7]) {
      const threads = 1 + ((n + SCHEDULES.indexOf(schedule) + (chunk ?? 0)) % 4)
      const args = c.args(n)
      await fast.with({ threads, schedule, ...(chunk && { chunk }) }).async(range, ...args)
      same(expected, args, `${backend}, n = ${n}, ${threads} threads, ${schedule}, chunk ${chunk}`)
    }
  }
}

/** Every index of a range, last dimension fastest: numbers, or arrays of two or three. */
export function* indices(range: Range): Generator<number | number[]> {
  const spans = (Array.isArray(range) ? range : [range]) as (number | { begin?: number; end: number; step?: number })[]
  const lists = spans.map(s => {
    const { begin = 0, end, step = 1 } = typeof s === 'number' ? { end: s } : s
    return Array.from({ length: Math.max(0, Math.ceil((end - begin) / step)) }, (_, k) => begin + k * step)
  })
  if (!Array.isArray(range)) yield* lists[0]
  else if (lists.length === 1) for (const i of lists[0]) yield [i]
  else if (lists.length === 2) for (const i of lists[0]) for (const j of lists[1]) yield [i, j]
  else for (const i of lists[0]) for (const j of lists[1]) for (const k of lists[2]) yield [i, j, k]
}

/** Arrays that share a buffer share one in the heap, too. */
async function inHeap(args: unknown[], run: (args: unknown[]) => Promise<void>): Promise<void> {
  const moved = new Map<unknown, Uint8Array>()
  const move = (x: unknown): unknown => {
    if (!ArrayBuffer.isView(x)) return x
    if (!moved.has(x.buffer)) moved.set(x.buffer, heap.u8(new Uint8Array(x.buffer)))
    const bytes = moved.get(x.buffer)!
    return new (x.constructor as any)(bytes.buffer, bytes.byteOffset + x.byteOffset, (x as Numbers).length)
  }
  const there = args.map(x => (isView(x) ? { ...x, data: move(x.data) } : move(x)))
  for (const x of there) assert(!ArrayBuffer.isView(x) || x.byteLength === 0 || heap.owns(x), 'lies in the heap')
  await run(there)
  for (const a of moved.values()) heap.release(a)
}

const isView = (x: unknown): x is { data: unknown } => typeof x === 'object' && x !== null && 'data' in x

/** Arrays with equal elements: NaN equals NaN, and -0 is not 0. */
export function same(expected: unknown[], found: unknown[], when: string, ulp = 0): void {
  for (const [k, x] of expected.entries()) {
    const [a, b] = [isView(x) ? x.data : x, isView(found[k]) ? found[k].data : found[k]] as Numbers[]
    if (!ArrayBuffer.isView(a)) continue
    for (let i = 0; i < a.length; i++) {
      if (!close(a[i], b[i], ulp, a instanceof Float32Array))
        assert.fail(`${when}: argument ${k + 1}[${i}] is ${show(b[i])}, not ${show(a[i])}`)
    }
  }
}

function close(x: number | bigint, y: number | bigint, ulp: number, single: boolean): boolean {
  if (Object.is(x, y)) return true
  if (ulp === 0 || typeof x !== 'number' || typeof y !== 'number') return false
  const [unit, least] = single ? [2 ** -23, 2 ** -149] : [2 ** -52, 2 ** -1074]
  return Math.abs(x - y) <= ulp * Math.max(unit * Math.abs(x), least)
}

const show = (x: number | bigint): string => (Object.is(x, -0) ? '-0' : typeof x === 'bigint' ? `${x}n` : String(x))

// Data

/** Numbers between -20 and 20, the same for the same length. */
export const f64 = (n: number): Float64Array => Float64Array.from({ length: n }, (_, i) => Math.sin(i * 7 + 1) * 20)
export const f32 = (n: number): Float32Array => Float32Array.from(f64(n))
/** Integers between -50 and 50. */
export const i32 = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => ((i * 7919 + 13) % 101) - 50)
export const u32 = (n: number): Uint32Array => Uint32Array.from({ length: n }, (_, i) => Math.imul(i, 2654435761))
export const i64 = (n: number): BigInt64Array =>
  BigInt64Array.from({ length: n }, (_, i) => BigInt.asIntN(64, BigInt(i * i - 7) * 0x9e3779b97f4a7c15n))
export const u64 = (n: number): BigUint64Array =>
  BigUint64Array.from({ length: n }, (_, i) => BigInt.asUintN(64, BigInt(i * i + 7) * 0x9e3779b97f4a7c15n))
