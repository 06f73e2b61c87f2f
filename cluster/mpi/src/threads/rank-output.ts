/**
 * What a rank prints goes straight to the process's descriptors, while it prints: streams of a thread go through the main thread and the
 * thread's own event loop, which does not turn while the rank waits for a message.
 *
 * Ranks share the descriptors, so they write whole lines, one rank at a time. A line that is not finished is kept until it is, or until the
 * rank ends. A rank that is alone writes as it is told.
 */

import { mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

export interface OutputForm {
  /** `[1,0]<stdout>:` before each line, as Open MPI does: the job, 1 but for ranks that were spawned, and the rank. */
  readonly tag: boolean
  /** When, before each line. */
  readonly timestamp: boolean
  /** Each rank's streams go to `rank.<n>/stdout` and `rank.<n>/stderr` in it, and nowhere else. */
  readonly folder: string | undefined
}

export const plainForm: OutputForm = { tag: false, timestamp: false, folder: undefined }

/** Whose output it is. */
export interface Printer {
  /** Among all that share the descriptors. */
  readonly id: number
  /** 1; of ranks that were spawned more. */
  readonly job: number
  /** In its job, which has so many. */
  readonly rank: number
  readonly size: number
}

/** A word of shared memory that is 0, or one more than the rank that writes. */
export type Lock = Int32Array<SharedArrayBuffer>

const newline = 10
const nap = new Int32Array(new SharedArrayBuffer(4))

/** Prints what is written to this thread's standard streams. Called once, before the program of the rank. */
export function printDirectly({ id, job, rank, size }: Printer, form: OutputForm, lock: Lock): void {
  const name = job === 1 ? `rank.${rank}` : `job.${job}.rank.${rank}`
  const folder = form.folder === undefined ? undefined : join(form.folder, name)
  if (folder !== undefined) mkdirSync(folder, { recursive: true })
  for (const [name, fd] of [
    ['stdout', 1],
    ['stderr', 2],
  ] as const) {
    const prefix = prefixOf(`[${job},${rank}]`, name, form)
    const lines =
      folder === undefined
        ? new Lines(fd, prefix, size > 1 || job > 1 ? { lock, rank: id } : undefined)
        : new Lines(openSync(join(folder, name), 'w'), prefix, undefined)
    const write = (chunks: readonly Chunk[], done: (error?: Error) => void): void => {
      try {
        for (const { chunk, encoding } of chunks) {
          lines.write(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk)
        }
        done()
      } catch (error) {
        done(error as Error)
      }
    }
    const stream = process[name] as unknown as Replaceable
    stream._writev = write
    stream._write = (chunk, encoding, done) => write([{ chunk, encoding }], done)
    process.on('exit', () => lines.end())
  }
}

interface Chunk {
  readonly chunk: Uint8Array | string
  readonly encoding: BufferEncoding
}

interface Replaceable {
  _write(chunk: Uint8Array | string, encoding: BufferEncoding, done: (error?: Error) => void): void
  _writev(chunks: readonly Chunk[], done: (error?: Error) => void): void
}

class Lines {
  readonly #fd: number
  readonly #prefix: (() => string) | undefined
  /** Undefined where nobody else writes to the descriptor. */
  readonly #shared: { lock: Lock; rank: number } | undefined
  /** The beginning of a line. */
  #kept: Uint8Array[] = []
  #isEnding = false

  constructor(fd: number, prefix: (() => string) | undefined, shared: { lock: Lock; rank: number } | undefined) {
    this.#fd = fd
    this.#prefix = prefix
    this.#shared = shared
  }

  write(bytes: Uint8Array): void {
    if (this.#prefix === undefined && this.#shared === undefined) return writeAll(this.#fd, bytes)
    const end = bytes.lastIndexOf(newline) + 1
    if (end > 0) {
      this.#kept.push(bytes.subarray(0, end))
      this.#put()
    }
    // A copy: who wrote it may use its buffer again.
    if (end < bytes.length) this.#kept.push(bytes.slice(end))
    if (this.#isEnding) this.end()
  }

  /** The rank ends: what is left of a line is one, and so is what other listeners to its end write. */
  end(): void {
    this.#isEnding = true
    if (this.#kept.length === 0) return
    this.#kept.push(Buffer.of(newline))
    this.#put()
  }

  #put(): void {
    let text: Uint8Array = this.#kept.length === 1 ? this.#kept[0] : Buffer.concat(this.#kept)
    this.#kept = []
    if (this.#prefix !== undefined) text = prefixed(text, this.#prefix())
    if (this.#shared === undefined) return writeAll(this.#fd, text)
    const { lock, rank } = this.#shared
    for (let holder = 0; (holder = Atomics.compareExchange(lock, 0, 0, rank + 1)) !== 0; ) {
      // A descriptor that is full holds its writer up for any time.
      Atomics.wait(lock, 0, holder)
    }
    try {
      writeAll(this.#fd, text)
    } finally {
      release(lock, rank)
    }
  }
}

/** Lets others write, if this rank holds them up: it may have been ended in the middle. @returns whether it did */
export function release(lock: Lock, rank: number): boolean {
  if (Atomics.compareExchange(lock, 0, rank + 1, 0) !== rank + 1) return false
  Atomics.notify(lock, 0, 1)
  return true
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at)
    } catch (error) {
      // Another process made the pipe non-blocking, and its reader is slow.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(nap, 0, 0, 1)
    }
  }
}

/** @param text whole lines */
function prefixed(text: Uint8Array, prefix: string): Uint8Array {
  const parts: Uint8Array[] = []
  const before = Buffer.from(prefix)
  for (let at = 0, end = 0; at < text.length; at = end) {
    end = text.indexOf(newline, at) + 1
    parts.push(before, text.subarray(at, end))
  }
  return Buffer.concat(parts)
}

function prefixOf(who: string, stream: string, { tag, timestamp }: OutputForm): (() => string) | undefined {
  const from = `${tag ? who : ''}<${stream}>:`
  if (timestamp) return () => timeText(new Date()) + from
  return tag ? () => from : undefined
}

/** As C's `ctime` writes it, and Open MPI with it: `Sun Nov 22 21:20:07 2026`. */
function timeText(time: Date): string {
  const [day, month, date, year, clock] = time.toString().split(' ')
  return `${day} ${month} ${String(Number(date)).padStart(2)} ${clock} ${year}`
}
