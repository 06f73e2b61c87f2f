/** Packing where there is no Node: the same bytes, and the same values. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { it } from 'node:test'
import { pack } from '../src/packer.ts'
import { unpack } from '../src/unpacker.ts'
import { seedOf } from './seed.ts'

const at = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href)

it('packs and unpacks without Node as with it', t => {
  const { seed } = seedOf(t)
  const script = `
    const { default: fc } = await import('fast-check')
    const { assertAlike, tangled } = await import(${at('arbitrary.ts')})
    const { process: { stdout }, Buffer: { from } } = globalThis
    delete process.getBuiltinModule
    for (const name of ['process', 'Buffer']) Object.defineProperty(globalThis, name, { value: undefined })
    const { NotCloneableError, pack, unpack } = await import(${at('../src/index.ts')})
    const packed = []
    const keep = value => {
      const bytes = Uint8Array.from(pack(value))
      assertAlike(unpack(bytes), structuredClone(value))
      packed.push(from(bytes).toString('base64'))
    }
    fc.assert(fc.property(tangled, keep), { seed: ${seed}, numRuns: 500 })
    for (const value of ['é'.repeat(20_000), 'ж'.repeat(20_001), new Array(1000).fill(1)]) keep(value)
    const refused = []
    for (const value of [Promise.resolve(), new WeakMap(), [].values(), (function* () {})(), () => 1, Symbol('s')])
      try {
        pack({ value })
      } catch (error) {
        refused.push(error instanceof NotCloneableError && error.message)
      }
    stdout.write(JSON.stringify({ packed, refused }))`
  const told = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  const { packed, refused } = JSON.parse(told)
  for (const text of packed) {
    const bytes = Buffer.from(text, 'base64')
    assert.ok(bytes.equals(pack(unpack(bytes))), text)
  }
  assert.equal(packed.length, 503)
  assert.deepEqual(
    refused.map((message: string) => /value is ([\w ]+)/.exec(message)?.[1]),
    ['a promise', 'a weak collection', 'an iterator', 'a generator', 'a function', 'a symbol'],
  )
})
