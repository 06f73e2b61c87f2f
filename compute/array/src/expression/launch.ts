/** Pieces of work. Who computes something writes them down one after the other; here they are run, on this thread or beside it. */

import type { Extent, Launch, Program } from '@skein/kernel/compiler'
import { whileReading } from '../memory.ts'
import { counts } from './programs.ts'

export interface Run {
  readonly now: () => void
  /** The event loop stays free. */
  readonly beside: () => Promise<unknown>
}

/** Pieces of work in order, and what comes out. */
export type Runs<T> = Generator<Run, T>

/** From 0 on, one by one. */
export const extentsOf = (lengths: readonly number[]): Extent[] => lengths.map(end => ({ begin: 0, end, step: 1 }))

/** A program over a range of indices. @param rows of a reduction, takes the value of each row */
export const launchOf = (
  program: Program,
  lengths: readonly number[],
  arrays: readonly unknown[],
  scalars: (number | bigint)[],
  rows?: ArrayBufferView,
): Run => launchOver(program, extentsOf(lengths), arrays, scalars, rows)

export function launchOver(
  program: Program,
  extents: readonly Extent[],
  arrays: readonly unknown[],
  scalars: (number | bigint)[],
  rows?: ArrayBufferView,
): Run {
  const launch: Launch = {
    extents: extents as Extent[],
    scalars,
    arrays: arrays as ArrayBufferView[],
    threads: Number.MAX_SAFE_INTEGER,
    schedule: 'auto',
    chunk: undefined,
    ...(rows && { rows }),
  }
  return { now: () => void program.run(launch), beside: () => program.runAsync(launch) }
}

export function runNow(run: Run): void {
  run.now()
  counts.launched++
}

export function runAll<T>(runs: Runs<T>): T {
  try {
    for (;;) {
      const next = runs.next()
      if (next.done) return next.value
      runNow(next.value)
    }
  } finally {
    // Where a piece failed, what holds on to elements lets go of them.
    runs.return(undefined as T)
  }
}

export const runAllAsync = <T>(runs: Runs<T>): Promise<T> =>
  whileReading(async () => {
    try {
      for (;;) {
        const next = runs.next()
        if (next.done) return next.value
        await next.value.beside()
        counts.launched++
      }
    } finally {
      runs.return(undefined as T)
    }
  })

/** How far each operand has moved at each place of axes outside of a kernel. */
export function* outerPlaces(
  lengths: readonly number[],
  strides: readonly (readonly number[])[],
): Generator<readonly number[]> {
  const at = lengths.map(() => 0)
  if (lengths.includes(0)) return
  for (;;) {
    yield strides.map(s => at.reduce((sum, i, d) => sum + i * s[d], 0))
    let d = lengths.length - 1
    while (d >= 0 && ++at[d] === lengths[d]) at[d--] = 0
    if (d < 0) return
  }
}
