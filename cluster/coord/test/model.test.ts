// The state machine against the plainest thing that does the same: whole copies, no history, no order of keys.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Compare, type Entry, LeaseNotFoundError, Machine, type Operation } from '../src/index.ts'

interface Plain {
  value: string
  created: number
  modified: number
  version: number
  lease: string
}

class Naive {
  revision = 0
  keys = new Map<string, Plain>()
  leases = new Map<string, { ttlMs: number; untilMs: number }>()
  granted = 0

  /** Undefined: it cannot be done. */
  transact(
    compares: readonly Compare[],
    wanted: readonly Operation[],
    otherwise: readonly Operation[],
  ): boolean | undefined {
    const isOrdered = (a: any, is: string, b: any) =>
      is === '=' ? a === b : is === '!=' ? a !== b : is === '<' ? a < b : a > b
    const none = { value: '', created: 0, modified: 0, version: 0, lease: '' }
    const holds = compares.every(({ key, target, is, value }) => {
      const found = this.keys.get(key)
      return (found !== undefined || target !== 'value') && isOrdered((found ?? none)[target], is, value)
    })
    const operations = holds ? wanted : otherwise
    if (!this.isKnown(operations)) return undefined
    let hasChanged = false
    for (const operation of operations) {
      if (operation.op === 'put') {
        const { key, value, lease = '' } = operation
        const before = this.keys.get(key)
        const revision = this.revision + 1
        const [created, version] = [before?.created ?? revision, (before?.version ?? 0) + 1]
        this.keys.set(key, { value: value as string, created, modified: revision, version, lease })
        hasChanged = true
      } else if (operation.op === 'delete') hasChanged = this.keys.delete(operation.key) || hasChanged
    }
    if (hasChanged) this.revision++
    return holds
  }

  end(id: string): void {
    this.leases.delete(id)
    let hasChanged = false
    for (const [key, { lease }] of [...this.keys]) if (lease === id) hasChanged = this.keys.delete(key)
    if (hasChanged) this.revision++
  }

  expire(nowMs: number): void {
    for (const [id, { untilMs }] of [...this.leases]) if (untilMs <= nowMs) this.end(id)
  }

  isKnown(operations: readonly Operation[]): boolean {
    return operations.every(o => o.op !== 'put' || o.lease === undefined || this.leases.has(o.lease))
  }
}

const key = fc.constantFrom('a', 'b', 'c', '\u{10000}', '\ue000')
const lease = fc.constantFrom('1', '2', '3')
const value = fc.constantFrom('', 'x', 'y', 'yy')
const is = fc.constantFrom('=' as const, '!=' as const, '<' as const, '>' as const)
const compare = fc.oneof<fc.Arbitrary<Compare>[]>(
  fc.record({ key, target: fc.constant('value' as const), is, value }),
  fc.record({ key, target: fc.constantFrom('created', 'modified', 'version'), is, value: fc.nat(4) }),
  fc.record({
    key,
    target: fc.constant('lease' as const),
    is: fc.constantFrom('=' as const, '!=' as const),
    value: fc.oneof(lease, fc.constant('')),
  }),
)
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ op: fc.constant('put' as const), key, value, lease: fc.option(lease, { nil: undefined }) }),
  fc.record({ op: fc.constant('delete' as const), key }),
)
const operations = fc.uniqueArray(operation, { maxLength: 3, selector: o => (o as { key: string }).key })
const step = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.array(compare, { maxLength: 2 }), operations, operations) },
  fc.record({
    do: fc.constantFrom('grant', 'renew', 'revoke', 'pass'),
    id: lease,
    ms: fc.integer({ min: 1, max: 20 }),
  }),
)

const plain = ({ value, created, modified, version, lease = '' }: Entry): Plain => ({
  value: new TextDecoder().decode(value),
  created,
  modified,
  version,
  lease,
})

test('transactions and leases do what whole copies do', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const [machine, naive] = [new Machine(), new Naive()]
      let nowMs = 0
      for (const what of steps) {
        if (Array.isArray(what)) {
          const [compares, wanted, otherwise] = what
          const transact = () => machine.transact({ if: compares, do: wanted, else: otherwise })
          // What would be done but names a lease that is not there is not done at all.
          const succeeded = naive.transact(compares, wanted, otherwise)
          if (succeeded === undefined) assert.throws(transact, LeaseNotFoundError)
          else assert.equal(transact().succeeded, succeeded)
        } else if (what.do === 'grant') {
          assert.equal(machine.grant(what.ms, nowMs), String(++naive.granted))
          naive.leases.set(String(naive.granted), { ttlMs: what.ms, untilMs: nowMs + what.ms })
        } else if (what.do === 'pass') {
          nowMs += what.ms
          machine.expire(nowMs)
          naive.expire(nowMs)
        } else {
          const known = naive.leases.get(what.id)
          const call = () => (what.do === 'renew' ? machine.renew(what.id, nowMs) : machine.revoke(what.id))
          if (known === undefined) assert.throws(call, LeaseNotFoundError)
          else {
            call()
            if (what.do === 'revoke') naive.end(what.id)
            else known.untilMs = nowMs + known.ttlMs
          }
        }
        assert.equal(machine.revision, naive.revision)
        const { entries } = machine.range({ prefix: '' })
        assert.deepEqual(new Map(entries.map(entry => [entry.key, plain(entry)])), new Map([...naive.keys].sort()))
      }
    }),
    { numRuns: 500 },
  )
})
