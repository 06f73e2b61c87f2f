/** The suite of arrays: Skein's on machine code and wasm beside NumPy, SciPy, numpy-ts, plain JavaScript; and C, Numba, jax-js and tfjs for the cases that they have. */
import { fileURLToPath } from 'node:url'
import type { BenchCase, PeerSpec, Suite } from '../harness/suite.ts'
import { buildFolder, findLibraryOfNumPy, findNpmPeer } from '../harness/toolchain.ts'
import { gccPeer, numpyTsPeer, pythonPeer, setup, skeinPeer } from '../kernels/peers.ts'
import { alone, cases } from './cases.ts'

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const node = (file: string, ...args: string[]) => ({ command: process.execPath, args: [here(file), ...args] })

/** With the library that NumPy brings along, so that both call the same code. */
function skeinByLibrary(threads: number): PeerSpec {
  const library = findLibraryOfNumPy()
  const env = { SKEIN_LAPACK: library ?? '', SKEIN_CACHE: `${buildFolder}/cache`, SKEIN_THREADS: `${threads}` }
  return {
    label: 'skein:lapack',
    threads,
    launch: library ? { ...node('skein.ts', 'lapack'), env } : { absent: `NumPy's OpenBLAS is not here: ${setup}` },
    cases: isLinear,
  }
}

const isLinear = (c: BenchCase) => /^(gemm|solve|cholesky|qr|eigh|svd)/.test(c.name)
const isTransform = (c: BenchCase) => /^r?fft-/.test(c.name)
const isImage = (c: BenchCase) => /^(gauss|resize)$/.test(c.name)

const inC = (c: BenchCase) => /^(limit|triad|fused|sum|prefix-sum|gemm-256)$/.test(c.name)
const inNumba = (c: BenchCase) => /^(triad|fused|sum|prefix-sum)$/.test(c.name)
const inSciPy = (c: BenchCase) => isTransform(c) || isImage(c) || /^(solve|cholesky|qr|eigh|svd)$/.test(c.name)
// Who is slow takes part in fewer cases, about one of each kind, so that the whole suite takes some five minutes.

/** One thread of JavaScript takes minutes for large products. */
const plainTakes = (c: BenchCase) =>
  /^(small-add|unique|sum-.*|add-.*|prefix-.*)$/.test(c.name) ||
  (c.dtype === 'f32' && /^(triad|fused|sum|gemm-256)$/.test(c.name)) ||
  (c.dtype === 'f64' && c.name === 'sort')

/** Its eigh takes two seconds for 200 rows, and more than the cube for more; of a transform of a million and three elements it has four digits right. */
const numpyTsTakes = (c: BenchCase) =>
  !isImage(c) && !/^(limit|eigh|fft-4m|fft-prime-.*)$/.test(c.name) && !(isTransform(c) && c.dtype === 'f32')

/** A large product of f64, eigenvalues and singular values take it seconds, long transforms most of one. */
const jaxJsTakes = (c: BenchCase) =>
  /^(small-add|solve|fft-1k|fft-64k)$/.test(c.name) ||
  (c.dtype === 'f32' && /^(triad|fused|sum|sum-rows|gemm-256|gemm-1024|random-normal|sort)$/.test(c.name))

const tfjsTakes = (c: BenchCase) =>
  c.dtype === 'f32' && /^(triad|fused|sum|sum-columns|gemm-256|gemm-1024|resize)$/.test(c.name)

/** A package of bench/peers, on one thread. */
const npmPeer = (label: string, name: string, file: string, cases: PeerSpec['cases']): PeerSpec => ({
  label,
  threads: 1,
  launch: findNpmPeer(name) ? node(file) : { absent: `${name} is not in bench/peers: ${setup}` },
  cases,
})

/** Machine code on one thread, for what many programs do on each thread by itself. */
function skeinAlone(): PeerSpec {
  const { launch, ...spec } = skeinPeer(1, here('skein.ts'), 'x64')
  const named =
    typeof launch === 'function' || 'absent' in launch ? launch : { ...launch, args: [...launch.args, alone] }
  return { ...spec, label: alone, launch: named, cases: isTransform }
}

export const arrays: Suite = {
  name: 'arrays',
  own: 'skein:x64',
  cases,
  isReference: row => row.who.startsWith('NumPy') || row.who.startsWith('plain JS'),
  limit: { id: 'limit_f64', who: 'C gcc' },
  // The slowest peers take a hundred times as long as the fastest, and the whole suite is to take five minutes.
  effort: { rounds: 5, budgetSeconds: 0.6, tieredSeconds: 0.4, longSeconds: 0.1, restMs: 10 },
  peers: threads => [
    { ...skeinPeer(threads, here('skein.ts'), 'x64'), cases: c => c.name !== 'limit' },
    { ...skeinPeer(threads, here('skein.ts'), 'wasm'), cases: c => c.name !== 'limit' },
    ...(threads > 1 ? [skeinAlone()] : []),
    skeinByLibrary(threads),
    { ...gccPeer(threads, '-O3', 'kernels-strict', []), cases: inC },
    {
      ...pythonPeer(threads, 'NumPy', here('numpy_peer.py'), ['numpy']),
      cases: c => c.name !== 'limit' && !isImage(c),
    },
    { ...pythonPeer(threads, 'SciPy', here('scipy_peer.py'), ['numpy', 'scipy']), cases: inSciPy },
    { ...pythonPeer(threads, 'Numba', 'numba_peer.py', ['numpy', 'numba']), cases: inNumba },
    { ...numpyTsPeer(here('numpyts.ts')), cases: numpyTsTakes },
    npmPeer('jax-js', '@jax-js/jax', 'jaxjs.ts', jaxJsTakes),
    npmPeer('tfjs', '@tensorflow/tfjs-backend-wasm', 'tfjs.ts', tfjsTakes),
    { label: 'plain JS', threads: 1, launch: node('plain.ts'), cases: plainTakes },
  ],
  notes: [
    "skein:lapack is nd.linalg.provider('lapack') with the OpenBLAS of NumPy’s wheel: the same code as NumPy’s, on as many threads.",
    'A result that is made anew gives the memory of the last one back, in NumPy by itself, in Skein by release, in numpy-ts by dispose.',
    'NumPy computes element by element, sums, sorts and transforms on one thread; products and linear algebra with its OpenBLAS on all. SciPy transforms on all.',
    `${alone} is what skein:x64 is, in a process with a team of one.`,
    'random-normal: numbers are others everywhere; NumPy draws from PCG64 by the ziggurat, on one thread.',
    'triad and the additions write into an array made once, in Skein by assign, in NumPy by out; numpy-ts makes a new one each time.',
    'GB/s counts each operand once (no write-allocate); the limit is the same count for a triad in C.',
  ],
}
