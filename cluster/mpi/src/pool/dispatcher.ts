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
  /** Milliseconds that its calls took, and how many they were. */
  totalMs: number
  finished: number
  /** It gives no more. */
  readonly isOver: boolean
  /** Its next one; undefined: none now. */
  take(): Chunk | undefined
}

/** By the mean time of a chunk, how many a worker may have at once. */
const depths: readonly (readonly [belowMs: number, depth: number])[] = [
  [0.05, 8],
  [0.25, 4],
  [1, 2],
]

/** Nothing is put behind a chunk that has taken so long: its mean was wrong about it. */
const longMs = 2

const depthOf = ({ totalMs, finished }: Source, calls: number): number => {
  if (finished === 0) return 1
  const chunkMs = (totalMs / finished) * calls
  return depths.find(([belowMs]) => chunkMs < belowMs)?.[1] ?? 1
}

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
    chunk.source.totalMs += ms
    chunk.source.finished += calls
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
    const depth = depthOf(source, this.#lengths.get(source) ?? 1)
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
const mayWaitIn = ({ chunks, since }: Line, now: number): boolean =>
  chunks.length === 0 ||
  (now - since < longMs && chunks.every(({ source, calls }) => chunks.length < depthOf(source, calls.length)))
