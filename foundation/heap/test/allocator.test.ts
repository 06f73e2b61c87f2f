import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createHeap, type Heap } from '../src/index.ts'
import { checkInvariants } from './invariants.ts'
import { seedOf } from './seed.ts'

/** The dumb oracle: every block that should be in use, with a byte pattern that no one else may have touched. */
class Model {
  readonly blocks: { address: number; bytes: number; pattern: number }[] = []
  #pattern = 0
  readonly heap: Heap

  constructor(heap: Heap) {
    this.heap = heap
  }

  allocate(asked: number, align: number): void {
    const address = this.heap.allocate(asked, { align, label: `label ${asked % 7}` })
    const bytes = Math.max(asked, 1) // Even an empty block has an address of its own.
    assert.equal(address % Math.max(64, align), 0, 'aligned')
    assert.ok(address >= 65536 && address + bytes <= this.heap.buffer.byteLength, 'within the memory')
    for (const other of this.blocks) {
      const apart = address + bytes <= other.address || other.address + other.bytes <= address
      assert.ok(apart, `${address}+${bytes} overlaps ${other.address}+${other.bytes}`)
    }
    const pattern = ++this.#pattern & 0xff
    for (const part of this.#edges({ address, bytes })) part.fill(pattern)
    this.blocks.push({ address, bytes, pattern })
  }

  free(which: number): void {
    if (this.blocks.length === 0) return
    const [block] = this.blocks.splice(which % this.blocks.length, 1)
    this.check(block)
    this.heap.free(block.address)
  }

  check(block: { address: number; bytes: number; pattern: number }): void {
    for (const part of this.#edges(block))
      for (const byte of part) assert.equal(byte, block.pattern, 'contents are kept')
  }

  /** Both ends of a block, where a neighbour would reach in. */
  #edges({ address, bytes }: { address: number; bytes: number }): Uint8Array[] {
    const most = Math.min(bytes, 256)
    return [this.heap.view(Uint8Array, address, most), this.heap.view(Uint8Array, address + bytes - most, most)]
  }
}

const sizes = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 0, max: 2048 }) },
  { weight: 3, arbitrary: fc.integer({ min: 2049, max: 70_000 }) },
  { weight: 2, arbitrary: fc.integer({ min: 60_000, max: 1_500_000 }) },
)
const alignments = fc.constantFrom(1, 8, 64, 64, 64, 128, 4096, 65536, 2 ** 20)
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('allocate' as const), bytes: sizes, align: alignments }),
    fc.record({ kind: fc.constant('free' as const), which: fc.nat() }),
    fc.constant({ kind: 'trim' as const }),
  ),
  { minLength: 1, maxLength: 120 },
)

for (const memory64 of [false, true]) {
  test(`random allocations agree with a naive allocator, memory${memory64 ? 64 : 32}`, t => {
    const property = fc.property(steps, program => {
      const heap = createHeap({ maxBytes: 2 ** 28, memory64 })
      const empty = heap.stats()
      const model = new Model(heap)
      for (const step of program) {
        if (step.kind === 'allocate') model.allocate(step.bytes, step.align)
        else if (step.kind === 'free') model.free(step.which)
        else heap.trim()
        assert.equal(checkInvariants(heap.memory).blocks, model.blocks.length)
      }
      for (const block of model.blocks) model.check(block)
      while (model.blocks.length > 0) model.free(model.blocks.length * 7919)
      heap.trim()
      const { inUseBytes, allocations, largestFreeBytes } = heap.stats()
      assert.deepEqual(
        { inUseBytes, allocations, largestFreeBytes },
        { inUseBytes: 0, allocations: 0, largestFreeBytes: empty.largestFreeBytes },
        'everything is joined again',
      )
    })
    fc.assert(property, { ...seedOf(t), numRuns: 60 })
  })
}

test('a full heap gives its last granule, and all of it again once freed', () => {
  const heap = createHeap({ maxBytes: 2 ** 24 })
  for (let round = 0; round < 3; round++) {
    const taken: number[] = []
    for (const bytes of [2 ** 20, 65536, 4096, 64]) {
      try {
        for (;;) taken.push(heap.allocate(bytes))
      } catch (error) {
        assert.equal((error as Error).name, 'HeapOutOfMemoryError')
      }
      checkInvariants(heap.memory)
    }
    const { inUseBytes, largestFreeBytes } = heap.stats()
    assert.equal(largestFreeBytes, 0)
    assert.ok(inUseBytes > 14 * 2 ** 20)
    for (const address of taken) heap.free(address)
    heap.trim()
    assert.equal(checkInvariants(heap.memory).bytes, 0)
  }
})

test('a freed middle is joined with both sides', () => {
  const heap = createHeap({ maxBytes: 2 ** 24 })
  const [a, b, c, last] = [1, 2, 3, 4].map(() => heap.allocate(2 ** 20))
  heap.free(a)
  heap.free(c)
  heap.free(b)
  checkInvariants(heap.memory)
  assert.equal(heap.allocate(3 * 2 ** 20), a, 'the three make one block again')
  heap.free(last)
})

test('best fit: the smallest hole that is large enough', () => {
  const heap = createHeap({ maxBytes: 2 ** 26 })
  const holes = [9, 5, 7].map(count => {
    const hole = heap.allocate(count * 2 ** 20)
    heap.allocate(65537)
    return hole
  })
  for (const hole of holes) heap.free(hole)
  assert.equal(heap.allocate(6 * 2 ** 20), holes[2])
  assert.equal(heap.allocate(5 * 2 ** 20), holes[1])
  assert.equal(heap.allocate(8 * 2 ** 20), holes[0])
})

test('growing keeps views, and what they show', () => {
  for (const memory64 of [false, true]) {
    const heap = createHeap({ maxBytes: 2 ** 28, memory64 })
    const early = heap.f64([1, 2, 3])
    const before = heap.buffer
    const late = heap.f64(2 ** 22)
    assert.ok(heap.buffer.byteLength > before.byteLength, 'it has grown')
    late[2 ** 22 - 1] = 5
    assert.deepEqual([...early], [1, 2, 3])
    early[0] = 9
    assert.equal(heap.view(Float64Array, heap.addressOf(early), 1)[0], 9, 'both see the same bytes')
    assert.ok(heap.owns(early) && heap.owns(late) && heap.owns(new Uint8Array(before)))
  }
})

test('addresses beyond 4 GiB', t => {
  const heap = createHeap({ memory64: true })
  if (heap.stats().reservedBytes < 2 ** 33) return t.skip('the system gives no 8 GiB of address space')
  const address = heap.allocate(5 * 2 ** 30, { label: 'large' })
  const far = address + 4.5 * 2 ** 30
  heap.view(Float64Array, far, 4).set([1, 2, 3, 4])
  assert.deepEqual([...heap.view(Float64Array, far, 4)], [1, 2, 3, 4])
  const beyond = heap.f32([5, 6])
  assert.ok(heap.addressOf(beyond) > 2 ** 32)
  assert.deepEqual(heap.holders()[0], { label: 'large', bytes: 5 * 2 ** 30, blocks: 1 })
  const small = heap.allocate(100)
  assert.ok(small > 2 ** 32)
  heap.free(small)
  heap.free(address)
  assert.equal(beyond[1], 6)
})
