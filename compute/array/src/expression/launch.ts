/** Programs and what they are run with. Who computes something writes down its launches; here they are run, on this thread or beside it. */

import type { Launch, Program } from '@skein/kernel/compiler'
import { counts } from './programs.ts'

export interface Run {
  readonly program: Program
  readonly launch: Launch
}

/** Launches one after the other, and what comes out. */
export type Runs<T> = Generator<Run, T>

export function launchOf(
  lengths: readonly number[],
  arrays: readonly unknown[],
  scalars: (number | bigint)[],
  rows?: ArrayBufferView,
): Launch {
  return {
    extents: lengths.map(end => ({ begin: 0, end, step: 1 })),
    scalars,
    arrays: arrays as ArrayBufferView[],
    threads: Number.MAX_SAFE_INTEGER,
    schedule: 'auto',
    chunk: undefined,
    ...(rows && { rows }),
  }
}

export function runAll<T>(runs: Runs<T>): T {
  for (;;) {
    const next = runs.next()
    if (next.done) return next.value
    next.value.program.run(next.value.launch)
    counts.launched++
  }
}

export async function runAllAsync<T>(runs: Runs<T>): Promise<T> {
  for (;;) {
    const next = runs.next()
    if (next.done) return next.value
    await next.value.program.runAsync(next.value.launch)
    counts.launched++
  }
}

/** How far each operand has moved at each place of axes outside of a kernel. */
export function* outerPlaces(
  lengths: readonly number[],
  strides: readonly (readonly number[])[],
): Generator<{ shifts: number[]; at: readonly number[] }> {
  const at = lengths.map(() => 0)
  if (lengths.includes(0)) return
  for (;;) {
    yield { shifts: strides.map(s => at.reduce((sum, i, d) => sum + i * s[d], 0)), at }
    let d = lengths.length - 1
    while (d >= 0 && ++at[d] === lengths[d]) at[d--] = 0
    if (d < 0) return
  }
}
