// What is asked of a state machine, as data: it may be asked here, or on the thread that has the file.
import type { Machine } from '../core/machine.ts'
import type { Operation, Range, RangeOptions, Transaction } from '../store.ts'

export type ReadRequest =
  | { readonly ask: 'get'; readonly key: string; readonly revision: number | undefined }
  | { readonly ask: 'range'; readonly range: Range; readonly options: RangeOptions | undefined }
  | { readonly ask: 'revision' }

export type ChangeRequest =
  | { readonly ask: 'apply'; readonly operation: Operation }
  | { readonly ask: 'transact'; readonly transaction: Transaction }
  | { readonly ask: 'compact'; readonly revision: number }
  /** Without an id the tables give one. */
  | { readonly ask: 'grant'; readonly ttlMs: number; readonly id?: string }
  | { readonly ask: 'renew' | 'revoke'; readonly id: string }

export type Request = ReadRequest | ChangeRequest

export const isRead = (request: Request): request is ReadRequest =>
  request.ask === 'get' || request.ask === 'range' || request.ask === 'revision'

/** Does it, and gives what the machine gives. */
export const perform = (machine: Machine, request: Request, nowMs: number): unknown => {
  switch (request.ask) {
    case 'get':
      return machine.get(request.key, request.revision)
    case 'range':
      return machine.range(request.range, request.options)
    case 'revision':
      return machine.revision
    case 'apply':
      return machine.apply(request.operation)
    case 'transact':
      return machine.transact(request.transaction)
    case 'compact':
      return machine.compact(request.revision)
    case 'grant':
      return machine.grant(request.ttlMs, nowMs, request.id)
    case 'renew':
      return machine.renew(request.id, nowMs)
    case 'revoke':
      return machine.revoke(request.id)
  }
}
