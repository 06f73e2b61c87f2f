/** Where bags begin. */

import { ArgumentError } from '@skein/base'
import { Bag, checkCount, checkOptions } from './bag.ts'
import type { BagOptions } from './evaluation.ts'
import { FileLines, readLines } from './files.ts'
import type { Input } from './plan.ts'

export interface SourceOptions extends BagOptions {
  /** Default: one for each item, at most 64; files say for themselves. It follows from the data, not from the machine. */
  readonly partitions?: number
}

const usualPartitions = 64

/** Files as sources: `bag(files.readLines('logs/*.txt'))`. */
export const files = { readLines }

interface BagOf {
  /**
   * A bag of items, or of what files hold.
   *
   *     const words = bag(files.readLines('*.txt')).flatMap(line => line.split(' '))
   *     const often = await words.frequencies().top(10)
   *
   * @throws ArgumentError
   */
  (source: FileLines, options?: SourceOptions): Bag<string>
  <T>(source: Iterable<T>, options?: SourceOptions): Bag<T>
  /** The whole numbers from 0, or from `from`, to below `to`: made where they are worked on. */
  range(to: number, options?: SourceOptions): Bag<number>
  range(from: number, to: number, options?: SourceOptions): Bag<number>
}

function bagOf(source: unknown, options: SourceOptions = {}): Bag<unknown> {
  const partitions = checkedPartitions('bag', options)
  const inputs = source instanceof FileLines ? source.inputs(partitions) : inputsOf(itemsOf(source), partitions)
  return new Bag({ is: 'source', inputs }, options)
}

function rangeOf(...args: [number, number?, SourceOptions?] | [number, SourceOptions?]): Bag<number> {
  const numbers = args.filter(arg => typeof arg === 'number')
  const options = (args.find(arg => typeof arg === 'object') ?? {}) as SourceOptions
  const [from, to] = numbers.length === 1 ? [0, numbers[0]] : numbers
  const partitions = checkedPartitions('bag.range', options)
  for (const n of [from, to]) {
    if (!Number.isSafeInteger(n)) throw new ArgumentError('bag.range', 'from and to', 'whole numbers', n)
  }
  const inputs = cut(Math.max(0, to - from), partitions, (begin, end): Input => {
    return { is: 'range', from: from + begin, to: from + end }
  })
  return new Bag({ is: 'source', inputs }, options)
}

export const bag = Object.assign(bagOf, { range: rangeOf }) as unknown as BagOf

function checkedPartitions(call: string, options: SourceOptions): number | undefined {
  const { partitions } = options
  checkOptions(call, options)
  if (partitions !== undefined) checkCount(call, 'partitions', partitions, 1)
  return partitions
}

type Items = unknown[] | (ArrayLike<unknown> & { subarray(from: number, to: number): ArrayLike<unknown> })

function itemsOf(source: unknown): Items {
  if (Array.isArray(source)) return source
  if (ArrayBuffer.isView(source) && !(source instanceof DataView)) return source as unknown as Items
  const isObject = typeof source === 'object' && source !== null
  if (isObject && Symbol.iterator in source) return [...(source as Iterable<unknown>)]
  const advice = isObject && Symbol.asyncIterator in source ? 'Use parallelMap for asynchronous sources' : undefined
  throw new ArgumentError('bag', 'source', 'an array or another iterable, or files.readLines(…)', source, advice)
}

const inputsOf = (items: Items, partitions: number | undefined): Input[] =>
  cut(items.length, partitions, (from, to): Input => {
    // Of a typed array, a view: nothing is copied.
    return { is: 'items', items: Array.isArray(items) ? items.slice(from, to) : items.subarray(from, to) }
  })

function cut<P>(n: number, partitions = Math.min(n, usualPartitions), piece: (from: number, to: number) => P): P[] {
  const border = (i: number) => Math.floor((i * n) / partitions)
  return Array.from({ length: partitions }, (_, i) => piece(border(i), border(i + 1)))
}
