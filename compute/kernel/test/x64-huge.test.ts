/** Arrays of 4 GiB, of which pages are only there where they are touched: addresses, strides and indices beyond what 31 and 32 bits hold. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BFloat16Array, IndexError, kernel } from '../src/index.ts'
import { compileFor, type Numbers } from './x64-agree.ts'
import { skip } from './x64-code.ts'
import { targets } from './x64-targets.ts'

const bytes = 2 ** 32 + 4096

/** Undefined where there is no room. */
const huge = ((): ArrayBuffer | undefined => {
  try {
    return new ArrayBuffer(bytes)
  } catch {
    return undefined
  }
})()
const skipHuge = skip || (huge === undefined && 'no array of 4 GiB can be had here')

const classes = [
  ...[Uint8Array, Int8Array, Uint16Array, BFloat16Array, Int32Array, Float32Array, Float64Array],
  ...(typeof Float16Array === 'undefined' ? [] : [Float16Array]),
] as unknown as readonly Float64ArrayConstructor[]

/** An index is an integer of 31 bits. */
const lengthOf = (type: Float64ArrayConstructor): number =>
  Math.min(2 ** 31 - 1, Math.floor(bytes / type.BYTES_PER_ELEMENT))

const n = 40
const kernels = {
  gathered: '(i, x, at, y) => { y[i] = x[at[i]] }',
  scattered: '(i, x, at, y) => { x[at[i]] = i + 1 }',
  'gathered by some': '(i, x, at, y) => { if (i % 3 !== 0) y[i] = x[at[i]] }',
  'scattered by some': '(i, x, at, y) => { if (i % 3 !== 0) x[at[i]] = i + 1 }',
  'by wide steps': '(i, x, at, y) => { y[i] = x[i * at[1]] }',
  'written by wide steps': '(i, x, at, y) => { x[i * at[1]] = i + 1 }',
  'at the end': '(i, x, at, y) => { y[i] = x[x.length - 1 - i] }',
  'written at the end': '(i, x, at, y) => { x[x.length - 40 + i] = i + 1 }',
  'from far in a loop': '(i, x, at, y) => { for (let k = 0; k < 3; k++) y[i] = x[i * at[1] + k] + y[i] }',
}

for (const type of classes)
  test(`${type.name} of 4 GiB`, { skip: skipHuge }, () => {
    const x = new type(huge!, 0, lengthOf(type)) as unknown as Numbers
    const step = Math.floor((x.length - 4) / (n - 1))
    const at = Int32Array.from({ length: n }, (_, i) => i * step)
    const places = [...at, ...at.map(k => k + 1), ...at.map(k => k + 2), ...at.map((_, i) => x.length - 1 - i)]
    for (const target of targets())
      for (const [how, source] of Object.entries(kernels)) {
        const where = `${type.name}, ${how}, ${target.isa} ${target.bits}`
        const fn = new Function(`return ${source}`)() as (i: number, ...args: unknown[]) => void
        const [found, expected] = [false, true].map(isPlain => {
          for (const [k, place] of places.entries())
            x[place] = (type as unknown) === BFloat16Array ? 0x3f80 + k : (k % 60) + 1
          const y = new Float64Array(n)
          if (!isPlain) {
            using compiled = compileFor({ source }, [x, at, y], target)
            assert.deepEqual(compiled.run(n, [x, at, y]), { value: undefined }, where)
          } else if ((type as unknown) === BFloat16Array) {
            using compiled = compileFor({ source }, [x, at, y])
            compiled.run(n, [x, at, y])
          } else for (let i = 0; i < n; i++) fn(i, x, at, y)
          return [places.map(place => x[place]), [...y]]
        })
        assert.deepEqual(found, expected, where)
      }
    for (const place of places) x[place] = 0
  })

test('a stride that leaves the integers is an error, as it is a wrong index', { skip }, () => {
  const by = kernel((i, x: Float64Array, stride: number, y: Float64Array) => {
    y[i] = x[i * stride]
  })
  for (const stride of [2 ** 31 - 1, 2 ** 30, -1, -(2 ** 31), 9])
    for (const backend of ['reference', 'x64'] as const) {
      const y = new Float64Array(50)
      assert.throws(() => by.on(backend)(50, new Float64Array(40), stride, y), IndexError, `${stride} on ${backend}`)
    }
  const steps = kernel((i, y: Int32Array) => {
    y[i & 7] = i
  })
  for (const step of [2 ** 30, 2 ** 31 - 1]) {
    const [right, found] = [new Int32Array(8), new Int32Array(8)]
    steps.on('reference')({ begin: -(2 ** 31) + 1, end: 2 ** 31 - 1, step }, right)
    steps.on('x64')({ begin: -(2 ** 31) + 1, end: 2 ** 31 - 1, step }, found)
    assert.deepEqual(found, right)
  }
})
