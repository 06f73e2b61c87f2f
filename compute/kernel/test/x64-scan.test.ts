/** Scans as machine code: what the reference computes, to the bit, for every width of vectors. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BackendOptions, Combination, Launch } from '../src/backend.ts'
import { combinationOf } from '../src/combine.ts'
import { Builder } from '../src/ir/builder.ts'
import type { Element, KernelIR } from '../src/ir/ir.ts'
import { reference } from '../src/reference/index.ts'
import { x64 } from '../src/x64/index.ts'
import type { Target } from '../src/x64/lower/target.ts'
import { f32, f64, i32, i64 } from './agree.ts'
import { targets } from './x64-targets.ts'

const skip = x64.unavailable() ?? false
const data = { f32, f64, i32, i64 }
type Kind = keyof typeof data

/** `(i, out, x, heads) => x[i]` with `heads[i] !== 0`. */
function kernelOf(type: Kind, segmented: boolean): KernelIR {
  const b = new Builder()
  const index = b.op('index', 'i32', [], 0)
  const site = (buffer: number) => ({ kind: 'index' as const, buffer, text: 'x', loc: at })
  const load = (buffer: number, element: Element, type: Kind) =>
    b.op('load', type, [index], { buffer, element, site: buffer - 1 })
  const value = load(1, type, type)
  const head = b.op('ne', 'i1', [load(2, 'i32', 'i32'), b.const('i32', 0)])
  const buffers = [
    { name: 'out', element: type, space: 'global' as const },
    { name: 'x', element: type, space: 'global' as const },
    { name: 'heads', element: 'i32' as const, space: 'global' as const },
  ]
  const { body } = b
  body.results = segmented ? [value, head] : [value]
  return { name: 'scanned', rank: 1, buffers, scalars: [], sites: [site(1), site(2)], body, yields: type }
}

const at = { line: 1, column: 0, start: 0, end: 0 }

function launchOf(
  type: Kind,
  n: number,
  headEvery: number,
): Launch & { arrays: [Float32Array, Float32Array, Int32Array] } {
  const heads = Int32Array.from({ length: n }, (_, i) => Number(i % headEvery === headEvery - 1))
  return {
    extents: [{ begin: 0, end: n, step: 1 }],
    scalars: [],
    arrays: [data[type](n + 3), data[type](n), heads] as never,
    threads: 1,
    schedule: 'static',
    chunk: undefined,
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => Buffer.from(buffer, byteOffset, byteLength)
const options: BackendOptions = { fast: false, unsafe: false, source: [] }

for (const target of targets()) {
  test(`scans agree, ${target.isa} with ${target.bits} bits`, { skip }, () => {
    for (const type of ['f32', 'f64', 'i32', 'i64'] as const) {
      const operators = type[0] === 'f' ? (['+', 'min'] as const) : (['+', '^'] as const)
      for (const [k, op] of operators.entries()) {
        for (const exclusive of [false, true]) {
          for (const segmented of [false, true]) agrees(target, type, op, exclusive, segmented, k === 0)
        }
      }
    }
  })
}

function agrees(
  target: Target,
  type: Kind,
  op: '+' | 'min' | '^',
  exclusive: boolean,
  segmented: boolean,
  isLong: boolean,
) {
  const whole = combinationOf(op, type, {} as never, 'f64', 'scan')
  const combination: Combination = { ...whole, kind: 'scan', exclusive, segmented }
  const ir = kernelOf(type, segmented)
  const [slow, fast] = [
    reference.compile(ir, combination, options),
    x64.compile(ir, combination, { ...options, target } as BackendOptions),
  ]
  try {
    for (const n of [1, 15, 16, 33, 100, ...(isLong ? [16_384, 33_000] : [])]) {
      for (const headEvery of [1, 5, 9001]) {
        if (!segmented && headEvery > 1) continue
        const [a, b] = [launchOf(type, n, headEvery), launchOf(type, n, headEvery)]
        slow.run(a)
        fast.run(b)
        const how = `${type} ${op}, ${exclusive ? 'ex' : 'in'}clusive${segmented ? `, a head each ${headEvery}` : ''}, n = ${n}`
        const found = firstDifference(bytesOf(a.arrays[0]), bytesOf(b.arrays[0]))
        if (found >= 0)
          assert.fail(`${how}: byte ${found} differs: ${b.arrays[0].slice(0, 40)} not ${a.arrays[0].slice(0, 40)}`)
      }
    }
  } finally {
    fast.dispose()
  }
}

function firstDifference(a: Buffer, b: Buffer): number {
  if (a.equals(b)) return -1
  return a.findIndex((byte, i) => byte !== b[i])
}

test('an index out of range ends a scan', { skip }, () => {
  const ir = kernelOf('f32', true)
  const combination: Combination = {
    ...combinationOf('+', 'f32', {} as never, 'f64', 'scan'),
    kind: 'scan',
    segmented: true,
  }
  const fast = x64.compile(ir, combination, options)
  try {
    const launch = launchOf('f32', 100, 7)
    launch.arrays[2] = launch.arrays[2].subarray(0, 50)
    assert.deepEqual(fast.run(launch), { failure: { site: 1, index: 50 } })
  } finally {
    fast.dispose()
  }
})
