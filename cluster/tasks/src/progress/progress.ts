/** The option `progress`: a function that is told, or true for a bar in the terminal. */

import { ArgumentError } from '@skein/base'

export type Progress<Now extends unknown[]> = boolean | ((...now: Now) => void)

/** @throws ArgumentError */
export function checkProgress(call: string, progress: unknown): void {
  if (progress === undefined || typeof progress === 'boolean' || typeof progress === 'function') return
  throw new ArgumentError(call, 'progress', 'true for a bar in the terminal, or a function that is told', progress)
}
