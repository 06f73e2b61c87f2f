import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { MalformedHistoryError, type Operation, operationsOf } from '../src/consistency/history.ts'
import { checkLinearizable, type Model } from '../src/consistency/linearizable.ts'
import {
  type AppendInput,
  type LockInput,
  lock,
  queue,
  type RegisterInput,
  type RegisterOutput,
  register,
  registers,
  set,
  texts,
  transactions,
} from '../src/consistency/models.ts'
import { historyPage, historyPicture } from '../src/consistency/picture.ts'
import { checkPublished, published } from '../src/consistency/published.ts'

describe('histories with published verdicts', () => {
  for (const entry of published())
    if (entry.linearizable !== undefined)
      test(entry.file, () => assert.equal(checkPublished(entry).linearizable, entry.linearizable))
})

/** All orders, one after another: the definition itself. */
const isLinearizable = <State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  state = model.initial,
): boolean => {
  if (history.every(({ end }) => end === Number.POSITIVE_INFINITY)) return true
  const firstEnd = Math.min(...history.map(({ end }) => end))
  return history.some((operation, i) => {
    if (operation.begin > firstEnd) return false
    const after = model.step(state, operation.input, operation.output)
    return after !== undefined && isLinearizable(model, history.toSpliced(i, 1), after)
  })
}

/** Short histories of a few clients, most of them nearly right: answers are those of one run, and then some are changed. */
const histories = <State, Input, Output>(
  model: Model<State, Input, Output>,
  inputs: fc.Arbitrary<Input>,
  answer: (state: State, input: Input) => Output,
  other: fc.Arbitrary<Output>,
): fc.Arbitrary<Operation<Input, Output>[]> =>
  fc
    .array(
      fc.record({
        process: fc.nat(3),
        input: inputs,
        before: fc.nat(6),
        after: fc.nat(6),
        wrong: fc.option(other, { freq: 6, nil: undefined }),
        fate: fc.constantFrom('answered', 'answered', 'answered', 'answered', 'unknown'),
      }),
      { maxLength: 7 },
    )
    .map(parts => {
      let state = model.initial
      return parts.map(({ process, input, before, after, wrong, fate }, i) => {
        const output = answer(state, input)
        state = model.step(state, input, output) ?? state
        const at = 10 * i
        const isUnknown = fate === 'unknown'
        return {
          process,
          input,
          output: isUnknown ? undefined : (wrong ?? output),
          begin: at - 4 * before,
          end: isUnknown ? Number.POSITIVE_INFINITY : at + 1 + 4 * after,
        }
      })
    })

const value = fc.nat(2)
const registerInput: fc.Arbitrary<RegisterInput> = fc.oneof(
  fc.constant({ op: 'read' as const }),
  fc.record({ op: fc.constant('write' as const), value }),
  fc.record({ op: fc.constant('cas' as const), from: value, to: value }),
)
const registerAnswer = (state: unknown, input: RegisterInput): RegisterOutput =>
  input.op === 'read' ? (state as number) : input.op === 'write' ? true : state === input.from

const at = (
  process: number,
  begin: number,
  end: number,
  input: RegisterInput,
  output: RegisterOutput,
): Operation<RegisterInput, RegisterOutput> => ({
  process,
  begin,
  end,
  input,
  output,
})

describe('against the definition', () => {
  test('register', () => {
    let [yes, no] = [0, 0]
    fc.assert(
      fc.property(histories(register(0), registerInput, registerAnswer, fc.oneof(value, fc.boolean())), history => {
        const expected = isLinearizable(register(0), history)
        if (expected) yes++
        else no++
        assert.equal(checkLinearizable(register(0), history).linearizable, expected)
      }),
      { numRuns: 2000 },
    )
    assert.ok(yes > 200 && no > 200, `${yes} and ${no}`)
  })

  test('queue', () => {
    const input = fc.oneof(
      fc.record({ op: fc.constant('enqueue' as const), value }),
      fc.constant({ op: 'dequeue' as const }),
    )
    fc.assert(
      fc.property(
        histories(
          queue,
          input,
          (state, { op }) => (op === 'dequeue' ? (state[0] ?? null) : true),
          fc.oneof(value, fc.constant(null)),
        ),
        history => assert.equal(checkLinearizable(queue, history).linearizable, isLinearizable(queue, history)),
      ),
      { numRuns: 1000 },
    )
  })

  test('lock', () => {
    const input = fc.record({
      op: fc.constantFrom('acquire' as const, 'release' as const),
      owner: fc.constantFrom('a', 1),
    })
    const answer = (state: unknown, { op, owner }: LockInput) => (op === 'acquire' ? state === null : state === owner)
    fc.assert(
      fc.property(histories(lock, input, answer, fc.boolean()), history =>
        assert.equal(checkLinearizable(lock, history).linearizable, isLinearizable(lock, history)),
      ),
      { numRuns: 1000 },
    )
  })

  test('texts of several keys', () => {
    const input: fc.Arbitrary<AppendInput> = fc.record({
      key: fc.constantFrom('k', '__proto__'),
      op: fc.constantFrom('get' as const, 'put' as const, 'append' as const),
      value: fc.constantFrom('x', 'y'),
    })
    const answer = (state: string, { op }: AppendInput) => (op === 'get' ? state : '')
    fc.assert(
      fc.property(histories(texts, input, answer, fc.constantFrom('', 'x', 'xy', 'yx')), history =>
        assert.equal(
          checkLinearizable(texts, history).linearizable,
          ['k', '__proto__'].every(key =>
            isLinearizable(
              texts,
              history.filter(({ input }) => input.key === key),
            ),
          ),
        ),
      ),
      { numRuns: 1000 },
    )
  })

  test('values that look alike: null and its name, numbers and their names, what JSON has not', () => {
    const odd = fc.constantFrom<any>(null, 'null', 1, '1', Number.NaN, 'NaN', Number.POSITIVE_INFINITY, '"')
    const input: fc.Arbitrary<RegisterInput> = fc.oneof(
      fc.constant({ op: 'read' as const }),
      fc.record({ op: fc.constant('write' as const), value: odd }),
      fc.record({ op: fc.constant('cas' as const), from: odd, to: odd }),
    )
    fc.assert(
      fc.property(histories(register(null), input, registerAnswer, odd), history =>
        assert.equal(checkLinearizable(register(null), history).linearizable, isLinearizable(register(null), history)),
      ),
      { numRuns: 2000 },
    )
    const write = (process: number, begin: number, value: string | null) =>
      at(process, begin, 100, { op: 'write', value }, true)
    const nan: Operation<RegisterInput, RegisterOutput>[] = [
      at(1, 0, 1, { op: 'write', value: Number.NaN }, true),
      at(1, 2, 3, { op: 'read' }, Number.NaN),
    ]
    assert.equal(checkLinearizable(register(null), nan).linearizable, true)
    // Both orders must be tried, though the states look alike.
    for (const read of [null, 'null'])
      assert.equal(
        checkLinearizable(register('x'), [
          write(1, 0, null),
          write(2, 0, 'null'),
          at(3, 200, 201, { op: 'read' }, read),
        ]).linearizable,
        true,
      )
  })

  test('set', () => {
    const input = fc.oneof(
      fc.record({ op: fc.constantFrom('add' as const, 'remove' as const), value }),
      fc.constant({ op: 'read' as const }),
    )
    const answer = (state: readonly (string | number)[], input: Parameters<typeof set.step>[1]) =>
      input.op === 'read' ? state : state.includes(input.value) === (input.op === 'remove')
    fc.assert(
      fc.property(histories(set, input, answer, fc.oneof(fc.boolean(), fc.constant([1]))), history =>
        assert.equal(checkLinearizable(set, history).linearizable, isLinearizable(set, history)),
      ),
      { numRuns: 1000 },
    )
  })

  test('transactions', () => {
    const key = fc.constantFrom('x', 'y')
    const input = fc.array(
      fc.oneof(
        fc.record({ op: fc.constant('read' as const), key }),
        fc.record({ op: fc.constant('write' as const), key, value }),
      ),
      { minLength: 1, maxLength: 3 },
    )
    const model = transactions({ x: 0, y: 0 })
    const answer = (
      state: Readonly<Record<string, unknown>>,
      parts: readonly { op: string; key: string; value?: unknown }[],
    ) => {
      const own: Record<string, unknown> = { ...state }
      const seen: unknown[] = []
      for (const { op, key, value } of parts) {
        if (op === 'read') seen.push(own[key])
        else own[key] = value
      }
      return seen as number[]
    }
    fc.assert(
      fc.property(histories(model, input, answer, fc.array(value, { maxLength: 3 })), history =>
        assert.equal(checkLinearizable(model, history).linearizable, isLinearizable(model, history)),
      ),
      { numRuns: 1000 },
    )
  })
})

describe('answers', () => {
  const stale = [
    at(0, 0, 1, { op: 'write', value: 1 }, true),
    at(0, 2, 3, { op: 'write', value: 2 }, true),
    at(1, 4, 5, { op: 'read' }, 2),
    at(1, 6, 7, { op: 'read' }, 1),
  ]

  test('an order is given for what is right', () => {
    const verdict = checkLinearizable(register(null), stale.slice(0, 3))
    assert.ok(verdict.linearizable === true)
    assert.deepEqual(verdict.orders, [stale.slice(0, 3)])
  })

  test('for what is wrong, how far one comes, and what is stuck', () => {
    const verdict = checkLinearizable(register(null), stale)
    assert.ok(verdict.linearizable === false)
    assert.deepEqual(verdict.longest, stale.slice(0, 3))
    assert.deepEqual(verdict.stuck, [stale[3]])
    const picture = historyPicture(register(null), stale, verdict)
    assert.match(picture, /<g class="stuck"><title>read 1<\/title>/)
    assert.match(picture, /3 of 4 operations can be put in order/)
    assert.match(historyPage(picture), /^<!doctype html>/)
  })

  test('the wrong part of many is found without deciding the others', () => {
    // 16 writes at once, read by nobody, would have 2^16 states if the last read were impossible; the wrong key is told first.
    const wide = Array.from({ length: 40 }, (_, i) => ({
      process: `w${i}`,
      begin: 0,
      end: 100,
      input: { key: 'wide', op: 'write' as const, value: i },
      output: true as RegisterOutput,
    }))
    const impossible = { process: 'r', begin: 101, end: 102, input: { key: 'wide', op: 'read' as const }, output: 99 }
    const narrow = stale.map(operation => ({ ...operation, input: { key: 'narrow', ...operation.input } }))
    const verdict = checkLinearizable(registers(), [...wide, impossible, ...narrow])
    assert.ok(verdict.linearizable === false)
    assert.equal(verdict.part[0].input.key, 'narrow')
    assert.ok(verdict.steps < 100_000)
  })

  test('what is not decided within the budget is unknown, whether of steps or of states', () => {
    const writes = Array.from({ length: 40 }, (_, i) => at(i, 0, 100, { op: 'write', value: i }, true))
    const history = [...writes, at(99, 101, 102, { op: 'read' }, 99)]
    for (const options of [{ maxSteps: 50_000 }, { maxStates: 10_000 }]) {
      const verdict = checkLinearizable(register(null), history, options)
      assert.equal(verdict.linearizable, 'unknown')
    }
    const reason = new Error('enough')
    assert.throws(() => checkLinearizable(register(null), history, { signal: AbortSignal.abort(reason) }), reason)
  })

  test('an empty history is linearizable', () => {
    assert.equal(checkLinearizable(register(null), []).linearizable, true)
    assert.equal(checkLinearizable(registers(null), []).linearizable, true)
  })

  test('a history of a thousand operations is decided at once', () => {
    let state = 0
    const history = Array.from({ length: 1000 }, (_, i) => {
      const isWrite = i % 3 === 0
      if (isWrite) state = i
      return at(
        i % 10,
        10 * i - 35,
        10 * i + 35,
        isWrite ? { op: 'write', value: i } : { op: 'read' },
        isWrite ? true : state,
      )
    })
    const verdict = checkLinearizable(register(0), history)
    assert.equal(verdict.linearizable, true)
    assert.ok(verdict.steps < 100_000, `${verdict.steps}`)
  })

  test('a history of a hundred thousand is decided in little memory, right or wrong', () => {
    const history = Array.from({ length: 100_000 }, (_, i) =>
      at(i % 2, 10 * i, 10 * i + 15, i % 2 ? { op: 'read' } : { op: 'write', value: i }, i % 2 ? i - 1 : true),
    )
    const before = process.memoryUsage().arrayBuffers
    assert.equal(checkLinearizable(register(0), history).linearizable, true)
    // Bits for all operations with each state would be more than a gigabyte.
    assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 27)
    const wrong = checkLinearizable(register(0), [...history, at(0, 2e6, 2e6 + 1, { op: 'read' }, -1)])
    assert.equal(wrong.linearizable, false)
    assert.ok(wrong.linearizable === false && wrong.stuck.length === 1)
  })
})

test('events that are no history are refused', () => {
  const ask = { process: 1, type: 'invoke' as const, input: 0 }
  assert.throws(() => operationsOf([ask, ask]), MalformedHistoryError)
  assert.throws(() => operationsOf([{ process: 1, type: 'ok' as const }]), /event 0: process 1 is answered/)
  const [lost] = operationsOf([ask])
  assert.equal(lost.end, Number.POSITIVE_INFINITY)
  assert.deepEqual(operationsOf([ask, { process: 1, type: 'fail' }]), [])
})
