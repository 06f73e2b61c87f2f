/** What runs kernels, and how many have run. */

import { ArgumentError, NotSupportedError } from '@skein/base'
import { type BackendName, backends } from '@skein/kernel/compiler'
import { counts, useBackend } from '../expression/programs.ts'

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
