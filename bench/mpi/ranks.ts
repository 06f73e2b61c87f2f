/**
 * Skein's ranks: rank 0 answers the harness's lines, the others do as it does. With the argument `allocate` arrays are those of `allocate`,
 * which threads share; else they are ordinary ones.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { backends, heap, kernel } from 'skein'
import { allocate, inPlace, Request, sum, version, world } from 'skein/mpi'
import { serve, type Work } from '../harness/serve.ts'
import { hash01 } from '../kernels/data.ts'

const how = process.argv[2] === 'allocate' ? '(allocate)' : ''
const { rank, size } = world
const windowLength = 64
const longBytes = 1 << 16

const empty = (bytes: number): Float64Array =>
  how === '' ? new Float64Array(bytes / 8) : allocate(Float64Array, bytes / 8)
const filled = (bytes: number): Float64Array => {
  const array = empty(bytes)
  for (let i = 0; i < array.length; i++) array[i] = hash01(i, 1000 * (rank + 1))
  return array
}

/** A case as all ranks do it. */
interface Job {
  /** One after another. What is timed is rank 0's time for all, by `per`. */
  run(times: number): void
  /** Operations in one of `times`, if not 1: half a round trip is half of it. */
  readonly per?: number
  /** Of what came here. */
  checksum(): number
  /** It is another after each run. */
  readonly changes?: boolean
  free?(): void
}

function weighted(values: ArrayLike<number>): number {
  let total = 0
  for (let i = 0; i < values.length; i++) total += Math.abs(values[i]) * hash01(i, 99)
  return total
}

const jobs: Record<string, (n: number) => Job> = {
  latency(n) {
    const [mine, came] = [filled(n), empty(n)]
    const run = (times: number): void => {
      for (let i = 0; i < times; i++) {
        if (rank === 0) {
          world.send(mine, 1, 1)
          world.recv(came, 1, 1)
        } else {
          world.recv(came, 0, 1)
          world.send(mine, 0, 1)
        }
      }
    }
    return { run, per: 2, checksum: () => weighted(came) }
  },

  object() {
    const mine = { id: 7 + rank, name: 'rank', at: [1.5, 2.5] }
    let came = mine
    const run = (times: number): void => {
      for (let i = 0; i < times; i++) {
        if (rank === 0) {
          world.send(mine, 1, 1)
          came = world.recv(1, 1)
        } else {
          came = world.recv(0, 1)
          world.send(mine, 0, 1)
        }
      }
    }
    return { run, per: 2, checksum: () => came.id + came.at[0] + came.at[1] + came.name.length }
  },

  bandwidth(n) {
    const [mine, came] = [filled(n), empty(n)]
    const answer = new Float64Array(1)
    const run = (times: number): void => {
      for (let i = 0; i < times; i += windowLength) {
        const requests: Request<any>[] = []
        if (rank === 0) {
          for (let k = 0; k < windowLength; k++) requests.push(world.isend(mine, 1, 1))
          Request.waitAll(requests)
          world.recv(answer, 1, 2)
        } else {
          for (let k = 0; k < windowLength; k++) requests.push(world.irecv(came, 0, 1))
          Request.waitAll(requests)
          world.send(answer, 0, 2)
        }
      }
    }
    return { run, checksum: () => weighted(came) }
  },

  bibandwidth(n) {
    const [mine, came] = [filled(n), empty(n)]
    const run = (times: number): void => {
      for (let i = 0; i < times; i += windowLength) {
        const requests: Request<any>[] = []
        for (let k = 0; k < windowLength; k++) requests.push(world.irecv(came, 1 - rank, 1))
        for (let k = 0; k < windowLength; k++) requests.push(world.isend(mine, 1 - rank, 1))
        Request.waitAll(requests)
      }
    }
    return { run, checksum: () => weighted(came) }
  },

  allreduce(n) {
    const [mine, came] = [filled(n), empty(n)]
    const run = (times: number): void => {
      for (let i = 0; i < times; i++) world.allreduce(mine, came, sum)
    }
    return { run, checksum: () => weighted(came) }
  },

  bcast(n) {
    const arrays = Array.from({ length: size }, (_, root) => (root === rank ? filled(n) : empty(n)))
    const run = (times: number): void => {
      for (let i = 0; i < times; i++) for (let root = 0; root < size; root++) world.bcast(arrays[root], root)
    }
    return { run, per: size, checksum: () => arrays.reduce((total, array) => total + weighted(array), 0) }
  },

  alltoall(n) {
    const [mine, came] = [filled(n * size), empty(n * size)]
    const run = (times: number): void => {
      for (let i = 0; i < times; i++) world.alltoall(mine, came)
    }
    return { run, checksum: () => weighted(came) }
  },

  ring(n) {
    const [mine, came] = [filled(n), empty(n)]
    const [before, after] = [(rank + size - 1) % size, (rank + 1) % size]
    const run = (times: number): void => {
      for (let i = 0; i < times; i++) {
        if (rank === 0) world.send(mine, after, 1)
        world.recv(came, before, 1)
        if (rank !== 0) world.send(mine, after, 1)
      }
    }
    return { run, per: size, checksum: () => weighted(came) }
  },

  put: n => oneSided(n, 'put'),
  get: n => oneSided(n, 'get'),

  heat(n) {
    const grid = world.cart([size], { periods: [false] })!
    const { source: above, dest: below } = grid.shift(0)
    const [top, bottom] = [Math.floor((rank * n) / size), Math.floor(((rank + 1) * n) / size)]
    const rows = bottom - top
    if (rows % 4 !== 0) throw new RangeError(`${rows} rows cannot be taken by four`)
    const width = n + 2
    let now = heap.f64((rows + 2) * width)
    let next = heap.f64((rows + 2) * width)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < n; column++)
        now[(row + 1) * width + column + 1] = 100 * hash01((top + row) * n + column, 5)
    // Four rows at once: what is loaded of a row serves the ones above and below too. As gcc may by default, it rounds once where it
    // multiplies and adds.
    const step = kernel(
      ([four, column], width: number, from: Float64Array, to: Float64Array) => {
        const i = (4 * four + 1) * width + column + 1
        const r0 = from[i - width]
        const r1 = from[i]
        const r2 = from[i + width]
        const r3 = from[i + 2 * width]
        const r4 = from[i + 3 * width]
        const r5 = from[i + 4 * width]
        to[i] = r1 + 0.2 * (r0 + r2 + from[i - 1] + from[i + 1] - 4 * r1)
        to[i + width] = r2 + 0.2 * (r1 + r3 + from[i + width - 1] + from[i + width + 1] - 4 * r2)
        to[i + 2 * width] = r3 + 0.2 * (r2 + r4 + from[i + 2 * width - 1] + from[i + 2 * width + 1] - 4 * r3)
        to[i + 3 * width] = r4 + 0.2 * (r3 + r5 + from[i + 3 * width - 1] + from[i + 3 * width + 1] - 4 * r4)
      },
      { fast: true },
    )
      .on(backends.x64.unavailable() === undefined ? 'x64' : 'wasm')
      .with({ threads: 1 })
    const edge = (buffer: Float64Array, row: number) => ({ buffer, offset: row * width + 1, count: n })
    const run = (times: number): void => {
      for (let i = 0; i < times; i++) {
        grid.sendrecv(edge(now, 1), above, 0, edge(now, rows + 1), below, 0)
        grid.sendrecv(edge(now, rows), below, 1, edge(now, 0), above, 1)
        step([rows / 4, n], width, now, next)
        ;[now, next] = [next, now]
      }
    }
    const checksum = (): number => {
      let total = 0
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < n; column++)
          total += now[(row + 1) * width + column + 1] * hash01((top + row) * n + column, 99)
      return total
    }
    return { run, checksum, changes: true }
  },
}

/** Rank 0 writes into memory of rank 1, or reads it, under a lock: each by itself until it is there, of long ones 64 at once. */
function oneSided(n: number, way: 'put' | 'get'): Job {
  const window = world.allocateWindow(Float64Array, rank === 1 ? n / 8 : 0)
  const mine = filled(n)
  if (way === 'get') window.base.set(mine.subarray(0, window.base.length))
  const atOnce = n < longBytes ? 1 : windowLength
  world.barrier()
  const run = (times: number): void => {
    if (rank === 0) {
      window.lock(1)
      for (let i = 0; i < times; i += atOnce) {
        for (let k = 0; k < atOnce; k++) {
          if (way === 'put') window.put(mine, 1)
          else window.get(mine, 1)
        }
        window.flush(1)
      }
      window.unlock(1)
    }
    world.barrier()
  }
  return { run, checksum: () => weighted(way === 'put' ? window.base : mine), free: () => window.free() }
}

// ---- what rank 0 is told, told to the others

const commandTag = 99
const verbs = ['prepare', 'run', 'sum', 'quit'] as const
const names = Object.keys(jobs)
const command = new Float64Array(3)
let job: Job | undefined
/** What came here in the first run: every later one must bring the same. */
let first = Number.NaN

function obey(verb: (typeof verbs)[number], a: number, b: number): number {
  switch (verb) {
    case 'prepare':
      job?.free?.()
      job = jobs[names[a]](b)
      first = Number.NaN
      return 0
    case 'run':
      return run(a)
    case 'sum': {
      first = job!.checksum()
      const all = new Float64Array([first])
      world.allreduce(inPlace, all, sum)
      return all[0]
    }
    default:
      return 0
  }
}

/** A tenth of them before the clock starts. @returns seconds of one */
function run(times: number): number {
  if (job === undefined) throw new Error('nothing is prepared')
  job.run(Math.ceil(times / 10))
  world.barrier()
  const from = performance.now()
  job.run(times)
  const seconds = (performance.now() - from) / 1e3 / times / (job.per ?? 1)
  const last = job.changes || Number.isNaN(first) ? first : job.checksum()
  if (!Object.is(last, first)) throw new Error(`after ${times} runs rank ${rank} has ${last}, ${first} after the first`)
  return seconds
}

/** Between commands nobody spins: the ranks of another peer need the cores. */
async function follow(): Promise<void> {
  let verb: (typeof verbs)[number] = 'run'
  while (verb !== 'quit') {
    while (world.iprobe(0, commandTag) === undefined) await sleep(2)
    world.recv(command, 0, commandTag)
    verb = verbs[command[0]]
    obey(verb, command[1], command[2])
  }
}

function all(verb: (typeof verbs)[number], a = 0, b = 0): number {
  command.set([verbs.indexOf(verb), a, b])
  for (let other = 1; other < size; other++) world.send(command, other, commandTag)
  return obey(verb, a, b)
}

function prepare(id: string, n: number): Work | { skip: string } {
  const name = names.indexOf(id.split('-')[0])
  if (name < 0) return { skip: 'not written for Skein' }
  all('prepare', name, n)
  return { run: () => all('run', 1), time: times => all('run', times), checksum: () => all('sum'), threads: size }
}

const pids = world.gather(process.pid)
if (rank !== 0) await follow()
else await serve(`skein:${version().engine}${how}`, prepare, { pids, end: () => all('quit') })
