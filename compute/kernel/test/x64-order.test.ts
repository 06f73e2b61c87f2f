/** Words in order, and picked out of rows, by machine code: lengths and spreads of all kinds, between pages that nobody may touch, against the engine's own sorting and plain loops. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '@skein/base'
import { changesOf, placesOfTruths, sortWords } from '../src/order.ts'
import { sortWords as sortWith } from '../src/x64/order/sort.ts'
import type { WordKind } from '../src/x64/order/words.ts'
import { Rooms } from './x64-rooms.ts'
import { noAvx512 } from './x64-run.ts'

process.env.SKEIN_THREADS ??= '3'

const skip = noAvx512() ?? false
const seed = Number(process.env.SEED ?? 4712)
const random = new Random(seed)
const below = (n: number) => Math.floor(random.uniform() * n)
const rooms = new Rooms(300, 2)

type Elements = Float32Array | Float64Array | Int32Array | Uint32Array | BigInt64Array | BigUint64Array
const types = [
  ['float', Float32Array],
  ['float', Float64Array],
  ['signed', Int32Array],
  ['signed', BigInt64Array],
  ['unsigned', Uint32Array],
  ['unsigned', BigUint64Array],
] as unknown as [WordKind, Float64ArrayConstructor][]

/** Fractions as they may be spread. */
const spreads: Record<string, (k: number, n: number) => number> = {
  even: () => random.uniform() - 0.5,
  'a few': () => below(3) / 4,
  one: () => 0.75,
  up: (k, n) => k / n,
  down: (k, n) => -k / n,
  saw: (k, n) => ((k * 8) % n) / n,
  'mostly one': () => (below(50) === 0 ? random.uniform() : 0.5),
  'all kinds': () => [NaN, -0, 0, Infinity, -Infinity, random.uniform(), -1][below(7)],
}

function filled(to: Elements, kind: WordKind, value: (k: number, n: number) => number): Elements {
  const scale = kind === 'float' ? 1 : 2 ** 30
  for (let k = 0; k < to.length; k++) {
    const v = value(k, to.length)
    const whole = Number.isFinite(v) ? Math.round(v * scale) : 0
    to[k] = (kind === 'float' ? v : typeof to[0] === 'bigint' ? BigInt(whole) * 77_777n : whole) as never
  }
  return to
}

const wordsOf = (x: Elements) =>
  x.BYTES_PER_ELEMENT === 4
    ? new Uint32Array(x.buffer, x.byteOffset, x.length)
    : new BigUint64Array(x.buffer, x.byteOffset, x.length)

function inOrder(x: Elements, descending: boolean): Elements {
  const sorted = x.slice().sort() as Float64Array
  if (!descending) return sorted
  if (x instanceof BigInt64Array || x instanceof BigUint64Array) return sorted.reverse()
  const numbers = sorted.filter(v => !Number.isNaN(v)).reverse()
  const all = new (x.constructor as Float64ArrayConstructor)(x.length).fill(NaN as never)
  all.set(numbers)
  return all
}

function agree(found: Elements, wanted: Elements, about: string): void {
  for (let k = 0; k < wanted.length; k++)
    if (!Object.is(found[k], wanted[k])) assert.fail(`${about}: ${found[k]} at ${k}, not ${wanted[k]}; seed ${seed}`)
}

for (const [kind, Type] of types) {
  test(`short rows of ${Type.name}, seed ${seed}`, { skip }, () => {
    const names = Object.keys(spreads)
    for (let length = 0; length <= 280; length += 1 + below(3)) {
      const name = names[below(names.length)]
      const x = filled(rooms.guarded(Type, Type.BYTES_PER_ELEMENT, length, below(2) === 0), kind, spreads[name])
      const descending = below(2) === 0
      const wanted = inOrder(x, descending)
      const to = below(2) ? x : rooms.guarded(Type, Type.BYTES_PER_ELEMENT, length, below(2) === 0)
      sortWords(wordsOf(x), wordsOf(to), { kind, descending })
      agree(to, wanted, `${name}, ${length}${descending ? ' descending' : ''}`)
    }
  })
  test(`long rows of ${Type.name}, seed ${seed}`, { skip }, () => {
    for (const name of Object.keys(spreads)) {
      for (const length of [3000, 16_384, 16_385, 100_001]) {
        const x = filled(rooms.guarded(Type, Type.BYTES_PER_ELEMENT, length, below(2) === 0), kind, spreads[name])
        const descending = below(2) === 0
        const wanted = inOrder(x, descending)
        const words = wordsOf(x)
        const type = { bytes: Type.BYTES_PER_ELEMENT as 4 | 8, kind, descending }
        // Without patience pivots are halfway between the least key and the largest from the beginning.
        sortWith(words, words, type, below(2) === 0 ? 0 : undefined)
        agree(x, wanted, `${name}, ${length}${descending ? ' descending' : ''}`)
      }
    }
  })
}

test('what does not go together is refused', { skip }, () => {
  const [short, wide] = [new Uint32Array(4), new BigUint64Array(4)]
  assert.throws(() => sortWords(short, new Uint32Array(3), { kind: 'signed' }), { name: 'ArgumentError' })
  assert.throws(() => sortWords(short, wide, { kind: 'signed' }), { name: 'ArgumentError' })
})

test(`places of bytes, seed ${seed}`, { skip }, () => {
  for (const length of [0, 1, 15, 16, 17, 63, 64, 65, 1000, 32_768, 32_769, 200_001]) {
    for (const share of [0, 1, 50, 100]) {
      const x = rooms.guarded(Uint8Array, 1, length, below(2) === 0)
      for (let k = 0; k < length; k++) x[k] = below(100) < share ? 1 + below(255) : 0
      const wanted = Array.from(x.keys()).filter(k => x[k] !== 0)
      const found = placesOfTruths(x, count => rooms.guarded(Int32Array, 4, count, true))
      assert.deepEqual(Array.from(found), wanted, `${length} bytes, ${share} in a hundred`)
    }
  }
})

for (const [kind, Type] of types) {
  test(`different words of ${Type.name}, seed ${seed}`, { skip }, () => {
    for (const length of [0, 1, 2, 8, 9, 16, 17, 1000, 32_769, 100_001]) {
      for (const name of ['a few', 'one', 'all kinds', 'up']) {
        const x = filled(rooms.guarded(Type, Type.BYTES_PER_ELEMENT, length, below(2) === 0), kind, spreads[name])
        const wanted = x.filter((v: unknown, k: number) => k === 0 || v !== x[k - 1]) as Float64Array
        const found = changesOf(wordsOf(x), kind, count =>
          wordsOf(rooms.guarded(Type, Type.BYTES_PER_ELEMENT, count, true)),
        )
        assert.equal(found.length, wanted.length, `${length}, ${name}`)
        agree(new Type(found.buffer as ArrayBuffer, found.byteOffset, found.length), wanted, `${length}, ${name}`)
      }
    }
  })
}
