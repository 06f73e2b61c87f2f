/** What bags are made of, beside something plain. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { Random } from '@skein/base'
import { listsIn, toBlock } from '../src/bag/block.ts'
import { canonical, hashOf } from '../src/bag/key.ts'
import { KeyIndex } from '../src/bag/key-index.ts'
import { linesOf } from '../src/bag/lines.ts'
import { bag, files, stop } from '../src/index.ts'
import { seedOf } from './seed.ts'

const folder = mkdtempSync(join(tmpdir(), 'skein-bag-parts-'))
after(async () => {
  rmSync(folder, { recursive: true })
  await stop()
})

const letters = ['a', 'b', 'é', '漢', '\0', ' ']
const textOf = (random: Random, most: number): string =>
  Array.from({ length: random.integer(0, most + 1) }, () => letters[random.integer(0, letters.length)]).join('')

/** Of few letters, so that many are equal; short and long ones. */
function keyOf(random: Random): unknown {
  const kinds = [
    () => textOf(random, 3),
    () => textOf(random, 3).repeat(40),
    () => random.integer(-3, 4) / 2,
    () => BigInt(random.integer(0, 3)),
    () => [null, undefined, true, Number.NaN, -0][random.integer(0, 5)],
    () => [textOf(random, 1), random.integer(0, 3)],
    () => ({ a: textOf(random, 1) }),
  ]
  return kinds[random.integer(0, kinds.length)]()
}

describe('KeyIndex', () => {
  const same = (keys: readonly unknown[], seed?: number) => {
    const index = new KeyIndex()
    const plain = new Map<unknown, number>()
    for (const key of keys) {
      const name = canonical(key)
      assert.equal(index.find(key), plain.get(name) ?? -1, `seed ${seed}`)
      if (!plain.has(name)) plain.set(name, plain.size)
      assert.equal(index.enter(key), plain.get(name), `seed ${seed}`)
    }
    for (const key of keys) assert.equal(index.find(key), plain.get(canonical(key)), `seed ${seed}`)
    // A Map makes -0 a 0; here the key stays as it came.
    assert.deepEqual(new Map(index.keys.map((key, number) => [canonical(key), number])), plain)
  }

  it('numbers keys in the order in which they come', t => {
    const { seed } = seedOf(t)
    const random = new Random(seed)
    for (let round = 0; round < 50; round++) {
      same(
        Array.from({ length: random.integer(0, 1000) }, () => keyOf(random)),
        seed,
      )
    }
    same(Array.from({ length: 20_000 }, (_, i) => `${i % 15_000}`))
  })

  it('keeps apart strings that want the same place', () => {
    const keys: string[] = []
    for (let i = 0; keys.length < 150; i++) if ((hashOf(`${i}`) & 0xfff) === 7) keys.push(`${i}`)
    same([...keys, ...keys, 'a', 'b'])
  })
})

describe('blocks', () => {
  it('give back what was put into each bucket', t => {
    const { seed } = seedOf(t)
    const random = new Random(seed)
    const makers: (() => unknown)[] = [
      () => random.uniform() - 0.5,
      () => 'ab'.repeat(random.integer(0, 20)),
      () => textOf(random, 20),
      () => keyOf(random),
      () => [1, { a: textOf(random, 3) }],
    ]
    for (let round = 0; round < 200; round++) {
      const borders = [0]
      for (let buckets = random.integer(1, 6); buckets > 0; buckets--) {
        borders.push(borders.at(-1)! + random.integer(0, 5))
      }
      const lists = Array.from({ length: random.integer(1, 3) }, () => {
        const make = makers[random.integer(0, makers.length)]
        return Array.from({ length: borders.at(-1)! }, make)
      })
      const block = toBlock({ lists, borders })
      borders.slice(1).forEach((to, bucket) => {
        const expected = lists.map(list => list.slice(borders[bucket], to))
        assert.deepStrictEqual(listsIn(block, bucket), expected, `seed ${seed}`)
      })
    }
  })
})

describe('lines', () => {
  it('go over the borders of what is read at a time', t => {
    const { seed } = seedOf(t)
    const random = new Random(seed)
    const path = join(folder, 'lines.txt')
    for (let round = 0; round < 10; round++) {
      const most = [100, 70_000, 300_000][round % 3]
      const lines = Array.from({ length: 1 + 500_000 / most }, () => 'xé'.repeat(random.integer(0, most) / 2))
      writeFileSync(path, lines.join('\n'))
      const bytes = Buffer.byteLength(lines.join('\n'))
      if (lines.at(-1) === '') lines.pop()
      const middle = random.integer(0, bytes)
      const found = [
        [0, middle],
        [middle, bytes],
      ].flatMap(([from, to]) => [...linesOf({ path, from, to, encoding: 'utf8' })].flat())
      assert.deepEqual(found, lines, `seed ${seed}, round ${round}, cut at ${middle}`)
    }
  })

  it('end where a file ends that has become shorter', () => {
    const path = join(folder, 'shorter.txt')
    writeFileSync(path, 'a\nbc')
    assert.deepEqual([...linesOf({ path, from: 0, to: 1000, encoding: 'utf8' })].flat(), ['a', 'bc'])
    assert.deepEqual([...linesOf({ path, from: 500, to: 1000, encoding: 'utf8' })].flat(), [])
  })

  it('are in partitions that follow from the size of their files', () => {
    const path = join(folder, 'large.txt')
    const [KiB, MiB] = [1 << 10, 1 << 20]
    for (const [bytes, partitions] of [
      [0, 0],
      [1, 1],
      [64 * KiB, 1],
      [64 * KiB + 1, 2],
      [MiB, 16],
      [10 * MiB, 16],
      [80 * MiB, 20],
      [256 * MiB, 64],
      [2048 * MiB, 64],
      [4096 * MiB, 128],
    ]) {
      writeFileSync(path, '')
      truncateSync(path, bytes)
      assert.equal(files.readLines(path).inputs().length, partitions, `${bytes} bytes`)
    }
    rmSync(path)
  })
})

describe('a count by a bag', () => {
  it('is what a loop counts', async t => {
    const { seed } = seedOf(t)
    const random = new Random(seed)
    const path = join(folder, 'words.txt')
    const words = Array.from({ length: 300 }, () => textOf(random, 40).replace(/[ \n]/g, '-'))
    for (let round = 0; round < 12; round++) {
      const lines = Array.from({ length: random.integer(1, 2000) }, () =>
        Array.from({ length: random.integer(0, 6) }, () => words[random.integer(0, words.length)]).join(' '),
      )
      writeFileSync(path, lines.map(line => `${line}\n`).join(''))
      const expected = new Map<string, number>()
      for (const line of lines) {
        for (const word of line.split(' ')) expected.set(word, (expected.get(word) ?? 0) + 1)
      }
      const [blockBytes, partitions] = [1 + random.integer(0, 20_000), random.integer(1, 9)]
      const counts = bag(files.readLines(path, { blockBytes }))
        .flatMap(line => line.split(' '))
        .frequencies({ partitions })
      const told = `seed ${seed}, round ${round}`
      const [some, again] = [await counts.toArray(), await counts.toArray()]
      assert.deepEqual(new Map(some), expected, told)
      assert.equal(some.length, expected.size, told)
      assert.deepEqual(again, some, told)
      const lengths = await counts
        .foldBy(
          ([word]) => word.length,
          0,
          (sum, [, n]) => sum + n,
          (a, b) => a + b,
        )
        .toArray()
      const byLength = new Map<number, number>()
      for (const [word, n] of expected) byLength.set(word.length, (byLength.get(word.length) ?? 0) + n)
      assert.deepEqual(new Map(lengths), byLength, told)
    }
  })
})
