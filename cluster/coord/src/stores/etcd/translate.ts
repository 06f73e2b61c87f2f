// The store's words as etcd's, and back.
import { compareKeys, endsOf } from '../../core/keys.ts'
import { LeaseNotFoundError } from '../../errors.ts'
import type {
  Compare,
  Entry,
  Operation,
  OperationResult,
  Range,
  RangeOptions,
  RangeResult,
  WatchBatch,
  WatchEvent,
} from '../../store.ts'
import type { calls, KeyValue, WatchResponse } from './messages.ts'
import type { In, Message, Out } from './protobuf.ts'

type Asked<C> = C extends { request: Message<infer F> } ? In<F> : never
type Answered<C> = C extends { response: Message<infer F> } ? Out<F> : never
type Calls = typeof calls

export interface Ends {
  readonly key: string
  /** Undefined: the key alone. */
  readonly end: Uint8Array | string | undefined
  readonly isEmpty: boolean
}

const encoder = new TextEncoder()
/** As the end of a range: there is none. */
const endless = new Uint8Array(1)

/** The lease of a key that ends with none; never one that etcd gives. */
export const noLease = '7fffffffffffffff'

/** As etcd prints it: up to 16 hexadecimal digits. */
export const isLease = (id: string): boolean => /^[0-9a-f]{1,16}$/.test(id) && !/^0|^[89a-f].{15}$/.test(id)

/** Keys of one store, which in etcd begin with its prefix. */
export class Translator {
  private readonly prefix: string
  /** The first key after all that begin with the prefix. */
  private readonly end: Uint8Array

  constructor(prefix: string) {
    this.prefix = prefix
    this.end = afterPrefix(encoder.encode(prefix))
  }

  key(key: string): string {
    return this.prefix + key
  }

  ends(range: Range): Ends {
    const { from, to } = endsOf(range)
    // The key of one zero is the first there can be, for the empty one is none.
    const first = this.prefix === '' && from === '' ? '\0' : from
    const key = this.key(first)
    if ('prefix' in range) return { key, end: afterPrefix(encoder.encode(this.key(from))), isEmpty: false }
    if (to === undefined) return { key, end: this.end, isEmpty: false }
    if (compareKeys(first, to) >= 0) return { key: this.key('\u0001'), end: this.key('\u0001'), isEmpty: true }
    return { key, end: this.key(to), isEmpty: false }
  }

  rangeRequest(range: Range, options: RangeOptions): Asked<Calls['range']> {
    const { key, end } = this.ends(range)
    const limit = Math.floor(options.limit ?? Number.POSITIVE_INFINITY)
    return {
      key,
      end,
      ...(limit === 0 ? { countOnly: true } : Number.isSafeInteger(limit) && { limit }),
      revision: revisionOf(options.revision),
      ...(options.descending && { order: 2 }),
      ...(options.keysOnly && { keysOnly: true }),
    }
  }

  rangeResult(answer: Answered<Calls['range']>, revision: number | undefined): RangeResult {
    return {
      entries: answer.entries.map(entry => this.entry(entry)),
      count: answer.count,
      revision: revision ?? answer.header!.revision,
    }
  }

  entry({ key, value, created, modified, version, lease }: KeyValue): Entry {
    return {
      key: this.prefix === '' ? key : key.slice(this.prefix.length),
      value,
      created,
      modified,
      version,
      lease: lease === '0' ? undefined : lease,
    }
  }

  /** Throws LeaseNotFoundError. */
  put(key: string, value: Uint8Array | string, lease: string | undefined): Asked<Calls['put']> {
    if (lease !== undefined && !isLease(lease)) throw new LeaseNotFoundError(lease)
    return { key: this.key(key), value, lease, withPrevious: true }
  }

  compare({ key, target, is, value }: Compare): NonNullable<Asked<Calls['transact']>['if']>[number] {
    const asked = { key: this.key(key), is: comparisons[is], target: targets[target] }
    if (target === 'value') return { ...asked, value }
    if (target === 'lease') return { ...asked, lease: value === '' ? '0' : isLease(value) ? value : noLease }
    return { ...asked, [target]: value }
  }

  operation(operation: Operation): NonNullable<Asked<Calls['transact']>['do']>[number] {
    switch (operation.op) {
      case 'get':
        return { range: { key: this.key(operation.key) } }
      case 'range':
        return { range: this.rangeRequest(operation.range, operation) }
      case 'put':
        return { put: this.put(operation.key, operation.value, operation.lease) }
      case 'delete':
        return { delete: { key: this.key(operation.key), withPrevious: true } }
      case 'deleteRange':
        return { delete: { ...this.deletion(operation.range), withPrevious: true } }
    }
  }

  deletion(range: Range): Pick<Ends, 'key' | 'end'> {
    const { key, end } = this.ends(range)
    return { key, end }
  }

  /** `revision`: of the transaction. */
  result(
    operation: Operation,
    answer: Answered<Calls['transact']>['results'][number],
    revision: number,
  ): OperationResult {
    const [deleted, range] = [answer.delete?.deleted ?? [], answer.range]
    switch (operation.op) {
      case 'get':
        return range?.entries[0] && this.entry(range.entries[0])
      case 'range':
        return range && this.rangeResult(range, operation.revision ?? revision)
      case 'put':
        return answer.put?.previous && this.entry(answer.put.previous)
      case 'delete':
        return deleted[0] && this.entry(deleted[0])
      case 'deleteRange':
        return deleted.map(entry => this.entry(entry))
    }
  }

  /** What came of a watch, revision by revision: of one it all comes together. */
  batches({ events }: WatchResponse): WatchBatch[] {
    const batches: { revision: number; events: WatchEvent[] }[] = []
    for (const { type, entry, previous } of events) {
      const revision = entry!.modified
      if (batches.at(-1)?.revision !== revision) batches.push({ revision, events: [] })
      const before = previous && this.entry(previous)
      const now = this.entry(entry!)
      batches
        .at(-1)!
        .events.push(
          type === 1
            ? { type: 'delete', key: now.key, revision, previous: before }
            : { type: 'put', entry: now, previous: before },
        )
    }
    return batches
  }
}

/** In etcd 0 asks for what is there now, and 1 is what was there before all. */
export const revisionOf = (revision: number | undefined): number | undefined =>
  revision === undefined ? undefined : Math.max(1, revision)

const comparisons = { '=': 0, '>': 1, '<': 2, '!=': 3 } as const
const targets = { version: 0, created: 1, modified: 2, value: 3, lease: 4 } as const

const afterPrefix = (prefix: Uint8Array): Uint8Array => {
  const end = prefix.slice()
  for (let i = end.length - 1; i >= 0; i--)
    if (end[i] < 255) {
      end[i]++
      return end.subarray(0, i + 1)
    }
  return endless
}
