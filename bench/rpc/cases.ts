/** Every case of the suite, described once. What is served in them stands in service.ts. */
import type { BenchCase } from '../harness/suite.ts'

const calls = { name: 'calls', of: (n: number) => n }
const none = { dtype: 'none', tolerance: 0 }
/** Elements of the array that is sent: 8 MiB. */
const arrayLength = 2 ** 20
const sizeBytes = (n: number) => 8 * n

export const cases: BenchCase[] = [
  {
    ...none,
    name: 'call',
    about: 'a call with some 60 bytes that come back, each awaited before the next: the median',
    n: 1,
    quick: 1,
    inner: 2000,
    targets: [{ than: 'capnweb', atLeast: 1.2 }],
  },
  {
    ...none,
    name: 'calls-64',
    about: 'n such calls, 64 at a time under way',
    n: 10_000,
    quick: 500,
    items: calls,
    targets: [
      { than: 'capnweb', atLeast: 2 },
      { than: 'dnode', atLeast: 5 },
    ],
  },
  {
    ...none,
    name: 'callback',
    about:
      'a call with a function that was made for it and is called back before the answer, one after another: the median',
    n: 1,
    quick: 1,
    inner: 1000,
    targets: [{ than: 'capnweb', atLeast: 1 }],
  },
  {
    ...none,
    name: 'chain',
    about: 'three calls, each of what the one before gave, one chain after another: the median',
    n: 1,
    quick: 1,
    inner: 1000,
    targets: [{ than: 'capnweb', atLeast: 1 }],
  },
  {
    name: 'array',
    dtype: 'f64',
    about: 'an array of n numbers there and back; five in a row',
    n: arrayLength,
    quick: 2 ** 15,
    inner: 5,
    tolerance: 0,
    bytes: n => 2 * sizeBytes(n),
    targets: [{ than: 'raw socket', atLeast: 0.8 }],
  },
  {
    name: 'array-there',
    dtype: 'f64',
    about: 'the same array there, and a number back; ten in a row',
    n: arrayLength,
    quick: 2 ** 15,
    inner: 10,
    tolerance: 0,
    bytes: sizeBytes,
    targets: [{ than: 'raw socket', atLeast: 0.8 }],
  },
  {
    ...none,
    name: 'stream',
    about: 'n objects of two fields, one after another',
    n: 100_000,
    quick: 1000,
    items: { name: 'items', of: n => n },
    targets: [{ than: 'capnweb', atLeast: 1 }],
  },
  {
    ...none,
    name: 'forgotten',
    about:
      'functions that both sides still know after n calls with a function made for each, and a collection of garbage',
    n: 100_000,
    quick: 1000,
    unit: 'functions',
    targets: [{ atMost: 1000 }],
  },
]
