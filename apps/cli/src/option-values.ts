/** Values of options that several commands have. */
import { InvalidArgumentError } from 'commander'

/** A number of threads. @throws InvalidArgumentError */
export function threadCount(text: string): number {
  const threads = Number(text)
  if (/^\d+$/.test(text) && threads >= 1 && threads <= 256) return threads
  throw new InvalidArgumentError('It is a whole number from 1 to 256.')
}

/** A TCP port; 0 and '' for any that is free. @throws InvalidArgumentError */
export function portNumber(text: string): number {
  const port = Number(text)
  if (/^\d*$/.test(text) && port < 65536) return port
  throw new InvalidArgumentError('It is a port from 0 to 65535; 0 is any that is free.')
}

/** A process's number. @throws InvalidArgumentError */
export function processId(text: string): number {
  const pid = Number(text)
  if (/^\d+$/.test(text) && pid > 0) return pid
  throw new InvalidArgumentError("It is the number of a process, as 'skein tasks' lists them.")
}

/** Seconds of `2` or `0.5`. @throws InvalidArgumentError */
export function seconds(text: string): number {
  const s = Number(text)
  if (/^\d*\.?\d+$/.test(text) && s > 0 && s <= 3600) return s
  throw new InvalidArgumentError('It is a number of seconds, up to 3600.')
}

/** Seconds that may be none. @throws InvalidArgumentError */
export function secondsFrom0(text: string): number {
  const s = Number(text)
  if (/^\d*\.?\d+$/.test(text) && s <= 1e6) return s
  throw new InvalidArgumentError('It is a number of seconds from 0.')
}

/** Places of a semaphore. @throws InvalidArgumentError */
export function permitCount(text: string): number {
  const permits = Number(text)
  if (/^\d+$/.test(text) && permits >= 1 && permits <= 1e6) return permits
  throw new InvalidArgumentError('It is a whole number from 1.')
}

/** What a process may end with. @throws InvalidArgumentError */
export function exitCodeNumber(text: string): number {
  const code = Number(text)
  if (/^\d+$/.test(text) && code <= 255) return code
  throw new InvalidArgumentError('It is an exit code from 0 to 255.')
}

/** Bytes of `512M`, `8GiB`, `1.5g`; units are powers of 1024. */
export function byteCount(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(text) ?? []
  const bytes = Math.floor(Number(number) * 1024 ** ' kmgt'.indexOf(unit.toLowerCase() || ' '))
  if (number !== undefined && Number.isSafeInteger(bytes) && bytes >= 2 ** 20) return bytes
  throw new InvalidArgumentError('It is a number of bytes from 1M, as 536870912, 512M or 8G.')
}
