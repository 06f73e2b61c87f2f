// What may be asked of every world, real or simulated.
import { ArgumentError } from '@skein/base'

/** Throws ArgumentError. Below 0 is at once; Infinity is never. */
export const checkDelay = (delayMs: unknown): number => {
  if (typeof delayMs !== 'number' || Number.isNaN(delayMs))
    throw new ArgumentError('clock.after', 'delayMs', 'milliseconds', delayMs)
  return Math.max(0, delayMs)
}

/** A name of a file, not a way to another folder. Throws ArgumentError. */
export const checkName = (call: string, name: unknown): string => {
  if (typeof name !== 'string' || name === '' || name === '.' || name === '..' || /[/\\\0]/.test(name))
    throw new ArgumentError(call, 'name', 'the name of a file, without folders', name)
  return name
}

/** A place in a file, or how many bytes. Throws ArgumentError. */
export const checkBytes = (call: string, argument: string, bytes: unknown): number => {
  if (!Number.isSafeInteger(bytes) || (bytes as number) < 0)
    throw new ArgumentError(call, argument, 'a whole number of bytes, from 0', bytes)
  return bytes as number
}
