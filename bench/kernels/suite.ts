/** The kernels suite: who takes part, and how each is started. */
import { fileURLToPath } from 'node:url'
import type { Built } from '../harness/build.ts'
import type { Launch, PeerSpec, Suite } from '../harness/suite.ts'
import { findClang, findGcc, findNpmPeer, findPython } from '../harness/toolchain.ts'
import { buildC, buildWasm } from './build.ts'
import { cases } from './cases.ts'

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const setup = 'npm run bench:setup'

const node = (file: string, ...args: string[]): Launch => ({ command: process.execPath, args: [here(file), ...args] })

/** Threads of a waiting OpenMP team spin for about a millisecond, then sleep: awake within a measurement, idle in others'. */
const openMP = { GOMP_SPINCOUNT: '30000', OMP_DYNAMIC: 'false' }

const ran = (built: Built, launch: (file: string) => Launch): Launch => ('absent' in built ? built : launch(built.file))

function cPeers(threads: number): PeerSpec[] {
  const gcc = findGcc()
  const label = `C gcc ${gcc?.version ?? ''}`.trim()
  const absent = { absent: `gcc with OpenMP is not here: ${setup}` }
  const launch = (target: string, flags: string[], ...args: string[]): Launch =>
    gcc
      ? ran(buildC(gcc, target, flags), file => ({
          command: file,
          args,
          env: { ...openMP, OMP_NUM_THREADS: `${threads}` },
        }))
      : absent
  const fast = ['-ffast-math', '-mprefer-vector-width=512']
  return [
    { label: `${label} -O3`, threads, launch: launch('kernels-strict', [], `${label} -O3`) },
    { label: `${label} -O3 -ffast-math`, threads, launch: launch('kernels-fast', fast, `${label} -O3 -ffast-math`) },
    {
      label: `${label} -O3, blocked by hand`,
      threads,
      launch: launch('kernels-strict', [], `${label} -O3, blocked by hand`, 'lanes'),
    },
  ]
}

function wasmPeers(threads: number): PeerSpec[] {
  const clang = findClang()
  const absent = { absent: `clang 16 or later with wasm-ld is not here: ${setup}` }
  return (['strict', 'relaxed'] as const).map(kind => {
    const label = `wasm SIMD by hand, ${kind} (clang ${clang?.version ?? 'absent'})`
    const launch = clang
      ? ran(buildWasm(clang, `byhand-${kind}.wasm`, kind === 'strict' ? ['-DSTRICT'] : []), file =>
          node('byhand.ts', file, label),
        )
      : absent
    return { label, threads, launch }
  })
}

function pythonPeers(threads: number): PeerSpec[] {
  const { python, versions } = findPython(['numpy', 'scipy', 'numba'])
  const env = {
    ...openMP,
    OMP_NUM_THREADS: `${threads}`,
    OPENBLAS_NUM_THREADS: `${threads}`,
    NUMBA_NUM_THREADS: `${threads}`,
    NUMBA_THREADING_LAYER: 'omp',
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONPATH: here('../harness'),
  }
  const start = (file: string, modules: string[], ...args: string[]): Launch => {
    const missing = modules.filter(m => !versions[m])
    if (!python || missing.length > 0) return { absent: `Python with ${missing.join(', ')} is not here: ${setup}` }
    return { command: python, args: ['-u', here(file), ...args], env }
  }
  return [
    { label: 'Numba', threads, launch: start('numba_peer.py', ['numpy', 'numba']) },
    { label: 'Numba fastmath', threads, launch: start('numba_peer.py', ['numpy', 'numba'], 'fastmath') },
    { label: 'NumPy', threads, launch: start('numpy_peer.py', ['numpy', 'scipy']) },
  ]
}

function npmPeers(threads: number): PeerSpec[] {
  const start = (name: string, launch: Launch): Launch =>
    findNpmPeer(name) ? launch : { absent: `${name} is not in bench/peers: ${setup}` }
  return [
    ...(['cpu', 'webasm', 'webasm-async'] as const).map(mode => ({
      label: `gpu.js ${mode}`,
      threads: mode === 'webasm-async' ? threads : 1,
      launch: start('gpu.js', node('gpujs.ts', mode)),
    })),
    { label: 'numpy-ts', threads: 1, launch: start('numpy-ts', node('numpyts.ts')) },
  ]
}

export const kernels: Suite = {
  name: 'kernels',
  own: 'skein:wasm',
  cases,
  isReference: row => row.who.startsWith('C gcc') || row.who.startsWith('plain JS'),
  limit: { id: 'limit_f64', who: 'C gcc' },
  peers: threads => [
    { label: 'skein:wasm', threads, launch: node('skein.ts', 'wasm') },
    { label: 'skein:wasm(fast)', threads, launch: node('skein.ts', 'wasm', 'fast') },
    { label: 'skein:wasm(copies alone)', threads: 1, launch: node('skein.ts', 'wasm', 'copies') },
    ...cPeers(threads),
    ...wasmPeers(threads),
    ...pythonPeers(threads),
    ...npmPeers(threads),
    { label: 'plain JS', threads: 1, launch: node('plain.ts') },
    ...(threads > 1 ? [{ label: 'plain JS', threads, launch: node('plain.ts') }] : []),
    { label: 'TypedArray.set', threads: 1, launch: node('plain.ts', 'set') },
  ],
  notes: [
    'Each measurement follows at least two untimed runs of the same peer; a rest between peers lets their threads sleep.',
    'OpenMP and Numba teams spin about a millisecond before they sleep (GOMP_SPINCOUNT=30000): awake while measured.',
    'NumPy, numpy-ts and gpu.js cpu and webasm use one thread for these cases.',
    'GB/s counts each operand once (no write-allocate); the limit is the same count for a triad of 128 MiB operands.',
    "skein:wasm(copies alone): what copying the -outside cases' arrays into the shared heap and back as a whole takes; Skein copies by slices that stay in the cache.",
    'skein:wasm is strict (a rounding after each operation); skein:wasm(fast) allows contraction and relaxed SIMD.',
  ],
}
