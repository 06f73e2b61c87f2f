/**
 * Windows under calls drawn at random, compared with a model. All ranks draw the same plan; each makes its own calls, and compares its memory, and what it got, with
 * what the model says. In one epoch a place is put to once, or only read, or accumulated to with one operation, so that the answer is one.
 */

import { Random } from '@skein/base'
import {
  allocate,
  bxor,
  type Datatype,
  float32,
  float64,
  type Group,
  int16,
  int32,
  max,
  min,
  type Op,
  replace,
  sum,
  uint8,
  type Window,
  world,
} from '@skein/mpi'
import { assert, list, ok, rank, size } from './check.ts'

const seed = world.bcast(Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31)), 0)
if (rank === 0) console.log(`seed ${seed}: repeat with SEED=${seed}`)
const random = new Random(seed)
const below = (n: number) => Math.floor(random.uniform() * n)
const pick = <T>(choices: readonly T[]): T => choices[below(choices.length)]

type Kind = typeof Float64Array
const kinds = [Float64Array, Int32Array, Uint8Array, Int16Array, Float32Array] as readonly unknown[] as readonly Kind[]
const folds = new Map<Op, (a: number, b: number) => number>([
  [sum, (a, b) => a + b],
  [max, Math.max],
  [min, Math.min],
  [bxor, (a, b) => a ^ b],
  [replace, (_, b) => b],
])

interface Call {
  readonly is: 'put' | 'get' | 'accumulate' | 'getAccumulate'
  readonly origin: number
  readonly target: number
  readonly disp: number
  /** Blocks of so many elements, from the begin of one to that of the next; one block is contiguous. */
  readonly count: number
  readonly blockLength: number
  readonly stride: number
  readonly op: Op
  readonly values: readonly number[]
}

const placesOf = ({ disp, count, blockLength, stride }: Call): number[] =>
  Array.from({ length: count * blockLength }, (_, i) => disp + Math.floor(i / blockLength) * stride + (i % blockLength))

/** Calls of one epoch; `null` of those that would not go with others. */
function plan(lengths: readonly number[], ops: readonly Op[]): Call[] {
  const used = lengths.map(length => new Array<string | undefined>(length))
  const calls: Call[] = []
  for (let k = 0; k < 6 + 3 * size; k++) {
    const is = pick(['put', 'get', 'accumulate', 'getAccumulate'] as const)
    const target = below(size)
    const [count, blockLength] = [1 + below(3), 1 + below(4)]
    const stride = blockLength + below(3)
    const call: Call = {
      ...{ is, target, count, blockLength, stride, origin: below(size), op: pick(ops), disp: below(lengths[target]) },
      values: Array.from({ length: count * blockLength }, () => below(5)),
    }
    const places = placesOf(call)
    // What is read or replaced must be untouched; sums go together with sums.
    const isShared = is === 'get' || (is === 'accumulate' && call.op !== replace)
    const use = is === 'get' ? 'get' : `${call.op.name}`
    const isFit = places.every(
      place =>
        place < lengths[target] && (used[target][place] === undefined || (isShared && used[target][place] === use)),
    )
    if (!isFit) continue
    for (const place of places) used[target][place] = isShared ? use : 'once'
    calls.push(call)
  }
  return calls
}

/** The elements of a call in a buffer of its own, packed or spread. */
function make(kind: Kind, call: Call, values: readonly number[] | undefined) {
  const packed = kind.from(values ?? call.values.map(() => 99))
  if (call.values[0] % 2 === 0) return { data: packed, read: () => list(packed) }
  const { count, blockLength } = call
  const stride = blockLength + 1
  const buffer = new kind(1 + count * stride).fill(77)
  const at = call.values.map((_, i) => 1 + Math.floor(i / blockLength) * stride + (i % blockLength))
  for (const [i, place] of at.entries()) buffer[place] = packed[i]
  const type = typeOf(kind).vector(count, blockLength, stride)
  return { data: { buffer, offset: 1, count: 1, type }, read: () => at.map(place => buffer[place]) }
}

const types: { readonly [name: string]: Datatype } = {
  Float64Array: float64,
  Float32Array: float32,
  Int32Array: int32,
  Int16Array: int16,
  Uint8Array: uint8,
}
const typeOf = (kind: Kind): Datatype => types[kind.name]

function run(win: Window<Float64Array>, kind: Kind, call: Call): () => number[] {
  const { is, target, disp, count, blockLength, stride, op } = call
  const mine = make(kind, call, call.values)
  const result = make(kind, call, undefined)
  const type = typeOf(kind)
  const at = count === 1 ? { type, count: blockLength } : { type: type.vector(count, blockLength, stride), count: 1 }
  if (is === 'put') win.put(mine.data, target, disp, at)
  else if (is === 'get') win.get(result.data, target, disp, at)
  else if (is === 'accumulate') win.accumulate(mine.data, target, disp, op, at)
  else win.getAccumulate(mine.data, result.data, target, disp, op, at)
  return result.read
}

/** Makes this rank's calls in an epoch of some sort; gives what they got once they are over. */
function epoch(win: Window<Float64Array>, kind: Kind, calls: readonly Call[], sort: string): Map<Call, number[]> {
  const own = calls.filter(({ origin }) => origin === rank)
  const reads = new Map<Call, () => number[]>()
  const all = (some: readonly Call[]) => {
    for (const call of some) reads.set(call, run(win, kind, call))
  }
  if (sort === 'fence') {
    win.fence({ noPrecede: true })
    all(own)
    win.fence({ noSucceed: true })
  } else if (sort === 'groups') {
    const group = (ranks: readonly number[]): Group => world.group.incl([...new Set(ranks)])
    win.post(group(calls.filter(({ target }) => target === rank).map(({ origin }) => origin)))
    win.start(group(own.map(({ target }) => target)))
    all(own)
    win.complete()
    win.wait()
  } else if (sort === 'lockAll') {
    win.lockAll()
    all(own)
    win.flushAll()
    win.unlockAll()
  } else {
    for (const call of own) {
      win.lock(call.target, call.values.length % 2 === 0 ? 'shared' : 'exclusive')
      all([call])
      if (call.values.length % 3 === 0) win.flush(call.target)
      win.unlock(call.target)
    }
  }
  world.barrier()
  return new Map([...reads].map(([call, read]) => [call, read()]))
}

for (let round = 0; round < 8; round++) {
  const kind = pick(kinds)
  const ops =
    (kind as unknown) === Float64Array || (kind as unknown) === Float32Array
      ? [sum, max, min, replace]
      : [...folds.keys()]
  const lengths = Array.from({ length: size }, () => 12 + below(30))
  const where = Array.from({ length: size }, () => below(2))
  const mine = lengths[rank]
  const win =
    round % 2 === 0
      ? world.allocateWindow(kind, mine)
      : world.window(where[rank] === 0 ? new kind(mine) : allocate(kind, mine))
  const model = lengths.map((length, r) => kind.from({ length }, (_, i) => (i + r) % 7))
  win.base.set(model[rank])
  world.barrier()
  for (let e = 0; e < 6; e++) {
    const sort = pick(['fence', 'groups', 'locks', 'lockAll'])
    const calls = plan(lengths, ops)
    const got = epoch(win, kind, calls, sort)
    for (const call of calls) {
      const { is, target, op, values } = call
      const before = placesOf(call).map(place => model[target][place])
      const what = `seed ${seed}: round ${round}, epoch ${e} (${sort}), ${is} of ${kind.name} by ${call.origin}, ${op.name}`
      if (call.origin === rank && (is === 'get' || is === 'getAccumulate'))
        assert.deepEqual(got.get(call), before, what)
      if (is === 'get') continue
      const fold = is === 'put' ? folds.get(replace)! : folds.get(op)!
      for (const [i, place] of placesOf(call).entries()) model[target][place] = fold(model[target][place], values[i])
    }
    win.lock(rank, 'exclusive')
    const what = `seed ${seed}: round ${round}, epoch ${e} (${sort}), memory of ${rank}, ${kind.name}`
    assert.deepEqual(list(win.base), list(model[rank]), what)
    win.unlock(rank)
    world.barrier()
  }
  win.free()
}

ok('window-random')
