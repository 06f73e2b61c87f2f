/** The suite of native code: machine code of Skein's own beside C, by hand and by gcc, Numba, OpenBLAS, wasm and JavaScript. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type BackendName, backends } from 'skein'
import { build } from '../harness/build.ts'
import type { Row } from '../harness/results.ts'
import { geometricMean } from '../harness/statistics.ts'
import type { BenchCase, Launch, PeerSpec, Suite } from '../harness/suite.ts'
import { threeDigits } from '../harness/table.ts'
import { buildFolder, findGcc, findOpenBlas } from '../harness/toolchain.ts'
import { gccPeer, node, pythonPeer, ran, setup, started } from '../kernels/peers.ts'
import { cases, isArithmetic, isFirstCall, isProduct, isStream, isWithVector } from './cases.ts'

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const noGcc: Launch = { absent: `gcc with OpenMP is not here: ${setup}` }
const headers = [here('lanes.h'), here('../kernels/peer.h')]
const cFlags = ['-O3', '-march=native', '-fopenmp']

/** A backend that is not there, or not on this machine, is told as any absent peer is. Code that it keeps on the disk is not the user's. */
function skein(threads: number, backend: string, takes: PeerSpec['cases'], ...kind: string[]): PeerSpec {
  const known = Object.hasOwn(backends, backend)
  const reason = known ? backends[backend as BackendName].unavailable() : 'this Skein has no such backend'
  const env = { SKEIN_CACHE: `${buildFolder}/cache`, ...(kind.includes('avx2') && { SKEIN_ISA: 'avx2' }) }
  const launch: Launch = reason ? { absent: reason } : { ...node('skein.ts', backend, ...kind), env }
  return { label: `skein:${backend}${kind.length > 0 ? `(${kind})` : ''}`, threads, launch, cases: takes }
}

/** Vector instructions of this machine, by the bytes of a vector. */
const vectors = (): { bytes: number; name: string; cpu: RegExp }[] => {
  const all = [
    { bytes: 64, name: 'AVX-512', cpu: /\bavx512dq\b/ },
    { bytes: 32, name: 'AVX2', cpu: /\bavx2\b/ },
  ]
  let flags = ''
  try {
    flags = readFileSync('/proc/cpuinfo', 'utf8')
  } catch {
    // No Linux: the peer is absent, and says so.
  }
  return all.filter(({ cpu }) => cpu.test(flags))
}

function byHand(threads: number): PeerSpec[] {
  const gcc = findGcc()
  const found = vectors()
  if (found.length === 0) {
    const absent = 'it is written for AVX2 and AVX-512 under Linux'
    return [{ label: 'C by hand', threads, launch: { absent } }]
  }
  return found.flatMap(({ bytes, name }, k) =>
    [false, true].map((isFast): PeerSpec => {
      const label = `C by hand, ${isFast ? 'fast' : 'strict'}, ${name}`
      const kind = isFast ? ['-DFAST', '-ffp-contract=fast'] : ['-ffp-contract=off']
      const flags = [...cFlags, '-fno-math-errno', '-fno-trapping-math', `-DVB=${bytes}`, ...kind, '-lm']
      const target = `byhand-${isFast ? 'fast' : 'strict'}-${bytes}`
      const launch = () =>
        gcc ? ran(build(gcc, here('byhand.c'), target, flags, headers), file => started(file, threads, label)) : noGcc
      const takes = (c: BenchCase) =>
        !isFirstCall(c) && !isWithVector(c) && (!isFast || isArithmetic(c) || isProduct(c))
      return { label, threads, launch, cases: takes, onlyIfNamed: k > 0 }
    }),
  )
}

/** @param core the processor whose code it shall take, whatever it would choose: for AMD's it has none with AVX-512 */
function openBlas(threads: number, core?: string): PeerSpec {
  const gcc = findGcc()
  const launch = (): Launch => {
    const library = findOpenBlas()
    if (!library) return { absent: `no OpenBLAS, of the system or of SciPy: ${setup}` }
    if (!gcc) return noGcc
    const built = build(gcc, here('blas.c'), 'blas', [...cFlags, '-lm', '-ldl'], headers)
    const who = `OpenBLAS${library.version}`
    return ran(built, file => {
      const { env, ...rest } = started(file, threads, who, library.file, library.prefix)
      return { ...rest, env: { ...env, ...(core && { OPENBLAS_CORETYPE: core }) } }
    })
  }
  return {
    label: core ? `OpenBLAS (${core})` : 'OpenBLAS',
    threads,
    launch,
    cases: c => isProduct(c) || isWithVector(c),
  }
}

/** One thread of JavaScript takes minutes for large products, and is no measure of memory. */
const plainTakes = (c: BenchCase) => !isStream(c) && !(isProduct(c) && c.n > 256)

/** How many times faster machine code is than wasm, on average over the cases that both ran. */
function summary(rows: readonly Row[]): string[] {
  const median = (who: string) => new Map(rows.filter(r => r.who === who).map(r => [`${r.case} ${r.dtype}`, r]))
  const wasm = median('skein:wasm')
  const ratios = [...median('skein:x64')].flatMap(([key, row]) => {
    const other = wasm.get(key)
    return other && !row.case.startsWith('first-call') ? [other.seconds.median / row.seconds.median] : []
  })
  if (ratios.length === 0) return []
  const mean = geometricMean(ratios)
  const verdict = mean >= 2 ? 'met   ' : 'MISSED'
  return [`${verdict}  geometric mean of ${ratios.length} cases against wasm ≥ 2×: ${threeDigits(mean)}×`]
}

export const native: Suite = {
  name: 'native',
  own: 'skein:x64',
  cases,
  isReference: row => row.who.startsWith('C gcc') || row.who.startsWith('OpenBLAS') || row.who.startsWith('plain JS'),
  effort: { rounds: 5, budgetSeconds: 1, restMs: 10 },
  peers: threads => [
    skein(threads, 'x64', undefined),
    skein(threads, 'x64', c => isArithmetic(c) || isProduct(c) || isWithVector(c) || /^sum/.test(c.name), 'fast'),
    { ...skein(threads, 'x64', c => !isFirstCall(c), 'avx2'), onlyIfNamed: true },
    skein(threads, 'wasm', c => !(isProduct(c) && c.n > 1024)),
    ...byHand(threads),
    { ...gccPeer(threads, '-O3', 'kernels-strict', []), cases: c => !isWithVector(c) },
    { ...gccPeer(threads, '-Ofast', 'kernels-ofast', ['-Ofast']), cases: c => isArithmetic(c) || isProduct(c) },
    {
      ...pythonPeer(threads, 'Numba', 'numba_peer.py', ['numpy', 'numba']),
      cases: c => !isProduct(c) && !isWithVector(c) && !isFirstCall(c),
    },
    {
      ...pythonPeer(threads, 'Numba fastmath', 'numba_peer.py', ['numpy', 'numba'], 'fastmath'),
      cases: isArithmetic,
    },
    openBlas(threads),
    ...(vectors()[0]?.bytes === 64 ? [openBlas(threads, 'SkylakeX')] : []),
    { label: 'plain JS', threads: 1, launch: node('plain.ts'), cases: plainTakes },
  ],
  summary,
  notes: [
    'C by hand: GCC vector types, strict as Skein rounds, or fast with fused multiply-add and estimates of 1/√x; `--peers AVX2,avx2` has it, and Skein, in 256 bits.',
    'A batch is a loop of OpenBLAS over its products, each on one thread; those of 64 × 64 are dealt to all threads, smaller ones wait for its lock then.',
    'On AMD processors OpenBLAS takes its code for AVX2; as SkylakeX it is told to take that for AVX-512.',
    'Naive C multiplies matrices up to 512.',
  ],
}
