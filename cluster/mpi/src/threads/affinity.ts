/** On which cores a thread may run. The calls into libc go through koffi, which is optional. */

import { NotSupportedError } from '@skein/base'
import { loadKoffi } from '@skein/team/koffi'

/** cpu_set_t of libc: 1024 cores. */
const setBytes = 128

let set: ((thread: number, bytes: number, cores: Uint8Array) => number) | undefined

/**
 * Ties a thread of this process to some cores, and the threads that it starts afterwards.
 *
 * @param thread the system's number, as under /proc/self/task
 * @throws NotSupportedError elsewhere than on Linux, without koffi, or where none of the cores may be used
 */
export function bindThread(thread: number, cores: readonly number[]): void {
  set ??= open()
  const mask = new Uint8Array(setBytes)
  for (const core of cores) mask[core >> 3] |= 1 << (core & 7)
  if (set(thread, setBytes, mask) !== 0) {
    throw new NotSupportedError(
      'threads',
      '--bind-to',
      `the system does not let a thread run on core ${cores.join(', ')}`,
    )
  }
}

function open(): NonNullable<typeof set> {
  if (process.platform !== 'linux') {
    throw new NotSupportedError('threads', '--bind-to', 'only Linux can say where a thread runs', 'Use --bind-to none')
  }
  try {
    return loadKoffi().load(null).func('int sched_setaffinity(int, size_t, const uint8_t *)') as NonNullable<typeof set>
  } catch (cause) {
    const advice = 'npm install koffi, or use --bind-to none'
    throw new NotSupportedError('threads', '--bind-to', 'it needs the package koffi', advice, { cause })
  }
}
