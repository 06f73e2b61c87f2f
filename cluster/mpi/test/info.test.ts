import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Intracomm } from '../src/comm/communicators.ts'
import { MpiError } from '../src/errors.ts'
import { hintsOf } from '../src/info.ts'
import { loopback } from './loopback.ts'

const caller = { rank: 1, name: 'world' }
const refused = (errorClass: string, info: unknown) =>
  assert.throws(
    () => hintsOf(caller, 'dup', info as any),
    error =>
      error instanceof MpiError && error.errorClass === errorClass && /^dup on rank 1 of world: /.test(error.message),
  )

test('hints are strings by name', () => {
  assert.equal(hintsOf(caller, 'dup', undefined).size, 0)
  const given = { cb_nodes: 2, romio_ds_write: 'disable', fast: true, empty: '' }
  const hints = [...hintsOf(caller, 'dup', given)]
  assert.deepEqual(hints, [
    ['cb_nodes', '2'],
    ['romio_ds_write', 'disable'],
    ['fast', 'true'],
    ['empty', ''],
  ])
  assert.equal(hintsOf(caller, 'dup', Object.assign(Object.create(null), { a: 1 })).get('a'), '1')
})

test('what is no hint is refused', () => {
  for (const info of [null, 1, 'x', [], new Map(), () => 0, new Date()]) refused('MPI_ERR_INFO', info)
  for (const key of ['', ' ', 'a\0b', 'k'.repeat(255)]) refused('MPI_ERR_INFO_KEY', { [key]: 1 })
  for (const value of [undefined, null, Number.NaN, Infinity, {}, ['x'], 1n, 'a\0b', 'v'.repeat(1024), 'ä'.repeat(600)])
    refused('MPI_ERR_INFO_VALUE', { key: value })
  assert.equal(hintsOf(caller, 'dup', { ['k'.repeat(254)]: 'v'.repeat(1023) }).size, 1)
})

test('a duplicate has the hints that it was given, or those of what it is of', () => {
  const engine = loopback()
  const comm = new Intracomm(engine.world, engine, 'world')
  assert.equal(comm.info.size, 0)
  const copy = comm.dup({ info: { fast: true } })
  assert.deepEqual([...copy.info], [['fast', 'true']])
  assert.deepEqual([...copy.dup().info], [['fast', 'true']])
  assert.deepEqual([...copy.dup({ info: {} }).info], [])
})
