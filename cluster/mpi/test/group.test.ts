import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ArgumentError } from '@skein/base'
import { dims, Grid } from '../src/comm/grid.ts'
import { Group } from '../src/comm/group.ts'
import { procNull } from '../src/constants.ts'

const group = (...members: number[]) => new Group(members, 2)

test('operations of groups keep the order of the first', () => {
  const a = group(3, 1, 2)
  const b = group(2, 4, 3)
  assert.deepEqual(a.union(b).members, [3, 1, 2, 4])
  assert.deepEqual(a.intersection(b).members, [3, 2])
  assert.deepEqual(a.difference(b).members, [1])
  assert.deepEqual(a.incl([2, 0]).members, [2, 3])
  assert.deepEqual(a.excl([1]).members, [3, 2])
  assert.equal(a.rank, 2)
  assert.equal(a.excl([2]).rank, undefined)
  assert.equal(Group.empty.union(a).rank, 2)
})

test('ranges', () => {
  const ten = group(...Array.from({ length: 10 }, (_, i) => i))
  assert.deepEqual(
    ten.rangeIncl([
      [1, 7, 3],
      [9, 8, -1],
    ]).members,
    [1, 4, 7, 9, 8],
  )
  assert.deepEqual(ten.rangeExcl([[0, 8, 2]]).members, [1, 3, 5, 7, 9])
  assert.throws(() => ten.rangeIncl([[0, 4, 0]]), ArgumentError)
  assert.throws(() => ten.rangeIncl([[0, 10]]), ArgumentError)
  assert.throws(() => ten.incl([1, 1]), ArgumentError)
})

test('ranks of one group in another, and how groups compare', () => {
  const a = group(5, 6, 7)
  assert.deepEqual(a.translateRanks([0, 2, 0], group(7, 5)), [1, 0, 1])
  assert.deepEqual(a.translateRanks([1], group(7, 5)), [undefined])
  assert.equal(a.compare(group(5, 6, 7)), 'identical')
  assert.equal(a.compare(group(7, 6, 5)), 'similar')
  assert.equal(a.compare(group(5, 6, 8)), 'unequal')
})

test('places of a grid', () => {
  const grid = new Grid([2, 3], [false, true])
  for (let rank = 0; rank < 6; rank++) assert.equal(grid.rankOf(grid.coords(rank)), rank)
  assert.deepEqual(grid.coords(4), [1, 1])
  assert.equal(grid.rankOf([1, -1]), 5)
  assert.equal(grid.rankOf([2, 0]), undefined)
  assert.equal(grid.step(0, 0, -1), procNull)
  assert.equal(grid.step(0, 1, -1), 2)
  assert.deepEqual(grid.neighbors(3), [0, procNull, 5, 4])
})

test('dimensions as near to each other as can be', () => {
  const table: [number, number | number[], number[]][] = [
    [6, 2, [3, 2]],
    [7, 2, [7, 1]],
    [12, 3, [3, 2, 2]],
    [36, 2, [6, 6]],
    [24, 3, [4, 3, 2]],
    [6, [0, 3, 0], [2, 3, 1]],
    [1, 2, [1, 1]],
    [8, [8], [8]],
    [64, 4, [4, 4, 2, 2]],
  ]
  for (const [ranks, given, expected] of table) assert.deepEqual(dims(ranks, given), expected)
  assert.throws(() => dims(6, [4, 0]), ArgumentError)
  assert.throws(() => dims(6, [2, 2]), ArgumentError)
  assert.throws(() => dims(0, 2), ArgumentError)
})
