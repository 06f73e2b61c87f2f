/**
 * Which MPI library this process belongs to, where it is, and what it is.
 *
 * A launcher leaves its mark in the environment of the ranks it starts, and only its own library understands what it says: a rank of
 * Open MPI's mpirun that loaded MPICH would find itself alone. So the library is chosen by the launcher. What it then is, is asked
 * of the library itself, since `libmpi.so` may be any of them.
 */

import { ArgumentError, findLibrary, registerError, SkeinError } from '@skein/base'
import { loadKoffi as loadShared } from '@skein/team/koffi'
import type { LibraryHandle } from 'koffi'
import * as families from './families/families.ts'
import type { Family, Predefined } from './family.ts'

type Koffi = typeof import('koffi')
type Environment = { readonly [name: string]: string | undefined }

/** `mpi`: one of them, by the launcher of a batch system that serves all. */
export type Launcher = 'openmpi' | 'mpich' | 'mpi'

/** Under whose launcher this process runs; undefined under none. */
export const launcherOf = (env: Environment = process.env): Launcher | undefined => {
  if (env.OMPI_COMM_WORLD_RANK !== undefined || env.OMPI_COMM_WORLD_SIZE !== undefined) return 'openmpi'
  // Hydra, which is MPICH's, Intel's and MVAPICH's; Slurm with --mpi=pmi2.
  if (env.HYDI_CONTROL_FD !== undefined || env.PMI_FD !== undefined || env.PMI_RANK !== undefined) return 'mpich'
  // PMIx serves Open MPI and newer MPICH. Slurm alone tells only that there are ranks.
  if (env.PMIX_RANK !== undefined) return 'mpi'
  return undefined
}

/** No library of MPI, or none that can be used. */
export class MpiLibraryError extends SkeinError {
  static {
    registerError(MpiLibraryError, 'MpiLibraryError')
  }
  declare readonly wanted: string
  declare readonly tried: readonly string[]

  constructor(wanted: string, tried: readonly string[], problem: string, options?: ErrorOptions) {
    const advice =
      'Install it (Debian: openmpi-bin or mpich), or name the file in SKEIN_MPI_LIBRARY; `skein mpirun` needs none.'
    super('SKEIN_MPI_LIBRARY', `No usable MPI library (${wanted}): ${problem}. ${advice}`, { wanted, tried }, options)
  }
}

// The version in a name is that of the ABI: 40 is Open MPI's, 12 MPICH's.
const fileNames: { readonly [launcher in Launcher]: readonly string[] } = {
  openmpi: ['libmpi.so.40', 'libmpi.40.dylib', 'libmpi_abi.so', 'libmpi.so', 'libmpi.dylib'],
  mpich: [
    'libmpich.so.12',
    'libmpi.so.12',
    'libmpi.12.dylib',
    'libmpi_abi.so',
    'libmpich.so',
    'libmpi.so',
    'libmpi.dylib',
  ],
  mpi: ['libmpi_abi.so', 'libmpi.so.40', 'libmpich.so.12', 'libmpi.so.12', 'libmpi.so', 'libmpi.dylib'],
}

export interface MpiLibrary {
  readonly koffi: Koffi
  readonly path: string
  readonly handle: LibraryHandle
  readonly family: Family
  /** What the library calls itself, in a line. */
  readonly version: string
  /** Of MPI. */
  readonly standard: readonly [number, number]
  /** Why it has no fault tolerance although it has the functions; undefined: the functions tell. */
  readonly lacksFaultTolerance: string | undefined
  /** Why calls of dynamic processes fail, if they do; undefined: that is no question of the library. */
  readonly lacksDynamicProcesses: string | undefined
  /** The number of a predefined handle, or an address. */
  readonly resolve: (predefined: Predefined) => number
}

export const loadKoffi = (): Koffi => {
  try {
    return loadShared()
  } catch (cause) {
    throw new MpiLibraryError('any', [], 'the package koffi, by which libraries are called, is not installed', {
      cause,
    })
  }
}

const hasSymbol = (library: LibraryHandle, name: string): boolean => {
  try {
    return Boolean(library.symbol(name))
  } catch {
    return false
  }
}

type Known = Pick<MpiLibrary, 'family' | 'version' | 'lacksFaultTolerance' | 'lacksDynamicProcesses'>

const identify = (library: LibraryHandle, path: string): Known | undefined => {
  if (!hasSymbol(library, 'MPI_Get_library_version')) return undefined
  // The one function that means the same everywhere, and may be called before MPI_Init.
  const text = new Uint8Array(8192)
  const length = new Int32Array(1)
  library.func('MPI_Get_library_version', 'int', ['void *', 'void *'])(text, length)
  const said = new TextDecoder().decode(text.subarray(0, length[0])).replace(/\0.*/s, '')
  const version = said
    .split(/\n|, package/)[0]
    .replace(/Version:|\s+/g, ' ')
    .replace(/ +/g, ' ')
    .trim()
  // Its newer device has the functions of fault tolerance, and each ends the process with a failed assertion.
  const lacksFaultTolerance = /MPICH Device:\s*ch4/i.test(said)
    ? `${version} has it in its device ch3 only, and was built with ch4`
    : undefined
  const lacksDynamicProcesses = /MPICH Device:\s*ch4:ucx/i.test(said)
    ? `${version} was built for UCX, which it cannot open ports with; built for OFI it can`
    : undefined
  const known = { version, lacksFaultTolerance, lacksDynamicProcesses }
  // Open MPI and MPICH both come with a libmpi_abi beside their own.
  if (/mpi_abi/.test(path)) return { family: families.mpi, ...known }
  if (hasSymbol(library, 'ompi_mpi_comm_world')) return { family: families.openmpi, ...known }
  if (/MPICH|Intel\(R\) MPI|MVAPICH|CRAY/i.test(said)) return { family: families.mpich, ...known }
  return undefined
}

/** Names that the system's linker may know, and then files: to look through its folders takes longer than all else that is done here. */
function* candidates(launcher: Launcher): Generator<string> {
  for (const name of fileNames[launcher]) {
    if (/\.so\.\d/.test(name)) yield name
    const path = findLibrary([name])
    if (path !== undefined) yield path
  }
}

/** Loads the library of the launcher; `SKEIN_MPI_LIBRARY` names another file. */
export const openLibrary = (launcher: Launcher, env: Environment = process.env): MpiLibrary => {
  const koffi = loadKoffi()
  const named = env.SKEIN_MPI_LIBRARY
  const tried: string[] = []
  const unknown: string[] = []
  for (const path of named ? [named] : candidates(launcher)) {
    tried.push(path)
    let handle: LibraryHandle
    try {
      // Global, because the plugins that Open MPI loads look for its symbols in the process.
      handle = koffi.load(path, { global: true, lazy: true })
    } catch (cause) {
      if (named)
        throw new ArgumentError('SKEIN_MPI_LIBRARY', 'the file', 'a library that can be loaded', named, undefined, {
          cause,
        })
      continue
    }
    const known = identify(handle, path)
    const isWanted = known && (launcher === 'mpi' || known.family.name === 'mpi' || known.family.name === launcher)
    if (known && (isWanted || named)) {
      const numbers = new Int32Array(2)
      handle.func('MPI_Get_version', 'int', ['void *', 'void *'])(numbers.subarray(0, 1), numbers.subarray(1))
      const resolve = (predefined: Predefined): number =>
        typeof predefined === 'number' ? predefined : Number(handle.symbol(predefined))
      return { koffi, path, handle, ...known, standard: [numbers[0], numbers[1]], resolve }
    }
    unknown.push(path)
    handle.unload()
  }
  const problem = unknown.length > 0 ? `${unknown.join(', ')} is of another or an unknown kind` : 'none was found'
  throw new MpiLibraryError(launcher, tried, problem)
}
