import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareKeys, Machine, type Operation } from '../src/index.ts'

test('keys are compared as their UTF-8 bytes are', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      assert.equal(Math.sign(compareKeys(a, b)), Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))))
    }),
    { numRuns: 2000 },
  )
})

const key = fc.constantFrom('a', 'a/1', 'a/2', 'b', 'c')
const change: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ op: fc.constant('put' as const), key, value: fc.string({ maxLength: 2 }) }),
  fc.record({ op: fc.constant('delete' as const), key }),
  fc.record({ op: fc.constant('deleteRange' as const), range: fc.record({ prefix: fc.constantFrom('a', 'a/', 'b') }) }),
)

const takes = (operation: Operation, key: string): boolean =>
  operation.op === 'deleteRange'
    ? key.startsWith((operation.range as { prefix: string }).prefix)
    : 'key' in operation && key === operation.key

test('every past state is what it was when it was the present, and the log leads from each to the next', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), fc.nat(40), (changes, at) => {
      const machine = new Machine()
      const states: Map<string, string>[] = [new Map()]
      const present = new Map<string, string>()
      for (const operation of changes) {
        const before = machine.revision
        machine.apply(operation)
        if (operation.op === 'put') present.set(operation.key, operation.value as string)
        else for (const key of [...present.keys()]) if (takes(operation, key)) present.delete(key)
        if (machine.revision > before) states.push(new Map(present))
      }
      assert.equal(machine.revision, states.length - 1)
      const compacted = Math.min(at, machine.revision)
      machine.compact(compacted)
      const stateAt = (revision: number): Map<string, string> =>
        new Map(
          machine
            .range({ prefix: '' }, { revision })
            .entries.map(({ key, value }) => [key, new TextDecoder().decode(value)]),
        )
      const sorted = (state: Map<string, string>): [string, string][] =>
        [...state].sort(([a], [b]) => compareKeys(a, b))
      for (let revision = compacted; revision < states.length; revision++)
        assert.deepEqual([...stateAt(revision)], sorted(states[revision]))
      // The log from there on, on the state before it, gives the present.
      if (compacted === 0) return
      const replayed = new Map(states[compacted - 1])
      for (const { events } of machine.since(compacted, { prefix: '' }))
        for (const event of events)
          if (event.type === 'put') replayed.set(event.entry.key, new TextDecoder().decode(event.entry.value))
          else replayed.delete(event.key)
      assert.deepEqual(sorted(replayed), sorted(present))
    }),
    { numRuns: 500 },
  )
})
