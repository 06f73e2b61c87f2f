/** The library's functions for files, bound when the first is opened: programs without files need not wait for it. */

import type { Binding } from './binding.ts'
import { bindAll, type Call } from './functions.ts'

const whole = {
  MPI_File_open: 'hpihp',
  MPI_File_close: 'p',
  MPI_File_delete: 'ph',
  MPI_File_set_size: 'fo',
  MPI_File_preallocate: 'fo',
  MPI_File_get_size: 'fp',
  MPI_File_get_info: 'fp',
  MPI_File_set_info: 'fh',
  MPI_File_set_view: 'fohhph',
  MPI_File_seek: 'foi',
  MPI_File_seek_shared: 'foi',
  MPI_File_get_position: 'fp',
  MPI_File_get_position_shared: 'fp',
  MPI_File_set_atomicity: 'fi',
  MPI_File_sync: 'f',
} as const

/** What a transfer's function is called after `read` or `write`, and its arguments up to the type. */
const transfers = {
  _at: 'fopih',
  '': 'fpih',
  _shared: 'fpih',
  _at_all: 'fopih',
  _all: 'fpih',
  _ordered: 'fpih',
} as const

export type TransferSuffix = keyof typeof transfers

type TransferName = `${'read' | 'write' | 'iread' | 'iwrite'}${TransferSuffix}`

export type FileCalls = { readonly [name in keyof typeof whole]: Call } & {
  readonly [name in TransferName as `MPI_File_${name}`]: Call
}

const prototypes = (): [string, string][] => {
  const all: [string, string][] = Object.entries(whole)
  for (const [suffix, prototype] of Object.entries(transfers)) {
    for (const is of ['read', 'write']) {
      all.push([`MPI_File_${is}${suffix}`, `${prototype}p`], [`MPI_File_i${is}${suffix}`, `${prototype}p`])
    }
  }
  return all
}

const bound = new WeakMap<Binding, FileCalls>()

export const fileCalls = (runtime: Binding): FileCalls => {
  let calls = bound.get(runtime)
  if (calls === undefined) {
    calls = bindAll(runtime.library, prototypes()) as FileCalls
    bound.set(runtime, calls)
  }
  return calls
}
