// What can be asked of any store, whatever it is kept in: requests that are none are refused before anything is done.
import { ArgumentError } from '@skein/base'
import type { Compare, Operation, Range, RangeOptions, Transaction, WatchOptions } from '../store.ts'
import { bytesOf, checkKey, checkRange, isIn } from './keys.ts'

/** A revision that is asked for; undefined: the last. Throws ArgumentError. */
export const checkRevision = (call: string, name: string, revision: unknown): number | undefined => {
  if (revision === undefined) return undefined
  if (!Number.isSafeInteger(revision) || (revision as number) < 0)
    throw new ArgumentError(call, name, 'a revision, a whole number from 0', revision)
  return revision as number
}

/** Throws ArgumentError. */
export const checkRangeRequest = (range: Range, { limit, revision }: RangeOptions): void => {
  checkRange('range', range)
  if (limit !== undefined && !(limit >= 0)) throw new ArgumentError('range', 'limit', 'a number from 0', limit)
  checkRevision('range', 'revision', revision)
}

/** Throws ArgumentError. */
export const checkWatch = (range: Range, { from, maxUnreadBytes = 1 }: WatchOptions): void => {
  checkRange('watch', range)
  checkRevision('watch', 'from', from)
  if (!(maxUnreadBytes > 0)) throw new ArgumentError('watch', 'maxUnreadBytes', 'bytes above 0', maxUnreadBytes)
}

/** Throws ArgumentError. */
export const checkTtl = (ttlMs: unknown): void => {
  if (!((ttlMs as number) > 0)) throw new ArgumentError('lease', 'ttlMs', 'milliseconds above 0', ttlMs)
}

/** Throws ArgumentError. */
export const checkTransaction = (transaction: Transaction): Required<Transaction> => {
  const { if: compares = [], do: wanted = [], else: otherwise = [] } = transaction
  for (const [name, list] of Object.entries({ if: compares, do: wanted, else: otherwise }))
    if (!Array.isArray(list)) throw new ArgumentError('transact', name, 'an array', list)
  for (const compare of compares) checkCompare(compare)
  checkOperations(wanted)
  checkOperations(otherwise)
  return { if: compares, do: wanted, else: otherwise }
}

const checkCompare = (compare: Compare): void => {
  const { key, target, is, value } = compare
  checkKey('transact', key)
  const comparisons = target === 'lease' ? ['=', '!='] : ['=', '!=', '<', '>']
  if (!comparisons.includes(is)) throw new ArgumentError('transact', 'is', comparisons.join(', '), is)
  switch (target) {
    case 'value':
      bytesOf('transact', value)
      return
    case 'lease':
      if (typeof value !== 'string') throw new ArgumentError('transact', 'value', "a lease's id, or ''", value)
      return
    case 'created':
    case 'modified':
    case 'version':
      if (!Number.isSafeInteger(value)) throw new ArgumentError('transact', 'value', 'a whole number', value)
      return
  }
  throw new ArgumentError('transact', 'target', 'value, created, modified, version or lease', target)
}

const checkOperations = (operations: readonly Operation[]): void => {
  const changed = new Set<string>()
  const ranges: Range[] = []
  const twice = (key: string): never => {
    throw new ArgumentError(
      'transact',
      'operations',
      'changes of different keys',
      key,
      'One transaction changes a key once.',
    )
  }
  for (const operation of operations) {
    switch (operation.op) {
      case 'get':
        checkKey('get', operation.key)
        break
      case 'range':
        checkRangeRequest(operation.range, operation)
        break
      case 'put':
      case 'delete': {
        const key = checkKey(operation.op, operation.key)
        if (changed.has(key) || ranges.some(range => isIn(key, range))) twice(key)
        changed.add(key)
        if (operation.op === 'put') bytesOf('put', operation.value)
        break
      }
      case 'deleteRange': {
        const range = checkRange('deleteRange', operation.range)
        for (const key of changed) if (isIn(key, range)) twice(key)
        ranges.push(range)
        break
      }
      default:
        throw new ArgumentError('transact', 'op', 'get, range, put, delete or deleteRange', (operation as Operation).op)
    }
  }
}
