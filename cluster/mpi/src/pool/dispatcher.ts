/**
 * Who gets what next. Whoever has fewest chunks gets the first one of the oldest source: a worker that is done sooner is given more. Of tasks so short that they are over
 * before the next could arrive, each worker has some in line. It knows of no messages: the client tells it what happened, and carries out what it says.
 */

/** Calls that go to a worker together. */
export interface Chunk {
  readonly source: Source
  /** Of its first call, in its source. */
  readonly index: number
  readonly calls: readonly (readonly unknown[])[]
}

/** Where chunks come from: a submitted call, a map. */
export interface Source {
  /** Milliseconds that a call of it takes, of late; undefined: not known yet. */
  callMs: number | undefined
  /** It gives no more. */
  readonly isOver: boolean
  /** Whether it has so many calls, as far as can be told now. */
  hasMore(calls: number): boolean
  /** Its next one; undefined: none now. */
  take(): Chunk | undefined
}

/** By the mean time of a chunk, how many a worker may have at once. */
const depths: readonly (readonly [belowMs: number, depth: number])[] = [
  [0.05, 8],
  [0.25, 4],
  [10, 2],
]

/** One that is not that short waits in line only while there are more for everyone: at the end nobody should wait for another's. */
const shortMs = 1

/** Nothing is put behind a chunk that has taken so many times as long as its mean, which was wrong about it. */
const longTimes = 2
const leastLongMs = 2

/** How much the last chunk counts: later calls may be of another kind than the first. */
const weight = 0.25

const meanMs = ({ callMs }: Source, calls: number): number | undefined =>
  callMs === undefined ? undefined : callMs * calls

const depthOf = (chunkMs: number | undefined): number =>
  chunkMs === undefined ? 1 : (depths.find(([belowMs]) => chunkMs < belowMs)?.[1] ?? 1)

interface Line {
  /** What it runs, and what waits there. */
  readonly chunks: Chunk[]
  /** When it began the first of them, as far as is known. */
  since: number
}

export class Dispatcher {
  /** Of each worker; undefined: it takes none. */
  readonly #lines: (Line | undefined)[]
  readonly #sources: Source[] = []
  /** The last chunk's length of a source tells how long its next will be. */
  readonly #lengths = new WeakMap<Source, number>()

  constructor(workers: number) {
    this.#lines = Array<undefined>(workers).fill(undefined)
  }

  add(source: Source): void {
    this.#sources.push(source)
  }

  /** It takes chunks from now on. */
  enter(worker: number): void {
    this.#lines[worker] = { chunks: [], since: 0 }
  }

  /** It takes no more. */
  leave(worker: number): void {
    this.#lines[worker] = undefined
  }

  finished(worker: number, chunk: Chunk, calls: number, ms: number, now: number): void {
    if (calls > 0) {
      const { source } = chunk
      source.callMs = source.callMs === undefined ? ms / calls : (1 - weight) * source.callMs + weight * (ms / calls)
    }
    const line = this.#lines[worker]
    if (line === undefined) return
    line.chunks.splice(line.chunks.indexOf(chunk), 1)
    line.since = now
  }

  get isEmpty(): boolean {
    return this.#sources.every(({ isOver }) => isOver)
  }

  /** The next chunk to send, and to whom; undefined: nobody has a place, or there is none now. */
  next(now: number): { worker: number; chunk: Chunk } | undefined {
    for (let i = 0; i < this.#sources.length; ) {
      const source = this.#sources[i]
      const worker = source.isOver ? -1 : this.#placeFor(source, now)
      // Those that came later do not overtake.
      if (worker < 0 && !source.isOver) return undefined
      const chunk = source.isOver ? undefined : source.take()
      if (source.isOver) this.#sources.splice(i, 1)
      else i++
      if (chunk === undefined) continue
      this.#lengths.set(source, chunk.calls.length)
      const line = this.#lines[worker]!
      if (line.chunks.push(chunk) === 1) line.since = now
      return { worker, chunk }
    }
    return undefined
  }

  /** The worker with the shortest line, unless it is long enough. */
  #placeFor(source: Source, now: number): number {
    const length = this.#lengths.get(source) ?? 1
    const chunkMs = meanMs(source, length)
    let depth = depthOf(chunkMs)
    if (depth > 1 && chunkMs! >= shortMs && !source.hasMore(2 * this.#lines.length * length)) depth = 1
    let place = -1
    let shortest = depth
    for (const [worker, line] of this.#lines.entries()) {
      if (line === undefined || line.chunks.length >= shortest || !mayWaitIn(line, now)) continue
      place = worker
      shortest = line.chunks.length
    }
    return place
  }
}

/** What it runs is known to be short. */
const mayWaitIn = ({ chunks, since }: Line, now: number): boolean => {
  if (chunks.length === 0) return true
  const { source, calls } = chunks[0]
  const firstMs = meanMs(source, calls.length)
  if (firstMs === undefined || now - since >= Math.max(leastLongMs, longTimes * firstMs)) return false
  return chunks.every(each => chunks.length < depthOf(meanMs(each.source, each.calls.length)))
}
