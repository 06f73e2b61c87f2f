/** The suite of arrays: Skein's on machine code and wasm beside NumPy, numpy-ts, plain JavaScript, and C where kernels.c has the case. */
import { fileURLToPath } from 'node:url'
import type { BenchCase, PeerSpec, Suite } from '../harness/suite.ts'
import { buildFolder, findLibraryOfNumPy } from '../harness/toolchain.ts'
import { gccPeer, numpyTsPeer, pythonPeer, setup, skeinPeer } from '../kernels/peers.ts'
import { cases } from './cases.ts'

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

const inC = (c: BenchCase) => /^(limit|triad|fused|sum|prefix-sum|gemm-256)$/.test(c.name)
/** One thread of JavaScript takes minutes for large products. */
const plainTakes = (c: BenchCase) => !/^(limit|gemm-1024|solve|cholesky|qr|eigh|svd)$/.test(c.name)

/** Its eigh takes two seconds for 200 rows, and more than the cube for more. */
const numpyTsTakes = (c: BenchCase) => !/^(limit|eigh)$/.test(c.name)

export const arrays: Suite = {
  name: 'arrays',
  own: 'skein:x64',
  cases,
  isReference: row => row.who.startsWith('NumPy') || row.who.startsWith('plain JS'),
  limit: { id: 'limit_f64', who: 'C gcc' },
  effort: { rounds: 7, budgetSeconds: 1, restMs: 10 },
  peers: threads => [
    { ...skeinPeer(threads, here('skein.ts'), 'x64'), cases: c => c.name !== 'limit' },
    { ...skeinPeer(threads, here('skein.ts'), 'wasm'), cases: c => c.name !== 'limit' },
    skeinByLibrary(threads),
    { ...gccPeer(threads, '-O3', 'kernels-strict', []), cases: inC },
    { ...pythonPeer(threads, 'NumPy', here('numpy_peer.py'), ['numpy']), cases: c => c.name !== 'limit' },
    { ...numpyTsPeer(here('numpyts.ts')), cases: numpyTsTakes },
    { label: 'plain JS', threads: 1, launch: node('plain.ts'), cases: plainTakes },
  ],
  notes: [
    "skein:lapack is nd.linalg.provider('lapack') with the OpenBLAS of NumPy’s wheel: the same code as NumPy’s, on as many threads.",
    'A result that is made anew gives the memory of the last one back, in NumPy by itself, in Skein by release, in numpy-ts by dispose.',
    'NumPy computes element by element, sums and sorts on one thread; products and linear algebra with its OpenBLAS on all.',
    'triad and the additions write into an array made once, in Skein by assign, in NumPy by out; numpy-ts makes a new one each time.',
    'GB/s counts each operand once (no write-allocate); the limit is the same count for a triad in C.',
  ],
}
