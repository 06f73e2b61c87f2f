/** Every case of the suite, described once. What a worker does in them stands in work.ts. */
import type { BenchCase } from '../harness/suite.ts'

const tasks = { name: 'tasks', of: (n: number) => n }
const calls = { name: 'calls', of: (n: number) => n }
const lines = { name: 'lines', of: (n: number) => n }
const none = { dtype: 'none', tolerance: 0 }

export const cases: BenchCase[] = [
  {
    ...none,
    name: 'noop',
    about: 'n tasks that do nothing, all at once',
    n: 100_000,
    quick: 1000,
    items: tasks,
    targets: [{ atLeastPerSecond: 1_000_000 }, { than: 'piscina tuned', atLeast: 10 }],
  },
  {
    ...none,
    name: 'noop-one',
    about: 'one that does nothing, each awaited before the next: the median',
    n: 1,
    quick: 1,
    inner: 2000,
    targets: [{ atMostSeconds: 5e-6 }],
  },
  {
    ...none,
    name: 'noop-parked',
    about: 'the same after 5 ms of rest, when the workers sleep',
    n: 1,
    quick: 1,
    inner: 50,
    targets: [{ atMostSeconds: 40e-6 }],
  },
  {
    ...none,
    name: 'busy',
    about: 'n tasks of 10 µs, all at once: what it costs to be looked at',
    n: 50_000,
    quick: 500,
    items: tasks,
    targets: [
      { skein: 'skein:threads(traced)', than: 'skein:threads', atLeast: 0.9 },
      { skein: 'skein:threads(dashboard)', than: 'skein:threads', atLeast: 0.95 },
    ],
  },
  {
    name: 'array-heap',
    dtype: 'f64',
    about:
      '8 MiB in memory that workers share (heap, SharedArrayBuffer, object store) there, and their sum back; ten in a row',
    n: 1,
    quick: 1,
    inner: 10,
    tolerance: 1e-12,
    targets: [{ than: 'plain JS', threads: 1, atLeast: 1 / 1.1 }],
  },
  {
    name: 'array',
    dtype: 'f64',
    about: 'an ordinary array of 8 MiB there, and its sum back; ten in a row',
    n: 1,
    quick: 1,
    inner: 10,
    tolerance: 1e-12,
    targets: [{ than: 'postMessage', atLeast: 1 }],
  },
  {
    ...none,
    name: 'spin',
    about: 'n tasks of some 20 ms',
    n: 64,
    quick: 4,
    // An efficiency of 0.97 on two workers.
    targets: [{ than: 'plain JS', threads: 1, atLeast: 1.94 }],
  },
  {
    ...none,
    name: 'actor',
    about: 'n calls of one actor, all at once',
    n: 100_000,
    quick: 1000,
    items: calls,
    targets: [{ atLeastPerSecond: 1_000_000 }],
  },
  {
    ...none,
    name: 'actor-one',
    about: 'calls of an actor, each awaited before the next: the median',
    n: 1,
    quick: 1,
    inner: 2000,
    targets: [{ atMostSeconds: 5e-6 }],
  },
  {
    ...none,
    name: 'tree',
    about: 'n + 1 numbers added by n tasks, each given the results of two',
    n: 100_000,
    quick: 1000,
    items: tasks,
    targets: [{ atMostSeconds: 0.3 }],
  },
  {
    ...none,
    name: 'queued',
    about: 'memory of a queued task, of n that wait for a worker',
    n: 1_000_000,
    quick: 1000,
    unit: 'bytes',
    targets: [{ atMost: 300 }],
  },
  {
    ...none,
    name: 'bag-routes',
    about: 'flights by route, counted as words: a text of n lines, from each of which the name of a route is made',
    n: 3_000_000,
    quick: 10_000,
    items: lines,
    targets: [
      { than: 'plain JS', threads: 1, atLeast: 1.8 },
      { than: 'Dask', atLeast: 3 },
    ],
  },
  {
    ...none,
    name: 'bag-words',
    about: 'how often each word of the same n lines is there: dates, times, airports, delays',
    n: 3_000_000,
    quick: 10_000,
    items: lines,
    targets: [
      { than: 'plain JS', threads: 1, atLeast: 1.8 },
      { than: 'Dask', atLeast: 3 },
    ],
  },
]
