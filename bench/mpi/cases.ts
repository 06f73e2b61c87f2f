/**
 * Every case of the suite, described once; ranks.ts, ranks.c and ranks.py do them. `n` is the bytes of a message, but of `heat`.
 *
 * What is timed, and said per operation, is as in the OSU micro-benchmarks: half a round trip (latency), a message of windows of 64 that are
 * answered by a short one (bandwidth), a message each way (bibandwidth), a call (collectives).
 */
import type { BenchCase, Target } from '../harness/suite.ts'

const kibi = 1024
const mebi = 1024 * kibi
const threads = 'skein:threads'
const shared = 'skein:threads(allocate)'
const native = 'skein:openmpi'
const c = 'C Open MPI'

/** Elements are float64, of fractional values. */
const base = { dtype: 'none', tolerance: 1e-12 }
const bytes = (n: number) => n

const than = (skein: string, atLeast: number, than = c): Target => ({ skein, than, atLeast })
/** At most so many times as slow. */
const within = (times: number) => 1 / times

const latency = (name: string, n: number, inner: number, about: string, targets?: Target[]): BenchCase => ({
  ...base,
  name: `latency-${name}`,
  about: `half a round trip of ${about}`,
  n,
  quick: n,
  inner,
  targets,
  ...(n >= 64 * kibi && { bytes }),
})

export const cases: BenchCase[] = [
  latency('8', 8, 200_000, '8 B', [
    than(threads, within(1.2)),
    than(native, within(1.25)),
    than(native, 1.5, 'mpi4py'),
  ]),
  latency('1k', kibi, 20_000, '1 KiB', [than(native, within(1.25)), than(native, 1.5, 'mpi4py')]),
  latency('64k', 64 * kibi, 4000, '64 KiB'),
  latency('1m', mebi, 400, '1 MiB', [than(native, within(1.25))]),
  {
    ...base,
    name: 'bandwidth',
    about: 'a message of n bytes, of 64 under way at once that one rank sends to the other',
    n: mebi,
    quick: mebi,
    inner: 512,
    bytes,
    targets: [than(threads, 1), than(shared, 1), than(native, within(1.25))],
  },
  {
    ...base,
    name: 'bibandwidth',
    about: 'a message of n bytes each way, of 64 under way at once',
    n: mebi,
    quick: mebi,
    inner: 512,
    bytes: n => 2 * n,
  },
  {
    ...base,
    name: 'allreduce-8',
    about: 'the sum of one number of each rank',
    n: 8,
    quick: 8,
    inner: 200_000,
    targets: [than(threads, 1), than(native, within(1.25))],
  },
  {
    ...base,
    name: 'allreduce-8m',
    about: 'the sums of 2^20 numbers of each rank',
    n: 8 * mebi,
    quick: 8 * mebi,
    inner: 20,
    bytes,
    targets: [than(shared, 2), than(native, within(1.25))],
  },
  {
    ...base,
    name: 'bcast',
    about: 'n bytes to all, from each rank in turn',
    n: mebi,
    quick: mebi,
    inner: 400,
    bytes,
  },
  {
    ...base,
    name: 'alltoall-8',
    about: 'n bytes from each rank to each',
    n: 8,
    quick: 8,
    inner: 100_000,
  },
  {
    ...base,
    name: 'alltoall-1m',
    about: 'n bytes from each rank to each',
    n: mebi,
    quick: mebi,
    inner: 100,
    bytes,
    targets: [than(threads, 1), than(shared, 1)],
  },
  ...(['put', 'get'] as const).flatMap((way): BenchCase[] => [
    {
      ...base,
      name: `${way}-8`,
      about: `${way === 'put' ? 'n bytes into' : 'n bytes of'} a window of the other rank, under a lock, and a flush`,
      n: 8,
      quick: 8,
      inner: 100_000,
    },
    {
      ...base,
      name: `${way}-1m`,
      about: `n bytes ${way === 'put' ? 'into' : 'of'} a window of the other rank, 64 before each flush`,
      n: mebi,
      quick: mebi,
      inner: 512,
      bytes,
    },
  ]),
  {
    ...base,
    name: 'object',
    about: 'half a round trip of { id, name, at }, some 50 bytes of a value',
    n: 1,
    quick: 1,
    inner: 10_000,
    targets: [than(threads, 1, 'mpi4py'), than(native, 1, 'mpi4py')],
  },
  {
    ...base,
    name: 'ring-crowded',
    about: '8 bytes from rank to rank, eight ranks in a ring: a hop',
    n: 8,
    quick: 8,
    inner: 400,
    targets: [than(threads, 1), than(native, within(1.25))],
  },
  {
    ...base,
    name: 'allreduce-crowded',
    about: 'the sum of one number of each of eight ranks',
    n: 8,
    quick: 8,
    inner: 400,
    targets: [than(threads, 1), than(native, within(1.25))],
  },
  {
    ...base,
    name: 'heat',
    about:
      'a step of heat in a plate of n × n float64, cut between the ranks: edges to the neighbours, then five points each',
    n: 4096,
    quick: 256,
    inner: 10,
    tolerance: 1e-9,
    flops: n => 7 * n * n,
    targets: [than(threads, 0.9), than(native, 0.9)],
  },
  {
    ...base,
    name: 'start',
    about: 'four ranks from the command line to their end, a barrier between',
    n: 4,
    quick: 4,
    targets: [{ skein: threads, atMostSeconds: 0.15 }, than(native, within(1.3))],
  },
]

/** Done by eight ranks, whatever cores there are. */
export const isCrowded = ({ name }: BenchCase): boolean => name.endsWith('-crowded')

/** Where it matters whether arrays lie in memory that threads share. */
export const isOfMemory = ({ name, bytes }: BenchCase): boolean =>
  bytes !== undefined && !isCrowded({ name } as BenchCase)
