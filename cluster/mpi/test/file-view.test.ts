/** Which bytes of a file a view shows, against type maps. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { byte, float64, int32 } from '../src/datatype/basic.ts'
import type { Datatype } from '../src/datatype/datatype.ts'
import { kinds } from '../src/datatype/kinds.ts'
import { MpiError } from '../src/errors.ts'
import { convertExternal32 } from '../src/file/external32.ts'
import { checkedMode } from '../src/file/mode.ts'
import { FileMap } from '../src/file/view.ts'
import { randomTypes } from './random-types.ts'
import { seedOf } from './seed.ts'
import { boundsOf, typeMapOf } from './type-map.ts'

/** The bytes of one tile's data, one by one. */
const bytesOf = (filetype: Datatype): number[] =>
  typeMapOf(filetype).flatMap(({ is, displ }) =>
    is === 'lb' || is === 'ub' ? [] : Array.from({ length: kinds[is].size }, (_, i) => displ + i),
  )

describe('views', () => {
  test('of random types', t => {
    const isFiletype = (type: Datatype) => type.size > 0 && type.size < 500 && type.extent > 0 && type.trueLb >= 0
    fc.assert(
      fc.property(
        randomTypes(2).filter(isFiletype),
        fc.nat(100),
        fc.nat(300),
        fc.nat(200),
        (filetype, displacement, at, length) => {
          const map = new FileMap({ displacement, etype: byte, filetype, datarep: 'native' })
          const tile = bytesOf(filetype)
          const { extent } = boundsOf(typeMapOf(filetype))
          const place = (i: number) => displacement + Math.floor(i / tile.length) * extent + tile[i % tile.length]
          const wanted = Array.from({ length }, (_, i) => place(at + i))
          assert.equal(map.byteOf(at), place(at))
          const found: number[] = []
          let end = Number.NaN
          map.each(at, length, (from, n) => {
            assert.ok(n > 0 && from !== end, 'runs that touch are one')
            end = from + n
            for (let i = 0; i < n; i++) found.push(from + i)
          })
          assert.deepEqual(found, wanted)
          const eof = displacement + (at % (4 * extent))
          let before = 0
          while (place(before) < eof) before++
          assert.equal(map.bytesBefore(eof), before)
          const all = Array.from({ length: 2 * tile.length }, (_, i) => place(i))
          assert.equal(
            map.isOrdered,
            all.every((b, i) => i === 0 || b > all[i - 1]),
          )
        },
      ),
      seedOf(t),
    )
  })

  test('the end of a file in a view', () => {
    const map = new FileMap({
      displacement: 4,
      etype: int32,
      filetype: int32.vector(2, 1, 2).resized(0, 16),
      datarep: 'native',
    })
    const table: [bytes: number, etypes: number][] = [
      [0, 0],
      [4, 0],
      [5, 1],
      [8, 1],
      [12, 1],
      [13, 2],
      [16, 2],
      [20, 2],
      [24, 3],
    ]
    for (const [bytes, etypes] of table) assert.equal(map.etypesBefore(bytes), etypes, `${bytes} bytes`)
    assert.deepEqual([map.isOrdered, map.runBytes, map.isContiguous], [true, 4, false])
  })
})

test('external32, there and back', () => {
  const pair = float64.contiguous(1)
  const table: [Datatype, Uint8Array][] = [
    [byte, Uint8Array.of(1, 2, 3)],
    [int32, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)],
    [pair, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)],
  ]
  const swapped = [
    [1, 2, 3],
    [4, 3, 2, 1, 8, 7, 6, 5],
    [8, 7, 6, 5, 4, 3, 2, 1],
  ]
  table.forEach(([type, bytes], i) => {
    const copy = bytes.slice()
    convertExternal32(copy, type.layout.root)
    assert.deepEqual([...copy], swapped[i])
    convertExternal32(copy, type.layout.root)
    assert.deepEqual(copy, bytes)
  })
})

test('modes', () => {
  const caller = { rank: 0, name: 'x' }
  const of = (mode: any) => checkedMode(caller, 'openFile', mode)
  assert.deepEqual(of('w+'), { flags: ['create', 'rdwr'], isEmptied: true })
  assert.deepEqual(of(['rdwr', 'create', 'rdwr']), { flags: ['rdwr', 'create'], isEmptied: false })
  for (const mode of ['rb', 'toString', {}, [], ['rdwr', undefined], ['rdwr', 'RDONLY']])
    assert.throws(
      () => of(mode),
      (error: unknown) => error instanceof MpiError && error.errorClass === 'MPI_ERR_AMODE',
    )
})
