/** Peers that compute on arrays, and how each is started: for the suites of kernels and of native code. */
import { delimiter, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BackendName, backends } from 'skein'
import type { Built } from '../harness/build.ts'
import type { Launch, PeerSpec } from '../harness/suite.ts'
import { buildFolder, findGcc, findNpmPeer, findPython } from '../harness/toolchain.ts'
import { buildC } from './build.ts'

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
export const setup = 'npm run bench:setup'

export const node = (file: string, ...args: string[]): Launch => ({
  command: process.execPath,
  args: [here(file), ...args],
})

/** Threads of a waiting team of OpenMP or OpenBLAS (2^21 cycles, else 2^28) spin for about a millisecond, then sleep: awake within a measurement, idle in others'. */
const waiting = { GOMP_SPINCOUNT: '30000', OMP_DYNAMIC: 'false', OPENBLAS_THREAD_TIMEOUT: '21' }

export const ran = (built: Built, launch: (file: string) => Launch): Launch =>
  'absent' in built ? built : launch(built.file)

/** The program of kernels.c, built with more flags than -O3 and -march=native, under this name behind gcc's version. */
export function gccPeer(threads: number, name: string, target: string, flags: string[], ...args: string[]): PeerSpec {
  const gcc = findGcc()
  const label = `C gcc ${gcc?.version ?? ''} ${name}`.replace('  ', ' ')
  const launch = (): Launch =>
    gcc
      ? ran(buildC(gcc, target, flags), file => started(file, threads, label, ...args))
      : { absent: `gcc with OpenMP is not here: ${setup}` }
  return { label, threads, launch }
}

/** Skein by a suite's own program, on a backend. One that is not here is told as any absent peer is. Code that it keeps on the disk is not the user's. */
export function skeinPeer(threads: number, file: string, backend: BackendName): PeerSpec {
  const reason = backends[backend].unavailable()
  const env = { SKEIN_CACHE: `${buildFolder}/cache`, SKEIN_THREADS: `${threads}` }
  const launch = reason ? { absent: reason } : { command: process.execPath, args: [file, backend], env }
  return { label: `skein:${backend}`, threads, launch }
}

/** numpy-ts by a suite's own program; it has one thread. */
export function numpyTsPeer(file: string): PeerSpec {
  const launch = findNpmPeer('numpy-ts')
    ? { command: process.execPath, args: [file] }
    : { absent: `numpy-ts is not in bench/peers: ${setup}` }
  return { label: 'numpy-ts', threads: 1, launch }
}

/** A compiled peer. */
export const started = (command: string, threads: number, ...args: string[]) => ({
  command,
  args,
  env: { ...waiting, OMP_NUM_THREADS: `${threads}` },
})

/** @param file a path, beside this file if it is relative */
export function pythonPeer(
  threads: number,
  label: string,
  file: string,
  modules: string[],
  ...args: string[]
): PeerSpec {
  const launch = (): Launch => {
    const { python, versions } = findPython(['numpy', 'scipy', 'numba'])
    const env = {
      ...waiting,
      OMP_NUM_THREADS: `${threads}`,
      OPENBLAS_NUM_THREADS: `${threads}`,
      NUMBA_NUM_THREADS: `${threads}`,
      NUMBA_THREADING_LAYER: 'omp',
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONPATH: `${here('../harness')}${delimiter}${here('.')}`,
    }
    const missing = modules.filter(m => !versions[m])
    if (!python || missing.length > 0) return { absent: `Python with ${missing.join(', ')} is not here: ${setup}` }
    return { command: python, args: ['-u', resolve(here('.'), file), ...args], env }
  }
  return { label, threads, launch }
}
