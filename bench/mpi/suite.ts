/** The message passing suite: who takes part, and how each is started. */
import { fileURLToPath } from 'node:url'
import { build } from '../harness/build.ts'
import type { BenchCase, Launch, PeerSpec, Suite } from '../harness/suite.ts'
import { findMpi, findPython, type Mpi, repository } from '../harness/toolchain.ts'
import { cases, isCrowded, isOfMemory } from './cases.ts'

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const setup = 'npm run bench:setup'
const crowd = 8

type Words = { words: string[]; env?: Record<string, string> } | { absent: string }

/** As root Open MPI starts only when it is told twice. */
const asRoot = { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' }
/** Ranks that wait give their core to others. Open MPI does so by itself only when it sees that there are too few. */
const yielding = { OMPI_MCA_mpi_yield_when_idle: '1' }

/** The names are also those that `skein mpirun --engine` knows. */
const libraries = ['openmpi', 'mpich'] as const
type Library = (typeof libraries)[number]
const titles: Record<Library, string> = { openmpi: 'Open MPI', mpich: 'MPICH' }

const withLibrary = (library: Library, words: (mpi: Mpi) => Words): Words => {
  const mpi = findMpi(library)
  return mpi ? words(mpi) : { absent: `${titles[library]} with its compiler is not here: ${setup}` }
}

/** `mpirun` of a library, of so many ranks. */
const underLauncher = (library: Library, { mpirun }: Mpi, ranks: number, words: string[]): Words => ({
  words: [mpirun, ...(library === 'openmpi' ? ['--oversubscribe'] : []), '-n', `${ranks}`, ...words],
  env: asRoot,
})

const skein = (engine: 'threads' | Library, ranks: number, ...program: string[]): Words => {
  const bin = `${repository}/skein/src/bin.mjs`
  const words = [process.execPath, bin, 'mpirun', '-n', `${ranks}`, '--engine', engine, ...program]
  return engine === 'threads' ? { words } : withLibrary(engine, () => ({ words, env: asRoot }))
}

const inC = (library: Library, ranks: number, ...args: string[]): Words =>
  withLibrary(library, mpi => {
    const flags = ['-O3', '-march=native', '-lm']
    const built = build(mpi.compiler, here('ranks.c'), `mpi-ranks-${library}`, flags)
    return 'absent' in built ? built : underLauncher(library, mpi, ranks, [built.file, ...args])
  })

const inPython = (ranks: number, ...args: string[]): Words => {
  const { python, missing } = findPython(['numpy', 'mpi4py'])
  if (!python || missing.length > 0) return { absent: `Python with ${missing.join(', ')} is not here: ${setup}` }
  return withLibrary('openmpi', mpi => {
    const run = underLauncher('openmpi', mpi, ranks, [python, '-u', here('ranks.py'), ...args])
    if ('absent' in run) return run
    const path = `${here('../harness')}:${here('../kernels')}`
    return { ...run, env: { ...run.env, PYTHONDONTWRITEBYTECODE: '1', PYTHONPATH: path, OPENBLAS_NUM_THREADS: '1' } }
  })
}

/** A peer whose ranks answer by themselves. */
const launch = (given: Words, env?: Record<string, string>): Launch => {
  if ('absent' in given) return given
  const [command, ...args] = given.words
  return { command, args, env: { ...given.env, ...env } }
}

/** A peer that is a whole command. */
const timed = (who: string, ranks: number, given: Words): Launch => {
  if ('absent' in given) return given
  const args = [here('start.ts'), who, `${ranks}`, ...given.words]
  return { command: process.execPath, args, env: given.env }
}

const isStart = ({ name }: BenchCase) => name === 'start'
/** One library is enough to compare with, unless somebody asks. */
const isNamedOnly = (label: string) => /mpich/i.test(label)
const isOrdinary = (benchCase: BenchCase) => !isStart(benchCase) && !isCrowded(benchCase)

function peers(ranks: number): PeerSpec[] {
  const ranksTs = here('ranks.ts')
  const all = [
    { label: 'skein:threads', start: (n: number, ...args: string[]) => skein('threads', n, ranksTs, ...args) },
    { label: 'skein:openmpi', start: (n: number) => skein('openmpi', n, ranksTs) },
    { label: 'C Open MPI', start: (n: number) => inC('openmpi', n) },
    { label: 'mpi4py', start: (n: number) => inPython(n) },
    { label: 'skein:mpich', start: (n: number) => skein('mpich', n, ranksTs) },
    { label: 'C MPICH', start: (n: number) => inC('mpich', n) },
  ]
  const two = all.map(({ label, start }) => ({
    label,
    threads: ranks,
    launch: launch(start(ranks)),
    cases: isOrdinary,
    onlyIfNamed: isNamedOnly(label),
  }))
  const shared = {
    label: 'skein:threads(allocate)',
    threads: ranks,
    launch: launch(skein('threads', ranks, ranksTs, 'allocate')),
    cases: (c: BenchCase) => isOrdinary(c) && isOfMemory(c),
  }
  const crowded = all
    .filter(({ label }) => !isNamedOnly(label))
    .map(({ label, start }) => ({
      label,
      threads: crowd,
      launch: launch(start(crowd), yielding),
      cases: isCrowded,
    }))
  const hello = here('hello.ts')
  const starts = [
    { label: 'skein:threads', launch: timed('skein:threads', 4, skein('threads', 4, hello)) },
    { label: 'skein:openmpi', launch: timed('skein:openmpi', 4, skein('openmpi', 4, hello)) },
    { label: 'C Open MPI', launch: timed('C Open MPI', 4, inC('openmpi', 4, 'hello')) },
    { label: 'mpi4py', launch: timed('mpi4py', 4, inPython(4, 'hello')) },
  ].map(peer => ({ ...peer, threads: 4, cases: isStart }))
  return [two[0], shared, ...two.slice(1), ...crowded, ...starts]
}

export const mpi: Suite = {
  name: 'mpi',
  own: 'skein:threads',
  cases,
  isReference: row => row.who.startsWith('C '),
  peers,
  notes: [
    'Ranks of skein:threads are threads of one process; those of all others are processes under the launcher of Open MPI, or MPICH.',
    '(allocate): arrays are those of allocate, which the threads share; the other rows have ordinary ones.',
    'C and mpi4py are compiled against the same library that skein:openmpi calls; C with -O3 -march=native.',
    'With eight ranks all yield: OMPI_MCA_mpi_yield_when_idle=1.',
    'start is the whole command, its launcher in it; Node starts in some 40 ms, once on threads and once a rank on Open MPI.',
  ],
}
