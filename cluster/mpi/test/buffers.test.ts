import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byte, complex128, float32, float64, int32, uint8 } from '../src/datatype/basic.ts'
import { MpiError } from '../src/errors.ts'
import { checkKept, checkNoOverlap, isData, partOf, partsOf, shareOf, typedPartsOf } from '../src/message/part.ts'

const caller = { rank: 1, name: 'world' }
const part = (data: any) => partOf(caller, 'send', 'data', data)
const refused = (errorClass: string, pattern: RegExp, does: () => unknown) =>
  assert.throws(does, error => {
    assert.ok(error instanceof MpiError, String(error))
    assert.equal(error.errorClass, errorClass)
    assert.match(error.message, /^\w+ on rank 1 of world: /)
    assert.match(error.message, pattern)
    return true
  })

test('what is a buffer, and what a value', () => {
  const x = new Float64Array(2)
  const buffers = [
    x,
    new DataView(x.buffer),
    x.buffer,
    Buffer.alloc(1),
    new SharedArrayBuffer(1),
    { buffer: x },
    { buffer: x, offset: 1 },
  ]
  for (const data of buffers) assert.ok(isData(data), String(data))
  const values = [undefined, null, 1, 'x', [], {}, [x], { buffer: x, name: 'x' }, { buffer: 'x' }, () => x, new Map()]
  for (const value of values) assert.ok(!isData(value), String(value))
})

test('a buffer becomes a view, a count and a type', () => {
  const x = Float64Array.of(0, 1, 2, 3)
  const table: [unknown, number, unknown, number][] = [
    [x, 4, float64, 0],
    [x.subarray(1), 3, float64, 8],
    [{ buffer: x, offset: 1 }, 3, float64, 8],
    [{ buffer: x, offset: 1, count: 2 }, 2, float64, 8],
    [{ buffer: x.subarray(1), offset: 1, count: 1 }, 1, float64, 16],
    [{ buffer: x, type: complex128 }, 2, complex128, 0],
    [{ buffer: x, offset: 1, type: complex128 }, 1, complex128, 8],
    [{ buffer: x, type: float64.vector(2, 1, 2) }, 1, undefined, 0],
    [{ buffer: x, offset: 4 }, 0, float64, 32],
    [x.buffer, 32, uint8, 0],
    [new DataView(x.buffer, 8), 24, byte, 8],
    [{ buffer: new DataView(x.buffer), offset: 8, type: int32 }, 6, int32, 8],
    [Buffer.alloc(3), 3, uint8, undefined!],
    [new Uint8ClampedArray(2), 2, uint8, 0],
    [new Float32Array(0), 0, float32, 0],
  ]
  for (const [data, count, type, offset] of table) {
    const made = part(data)
    assert.equal(made.count, count)
    if (type !== undefined) assert.equal(made.type, type)
    if (offset !== undefined) assert.equal(made.view.byteOffset, offset)
  }
})

test('a buffer that cannot be one is refused', () => {
  const x = new Float64Array(4)
  refused('MPI_ERR_COUNT', /count of data must be a whole number from 0 to 3, .* but it is 4/, () =>
    part({ buffer: x, offset: 1, count: 4 }),
  )
  refused('MPI_ERR_COUNT', /count/, () => part({ buffer: x, count: -1 }))
  refused('MPI_ERR_COUNT', /count/, () => part({ buffer: x, count: 1.5 }))
  refused('MPI_ERR_COUNT', /from 0 to 1/, () => part({ buffer: x, count: 2, type: float64.vector(2, 1, 2) }))
  refused('MPI_ERR_COUNT', /from 0 to 0/, () => part({ buffer: x, count: 1, type: float64.indexed([1], [4]) }))
  refused('MPI_ERR_BUFFER', /offset of data must be a whole number from 0 to 4/, () => part({ buffer: x, offset: 5 }))
  refused('MPI_ERR_TYPE', /must be a Datatype/, () => part({ buffer: x, type: 'float64' }))
  refused('MPI_ERR_BUFFER', /must be a typed array/, () => part([1, 2]))
  const freed = float64.contiguous(2)
  freed.free()
  refused('MPI_ERR_TYPE', /not freed/, () => part({ buffer: x, type: freed }))
  const gone = new Float64Array(4)
  structuredClone(gone.buffer, { transfer: [gone.buffer] })
  refused('MPI_ERR_BUFFER', /still there/, () => part(gone))
  refused('MPI_ERR_BUFFER', /still there/, () => part({ buffer: gone }))
  refused('MPI_ERR_BUFFER', /resizable/, () =>
    checkKept(caller, 'isend', new Uint8Array(new ArrayBuffer(4, { maxByteLength: 8 }))),
  )
})

test('types that reach below their origin', () => {
  const x = new Float64Array(4)
  const before = float64.indexed([1], [-1])
  refused('MPI_ERR_COUNT', /from 0 to 0/, () => part({ buffer: x, count: 1, type: before }))
  assert.equal(part({ buffer: x, offset: 1, count: 1, type: before }).count, 1)
})

test('what is sent and what is received lie apart', () => {
  const x = new Float64Array(4)
  const check = (a: any, b: any) => checkNoOverlap(caller, 'sendrecv', part(a), part(b))
  check(x.subarray(0, 2), x.subarray(2))
  check({ buffer: x, count: 2, type: float64.vector(2, 1, 2).resized(0, 8) }, x)
  refused('MPI_ERR_BUFFER', /inPlace/, () => check(x, x))
  refused('MPI_ERR_BUFFER', /inPlace/, () => check(x.subarray(0, 3), x.subarray(2)))
})

test('shares of equal size', () => {
  assert.equal(shareOf(caller, 'gather', 'recv', part(new Int32Array(6)), 3).count, 2)
  refused('MPI_ERR_COUNT', /multiple of 4/, () => shareOf(caller, 'gather', 'recv', part(new Int32Array(6)), 4))
})

test('shares of v forms: displacements are prefix sums, if they are left out', () => {
  const buffer = new Int32Array(6)
  const parts = (given: any, received = true) => partsOf(caller, 'gatherv', 'recv', given, 3, received)
  assert.deepEqual(parts({ buffer, counts: [1, 2, 3] }).displs, [0, 1, 3])
  assert.deepEqual(parts({ buffer, counts: Int32Array.of(1, 2, 3), displs: [5, 3, 0] }).displs, [5, 3, 0])
  assert.deepEqual(parts({ buffer, counts: [2, 2, 2], displs: [0, 0, 0] }, false).counts, [2, 2, 2])
  assert.deepEqual(parts({ buffer, offset: 3, counts: [1, 1, 1] }).view.byteOffset, 12)
  refused('MPI_ERR_COUNT', /list of 3 whole numbers/, () => parts({ buffer, counts: [1, 2] }))
  refused('MPI_ERR_COUNT', /counts\[1\]/, () => parts({ buffer, counts: [1, -2, 1] }))
  refused('MPI_ERR_COUNT', /share of rank 2/, () => parts({ buffer, counts: [1, 2, 4] }))
  refused('MPI_ERR_COUNT', /share of rank 0/, () => parts({ buffer, counts: [1, 1, 1], displs: [-1, 0, 1] }))
  refused('MPI_ERR_BUFFER', /ranks 0 and 1 in recv must be apart/, () =>
    parts({ buffer, counts: [2, 2, 2], displs: [0, 1, 4] }),
  )
  refused('MPI_ERR_ARG', /displs/, () => parts({ buffer, counts: [1, 1, 1], displs: [0, 1] }))
  refused('MPI_ERR_COUNT', /buffer, counts/, () => parts(buffer))
})

test('shares of w forms have types of their own, and displacements in bytes', () => {
  const buffer = new Uint8Array(16)
  const parts = (given: any) => typedPartsOf(caller, 'alltoallw', 'recv', given, 2, true)
  assert.deepEqual(parts({ buffer, counts: [1, 2], types: [float64, int32] }).displs, [0, 8])
  refused('MPI_ERR_COUNT', /share of rank 1/, () =>
    parts({ buffer, counts: [1, 1], displs: [0, 12], types: [int32, float64] }),
  )
  refused('MPI_ERR_TYPE', /list of 2 datatypes/, () => parts({ buffer, counts: [1, 1], types: [int32] }))
  refused('MPI_ERR_BUFFER', /apart/, () => parts({ buffer, counts: [1, 1], displs: [0, 4], types: [float64, int32] }))
})
