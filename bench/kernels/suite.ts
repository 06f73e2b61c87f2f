/** The kernels suite: who takes part, and how each is started. */
import type { BenchCase, Launch, PeerSpec, Suite } from '../harness/suite.ts'
import { findClang, findNpmPeer } from '../harness/toolchain.ts'
import { buildWasm } from './build.ts'
import { cases } from './cases.ts'
import { gccPeer, node, pythonPeer, ran, setup } from './peers.ts'

/** What only Skein copies into its heap is the same to others wherever it lies. */
const inside = (benchCase: BenchCase) => !benchCase.name.endsWith('-outside')

const cPeers = (threads: number): PeerSpec[] =>
  [
    gccPeer(threads, '-O3', 'kernels-strict', []),
    gccPeer(threads, '-O3 -ffast-math', 'kernels-fast', ['-ffast-math', '-mprefer-vector-width=512']),
    gccPeer(threads, '-O3, blocked by hand', 'kernels-strict', [], 'lanes'),
  ].map(peer => ({ ...peer, cases: inside }))

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

const pythonPeers = (threads: number): PeerSpec[] => [
  ...[
    pythonPeer(threads, 'Numba', 'numba_peer.py', ['numpy', 'numba']),
    pythonPeer(threads, 'Numba fastmath', 'numba_peer.py', ['numpy', 'numba'], 'fastmath'),
  ].map(peer => ({ ...peer, cases: inside })),
  pythonPeer(threads, 'NumPy', 'numpy_peer.py', ['numpy', 'scipy']),
]

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
    'Teams of OpenMP, Numba and OpenBLAS spin about a millisecond before they sleep (GOMP_SPINCOUNT=30000, OPENBLAS_THREAD_TIMEOUT=21): awake while measured.',
    'NumPy, numpy-ts and gpu.js cpu and webasm use one thread for these cases.',
    'GB/s counts each operand once (no write-allocate); the limit is the same count for a triad of 128 MiB operands.',
    "skein:wasm(copies alone): what copying the -outside cases' arrays into the shared heap and back as a whole takes; Skein copies by slices that stay in the cache.",
    'skein:wasm is strict (a rounding after each operation); skein:wasm(fast) allows contraction and relaxed SIMD.',
  ],
}
