// How long to wait before the next attempt: longer after each that failed, and each time another part of it by chance, so that those who lost one server do not all come back to it at once
// ("full jitter": M. Brooker, "Exponential backoff and jitter", 2015).
import { ArgumentError } from '@skein/base'
import type { Chance } from '@skein/world'

export interface BackOff {
  /** The longest first pause. Default 100. */
  initialMs: number
  /** No pause is longer. Default 10,000. */
  maxMs: number
  /** By how much the longest pause grows with each attempt that fails. Default 2. */
  factor: number
}

/** Throws ArgumentError. */
export const backOffOf = (call: string, given: Partial<BackOff> = {}): BackOff => {
  const backOff = { initialMs: 100, maxMs: 10_000, factor: 2, ...given }
  for (const name of ['initialMs', 'maxMs'] as const)
    if (!(typeof backOff[name] === 'number' && backOff[name] >= 0 && backOff[name] < 2 ** 31))
      throw new ArgumentError(call, `backOff.${name}`, 'milliseconds from 0, below 2^31', backOff[name])
  if (!(typeof backOff.factor === 'number' && backOff.factor >= 1 && Number.isFinite(backOff.factor)))
    throw new ArgumentError(call, 'backOff.factor', 'a number from 1', backOff.factor)
  return backOff
}

/** After so many attempts that failed. */
export const pauseMs = ({ initialMs, maxMs, factor }: BackOff, failures: number, chance: Chance): number =>
  Math.min(maxMs, initialMs * factor ** Math.min(failures, 1000)) * chance.uniform()
