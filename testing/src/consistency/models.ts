// What a single copy of each object does, one operation after another. An output of undefined is one that nobody knows.
import type { Operation } from './history.ts'
import type { Model } from './linearizable.ts'

type Value = string | number | null

export type RegisterInput =
  | { readonly op: 'read' }
  | { readonly op: 'write'; readonly value: Value }
  | { readonly op: 'cas'; readonly from: Value; readonly to: Value }

/** Of a read what was read; of a write anything; of a compare-and-set whether it has set. */
export type RegisterOutput = Value | boolean

/** NaN is itself, too. */
const isSame = (a: unknown, b: unknown): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b))

const text = (value: unknown): string => (value === undefined ? '?' : JSON.stringify(value))

/** A register that is read, written, and compared and set. */
export const register = (initial: Value = null): Model<Value, RegisterInput, RegisterOutput> => ({
  name: 'register',
  initial,
  step(state, input, output) {
    switch (input.op) {
      case 'read':
        return output === undefined || isSame(output, state) ? state : undefined
      case 'write':
        return input.value
      case 'cas': {
        const sets = isSame(state, input.from)
        if (output !== undefined && output !== sets) return undefined
        return sets ? input.to : state
      }
    }
  },
  describe(input, output) {
    if (input.op === 'read') return `read ${text(output)}`
    if (input.op === 'write') return `write ${text(input.value)}`
    return `cas ${text(input.from)} → ${text(input.to)}: ${output === undefined ? '?' : output ? 'set' : 'not set'}`
  },
})

export type MapInput = RegisterInput & { readonly key: string }

/** Registers by key; parts of a history that are about different keys are checked by themselves. */
export const registers = (initial: Value = null): Model<Value, MapInput, RegisterOutput> => {
  const one = register(initial)
  return {
    ...one,
    name: 'registers',
    partition: byKey,
    describe: (input, output) => `${input.key}: ${one.describe!(input, output)}`,
  }
}

export type AppendInput = { readonly key: string } & (
  | { readonly op: 'get' }
  | { readonly op: 'put' | 'append'; readonly value: string }
)

/** Texts by key, got, put and appended to; what is missing is empty. */
export const texts: Model<string, AppendInput, string> = {
  name: 'texts',
  initial: '',
  step(state, input, output) {
    if (input.op === 'get') return output === undefined || output === state ? state : undefined
    return input.op === 'put' ? input.value : state + input.value
  },
  partition: byKey,
  describe: (input, output) =>
    input.op === 'get' ? `get ${input.key}: ${text(output)}` : `${input.op} ${input.key} ${text(input.value)}`,
}

export type SetInput = { readonly op: 'add' | 'remove'; readonly value: string | number } | { readonly op: 'read' }

/** A set; reads give its members in any order. Of an add and a remove the output is whether they changed it, if it is known. */
export const set: Model<readonly (string | number)[], SetInput, boolean | readonly (string | number)[]> = {
  name: 'set',
  initial: [],
  step(state, input, output) {
    if (input.op === 'read') {
      if (output === undefined) return state
      return typeof output === 'object' && JSON.stringify([...output].sort()) === JSON.stringify(state)
        ? state
        : undefined
    }
    const has = state.includes(input.value)
    const changes = has === (input.op === 'remove')
    if (typeof output === 'boolean' && output !== changes) return undefined
    if (!changes) return state
    return input.op === 'add' ? [...state, input.value].sort() : state.filter(value => value !== input.value)
  },
  describe: (input, output) => (input.op === 'read' ? `read ${text(output)}` : `${input.op} ${text(input.value)}`),
}

export type QueueInput = { readonly op: 'enqueue'; readonly value: string | number } | { readonly op: 'dequeue' }

/** A queue, first in first out; a dequeue of an empty one gives null. */
export const queue: Model<readonly (string | number)[], QueueInput, string | number | null | boolean> = {
  name: 'queue',
  initial: [],
  step(state, input, output) {
    if (input.op === 'enqueue') return [...state, input.value]
    const first = state.length === 0 ? null : state[0]
    return output === undefined || isSame(output, first) ? state.slice(1) : undefined
  },
  describe: (input, output) => (input.op === 'enqueue' ? `enqueue ${text(input.value)}` : `dequeue ${text(output)}`),
}

export interface LockInput {
  readonly op: 'acquire' | 'release'
  /** Who; where it is not given, a release frees whoever holds it. */
  readonly owner?: string | number
}

/** A lock that one at most holds. */
export const lock: Model<string | number | null, LockInput, boolean> = {
  name: 'lock',
  initial: null,
  step(state, { op, owner = 'somebody' }, output) {
    const works = op === 'acquire' ? state === null : state === owner
    if (output !== undefined && output !== works) return undefined
    if (!works) return state
    return op === 'acquire' ? owner : null
  },
  describe: ({ op, owner }, output) =>
    `${op}${owner === undefined ? '' : ` by ${owner}`}${output === false ? ': refused' : ''}`,
}

export type TransactionInput = readonly (
  | { readonly op: 'read'; readonly key: string }
  | { readonly op: 'write'; readonly key: string; readonly value: Value }
)[]

/** Registers by key that are read and written several at a time. Of a transaction the output is what was read, in order; undefined for what is not known. */
export const transactions = (
  initial: Readonly<Record<string, Value>> = {},
): Model<Readonly<Record<string, Value>>, TransactionInput, readonly (Value | undefined)[]> => ({
  name: 'transactions',
  initial,
  key: state => JSON.stringify(Object.entries(state).sort(([a], [b]) => (a < b ? -1 : 1))),
  step(state, input, output) {
    let after = state
    let reads = 0
    for (const part of input) {
      if (part.op === 'write') after = { ...after, [part.key]: part.value }
      else {
        const read = output?.[reads++]
        if (read !== undefined && read !== (after[part.key] ?? null)) return undefined
      }
    }
    return after
  },
  describe: (input, output) => {
    let reads = 0
    return input
      .map(part =>
        part.op === 'read' ? `${part.key}: ${text(output?.[reads++])}` : `${part.key} ← ${text(part.value)}`,
      )
      .join(', ')
  },
})

/** The operations about each key. */
function byKey<Input extends { readonly key: string }, Output>(
  history: readonly Operation<Input, Output>[],
): readonly (readonly Operation<Input, Output>[])[] {
  return [...Map.groupBy(history, ({ input }) => input.key).values()]
}
