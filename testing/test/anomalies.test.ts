import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  type AnomalyKind,
  anomalyText,
  findAnomalies,
  type MicroOperation,
  type Transaction,
} from '../src/consistency/anomalies.ts'
import { Digraph } from '../src/consistency/digraph.ts'
import { operationsOf } from '../src/consistency/history.ts'
import { checkBank, checkCounter, checkFinalSet, checkLongFork } from '../src/consistency/invariants.ts'
import { type IsolationLevel, violations } from '../src/consistency/isolation.ts'
import {
  type RawOperation,
  readEdn,
  readJson,
  readTransactionLines,
  transactionsOf,
} from '../src/consistency/readers.ts'
import { checkSessions, type SessionInput } from '../src/consistency/sessions.ts'

const read = (file: string): RawOperation[] => {
  const text = readFileSync(new URL(`../histories/${file}`, import.meta.url), 'utf8')
  return file.endsWith('.json') ? readJson(text) : readEdn(text)
}

/** `r x [1 2], a x 3 | …`: transactions of one client each, all at the same time; `w x 1` writes, `!` before one says that it was aborted. */
const history = (text: string): Transaction[] =>
  text.split('|').map((line, process) => {
    const isAborted = line.trim().startsWith('!')
    const operations = line
      .replace('!', '')
      .split(',')
      .map((part): MicroOperation => {
        const [, op, key, value] = /^\s*([arw]) (\w+) (.*?)\s*$/.exec(part)!
        const read =
          value === 'nil'
            ? null
            : value.startsWith('[')
              ? value.slice(1, -1).split(' ').filter(Boolean).map(Number)
              : Number(value)
        if (op === 'r') return { op: 'read', key, value: read }
        return { op: op === 'a' ? 'append' : 'write', key, value: Number(value) }
      })
    return { process, operations, status: isAborted ? 'aborted' : 'committed', begin: 0, end: 1 }
  })

const kinds = (text: string): AnomalyKind[] => [...new Set(findAnomalies(history(text)).map(({ kind }) => kind))].sort()

describe('anomalies of lists', () => {
  const cases: Record<string, [text: string, kinds: AnomalyKind[]]> = {
    'none at all': ['a x 1 | r x [1], a x 2 | r x [1 2]', []],
    'G0: writes in a circle': [
      'a x 1, a y 1 | a x 2, a y 2 | r x [1 2], r y [2 1]',
      ['G0', 'G-single', 'G1c'].filter(kind => kind === 'G0') as AnomalyKind[],
    ],
    'G1a: what was aborted is read': ['!a x 1 | r x [1]', ['G1a']],
    'G1b: what was in between is read': ['a x 1, a x 2 | r x [1]', ['G1b']],
    'G1c: two read of each other': ['a x 1, r y [1] | a y 1, r x [1]', ['G1c']],
    'G-single: a read skew': ['a x 1, a y 1 | r x [], r y [1]', ['G-single']],
    'G-nonadjacent: a long fork': ['a x 1 | a y 1 | r x [1], r y [] | r x [], r y [1]', ['G-nonadjacent']],
    'G2: a write skew': ['r x [], a y 1 | r y [], a x 1 | r x [1], r y [1]', ['G2']],
    'lost update': ['r x [], a x 1 | r x [], a x 2 | r x [1 2]', ['G-single', 'lost-update']],
    'internal: its own append is missing': ['a x 1, r x []', ['internal']],
    'garbage: nobody wrote it': ['r x [7]', ['garbage-read']],
    'duplicate: an element twice': [
      'a x 1 | r x [1 1]',
      ['duplicate', 'incompatible-order'].slice(0, 1) as AnomalyKind[],
    ],
    'reads that are no beginnings of each other': ['a x 1 | a x 2 | r x [1 2] | r x [2]', ['incompatible-order']],
  }
  for (const [name, [text, expected]] of Object.entries(cases))
    test(name, () => {
      const found = kinds(text)
      for (const kind of expected) assert.ok(found.includes(kind), `${found}`)
      if (expected.length === 0) assert.deepEqual(found, [])
      else
        assert.ok(
          found.every(kind => expected.includes(kind) || rank(kind) >= Math.min(...expected.map(rank))),
          `${found}`,
        )
    })
})

const order: AnomalyKind[] = ['G0', 'G1c', 'G-single', 'G-nonadjacent', 'G2']
const rank = (kind: AnomalyKind): number => (order.includes(kind) ? order.indexOf(kind) : -1)

describe('anomalies of registers', () => {
  test('a lost update', () => assert.ok(kinds('w x 1 | r x 1, w x 2 | r x 1, w x 3').includes('lost-update')))
  test('a read skew', () => assert.deepEqual(kinds('w x 1, w y 1 | r x nil, r y 1'), ['G-single']))
  test('a long fork', () =>
    assert.deepEqual(kinds('w x 1 | w y 1 | r x 1, r y nil | r x nil, r y 1'), ['G-nonadjacent']))
  test('a write skew', () => assert.deepEqual(kinds('r x nil, w y 1 | r y nil, w x 1'), ['G2']))
  test('nothing wrong', () => assert.deepEqual(kinds('w x 1 | r x 1, w x 2 | r x 2'), []))
})

describe('order of clients and of time', () => {
  const late = (text: string, times: [number, number][], processes: number[]): Transaction[] =>
    history(text).map((transaction, i) => ({
      ...transaction,
      begin: times[i][0],
      end: times[i][1],
      process: processes[i],
    }))

  test('a stale read is none without an order, and one with it', () => {
    const stale = late(
      'a x 1 | r x [] | r x [1]',
      [
        [0, 1],
        [2, 3],
        [4, 5],
      ],
      [0, 1, 2],
    )
    assert.deepEqual(findAnomalies(stale, { order: 'process' }), [])
    const [found] = findAnomalies(stale)
    assert.deepEqual([found.kind, found.order], ['G-single', 'realtime'])
    assert.equal(violations([found], 'serializable').length, 0)
    assert.equal(violations([found], 'strict-serializable').length, 1)
    const same = stale.map(transaction => ({ ...transaction, process: 0 }))
    assert.equal(findAnomalies(same, { order: 'process' })[0].order, 'process')
  })

  test('levels forbid what they forbid', () => {
    const table: [string, IsolationLevel[]][] = [
      [
        'a x 1, a y 1 | a x 2, a y 2 | r x [1 2], r y [2 1]',
        ['read-uncommitted', 'read-committed', 'snapshot-isolation', 'serializable'],
      ],
      ['!a x 1 | r x [1]', ['read-committed', 'snapshot-isolation', 'serializable']],
      ['a x 1, a y 1 | r x [], r y [1]', ['snapshot-isolation', 'repeatable-read', 'serializable']],
      ['r x [], a y 1 | r y [], a x 1 | r x [1], r y [1]', ['repeatable-read', 'serializable', 'strict-serializable']],
    ]
    const levels: IsolationLevel[] = [
      'read-uncommitted',
      'read-committed',
      'snapshot-isolation',
      'repeatable-read',
      'serializable',
      'strict-serializable',
    ]
    for (const [text, broken] of table) {
      const anomalies = findAnomalies(history(text))
      for (const level of levels)
        if (broken.includes(level)) assert.ok(violations(anomalies, level).length > 0, `${level}: ${text}`)
        else if (levels.indexOf(level) < levels.indexOf(broken[0]))
          assert.equal(violations(anomalies, level).length, 0, `${level}: ${text}`)
    }
  })
})

/** Transactions that a serializable store would run, one after another, each seeing all before it. */
const serialHistory = fc
  .array(
    fc.array(fc.record({ key: fc.constantFrom('x', 'y', 'z'), isRead: fc.boolean() }), { minLength: 1, maxLength: 4 }),
    { maxLength: 20 },
  )
  .map(plans => {
    const lists: Record<string, number[]> = { x: [], y: [], z: [] }
    let next = 0
    return plans.map((plan, i): Transaction => {
      const operations = plan.map(({ key, isRead }): MicroOperation => {
        if (isRead) return { op: 'read', key, value: [...lists[key]] }
        lists[key].push(++next)
        return { op: 'append', key, value: next }
      })
      return { process: i % 3, operations, status: 'committed', begin: 2 * i, end: 2 * i + 1 }
    })
  })

test('what is serial has no anomaly, in any order in which it is told', () => {
  fc.assert(
    fc.property(serialHistory, fc.infiniteStream(fc.nat()), (transactions, chance) => {
      assert.deepEqual(findAnomalies(transactions), [])
      const shuffled = transactions
        .map(t => ({ t, at: chance.next().value! }))
        .sort((a, b) => a.at - b.at)
        .map(({ t }) => t)
      assert.deepEqual(findAnomalies(shuffled), [])
    }),
  )
})

test('components are those of the definition', () => {
  const edges = fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 20 })
  fc.assert(
    fc.property(edges, edges => {
      const graph = new Digraph(8)
      for (const [from, to] of edges) graph.add(from, to, 1)
      const component = graph.components(1)
      const reaches = (from: number, to: number): boolean => graph.path(from, to, 1) !== undefined
      for (let a = 0; a < 8; a++)
        for (let b = 0; b < 8; b++)
          if (a !== b)
            assert.equal(component[a] !== -1 && component[a] === component[b], reaches(a, b) && reaches(b, a))
    }),
  )
})

describe('published histories', () => {
  for (const file of ['elle/histories/paper-example.edn', 'elle-cli/histories/elle/paper-example.json'])
    test(`${file} is not strictly serializable`, () => {
      const anomalies = findAnomalies(transactionsOf(read(file)))
      const [found] = violations(anomalies, 'strict-serializable')
      assert.equal(found.kind, 'G-single')
      assert.notEqual(found.order, 'none')
      assert.match(anomalyText(found), /T1 = .*append 250 10.*\n +read what the next one wrote over \(rw\)/)
      assert.deepEqual(violations(anomalies, 'serializable'), [])
    })

  test('galera lost an update', () => {
    const text = readFileSync(new URL('../histories/polysi/violations/galera_galera.txt', import.meta.url), 'utf8')
    const found = violations(findAnomalies(readTransactionLines(text), { order: 'process' }), 'snapshot-isolation')
    const lost = found.find(({ kind }) => kind === 'lost-update')!
    assert.match(lost.because[0], /both read 4 of 0/)
  })

  test('tidb made money', () => {
    const reads = read('elle-cli/histories/jepsen/bank-tidb.edn').filter(({ type, f }) => type === 'ok' && f === 'read')
    assert.ok(checkBank(reads.map(({ value }) => value)).some(fault => /sums to/.test(fault)))
  })

  test('a counter that is right', () => {
    const events = read('elle-cli/histories/jepsen/counter.json').map(({ process, type, f, value }) => ({
      process: process!,
      type,
      input: f === 'add' ? ({ op: 'add', by: value } as const) : ({ op: 'read' } as const),
      output: f === 'read' ? value : 0,
    }))
    assert.deepEqual(checkCounter(operationsOf(events)), [])
  })

  test('a set that is right', () => {
    const events = read('elle-cli/histories/jepsen/set.edn').map(({ process, type, f, value }) => ({
      process: process!,
      type,
      input: f === 'add' ? ({ op: 'add', value } as const) : ({ op: 'read' } as const),
      output: f === 'read' ? value : true,
    }))
    assert.deepEqual(checkFinalSet(operationsOf(events)), [])
  })

  test('a long fork', () => {
    const reads = read('elle-cli/histories/jepsen/long-fork.edn').filter(({ type }) => type === 'ok')
    const faults = checkLongFork(
      reads.map(({ value }) =>
        Object.fromEntries(value.map(([, key, value]: [string, number, unknown]) => [key, value])),
      ),
    )
    assert.equal(faults.length, 1)
  })
})

describe('checks without an order', () => {
  test('a bank', () => {
    assert.deepEqual(
      checkBank([
        { a: 5, b: 5 },
        { a: 0, b: 10 },
      ]),
      [],
    )
    assert.equal(
      checkBank([
        { a: 5, b: 5 },
        { a: -1, b: 11 },
      ]).length,
      1,
    )
    assert.deepEqual(
      checkBank(
        [
          { a: 5, b: 5 },
          { a: -1, b: 11 },
        ],
        { negative: true },
      ),
      [],
    )
    assert.equal(checkBank([{ a: 5, b: 5 }, { a: 5 }]).length, 2)
  })
  test('a counter', () => {
    const add = { process: 0, begin: 0, end: 5, input: { op: 'add', by: 3 } as const, output: 0 }
    const read = (begin: number, output: number) => ({
      process: 1,
      begin,
      end: begin + 1,
      input: { op: 'read' } as const,
      output,
    })
    assert.deepEqual(checkCounter([add, read(1, 0), read(2, 3), read(6, 3)]), [])
    assert.deepEqual(checkCounter([add, read(6, 0)]), ['a read of 0 is not between 3 and 3'])
  })
  test('a set', () => {
    const add = (value: number) => ({
      process: 0,
      begin: value,
      end: value + 0.5,
      input: { op: 'add', value } as const,
      output: true,
    })
    const read = (...output: number[]) => ({ process: 0, begin: 90, end: 91, input: { op: 'read' } as const, output })
    assert.deepEqual(checkFinalSet([add(1), add(2), read(1, 2)]), [])
    assert.deepEqual(checkFinalSet([add(1), add(2), read(1, 3)]), [
      '2 was added, and is lost',
      '3 is there, and was never added',
    ])
  })
})

test('session guarantees', () => {
  const at = (time: number, op: SessionInput['op'], version: number, key = 'x') => ({
    process: 1,
    begin: time,
    end: time + 0.5,
    input: { op, key },
    output: version,
  })
  const guarantees = (...operations: ReturnType<typeof at>[]) =>
    checkSessions(operations).map(({ guarantee }) => guarantee)
  assert.deepEqual(guarantees(at(0, 'write', 1), at(1, 'read', 1), at(2, 'write', 2), at(3, 'read', 5)), [])
  assert.deepEqual(guarantees(at(0, 'write', 2), at(1, 'read', 1)), ['read-your-writes'])
  assert.deepEqual(guarantees(at(0, 'read', 2), at(1, 'read', 1)), ['monotonic-reads'])
  assert.deepEqual(guarantees(at(0, 'write', 2), at(1, 'write', 1)), ['monotonic-writes'])
  assert.deepEqual(guarantees(at(0, 'read', 2), at(1, 'write', 1)), ['writes-follow-reads'])
  assert.deepEqual(guarantees(at(0, 'read', 2), at(1, 'read', 1, 'y')), [])
})
