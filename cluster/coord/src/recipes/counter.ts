// A number that many add to, and numbers that nobody else gets.
import { ArgumentError } from '@skein/base'
import { bytesOf, checkName } from '../core/keys.ts'
import { StoredValueError } from '../errors.ts'
import type { Store } from '../store.ts'
import { Batches, type Request } from './batches.ts'
import { compareAndSet, type Known } from './compare-and-set.ts'

/** Additions of one transaction. */
const most = 1000

/** A number, 0 until it is changed. What is added to one object at once is one change of the store. */
export class Counter {
  readonly name: string
  private readonly store: Store
  private readonly key: string
  /** What was put last from here: right as long as nobody else adds. */
  private known: Known | undefined
  private readonly additions = new Batches<number, number>(requests => this.addAll(requests), most)

  /** Throws ArgumentError. */
  constructor(store: Store, name: string) {
    this.name = checkName('counter', name)
    this.store = store
    this.key = `skein/counters/${name}`
  }

  /** Rejects with StoredValueError. */
  async get(): Promise<number> {
    return numberOf(await this.store.get(this.key))
  }

  /**
   * Gives the sum; no two additions of a whole number above 0 are given the same. If the store fails meanwhile, nobody knows whether it was added. Rejects with StoredValueError, and with ArgumentError for what would lead
   * out of the safe whole numbers.
   */
  async add(by = 1): Promise<number> {
    return this.additions.add(checkWhole('counter.add', 'by', by))
  }

  async set(value: number): Promise<void> {
    await this.store.put(this.key, String(checkWhole('counter.set', 'value', value)))
  }

  private async addAll(requests: readonly Request<number, number>[]): Promise<void> {
    const { key, known } = this
    this.known = undefined
    let sum = 0
    let sums: (number | ArgumentError)[] = []
    const done = await compareAndSet(
      'counter.add',
      this.store,
      key,
      entry => {
        sum = numberOf(entry)
        sums = requests.map(({ item }) => {
          if (Number.isSafeInteger(sum + item)) return (sum += item)
          return new ArgumentError('counter.add', 'by', `what leads from ${sum} to a safe whole number`, item)
        })
        return [{ op: 'put', key, value: String(sum) }]
      },
      { known },
    )
    this.known = { key, value: bytesOf('counter.add', String(sum)), modified: done!.revision }
    for (const [i, { resolve, reject }] of requests.entries()) {
      const given = sums[i]
      if (typeof given === 'number') resolve(given)
      else reject(given)
    }
  }
}

export interface SequenceOptions {
  /** How many are taken from the store at once; those that a process does not come to use are nobody's. Default 100. */
  block?: number
}

/** Numbers of which each is given to one, whoever asks: in blocks, so that few of them ask the store. */
export class Sequence {
  readonly name: string
  private readonly counter: Counter
  private readonly block: number
  private following = 1
  private last = 0
  private more: Promise<void> | undefined

  /** Throws ArgumentError. */
  constructor(store: Store, name: string, { block = 100 }: SequenceOptions = {}) {
    this.name = checkName('sequence', name)
    if (!(Number.isSafeInteger(block) && block > 0))
      throw new ArgumentError('sequence', 'block', 'a whole number from 1', block)
    this.counter = new Counter(store, `sequence ${name}`)
    this.block = block
  }

  /** From 1 on; of one object each is larger than the last. */
  async next(): Promise<number> {
    while (this.following > this.last) {
      this.more ??= this.takeBlock()
      await this.more
    }
    return this.following++
  }

  private async takeBlock(): Promise<void> {
    try {
      this.last = await this.counter.add(this.block)
      this.following = this.last - this.block + 1
    } finally {
      this.more = undefined
    }
  }
}

const decoder = new TextDecoder()

const numberOf = (entry: Pick<Known, 'key' | 'value'> | undefined): number => {
  if (entry === undefined) return 0
  const text = decoder.decode(entry.value)
  const number = Number(text)
  if (text !== String(number) || !Number.isSafeInteger(number))
    throw new StoredValueError(entry.key, 'it is no whole number')
  return number
}

const checkWhole = (call: string, argument: string, value: unknown): number => {
  if (!Number.isSafeInteger(value)) throw new ArgumentError(call, argument, 'a safe whole number', value)
  return value as number
}
