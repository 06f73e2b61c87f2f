/**
 * The control block: one shared array of 32-bit words through which the caller and its threads agree. Each word that
 * several threads write stands in a cache line of its own kind:
 *
 *     line 0       epoch       grows with every job opened; threads watch it and sleep on it
 *     line 1       parked      how many threads sleep
 *     line 2       closing     the team is at its end
 *     threads      one line each: which job it is in, its state, its system thread id, …
 *     jobs         job 0 is the synchronous call, the others asynchronous ones: state, description, shared
 *                  counter, and a line per place
 *     texts        a kilobyte per thread, for the message of an error
 *
 * A job is not handed to threads: it is opened, and whichever thread is free joins it, takes a place, and takes work until
 * there is none. So a call completes with whoever is there, and a thread that comes late finds a closed door.
 *
 * How a thread joins (Dekker's pattern, for the caller must never reuse a job that a thread is entering): it writes the
 * job into its own `job` word, then reads the job's state; if that is no longer `open` it takes its word back. The
 * caller closes the job, then waits until no thread's word names it. A dead thread's word can be cleared for it, so
 * nothing counts up or down that a death could leave wrong.
 */

const line = 16

export const epoch = 0
export const parked = line
export const closing = 2 * line
const threadsAt = 3 * line

/** Words of a thread's line. */
export const job = 0 // the job it is in + 1, or 0
export const state = 1
export const systemId = 2 // its id under /proc/self/task, or 0
export const mail = 3 // 1: messages wait at its port
export const place = 4 // in the job it is in
export const failBegin = 5 // the range in which its body threw
export const failEnd = 6
export const calls = 7 // jobs joined so far

/** A thread's states. */
export const absent = 0
export const booting = 1
export const awake = 2
export const sleeping = 3
export const gone = 4
/** It has ended because there was nothing to do. */
export const retired = 5

/** Words of a job. Line 0: what changes while it runs. */
export const phase = 0
export const stop = 1 // not 0: take no more chunks
export const status = 2 // the first status that was not 0
export const thrower = 3 // the thread (+ 1) whose body threw first
export const waiting = 4 // the caller sleeps on a thread's job word
/** Line 1: the description, constant while it runs. */
export const bodyIndex = line
export const bodyVersion = line + 1
export const bodyLength = line + 2
export const exported = line + 3
export const begin = line + 4
export const end = line + 5
export const schedule = line + 6
export const chunk = line + 7
export const units = line + 8
export const places = line + 9
/** 64-bit floats, each over two words. */
export const bodyAddress = line + 12
export const args = line + 14
/** Line 2: the next unit of the schedules that share a counter. */
export const next = 2 * line
/** Then a line per place. */
const placesAt = 3 * line
export const taken = 0 // a thread has this place
export const work = 1 // static: 1 once taken; auto: first unit << 16 | end unit

/** A job's phases, in order; from done back to idle. */
export const idle = 0
export const open = 1
export const closed = 2
export const done = 3

export const jobCount = 9
export const textBytes = 1024

export interface Layout {
  readonly threads: number
  readonly jobWords: number
  readonly jobsAt: number
  readonly textsAt: number
  readonly bytes: number
}

export const layoutOf = (threads: number): Layout => {
  const jobWords = placesAt + threads * line
  const jobsAt = threadsAt + threads * line
  const textsAt = (jobsAt + jobCount * jobWords) * 4
  return { threads, jobWords, jobsAt, textsAt, bytes: textsAt + threads * textBytes }
}

export const threadAt = (thread: number): number => threadsAt + thread * line
export const jobAt = (layout: Layout, number: number): number => layout.jobsAt + number * layout.jobWords
export const placeAt = (jobWord: number, index: number): number => jobWord + placesAt + index * line

/** Takes a free place of a job, the wanted one if it can be had; -1 when all are taken. */
export const takePlace = (c: Int32Array, j: number, wanted: number): number => {
  const count = c[j + places]
  for (let i = 0; i < count; i++) {
    const p = (wanted + i) % count
    const word = placeAt(j, p) + taken
    if (Atomics.load(c, word) === 0 && Atomics.compareExchange(c, word, 0, 1) === 0) return p
  }
  return -1
}

/** Whether any thread's word names a job. */
export const isOccupied = (c: Int32Array, layout: Layout, number: number): boolean => {
  for (let t = 0; t < layout.threads; t++) if (Atomics.load(c, threadAt(t) + job) === number + 1) return true
  return false
}

/** For asynchronous jobs: whoever leaves last, and no one after, finds the job complete. True for that one. */
export const completes = (c: Int32Array, layout: Layout, number: number): boolean => {
  const word = jobAt(layout, number) + phase
  if (Atomics.load(c, word) !== closed || isOccupied(c, layout, number)) return false
  return Atomics.compareExchange(c, word, closed, done) === closed
}
