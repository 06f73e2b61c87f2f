/** Where arrays are, what runs kernels, and how many have run. */

import { ArgumentError, NotSupportedError } from '@skein/base'
import { type BackendName, backends } from '@skein/kernel/compiler'
import type { DType } from '../dtypes.ts'
import { counts, useBackend } from '../expression/programs.ts'
import { NDArray } from '../ndarray.ts'

/** Where elements are and functions are computed. There is one. */
export type Device = 'cpu'
export const devices: readonly Device[] = ['cpu']

/** @throws ArgumentError for what is no name; NotSupportedError for a device that is not there */
export function checkDevice(given: unknown, call: string): asserts given is Device {
  if (typeof given !== 'string') throw new ArgumentError(call, 'device', `one of ${devices.join(', ')}`, given)
  if (!devices.includes(given as Device))
    throw new NotSupportedError(given, call, `arrays are on ${devices.join(', ')}: there is no other device yet`)
}

/** Where an array is; without one, where new arrays are made. */
export function device(x?: NDArray): Device {
  if (x !== undefined && !(x instanceof NDArray)) throw new ArgumentError('device', 'x', 'an array', x)
  return 'cpu'
}

/**
 * The array on a device: itself, if it is there.
 * @param stream of the device, which `cpu` has none of
 * @throws NotSupportedError for a device that is not there
 */
export function toDevice<D extends DType>(
  x: NDArray<D>,
  to: Device,
  { stream }: { stream?: undefined } = {},
): NDArray<D> {
  if (!(x instanceof NDArray)) throw new ArgumentError('toDevice', 'x', 'an array', x)
  checkDevice(to, 'toDevice')
  if (stream !== undefined) throw new ArgumentError('toDevice', 'stream', 'left out: cpu has no streams', stream)
  return x
}

/** Kernels that were compiled, and launches of them, since the program began. */
export const stats = (): { compiled: number; launched: number } => ({ ...counts })

/** Which backend of the kernel compiler runs what is evaluated from now on; undefined: the usual one. @throws ArgumentError, NotSupportedError */
export function backend(name: BackendName | undefined): void {
  if (name !== undefined) {
    if (!Object.hasOwn(backends, name))
      throw new ArgumentError('backend', 'name', `one of ${Object.keys(backends).join(', ')}`, name)
    const reason = backends[name].unavailable()
    if (reason) throw new NotSupportedError(name, 'arrays', reason)
  }
  useBackend(name)
}
