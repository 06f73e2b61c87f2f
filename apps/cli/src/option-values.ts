/** Values of options that several commands have. */
import { InvalidArgumentError } from 'commander'

/** A number of threads. @throws InvalidArgumentError */
export function threadCount(text: string): number {
  const threads = Number(text)
  if (/^\d+$/.test(text) && threads >= 1 && threads <= 256) return threads
  throw new InvalidArgumentError('It is a whole number from 1 to 256.')
}

/** Bytes of `512M`, `8GiB`, `1.5g`; units are powers of 1024. */
export function byteCount(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(text) ?? []
  const bytes = Math.floor(Number(number) * 1024 ** ' kmgt'.indexOf(unit.toLowerCase() || ' '))
  if (number !== undefined && Number.isSafeInteger(bytes) && bytes >= 2 ** 20) return bytes
  throw new InvalidArgumentError('It is a number of bytes from 1M, as 536870912, 512M or 8G.')
}
