/**
 * What it costs to bring values from one thread to another: those that become bytes and are made again from them, and typed arrays, which
 * are copied into the heap, or passed as they lie there. An array of fewer than 1,024 bytes, or one inside of a result, is bytes like
 * everything else.
 */

/** In the order in which they lie in a tally. */
export const transferFields = [
  'packed',
  'packedBytes',
  'packMs',
  'unpacked',
  'unpackedBytes',
  'unpackMs',
  'copied',
  'copiedBytes',
  'copyMs',
  'copiedAgain',
  'copiedAgainBytes',
  'shared',
  'sharedBytes',
] as const

/**
 * Counted are values that were packed and unpacked, and arrays that were copied, of them those that had been copied before, and arrays that
 * were passed without a copy. Times in milliseconds; none is in two of them.
 */
export type TransferCounts = { readonly [F in (typeof transferFields)[number]]: number }

/** Of one function or method: what the main program gave it and took of its results, but for arrays that were passed as they lie. */
export interface CallTransfers extends TransferCounts {
  readonly name: string
}

/** Since looking began. */
export interface Transfers {
  readonly client: TransferCounts
  /** By worker, from 0; none when tasks run in the client's thread. */
  readonly workers: readonly TransferCounts[]
  /** The one with most time first. */
  readonly calls: readonly CallTransfers[]
}

export const noCounts = Object.fromEntries(transferFields.map(field => [field, 0])) as TransferCounts
export const noTransfers: Transfers = { client: noCounts, workers: [], calls: [] }

/** Of both together. */
export function addCounts(a: TransferCounts, b: TransferCounts): TransferCounts {
  return Object.fromEntries(transferFields.map(field => [field, a[field] + b[field]])) as TransferCounts
}

/** Milliseconds that went into it. */
export const transferMs = ({ packMs, unpackMs, copyMs }: TransferCounts): number => packMs + unpackMs + copyMs

/** What one engine has counted, and another after it. */
export function addTransfers(a: Transfers, b: Transfers): Transfers {
  const most = Math.max(a.workers.length, b.workers.length)
  const calls = new Map(a.calls.map(call => [call.name, call]))
  for (const { name, ...counts } of b.calls)
    calls.set(name, { name, ...addCounts(calls.get(name) ?? noCounts, counts) })
  return {
    client: addCounts(a.client, b.client),
    workers: Array.from({ length: most }, (_, i) => addCounts(a.workers[i] ?? noCounts, b.workers[i] ?? noCounts)),
    calls: byTime([...calls.values()]),
  }
}

export const byTime = (calls: CallTransfers[]): CallTransfers[] => calls.sort((a, b) => transferMs(b) - transferMs(a))
