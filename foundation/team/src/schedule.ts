/**
 * Schedules: how the units of a range come to the threads. A range is cut into units of `chunk` indices, the last one
 * shorter; everything below counts in units. As in OpenMP:
 *
 *     static          contiguous shares, one per place
 *     static, chunk   units dealt round robin
 *     dynamic         the next unit to whoever asks
 *     guided          the next 1/(2 × places) of what remains, at least a unit
 *     auto            contiguous shares, and who has finished takes half of the largest rest (work stealing)
 *
 * V8 does not replace a wasm loop while it runs, and a signal is only seen between calls, so even a static share is
 * several units long: the body is called once for each. A static share that no thread has begun when others are
 * finished (its thread sleeps, or never came) is taken whole by one of those.
 */

import * as at from './control.ts'

export type Schedule = 'static' | 'dynamic' | 'guided' | 'auto'

export interface RunOptions {
  /** Address of the arguments in the heap, or any whole number a JavaScript body makes sense of. Default: 0. */
  readonly args?: number
  /** The range: whole numbers of 32 bits, end not included. */
  readonly begin: number
  readonly end: number
  readonly schedule?: Schedule
  /** Indices per call of the body; rounded up to `align`. Default: several calls per thread. */
  readonly chunk?: number
  /** At most the team's. */
  readonly threads?: number
  /** Each call begins at a multiple of this from `begin`. */
  readonly align?: number
}

export const contiguous = 0
export const dealt = 1
export const dynamic = 2
export const guided = 3
export const auto = 4

/** A body's function as the loops call it; `args` is a BigInt for wasm with 64-bit addresses. Returns a status or nothing. */
export type Entry = (args: number | bigint, begin: number, end: number, thread: number) => unknown

/** Shares of `auto` are two 16-bit halves of a word. */
const mostUnitsAuto = 65535
/** Unit numbers and sums of them stay whole in 32 bits. */
const mostUnits = 2 ** 30
/** A chunk is a word. */
const largest = 2 ** 31 - 1

/** Calls of the body per thread, where the caller did not say. */
const callsStatic = 8
const callsAuto = 16
const callsDynamic = 32
/** And no longer than this: threads end a long range within a chunk of each other. */
const longestAuto = 2 ** 18

export const codeOf = (schedule: Schedule | undefined, hasChunk: boolean): number => {
  switch (schedule) {
    case undefined:
    case 'auto':
      return auto
    case 'static':
      return hasChunk ? dealt : contiguous
    case 'dynamic':
      return dynamic
    case 'guided':
      return guided
    default:
      return -1
  }
}

/** Indices per unit: a multiple of `align`. */
export const chunkOf = (code: number, length: number, places: number, chunk: number, align: number): number => {
  let size = chunk
  if (size === 0) {
    if (code === guided) size = align
    else {
      const calls = code === auto ? callsAuto : code === dynamic ? callsDynamic : callsStatic
      size = Math.ceil(length / (places * calls))
      if (code === auto) size = Math.min(size, longestAuto)
    }
  }
  const least = Math.ceil(length / (code === auto ? mostUnitsAuto : mostUnits))
  size = Math.min(Math.max(size, least), length)
  const over = size % align
  if (over !== 0) size += align - over
  return Math.min(size, largest - (largest % align))
}

/** Fills in the shares of a job whose description is complete. */
export const dealShares = (c: Int32Array, j: number): void => {
  const places = c[j + at.places]
  const units = c[j + at.units]
  const isAuto = c[j + at.schedule] === auto
  c[j + at.next] = 0
  for (let p = 0; p < places; p++) {
    const w = at.placeAt(j, p)
    c[w + at.taken] = 0
    c[w + at.work] = isAuto ? (Math.floor((p * units) / places) << 16) | Math.floor(((p + 1) * units) / places) : 0
  }
}

/** The part of the range the body was last called with on this thread: for the message, should it throw. */
export const lastCall = { begin: 0, end: 0 }

/**
 * Works on a job from a place until no work is left, or the job is stopped. What the body throws passes through.
 * Returns once this thread has nothing more to do in the job; others may still be at it.
 */
export const workAt = (c: Int32Array, j: number, place: number, entry: Entry, args: number | bigint): void => {
  switch (c[j + at.schedule]) {
    case contiguous:
    case dealt:
      workStatic(c, j, place, entry, args)
      break
    case dynamic:
      workDynamic(c, j, place, entry, args)
      break
    case guided:
      workGuided(c, j, place, entry, args)
      break
    default:
      workAuto(c, j, place, entry, args)
  }
}

/** Calls the body for `count` units from `unit`; false when the job is to stop. */
const callUnits = (
  c: Int32Array,
  j: number,
  unit: number,
  count: number,
  place: number,
  entry: Entry,
  args: number | bigint,
): boolean => {
  if (Atomics.load(c, j + at.stop) !== 0) return false
  const chunk = c[j + at.chunk]
  const begin = c[j + at.begin] + unit * chunk
  let end = begin + count * chunk
  if (end > c[j + at.end]) end = c[j + at.end]
  lastCall.begin = begin
  lastCall.end = end
  const status = entry(args, begin, end, place)
  if (status === undefined || status === 0) return true
  Atomics.compareExchange(c, j + at.status, 0, Number(status) | 0 || 1)
  Atomics.store(c, j + at.stop, 1)
  return false
}

const workStatic = (c: Int32Array, j: number, place: number, entry: Entry, args: number | bigint): void => {
  const places = c[j + at.places]
  const units = c[j + at.units]
  const isDealt = c[j + at.schedule] === dealt
  for (let i = 0; i < places; i++) {
    const share = (place + i) % places
    const word = at.placeAt(j, share) + at.work
    if (Atomics.load(c, word) !== 0 || Atomics.compareExchange(c, word, 0, 1) !== 0) continue
    if (isDealt) {
      for (let unit = share; unit < units; unit += places) if (!callUnits(c, j, unit, 1, place, entry, args)) return
    } else {
      const to = Math.floor(((share + 1) * units) / places)
      for (let unit = Math.floor((share * units) / places); unit < to; unit++) {
        if (!callUnits(c, j, unit, 1, place, entry, args)) return
      }
    }
  }
}

const workDynamic = (c: Int32Array, j: number, place: number, entry: Entry, args: number | bigint): void => {
  const units = c[j + at.units]
  for (;;) {
    const unit = Atomics.add(c, j + at.next, 1)
    if (unit >= units || !callUnits(c, j, unit, 1, place, entry, args)) return
  }
}

const workGuided = (c: Int32Array, j: number, place: number, entry: Entry, args: number | bigint): void => {
  const units = c[j + at.units]
  const parts = 2 * c[j + at.places]
  for (;;) {
    const unit = Atomics.load(c, j + at.next)
    if (unit >= units) return
    const count = Math.ceil((units - unit) / parts)
    if (Atomics.compareExchange(c, j + at.next, unit, unit + count) !== unit) continue
    if (!callUnits(c, j, unit, count, place, entry, args)) return
  }
}

const workAuto = (c: Int32Array, j: number, place: number, entry: Entry, args: number | bigint): void => {
  const own = at.placeAt(j, place) + at.work
  do {
    for (;;) {
      const share = Atomics.load(c, own)
      const unit = share >>> 16
      if (unit >= (share & 0xffff)) break
      if (Atomics.compareExchange(c, own, share, (share + 0x10000) | 0) !== share) continue
      if (!callUnits(c, j, unit, 1, place, entry, args)) return
    }
  } while (steal(c, j, own))
}

/**
 * Moves the latter half of the largest share into `own`, which is empty, so that no one else takes from it meanwhile.
 * A share's word says all there is to know of it, so a compare-exchange that succeeds took what it saw.
 */
const steal = (c: Int32Array, j: number, own: number): boolean => {
  const places = c[j + at.places]
  for (;;) {
    let victim = -1
    let seen = 0
    let most = 0
    for (let p = 0; p < places; p++) {
      const word = at.placeAt(j, p) + at.work
      const share = Atomics.load(c, word)
      const rest = (share & 0xffff) - (share >>> 16)
      if (rest > most) {
        most = rest
        victim = word
        seen = share
      }
    }
    if (victim < 0) return false
    const to = seen & 0xffff
    const from = to - ((most + 1) >>> 1)
    if (Atomics.compareExchange(c, victim, seen, (seen & ~0xffff) | from) === seen) {
      Atomics.store(c, own, (from << 16) | to)
      return true
    }
  }
}

/** The whole range on this thread alone, in units all the same. Returns the status. */
export const workAlone = (
  begin: number,
  end: number,
  chunk: number,
  thread: number,
  entry: Entry,
  args: number | bigint,
): number => {
  for (let from = begin; from < end; from += chunk) {
    const to = from + chunk < end ? from + chunk : end
    lastCall.begin = from
    lastCall.end = to
    const status = entry(args, from, to, thread)
    if (status !== undefined && status !== 0) return Number(status) | 0 || 1
  }
  return 0
}
