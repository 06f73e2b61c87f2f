/** Rows of words in order: what is asked for is cut into chunks and buckets, written down as a job, and run on the team. */

import { heap } from '@skein/heap'
import { defaultTeam } from '@skein/team'
import type { Assembler } from '../encode/assembler.ts'
import { placeOf } from '../run/addresses.ts'
import { bodyOf, failureOf } from '../run/routines.ts'
import { emitBuckets, emitChunks, job, slackBytes } from './buckets.ts'
import type { WordType } from './words.ts'

/** Words as they are stored; what they stand for does not matter here. */
export type Words = Uint32Array | BigUint64Array

/** Words of a chunk: it and as much again is in a core's second cache. */
const mostInChunk = 32768
const leastInChunk = 4096
/** Words that a bucket is to have, likewise. */
const usualBucket = 16384
const mostBuckets = 1024
/** Words of the sample for each bucket. */
const perBucket = 24

const like = (words: Words, length: number): Words =>
  words instanceof Uint32Array
    ? heap.array(Uint32Array, length, { zero: false })
    : heap.array(BigUint64Array, length, { zero: false })

/** Rounds of the best pivots halve a bucket; of medians of a few words hardly any take twice as many. */
const usualPatience = 2

/** Elements of words in order: NaN last, −0 before 0. @param to where they are written, which may be where they are */
export function sortWords(from: Words, to: Words, type: WordType, patience = usualPatience): void {
  const { length } = from
  if (length === 0) return
  const buckets = Math.min(mostBuckets, 2 ** Math.ceil(Math.log2(length / usualBucket)))
  if (buckets <= 1) return new Row(from, to, type, length, patience).sort()
  const share = Math.ceil(length / (2 * defaultTeam().threads))
  const row = new Row(from, to, type, Math.min(mostInChunk, Math.max(leastInChunk, share)), patience)
  row.sort(keysBetween(from, buckets, type))
}

/** Keys in between of buckets that have about as many words each, from a sample; one that comes again and again gets a bucket of its own. */
function keysBetween(from: Words, buckets: number, type: WordType): Words {
  const count = buckets * perBucket
  const sample = like(from, count)
  const step = from.length / count
  // At places that follow no pattern that the row may have.
  for (let k = 0; k < count; k++) {
    const within = (Math.imul(k + 1, 0x9e3779b1) >>> 0) / 2 ** 32
    sample[k] = from[Math.floor((k + within) * step)]
  }
  new Row(sample, sample, type, count).sort()
  const picked = sample.subarray(0, buckets - 1) as Words
  for (let b = 1; b < buckets; b++) picked[b - 1] = sample[b * perBucket]
  const between = like(from, buckets - 1)
  new Row(picked, picked, type, buckets - 1).keysTo(between)
  heap.release(sample)
  const largest = largestOf(between)
  for (let b = between.length - 1; b > 0; b--) if (between[b] === between[b - 1] && between[b] !== largest) between[b]++
  return between
}

const largestOf = (words: Words): number | bigint => (words instanceof Uint32Array ? 0xffffffff : 2n ** 64n - 1n)

class Row {
  readonly #from: Words
  readonly #to: Words
  readonly #type: WordType
  readonly #chunk: number
  readonly #chunks: number
  readonly #name: string
  readonly #patience: number

  constructor(from: Words, to: Words, type: WordType, chunk: number, patience = usualPatience) {
    this.#from = from
    this.#to = to
    this.#type = type
    this.#chunk = chunk
    this.#patience = patience
    this.#chunks = Math.ceil(from.length / chunk)
    this.#name = `${type.bytes} ${type.kind} ${type.descending ? 'descending' : 'ascending'}`
  }

  /** Keys of the words, as they stand. */
  keysTo(keys: Words): void {
    const starts = heap.i32(2 * this.#chunks)
    const scratch = this.#scratch(this.#chunk, 1)
    this.#run('chunks', emitChunks, this.#chunks, 1, { keys, starts, scratch })
    for (const array of [starts, scratch]) heap.release(array)
  }

  /** @param between ascending keys by which buckets are told apart, one less than there are; released */
  sort(between?: Words): void {
    const threads = between ? defaultTeam().threads : 1
    const buckets = between ? between.length + 1 : 1
    const { length } = this.#from
    const keys = like(this.#from, length)
    const tree = like(this.#from, buckets)
    if (between) plant(between, tree)
    const starts = heap.i32(this.#chunks * (buckets + 1))
    let scratch = this.#scratch(this.#chunk, threads)
    this.#run('chunks', emitChunks, this.#chunks, threads, { keys, tree, starts, scratch, buckets })
    const begins = heap.array(BigInt64Array, buckets + 1)
    const isOne = heap.i32(buckets)
    const least = like(this.#from, buckets)
    if (between) alone(between, isOne, least)
    const most = placesOf(starts, begins, isOne)
    if (most > this.#chunk) {
      heap.release(scratch)
      scratch = this.#scratch(most, threads)
    }
    this.#run('buckets', emitBuckets, buckets, threads, { keys, tree, starts, scratch, buckets, begins, isOne, least })
    for (const array of [keys, tree, starts, scratch, begins, isOne, least]) heap.release(array)
    if (between) heap.release(between)
  }

  /** For each thread twice so many words. */
  #scratch(words: number, threads: number): Uint8Array {
    return heap.array(Uint8Array, 2 * threads * (words * this.#type.bytes + slackBytes), { zero: false })
  }

  #run(
    what: string,
    emit: (code: Assembler, type: WordType) => void,
    units: number,
    threads: number,
    { buckets = 1, ...arrays }: { buckets?: number; scratch: Uint8Array } & { [name: string]: unknown },
  ): void {
    const slots = heap.array(BigInt64Array, job.bytes / 8)
    const put = (slot: number, value: number) => {
      slots[slot / 8] = BigInt(value)
    }
    for (const [name, array] of Object.entries(arrays)) put(job[name as 'keys'], placeOf(array as Words))
    put(job.from, placeOf(this.#from))
    put(job.to, placeOf(this.#to))
    put(job.count, this.#from.length)
    put(job.chunk, this.#chunk)
    put(job.chunks, this.#chunks)
    put(job.buckets, buckets)
    put(job.patience, this.#patience)
    put(job.scratchBytes, arrays.scratch.byteLength / (2 * threads))
    const body = bodyOf(`sort ${what} ${this.#name}`, code => emit(code, this.#type))
    const args = placeOf(slots)
    const status =
      threads === 1
        ? (body.entry(0)(args, 0, units, 0) as number)
        : defaultTeam().run(body, 0, { args, begin: 0, end: units, threads, schedule: 'dynamic', chunk: 1 })
    heap.release(slots)
    if (status !== 0) throw failureOf(status)
  }
}

/** Keys as a tree: that of node n is in the middle of those below it, which are nodes 2n and 2n + 1. */
function plant(between: Words, tree: Words): void {
  const { length: buckets } = tree
  for (let node = 1, level = buckets; node < buckets; node++) {
    if ((node & (node - 1)) === 0) level = buckets / node
    tree[node] = between[(node % (buckets / level)) * level + level / 2 - 1]
  }
}

/** Buckets that have a single key. */
function alone(between: Words, isOne: Int32Array, least: Words): void {
  const largest = largestOf(between)
  for (let b = 0; b < between.length; b++) {
    const key = between[b]
    least[b + 1] = key
    const end = b + 1 < between.length ? between[b + 1] : undefined
    isOne[b + 1] = key === largest || (end !== undefined && end > key && BigInt(end) - BigInt(key) === 1n) ? 1 : 0
  }
}

/** Where buckets begin in the row. @returns the most words of one that is to be sorted */
function placesOf(starts: Int32Array, begins: BigInt64Array, isOne: Int32Array): number {
  const { length: buckets } = isOne
  const counts = new Float64Array(buckets)
  for (let row = 0; row < starts.length; row += buckets + 1)
    for (let b = 0; b < buckets; b++) counts[b] += starts[row + b + 1] - starts[row + b]
  let [sum, most] = [0, 0]
  for (let b = 0; b < buckets; b++) {
    begins[b] = BigInt(sum)
    sum += counts[b]
    if (isOne[b] === 0) most = Math.max(most, counts[b])
  }
  begins[buckets] = BigInt(sum)
  return most
}
