/** How numbers lie in a file: as in memory, or in external32, which is big-endian. */

import { readFileSync } from 'node:fs'
import { byte, complex64, type Datatype, float32, float64, int16, int32, int64, type Memory, world } from '@skein/mpi'
import { assert, ok, rank, size } from './check.ts'
import { scratch } from './scratch.ts'

const { at, end } = scratch()
const file = world.openFile(at('numbers'), 'w+')
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** Each rank's share of `data`, as it should lie in the file. */
function check(etype: Datatype, data: Memory & ArrayBufferView, expected: string): void {
  const bytes = data.byteLength
  for (const datarep of ['external32', 'native', 'internal'] as const) {
    file.setView(bytes * rank, etype, etype, { datarep })
    assert.equal(file.view.datarep, datarep)
    assert.equal(file.writeAtAll(0, { buffer: data, type: etype }).bytes, bytes)
    file.sync()
    const native = hex(new Uint8Array(data.buffer, data.byteOffset, bytes))
    const wanted = datarep === 'external32' ? expected : native
    // An internal representation is the library's own affair.
    if (datarep !== 'internal') assert.equal(readFileSync(at('numbers'), 'hex'), wanted.repeat(size))
    const back = new Uint8Array(bytes)
    assert.equal(file.readAt(0, { buffer: new DataView(back.buffer), type: etype }).bytes, bytes)
    assert.equal(hex(back), native)
    world.barrier()
  }
  file.setSize(0)
}

check(byte, new DataView(Uint8Array.of(1, 2, 3).buffer), '010203')
check(int16, Int16Array.of(1, -2), '0001fffe')
check(int32, Int32Array.of(1, -2), '00000001fffffffe')
check(int64, BigInt64Array.of(1n, -2n), '0000000000000001fffffffffffffffe')
check(float32, Float32Array.of(1.5), '3fc00000')
check(float64, Float64Array.of(1.5, -2), '3ff8000000000000c000000000000000')
check(complex64, new DataView(Float32Array.of(1.5, -2).buffer), '3fc00000c0000000')

// Through a view with gaps, from elements with gaps.
file.setView(0, int32, int32.resized(0, 8), { datarep: 'external32' })
if (rank === 0) {
  file.writeAt(0, { buffer: Int32Array.of(1, 9, 2, 9, 3), type: int32.vector(3, 1, 2), count: 1 })
  assert.equal(readFileSync(at('numbers'), 'hex').replace(/(.{8}).{8}/g, '$1'), '000000010000000200000003')
  const back = new Int32Array(4)
  assert.equal(file.readAt(1, back).count, 2)
  assert.deepEqual([...back], [2, 3, 0, 0])
}
file.close()

end()
ok('file-representations')
