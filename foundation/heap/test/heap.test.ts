import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createHeap, DoubleFreeError, type Heap, HeapOutOfMemoryError, UseAfterFreeError } from '../src/index.ts'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

const small = (): Heap => createHeap({ maxBytes: 2 ** 26 })

/** Collects until a condition holds; finalizers run in turns of the event loop. */
const collected = async (condition: () => boolean): Promise<void> => {
  for (let i = 0; i < 50 && !condition(); i++) {
    gc()
    await turn()
  }
  assert.ok(condition(), 'the garbage collector has released them')
}

test('each kind of array is what it says, zero-filled and aligned', () => {
  const heap = small()
  const made = [
    [heap.f64(3), Float64Array],
    [heap.f32(3), Float32Array],
    [heap.i8(3), Int8Array],
    [heap.u8(3), Uint8Array],
    [heap.u8c(3), Uint8ClampedArray],
    [heap.i16(3), Int16Array],
    [heap.u16(3), Uint16Array],
    [heap.i32(3), Int32Array],
    [heap.u32(3), Uint32Array],
    [heap.i64(3), BigInt64Array],
    [heap.u64(3), BigUint64Array],
    ...(typeof Float16Array === 'undefined' ? [] : [[heap.f16(3), Float16Array] as const]),
  ] as const
  for (const [array, type] of made) {
    assert.ok(array instanceof type)
    assert.equal(array.constructor, type)
    assert.equal(array.length, 3)
    assert.equal(array.byteOffset % 64, 0)
    assert.equal(Number(array[2]), 0)
    assert.ok(array.buffer instanceof SharedArrayBuffer)
    assert.deepEqual(array, new type(3), 'nothing extra shows')
    assert.deepEqual(Object.keys(array), ['0', '1', '2'])
  }
})

test('zeros again where a block has been used before', () => {
  const heap = small()
  for (const n of [10, 5000, 200_000]) {
    const first = heap.u8(n)
    first.fill(255)
    heap.release(first)
    const second = heap.u8(n)
    assert.ok(second.every(byte => byte === 0))
    heap.release(second)
  }
})

test('from arrays, typed arrays and iterables', () => {
  const heap = small()
  assert.deepEqual([...heap.f32([1, 2.5, -3])], [1, 2.5, -3])
  assert.deepEqual([...heap.i32(Float64Array.of(1.9, -1.9))], [1, -1])
  assert.deepEqual([...heap.u8(new Set([1, 2]))], [1, 2])
  assert.deepEqual([...heap.f64({ length: 2, 0: 7, 1: 8 })], [7, 8])
  assert.deepEqual([...heap.i64([1n, -2n])], [1n, -2n])
  assert.deepEqual([...heap.f64(0)], [])
  const before = heap.stats().inUseBytes
  assert.throws(() => heap.f32([1n as unknown as number]), TypeError)
  assert.equal(heap.stats().inUseBytes, before, 'a failed copy leaves nothing behind')
})

test('sizes that are none', () => {
  const heap = small()
  for (const bad of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    assert.throws(() => heap.allocate(bad), { name: 'ArgumentError' })
    assert.throws(() => heap.f32(bad), { name: 'ArgumentError' })
  }
  for (const bad of ['12', null, undefined, {}, true]) {
    assert.throws(() => heap.f32(bad as unknown as number), { name: 'ArgumentError' })
  }
  for (const align of [0, 3, -64, 2 ** 25, Number.NaN]) {
    assert.throws(() => heap.allocate(64, { align }), { name: 'ArgumentError' })
  }
  assert.throws(() => heap.allocate(2 ** 52), HeapOutOfMemoryError)
  assert.throws(() => heap.f64(2 ** 49), HeapOutOfMemoryError)
  assert.equal(heap.stats().inUseBytes, 0)
})

test('released twice, and used after', () => {
  const heap = small()
  const x = heap.f32(100, { label: 'x' })
  const part = x.subarray(10)
  heap.release(x)
  assert.throws(() => heap.release(x), DoubleFreeError)
  assert.throws(() => heap.release(part), DoubleFreeError)
  assert.throws(() => heap.addressOf(x), UseAfterFreeError)
  assert.throws(() => heap.addressOf(part), /the allocation of 400 B \(x\) had been released/)
  x[Symbol.dispose]() // `using` after a release by hand is no error

  for (const bytes of [100, 40_000, 1_000_000]) {
    const address = heap.allocate(bytes)
    const manual = heap.view(Uint8Array, address, bytes)
    assert.equal(heap.addressOf(manual), address)
    heap.free(address)
    assert.throws(() => heap.free(address), DoubleFreeError)
    assert.throws(() => heap.addressOf(manual), UseAfterFreeError)
  }
  const address = heap.allocate(1000)
  for (const wrong of [0, 64, -64, address + 64, address + 1, 2 ** 40, Number.NaN, 0.5]) {
    assert.throws(() => heap.free(wrong), { name: 'ArgumentError' }, String(wrong))
  }
  assert.throws(() => heap.release(new Float32Array(3)), { name: 'ArgumentError' })
  assert.throws(() => heap.addressOf(new Float32Array(3)), { name: 'ArgumentError' })
  assert.throws(() => heap.addressOf(small().f32(3)), { name: 'ArgumentError' })
})

test('out of memory says who holds what', () => {
  const heap = createHeap({ maxBytes: 2 ** 24 })
  const kept = [heap.u8(2 ** 22, { label: 'images' }), heap.u8(2 ** 21, { label: 'masks' }), heap.u8(2 ** 20)]
  assert.throws(
    () => heap.u8(2 ** 24),
    (error: HeapOutOfMemoryError) => {
      assert.ok(error instanceof HeapOutOfMemoryError)
      assert.match(
        error.message,
        /no room for 16 MiB: .* are free\. Held by images 4 MiB, masks 2 MiB, arrays without a label 1 MiB/,
      )
      assert.deepEqual(
        error.holders.map(({ who }) => who),
        ['images', 'masks', 'arrays without a label'],
      )
      assert.equal(error.askedBytes, 2 ** 24)
      return true
    },
  )
  assert.equal(kept[0].length, 2 ** 22)
  heap.f32(1000)
})

test('owns', () => {
  const heap = small()
  const x = heap.f32(10)
  assert.ok(heap.owns(x))
  assert.ok(heap.owns(x.subarray(2)))
  assert.ok(heap.owns(new DataView(x.buffer, x.byteOffset, 8)))
  assert.ok(heap.owns(new Uint8Array(heap.memory.buffer)), "the engine's own buffer object")
  assert.ok(heap.owns(new Uint8Array(structuredClone(heap.memory.buffer))), 'one that came through a port')
  assert.ok(!heap.owns(new Float32Array(10)))
  assert.ok(!heap.owns(new Float32Array(new SharedArrayBuffer(64))))
  assert.ok(!heap.owns(small().f32(10)))
  const other = small()
  assert.ok(!heap.owns(new Uint8Array(other.memory.buffer)))
  const copy = new SharedArrayBuffer(heap.memory.buffer.byteLength)
  new Uint8Array(copy).set(new Uint8Array(heap.memory.buffer))
  assert.ok(!heap.owns(new Uint8Array(copy)), 'the same bytes elsewhere are not the same memory')
})

test('using and scopes release at their end', () => {
  const heap = small()
  {
    using x = heap.f32(1000)
    x[0] = 1
    assert.equal(heap.stats().allocations, 1)
  }
  assert.equal(heap.stats().allocations, 0)
  let kept: Float32Array
  {
    using scope = heap.scope()
    scope.f32(10)
    scope.u8([1, 2])
    kept = scope.keep(scope.f32([3]))
    assert.equal(heap.stats().allocations, 3)
  }
  assert.equal(heap.stats().allocations, 1)
  assert.equal(kept[0], 3)
  heap.release(kept)
  assert.equal(heap.stats().inUseBytes, 0)
})

test('disown and adopt hand a block over', () => {
  const heap = small()
  const x = heap.f32([1, 2, 3])
  const address = heap.disown(x)
  assert.equal(heap.addressOf(x), address, 'a disowned block lives on')
  const y = heap.adopt(Float32Array, address, 3)
  assert.deepEqual([...y], [1, 2, 3])
  heap.release(y)
  assert.throws(() => heap.adopt(Float32Array, address, 3), { name: 'ArgumentError' })
  assert.throws(() => heap.addressOf(x), UseAfterFreeError)
})

test('the garbage collector releases what nothing refers to', async () => {
  const heap = small()
  const make = (): void => {
    for (let i = 0; i < 200; i++) heap.f32(1000 + i)
  }
  make()
  assert.ok(heap.stats().allocations === 200)
  await collected(() => heap.stats().allocations === 0)
  assert.equal(heap.stats().inUseBytes, 0)
})

test('a part of an array keeps all of it', async () => {
  const heap = small()
  const parts = (): Float32Array[] => [heap.f32([1, 2, 3]).subarray(1), new Float32Array(heap.f32([4]).buffer, 0, 1)]
  const kept = parts()
  heap.f32(10)
  await collected(() => heap.stats().allocations === 2)
  assert.deepEqual([...kept[0]], [2, 3])
  assert.equal(kept.length, 2)
})

test('a loop that never returns to the event loop does not fill the heap with garbage', () => {
  const heap = createHeap({ maxBytes: 2 ** 26 })
  for (let i = 0; i < 300; i++) heap.f32(2 ** 20)[0] = i
  assert.ok(heap.stats().peakBytes < 2 ** 26)
})

test('statistics', () => {
  const heap = small()
  using _a = heap.f32(100, { label: 'a' })
  heap.release(heap.f32(10_000))
  const stats = heap.stats()
  assert.equal(stats.reservedBytes <= 2 ** 26 && stats.reservedBytes > 2 ** 26 - 65536, true)
  assert.equal(stats.allocations, 1)
  assert.equal(stats.totalAllocations, 2)
  assert.equal(stats.inUseBytes, 448)
  assert.equal(stats.peakBytes, 448 + 40960)
  assert.deepEqual(stats.holders, [{ label: 'a', bytes: 448, blocks: 1 }])
  assert.ok(stats.committedBytes <= stats.reservedBytes)
})

test('more labels than there is room for still count', () => {
  const heap = small()
  for (let i = 0; i < 1100; i++) heap.allocate(64, { label: `label ${i} ${'é'.repeat(40)}` })
  const holders = heap.holders()
  assert.equal(
    holders.reduce((sum, { blocks }) => sum + blocks, 0),
    1100,
  )
  assert.equal(holders.find(({ label }) => label === '')?.blocks, 1100 - 1023)
})

test('the stack may overflow inside the allocator', () => {
  const heap = small()
  const dig = (): void => {
    heap.free(heap.allocate(100 + Math.floor(Math.random() * 100_000)))
    dig()
  }
  for (let i = 0; i < 30; i++) assert.throws(dig, RangeError)
  heap.trim()
  const left = heap.stats().allocations
  assert.ok(left <= 30, `at most the block in hand is lost each time: ${left}`)
  heap.free(heap.allocate(1_000_000))
})

test('a borrowed array calls back once nothing refers to it, and frees nothing', () => {
  const heap = createHeap({ maxBytes: 2 ** 26 })
  const owner = heap.f64([1, 2, 3])
  let ended = 0
  let part: Float64Array | undefined = heap.borrow(Float64Array, heap.addressOf(owner), 3, () => ended++).subarray(1)
  heap.collect()
  assert.deepEqual([...part], [2, 3])
  assert.equal(ended, 0)
  const borrowed = part
  assert.throws(() => heap.release(borrowed), { name: 'ArgumentError' })
  assert.throws(() => heap.disown(borrowed), { name: 'ArgumentError' })
  part = undefined
  ;(() => {
    for (let i = 0; i < 100; i++) heap.borrow(Float64Array, heap.addressOf(owner), 3, () => ended++)
  })()
  heap.collect()
  assert(ended >= 100)
  assert.equal(heap.stats().allocations, 1)
  assert.deepEqual([...owner], [1, 2, 3])
})
