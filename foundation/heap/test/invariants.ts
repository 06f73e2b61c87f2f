/** The allocator's invariants (see allocator.ts), checked by a plain walk over the memory's tables. */

import assert from 'node:assert/strict'
import * as at from '../src/layout.ts'

export interface Found {
  readonly blocks: number
  readonly bytes: number
}

/** Walks the whole heap; throws on the first broken invariant. Returns what is in use. */
export const checkInvariants = (memory: WebAssembly.Memory): Found => {
  const words = new Int32Array(memory.buffer)
  const doubles = new Float64Array(memory.buffer, 0, at.tableByte / 8)
  const base = words[at.baseWord] * 4
  const top = words[at.top]
  const entry = (g: number): number => at.tableByte / 4 + g * at.tableWords
  const kind = (g: number): number => words[entry(g)] & 7
  const list = (head: number): number[] => {
    const members: number[] = []
    let previous = 0
    for (let g = words[head] - 1; g >= 0; g = words[entry(g) + 3] - 1) {
      assert.equal(words[entry(g) + 2], previous, `granule ${g} knows its predecessor`)
      members.push(g)
      previous = g + 1
      assert.ok(members.length <= top, 'a list has no circle')
    }
    return members
  }
  assert.ok(words[at.clean] >= top, 'granules below top have been in use')

  const free = new Map<number, number>()
  const slabs = new Map<number, number[]>()
  let blocks = 0
  let bytes = 0
  let before = -1
  for (let g = 0; g < top; ) {
    const k = kind(g)
    let length = words[entry(g) + 1]
    if (k === at.freeHead) {
      assert.notEqual(before, at.freeHead, `free spans at ${g} and before it are joined`)
      assert.ok(g + length < top, 'the last span is in use')
      if (length > 1) {
        assert.equal(kind(g + length - 1), at.freeTail, `the free span at ${g} has a tail`)
        assert.equal(words[entry(g + length - 1) + 1], g, 'which knows its head')
      }
      free.set(g, length)
    } else if (k === at.large) {
      blocks++
      bytes += length * at.granuleBytes
    } else {
      assert.equal(k, at.slab, `granule ${g} is a head, found kind ${k}`)
      const c = (words[entry(g)] >>> 8) & 0xff
      length = at.slabGranules(at.classBytes[c])
      const w = (base + g * at.granuleBytes) / 4
      let used = 0
      for (let slot = 0; slot < words[w + at.slabFresh]; slot++) {
        if ((words[w + at.slabTable + slot] & at.taken) !== 0) used++
      }
      let unused = 0
      for (let slot = words[w + at.slabFree]; slot !== 0; slot = words[w + at.slabTable + slot - 1]) unused++
      assert.equal(used, words[w + at.slabUsed], `the slab at ${g} counts its slots`)
      assert.equal(unused, words[w + at.slabFresh] - used, `the slab at ${g} lists its free slots`)
      for (let i = 1; i < length; i++) {
        assert.equal(kind(g + i), at.slabInside)
        assert.equal(words[entry(g + i) + 1], g)
      }
      if (used < words[w + at.slabSlots]) slabs.set(c, [...(slabs.get(c) ?? []), g])
      blocks += used
      bytes += used * at.classBytes[c]
    }
    const plain = k === at.large || k === at.freeHead
    for (let i = 1; plain && i < length - (k === at.freeHead ? 1 : 0); i++) {
      assert.equal(kind(g + i), at.inside, `granule ${g + i} is inside the span at ${g}`)
    }
    before = k
    g += length
    assert.ok(g <= top, 'spans end at top')
  }
  for (let bin = 0; bin < at.binCount; bin++) {
    const members = list(at.binHeads + bin)
    for (const g of members) {
      assert.equal(at.binOf(free.get(g) ?? -1), bin, `the span at ${g} is in the bin of its length`)
      free.delete(g)
    }
    const bit = (words[at.binBits + (bin >>> 5)] >>> (bin & 31)) & 1
    assert.equal(bit, members.length > 0 ? 1 : 0, `bin ${bin} has its bit`)
  }
  assert.equal(free.size, 0, 'every free span is in a bin')
  for (let c = 0; c < at.classBytes.length; c++) {
    const members = list(at.classHeads + c).sort((a, b) => a - b)
    assert.deepEqual(members, slabs.get(c) ?? [], `class ${c} lists its slabs with room`)
  }
  assert.equal(doubles[at.allocationCount], blocks, 'blocks are counted')
  assert.equal(doubles[at.inUseBytes], bytes, 'bytes are counted')
  let labelled = 0
  for (let i = 0; i < at.mostLabels; i++) labelled += doubles[at.labelCounters + 2 * i]
  assert.equal(labelled, bytes, 'labels add up')
  return { blocks, bytes }
}
