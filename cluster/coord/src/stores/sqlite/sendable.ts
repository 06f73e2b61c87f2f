// Requests as another thread can be sent them, or as they can wait here. What is none is refused here, where it was asked; of what is, nothing is left that does not belong to it.
import { checkKey } from '../../core/keys.ts'
import { checkRangeRequest, checkRevision, checkTransaction, checkTtl } from '../../core/requests.ts'
import type { Compare, Operation, Range, RangeOptions } from '../../store.ts'
import type { Request } from '../asking.ts'

/** Throws ArgumentError. */
export const sendable = (request: Request): Request => {
  switch (request.ask) {
    case 'get':
      checkKey('get', request.key)
      checkRevision('get', 'revision', request.revision)
      return request
    case 'range': {
      const { range, options = {} } = request
      checkRangeRequest(range, options)
      return { ask: 'range', range: rangeOf(range), options: rangeOptionsOf(options) }
    }
    case 'apply':
      checkTransaction({ do: [request.operation] })
      return { ask: 'apply', operation: operationOf(request.operation) }
    case 'transact': {
      const given = checkTransaction(request.transaction)
      const transaction = {
        if: given.if.map(compareOf),
        do: given.do.map(operationOf),
        else: given.else.map(operationOf),
      }
      return { ask: 'transact', transaction }
    }
    case 'compact':
      checkRevision('compact', 'revision', request.revision ?? Number.NaN)
      return request
    case 'grant':
      checkTtl(request.ttlMs)
      return request
    default:
      return request
  }
}

export const rangeOf = (range: Range): Range =>
  'prefix' in range ? { prefix: range.prefix } : { from: range.from, to: range.to }

const rangeOptionsOf = ({ revision, limit, descending, keysOnly }: RangeOptions): RangeOptions => ({
  revision,
  limit,
  descending,
  keysOnly,
})

const operationOf = (operation: Operation): Operation => {
  switch (operation.op) {
    case 'get':
    case 'delete':
      return { op: operation.op, key: operation.key }
    case 'range':
      return { op: 'range', range: rangeOf(operation.range), ...rangeOptionsOf(operation) }
    case 'deleteRange':
      return { op: 'deleteRange', range: rangeOf(operation.range) }
    case 'put':
      return { op: 'put', key: operation.key, value: bytesAlone(operation.value), lease: operation.lease }
  }
}

const compareOf = (compare: Compare): Compare => {
  const { key, target, is, value } = compare
  return { key, target, is, value: bytesAlone(value as string) } as Compare
}

/** The bytes as they are now, and no more of the memory that they are a view of. */
const bytesAlone = <Value>(value: Value): Value =>
  (value instanceof Uint8Array ? new Uint8Array(value) : value) as Value
