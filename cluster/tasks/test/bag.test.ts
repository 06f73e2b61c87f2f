import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { ArgumentError, CancelledError, Random } from '@skein/base'
import { heap } from '@skein/heap'
import { linesOf } from '../src/bag/lines.ts'
import { type Bag, bag, files, NotPortableError, stats, stop, TaskError } from '../src/index.ts'
import { seedOf } from './seed.ts'
import * as steps from './steps.ts'

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
const byFirst = (a: readonly unknown[], b: readonly unknown[]): number => (String(a[0]) < String(b[0]) ? -1 : 1)

describe('bags', () => {
  const folder = mkdtempSync(join(tmpdir(), 'skein-bag-'))
  after(async () => {
    rmSync(folder, { recursive: true })
    await stop()
  })
  const file = (name: string, text: string | Buffer): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }

  it('counts words in three lines', async () => {
    const path = file('words.txt', 'the quick brown fox\njumps over the lazy dog\nthe end\n'.repeat(500))
    const words = bag(files.readLines(path, { blockBytes: 1000 })).flatMap(line => line.split(' '))
    const top = await words.frequencies().top(3)
    assert.deepEqual(top, [
      ['the', 1500],
      ['brown', 500],
      ['dog', 500],
    ])
  })

  it('maps, filters and flattens in order, by functions and by tasks', async () => {
    const least = 5
    const plain = (b: Bag<number>) =>
      b
        .map(x => x * 2)
        .filter(x => x > least, { use: { least } })
        .flatMap(x => [x, -x])
    const expected = numbers(20)
      .map(x => x * 2)
      .filter(x => x > least)
      .flatMap(x => [x, -x])
    for (const partitions of [1, 3, 20, 50]) {
      assert.deepEqual(await plain(bag(numbers(20), { partitions })).toArray(), expected)
    }
    assert.deepEqual(await plain(bag.range(20)).toArray(), expected)
    assert.deepEqual(await bag.range(4).map(steps.square).filter(steps.isEven).toArray(), [0, 4])
    assert.deepEqual(await bag.range(4).map(steps.later).flatMap(steps.upTo).toArray(), [0, 0, 1, 0, 1, 2])
    assert.deepEqual(await bag.range(3).flatMap(steps.upToLater).toArray(), [0, 0, 1])
    const asyncs = bag
      .range(4)
      .map(async x => x + 1)
      .filter(async x => x > 1)
      .flatMap(async x => [x, x])
    assert.deepEqual(await asyncs.toArray(), [2, 2, 3, 3, 4, 4])
    const strings: string[] = await bag([1, 'a', 2, 'b'])
      .filter((x): x is string => typeof x === 'string')
      .toArray()
    assert.deepEqual(strings, ['a', 'b'])
  })

  it('awaits what tasks and asynchronous functions give, and refuses promises where nobody would await them', async () => {
    const isOdd = async (x: number) => x % 2 === 1
    const some = bag([1, 2, 3])
    assert.deepEqual(await some.map(steps.promised).filter(steps.isPromisedEven).toArray(), [2])
    const late: [() => Promise<unknown>, RegExp][] = [
      [() => some.filter(x => isOdd(x), { use: { isOdd } }).count(), /bag\.filter: .* it is a Promise\. .*async x =>/],
      [
        () => some.map(x => Promise.resolve(x)).toArray(),
        /bag\.map: .* no promise, unless the function is an async one/,
      ],
      [() => some.flatMap(x => Promise.resolve([x])).toArray(), /bag\.flatMap: .* it is a Promise/],
      [() => some.flatMap(x => x as never).toArray(), /bag\.flatMap: .* an array or another iterable, but it is \d/],
    ]
    for (const [run, message] of late) await assert.rejects(run, message)
    const atOnce: (() => unknown)[] = [
      () => some.groupBy(isOdd),
      () => some.distinct(isOdd),
      () => some.join(some, isOdd),
      () => some.foldBy(isOdd, 0, steps.add.local, steps.add.local),
    ]
    for (const call of atOnce) assert.throws(call, /must be one that gives its value at once/)
    await assert.rejects(some.fold(0, isOdd as never), ArgumentError)
    await assert.rejects(some.top(1, isOdd), ArgumentError)
  })

  it('runs consecutive steps as one task for each partition', async () => {
    const before = stats().done
    await bag
      .range(100, { partitions: 5 })
      .map(x => x + 1)
      .filter(x => x > 3)
      .map(x => x * 2)
      .count()
    assert.equal(stats().done - before, 5)
  })

  it('takes arrays of the heap without a copy, and any iterable', async () => {
    const x = heap.f64(numbers(100))
    assert.equal(await bag(x).sum(), 4950)
    assert.deepEqual(await bag(new Map([['a', 1]])).toArray(), [['a', 1]])
    assert.deepEqual(
      await bag(new Set([1n, 2n]))
        .map(x => x + 1n)
        .toArray(),
      [2n, 3n],
    )
    // It writes into what it is given, which is the very array.
    await bag([1, 2]).forEach(i => (x[i] = -1), { use: { x } })
    assert.deepEqual([...x.subarray(0, 4)], [0, -1, -1, 3])
  })

  it('reduces', async () => {
    const b = bag.range(1, 101, { partitions: 7 })
    assert.equal(await b.count(), 100)
    assert.equal(await b.sum(), 5050)
    assert.equal(await b.fold(0, (a, x) => a + x), 5050)
    // Not commutative: in order.
    const joined = await bag.range(20, { partitions: 4 }).fold(
      '',
      (s, x) => `${s}${x},`,
      (a, b) => a + b,
    )
    assert.equal(
      joined,
      numbers(20)
        .map(x => `${x},`)
        .join(''),
    )
    const sets = await b
      .map(x => x % 3)
      .fold(
        new Set<number>(),
        (s, x) => s.add(x),
        (a, b) => a.union(b),
      )
    assert.deepEqual([...sets].sort(), [0, 1, 2])
    assert.deepEqual([await b.min(), await b.max()], [1, 100])
    assert.deepEqual(await b.max(x => -x), 1)
    assert.deepEqual(await bag(['bb', 'a', 'ccc']).max(s => s.length), 'ccc')
    assert.deepEqual(await bag(['bb', 'a', 'ccc']).max(), 'ccc')
    assert.deepEqual(await b.top(3), [100, 99, 98])
    assert.deepEqual(await b.top(3, x => [x % 2, -x]), [1, 3, 5])
    assert.deepEqual(await b.top(0), [])
    // Of equal ones the earlier, across partitions too.
    assert.deepEqual(await b.top(4, () => 1), [1, 2, 3, 4])
  })

  it('answers for nothing at all', async () => {
    for (const none of [bag<number>([]), bag.range(0), bag.range(10).filter(() => false)]) {
      assert.deepEqual(await none.toArray(), [])
      assert.deepEqual(await none.repartition(3).toArray(), [])
      assert.deepEqual(await none.distinct().toArray(), [])
      assert.deepEqual(await none.groupBy(x => x).toArray(), [])
      assert.deepEqual(await none.join(bag.range(3), x => x).toArray(), [])
      assert.deepEqual(
        [await none.count(), await none.sum(), await none.min(), await none.fold(7, (a, x) => a + x)].slice(0, 3),
        [0, 0, undefined],
      )
      assert.equal(await none.fold(0, (a, x) => a + x), 0)
      assert.deepEqual(await none.take(3), [])
      assert.deepEqual(await none.frequencies().top(3), [])
    }
  })

  it('brings equal keys together, whatever the partitions', async () => {
    for (const partitions of [1, 2, 5, 40]) {
      const b = bag.range(40, { partitions })
      const groups = (await b.groupBy(x => x % 3).toArray()).sort(byFirst)
      assert.deepEqual(
        groups,
        [0, 1, 2].map(k => [k, numbers(40).filter(x => x % 3 === k)]),
      )
      const sums = await b
        .foldBy(
          x => x % 3,
          0,
          (a, x) => a + x,
          (a, b) => a + b,
          { partitions: 2 },
        )
        .toArray()
      assert.deepEqual(
        sums.sort(byFirst),
        groups.map(([k, items]) => [k, items.reduce((a, b) => a + b)]),
      )
      assert.deepEqual(
        (
          await b
            .map(x => x % 7)
            .distinct()
            .toArray()
        ).sort(),
        numbers(7),
      )
      assert.deepEqual((await b.distinct(x => x % 7).toArray()).sort(), numbers(7))
      assert.deepEqual(
        (
          await b
            .map(x => `${x % 2}`)
            .frequencies()
            .toArray()
        ).sort(byFirst),
        [
          ['0', 20],
          ['1', 20],
        ],
      )
    }
  })

  it('knows equal keys of every kind', async () => {
    const keys = [
      'a',
      '',
      '\0a',
      '\0oa',
      1,
      -0,
      0,
      Number.NaN,
      1n,
      true,
      null,
      undefined,
      [1, [2]],
      { a: 1, b: [new Date(5)] },
      [],
      {},
      new Date(7),
      'null',
      '1',
      [undefined],
      ['1'],
    ]
    const twice = [
      ...keys,
      ...structuredClone(keys).map(k => (k instanceof Object && 'b' in k ? { b: k.b, a: k.a } : k)),
    ]
    const found = await bag(twice, { partitions: 9 }).frequencies().toArray()
    // -0 is 0.
    assert.equal(found.length, keys.length - 1)
    assert.equal(
      found.reduce((sum, [, n]) => sum + n, 0),
      twice.length,
    )
    assert.deepEqual(
      found.filter(([, n]) => n !== 2).map(([k, n]) => [(k as number) + 0, n]),
      [[0, 4]],
    )
    await assert.rejects(bag([new Map()]).distinct().toArray(), /a key must be made of primitive values/)
  })

  it('joins', async () => {
    const people = bag(
      [
        { id: 1, name: 'a' },
        { id: 2, name: 'b' },
        { id: 3, name: 'c' },
      ],
      { partitions: 2 },
    )
    const orders = bag(
      [
        { of: 2, what: 'x' },
        { of: 1, what: 'y' },
        { of: 2, what: 'z' },
        { of: 9, what: 'w' },
      ],
      { partitions: 3 },
    )
    const names = (pairs: readonly (readonly [{ name: string } | undefined, { what: string } | undefined])[]) =>
      pairs
        .map(([p, o]) => `${p?.name ?? '-'}${o?.what ?? '-'}`)
        .sort()
        .join(' ')
    const joined = (how: 'inner' | 'left' | 'right' | 'outer') =>
      people
        .join(
          orders,
          p => p.id,
          o => o.of,
          { how, partitions: 3 },
        )
        .toArray()
    assert.equal(
      names(
        await people
          .join(
            orders,
            p => p.id,
            o => o.of,
          )
          .toArray(),
      ),
      'ay bx bz',
    )
    assert.equal(names(await joined('left')), 'ay bx bz c-')
    assert.equal(names(await joined('right')), '-w ay bx bz')
    assert.equal(names(await joined('outer')), '-w ay bx bz c-')
    const self = await people.join(people, p => p.id).toArray()
    assert.equal(self.length, 3)
    self satisfies [{ name: string }, { name: string }][]
  })

  it('is cut anew, joined and kept, in order', async () => {
    for (const [from, to] of [
      [1, 5],
      [5, 1],
      [4, 6],
      [6, 4],
      [3, 3],
      [2, 50],
    ]) {
      const b = bag(numbers(20), { partitions: from }).map(x => x + 1)
      const before = stats().done
      assert.deepEqual(
        await b.repartition(to).toArray(),
        numbers(20).map(x => x + 1),
      )
      assert.equal(stats().done - before, from + to)
    }
    assert.deepEqual(
      await bag([1])
        .concat(
          bag([2]).map(x => x * 2),
          bag.range(2),
        )
        .map(x => -x)
        .toArray(),
      [-1, -4, -0, -1],
    )
    const kept = await bag
      .range(10)
      .map(x => x * x)
      .persist()
    const before = stats().done
    assert.deepEqual([await kept.sum(), await kept.map(x => x + 1).max()], [285, 82])
    assert.equal(stats().done - before, 21)
  })

  it('computes no more than is taken', async () => {
    const seen = heap.i32(64)
    const noted = bag.range(6400).map(
      x => {
        Atomics.store(seen, Math.floor(x / 100), 1)
        return x
      },
      { use: { seen } },
    )
    const touched = () => seen.reduce((a, b) => a + b)
    assert.deepEqual(await noted.take(3), [0, 1, 2])
    assert.equal(touched(), 1)
    assert.deepEqual(await noted.take(250), numbers(250))
    assert.equal(touched(), 3)
    const read: number[] = []
    for await (const x of noted) if (read.push(x) === 150) break
    assert.deepEqual(read, numbers(150))
    assert(touched() < 32)
    assert.deepEqual(await bag.range(5).take(10), numbers(5))
  })

  it('reads each line once, wherever ranges meet', t => {
    const { seed } = seedOf(t)
    const random = new Random(seed)
    const pick = (n: number) => random.integer(0, n)
    const letters = ['a', 'é', '漢', '😀', ' ', '\t', '']
    for (let round = 0; round < 300; round++) {
      const end = round % 3 === 0 ? '\r\n' : '\n'
      const lines = Array.from({ length: pick(8) }, () =>
        Array.from({ length: pick(6) }, () => letters[pick(letters.length)]).join(''),
      )
      const text = lines.map(line => line + end).join('')
      // The last line may have no end.
      const bytes = Buffer.from(pick(2) === 0 ? text : text.slice(0, -end.length))
      const path = file('ranges.txt', bytes)
      const whole = bytes.toString().split(end)
      if (whole.at(-1) === '') whole.pop()
      const borders = [0, ...Array.from({ length: pick(5) }, () => pick(bytes.length + 1)), bytes.length].sort(
        (a, b) => a - b,
      )
      const found = borders
        .slice(1)
        .flatMap((to, i) => [...linesOf({ path, from: borders[i], to, encoding: 'utf8' })].flat())
      assert.deepEqual(found, whole, `${JSON.stringify(bytes.toString())} cut at ${borders}`)
    }
  })

  it('reads files of any size by parts, patterns, and other encodings', async () => {
    const long = 'x'.repeat(3_000_000)
    const path = file('long.txt', `\ufeff${long}\nshort\n${long}`)
    assert.deepEqual(
      await bag(files.readLines(path))
        .map(line => line.length)
        .toArray(),
      [3_000_000, 5, 3_000_000],
    )
    assert.deepEqual(
      await bag(files.readLines(path), { partitions: 3 })
        .map(line => line.length)
        .toArray(),
      [3_000_000, 5, 3_000_000],
    )
    file('part-1.csv', 'a\nb\n')
    file('part-2.csv', 'c\n')
    file('part-3.csv', '')
    assert.deepEqual(await bag(files.readLines(join(folder, 'part-*.csv'))).toArray(), ['a', 'b', 'c'])
    const latin = file('latin.txt', Buffer.from([0xe9, 10, 0x41]))
    assert.deepEqual(await bag(files.readLines([latin], { encoding: 'latin1' })).toArray(), ['é', 'A'])
    const here = files.readLines(import.meta.filename)
    const count = readFileSync(import.meta.filename, 'utf8').split('\n').length - 1
    assert.equal(await bag(here).count(), count)
  })

  it('says what failed, and where it was asked for', async () => {
    const error = await bag
      .range(10)
      .map(x => {
        if (x === 7) throw new RangeError('seven')
        return x
      })
      .distinct()
      .count()
      .catch(e => e)
    assert(error instanceof TaskError && error.cause instanceof RangeError)
    assert.match(error.message, /Task 'range → map → by first' failed on worker \d: RangeError: seven/)
    assert.match(error.stack!, /bag\.test\.ts/)
    await assert.rejects(bag(['a']).sum.call(bag(['a']) as never), /an item must be a number, but it is 'a'/)
    await assert.rejects(bag([{}, {}]).max(), /what is compared must be a number, a string/)
    await assert.rejects(
      bag
        .range(3)
        .map(x => () => x)
        .toArray(),
      /is a function/,
    )
  })

  it('stops at a signal, and tells its progress', async () => {
    const stopping = new AbortController()
    const ends = bag([1, 2])
      .with({ signal: stopping.signal })
      .map(x => new Promise(resolve => setTimeout(resolve, 60_000, x)))
      .map(async x => x)
      .count()
    stopping.abort('enough')
    await assert.rejects(ends, CancelledError)
    await assert.rejects(bag([1]).with({ signal: stopping.signal }).count(), CancelledError)
    const told: [number, number][] = []
    await bag
      .range(9, { partitions: 3, progress: (...now) => told.push(now) })
      .distinct()
      .count()
    assert.deepEqual(told.at(-1), [6, 6])
  })

  it('refuses bad input', () => {
    const b = bag.range(3)
    const table: [() => unknown, RegExp][] = [
      [() => bag(5 as never), /source must be an array or another iterable/],
      [() => bag('abc'), /source must be/],
      [() => bag((async function* () {})() as never), /Use parallelMap for asynchronous sources/],
      [() => bag([], { partitions: 0 }), /partitions must be a whole number from 1, but it is 0/],
      [() => bag([], { partition: 1 } as never), /options must be made of .*'partition'/],
      [() => bag([], { task: { retry: 1 } as never }), /There is no option 'retry'/],
      [() => bag.range(1.5), /from and to must be whole numbers/],
      [() => b.map(5 as never), /the function must be a function or a task/],
      [() => b.repartition(1.5), /partitions must be/],
      [() => b.groupBy(x => x, { partitions: -1 }), /partitions must be/],
      [() => b.join([] as never, x => x), /the other must be a bag/],
      [
        () =>
          b.join(
            b,
            x => x,
            x => x,
            { how: 'cross' as never },
          ),
        /how must be 'inner'/,
      ],
      [() => b.concat([1] as never), /the other must be a bag/],
      [() => b.with({ signal: 5 as never }), /signal must be an AbortSignal/],
      [() => files.readLines('/nowhere/at/all'), /paths must be a file that exists, but it is '\/nowhere\/at\/all'/],
      [() => files.readLines('/nowhere/*.txt'), /paths must be a pattern of existing files/],
      [() => files.readLines(folder), /paths must be a file that exists/],
      [() => files.readLines(5 as never), /paths must be a path/],
      [() => files.readLines([], { blockBytes: 0 }), /blockBytes must be/],
      [() => files.readLines([], { encoding: 'utf16' as never }), /encoding must be/],
    ]
    for (const [call, message] of table) {
      assert.throws(call, (e: unknown) => e instanceof ArgumentError && message.test(e.message), String(message))
    }
    assert.throws(() => b.map(x => x + table.length), NotPortableError)
  })

  it('refuses numbers that are no counts', async () => {
    await assert.rejects(bag.range(3).take(-1), /n must be a whole number from 0/)
    await assert.rejects(bag.range(3).top(1.5), /n must be a whole number from 0/)
  })
})
