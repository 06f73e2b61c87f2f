/**
 * Arrays between pages that nobody may touch: code that reads or writes as much as a byte outside of an array, in a masked lane or ahead of need, faults and says so.
 * Results are those of the reference.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { kernel, reduce, scan } from '../src/index.ts'
import { addressOf } from '../src/x64/run/addresses.ts'
import { skip } from './x64-code.ts'
import { Rooms } from './x64-rooms.ts'

const types = [
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array],
  ...(typeof Float16Array === 'undefined' ? [] : [Float16Array as unknown as Float32ArrayConstructor]),
] as const
type Constructor = (typeof types)[number]
type Numbers = Exclude<Constructor, BigInt64ArrayConstructor | BigUint64ArrayConstructor>

const pageBytes = 4096
const rooms = new Rooms(2, 8)

/** So many elements right before a page that cannot be touched, or right behind one. */
const guarded = <T extends Constructor>(type: T, length: number, atEnd: boolean): InstanceType<T> =>
  rooms.guarded(type as Float64ArrayConstructor, type.BYTES_PER_ELEMENT, length, atEnd) as unknown as InstanceType<T>

const lengths = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 41, max: 300 }))
const options = { numRuns: 60 }

test('rooms are what they should be', { skip }, () => {
  const x = guarded(Float64Array, 3, true)
  x.set([1, 2, 3])
  assert.equal((addressOf(x) + 24) % pageBytes, 0)
  const reads = kernel((i, x: Float64Array, out: Float64Array) => {
    out[i] = x[i]
  }).on('x64')
  const out = new Float64Array(3)
  reads(3, x, out)
  assert.deepEqual([...out], [1, 2, 3])
  assert.throws(() => reads(4, x, new Float64Array(4)), { name: 'IndexError' })
})

const doubled = (type: Numbers) => {
  const f = (i: number, x: Float64Array, out: Float64Array) => {
    out[i] = x[i] + x[i]
  }
  return { type, f: kernel(f) }
}

test('no element before or behind an array is touched', { skip }, () => {
  const kernels = types.filter(type => !type.name.startsWith('Big')).map(type => doubled(type as Numbers))
  const property = fc.property(fc.constantFrom(...kernels), lengths, fc.boolean(), ({ type, f }, n, atEnd) => {
    const [x, out] = [guarded(type, n, atEnd), guarded(type, n, atEnd)]
    for (let i = 0; i < n; i++) x[i] = 3 * i + 1
    out.fill(0)
    const expected = new type(n)
    f.on('x64')(n, x as never, out as never)
    f.on('reference')(n, x as never, expected as never)
    assert.deepEqual(out, expected)
  })
  fc.assert(property, options)
})

test('a lane that is not active touches nothing', { skip }, () => {
  const some = kernel((i, n: number, x: Float32Array, y: Float32Array, at: Int32Array, out: Float32Array) => {
    // Only below n is there an element.
    if (i < n) {
      let sum = x[i]
      if (x[i] > 0.5) sum = sum + y[at[i]]
      out[i] = sum
    }
  })
  const property = fc.property(lengths, lengths, fc.boolean(), (n, more, atEnd) => {
    const [x, y, out] = [0, 1, 2].map(() => guarded(Float32Array, n, atEnd))
    const at = guarded(Int32Array, n, atEnd)
    for (let i = 0; i < n; i++) {
      x[i] = (i * 0.37) % 1
      y[i] = i
      // An index out of range where it is not read.
      at[i] = x[i] > 0.5 ? n - 1 - i : 1_000_000_000
    }
    out.fill(0)
    const expected = new Float32Array(n)
    some.on('x64')(n + more, n, x, y, at, out)
    some.on('reference')(n + more, n, x, y, at, expected)
    assert.deepEqual(out, expected)
  })
  fc.assert(property, options)
})

test('lanes anywhere in small elements stay on their pages', { skip }, () => {
  const kernels = types
    .filter(type => type.BYTES_PER_ELEMENT < 4)
    .map(type => ({
      type: type as Numbers,
      f: kernel((i, x: Float64Array, at: Int32Array, out: Float32Array) => {
        out[i] = x[at[i]]
      }),
    }))
  const property = fc.property(fc.constantFrom(...kernels), lengths, fc.boolean(), ({ type, f }, n, atEnd) => {
    const x = guarded(type, n, atEnd)
    const at = guarded(Int32Array, n, atEnd)
    for (let i = 0; i < n; i++) {
      x[i] = i
      at[i] = n - 1 - i
    }
    const [out, expected] = [new Float32Array(n), new Float32Array(n)]
    f.on('x64')(n, x as never, at, out)
    f.on('reference')(n, x as never, at, expected)
    assert.deepEqual(out, expected)
  })
  fc.assert(property, options)
})

test('small elements that only some lanes read or write stay within', { skip }, () => {
  const kernels = [Uint8Array, Int8Array, Uint16Array, Int16Array].map(type => ({
    type: type as Numbers,
    // Of bytes in words of 8 bits, of others in words of 16: below m there is an element of y.
    f: kernel((i, n: number, m: number, x: Float64Array, y: Float64Array, out: Float64Array) => {
      const left = i > 0 ? x[i - 1] : 0
      const right = i + 1 < n ? x[i + 1] : 0
      let sum = left + right
      if (i < m) sum = sum + y[i]
      if ((x[i] & 3) > 0) out[i] = sum
    }),
  }))
  const property = fc.property(
    fc.constantFrom(...kernels),
    lengths,
    lengths,
    fc.boolean(),
    ({ type, f }, n, few, atEnd) => {
      const m = Math.min(few, n)
      const [x, y, out] = [n, m, n].map(length => guarded(type, length, atEnd))
      for (let i = 0; i < n; i++) x[i] = 5 * i + 1
      for (let i = 0; i < m; i++) y[i] = 11 * i
      out.fill(0)
      const expected = new type(n)
      f.on('x64')(n, n, m, x as never, y as never, out as never)
      f.on('reference')(n, n, m, x as never, y as never, expected as never)
      assert.deepEqual(out, expected)
    },
  )
  fc.assert(property, options)
})

test('neighbours and strides stay within', { skip }, () => {
  const blur = kernel((i, n: number, step: number, x: Float64Array, out: Float64Array) => {
    const left = i > 0 ? x[(i - 1) * step] : 0
    const right = i + 1 < n ? x[(i + 1) * step] : 0
    out[i] = left + x[i * step] + right
  })
  const property = fc.property(
    fc.integer({ min: 0, max: 60 }),
    fc.integer({ min: 1, max: 5 }),
    fc.boolean(),
    (n, step, e) => {
      const x = guarded(Float64Array, n === 0 ? 0 : (n - 1) * step + 1, e)
      const out = guarded(Float64Array, n, e)
      x.forEach((_, i) => {
        x[i] = i
      })
      const expected = new Float64Array(n)
      blur.on('x64')(n, n, step, x, out)
      blur.on('reference')(n, n, step, x, expected)
      assert.deepEqual(out, expected)
    },
  )
  fc.assert(property, options)
})

test('reductions and scans stay within', { skip }, () => {
  const sum = reduce('+', (i, x: Int16Array) => x[i])
  const wide = reduce('max', (i, x: Float64Array) => x[i])
  const running = scan('+', (i, x: Float32Array) => x[i])
  const property = fc.property(lengths, fc.boolean(), (n, atEnd) => {
    const x = guarded(Int16Array, n, atEnd)
    const y = guarded(Float64Array, n, atEnd)
    const z = guarded(Float32Array, n, atEnd)
    const out = guarded(Float32Array, n, atEnd)
    for (let i = 0; i < n; i++) x[i] = y[i] = z[i] = (i * 7919) % 101
    out.fill(0)
    assert.equal(sum.on('x64')(n, x), sum.on('reference')(n, x))
    assert.equal(wide.on('x64')(n, y), wide.on('reference')(n, y))
    const expected = new Float32Array(n)
    running.on('x64')(n, z, out)
    running.on('reference')(n, z, expected)
    assert.deepEqual(out, expected)
  })
  fc.assert(property, options)
})

test('atomics and scattered stores stay within', { skip }, () => {
  const scatter = kernel((i, at: Uint32Array, x: Uint8Array, out: Uint8Array) => {
    if (x[i] % 3 !== 0) out[at[i]] = x[i]
  })
  const property = fc.property(lengths, fc.boolean(), (n, atEnd) => {
    const at = guarded(Uint32Array, n, atEnd)
    const [x, out] = [guarded(Uint8Array, n, atEnd), guarded(Uint8Array, n, atEnd)]
    for (let i = 0; i < n; i++) {
      x[i] = i * 11
      at[i] = x[i] % 3 !== 0 ? n - 1 - i : 0xffffffff
    }
    out.fill(0)
    const expected = new Uint8Array(n)
    scatter.on('x64')(n, at, x, out)
    scatter.on('reference')(n, at, x, expected)
    assert.deepEqual(out, expected)
  })
  fc.assert(property, options)
})

test('what does touch such a page is told, with kernel and line, on any thread', { skip }, async () => {
  const x = guarded(Float64Array, 1000, true)
  const out = new Float64Array(1_000_000)
  const careless = kernel(
    (i, x: Float64Array, out: Float64Array) => {
      const y = x[i] * 2
      out[i] = y
    },
    { name: 'careless', unsafe: true },
  ).on('x64')
  careless(1000, x, out)
  const said = (error: Error) => {
    // It asked for no checks, so this is no defect of the compiler.
    assert.equal(error.name, 'UnsafeAccessError')
    assert.match(error.message, /^kernel careless reached memory that is not its own\. It is unsafe, /)
    assert.match(error.message, /SIGSEGV: memory that is not there, or not to be written, at 0x[0-9a-f]+$/m)
    assert.match(error.message, /at byte 0x[0-9a-f]+ of 0x[0-9a-f]+, v\w+ .*\[/)
    assert.match(error.message, /in line 2: const y = x\[i\] \* 2/)
    return true
  }
  for (const n of [1001, 1_000_000]) {
    assert.throws(() => careless(n, x, out), said)
    await assert.rejects(careless.async(n, x, out), said)
  }
  careless(1000, x, out)
})
