import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AssemblerError, ByteWriter } from '../src/wasm/encode/index.ts'
import { ByteReader } from '../src/wasm/encode/reader.ts'

const written = (write: (w: ByteWriter) => void): Uint8Array => {
  const writer = new ByteWriter(1)
  write(writer)
  return writer.toBytes()
}

/** LEB128 as the standard defines it, on big integers: the slow and plain one. */
function lebOracle(value: bigint, signed: boolean): number[] {
  const bytes: number[] = []
  for (let rest = value; ; ) {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    const last = signed ? (rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40) : rest === 0n
    bytes.push(last ? low : low | 0x80)
    if (last) return bytes
  }
}

test('LEB128 at the edges of each length', () => {
  for (let bit = 0; bit <= 52; bit++) {
    for (const value of [2 ** bit - 1, 2 ** bit, 2 ** bit + 1]) {
      assert.deepEqual([...written(w => w.unsigned(value))], lebOracle(BigInt(value), false), `unsigned ${value}`)
    }
  }
  for (let bit = 0n; bit <= 63n; bit++) {
    for (const magnitude of [(1n << bit) - 1n, 1n << bit, (1n << bit) + 1n]) {
      for (const value of [magnitude, -magnitude]) {
        const in64 = BigInt.asIntN(64, value)
        if (value >= -(1n << 63n)) {
          assert.deepEqual([...written(w => w.signed64(value))], lebOracle(in64, true), `signed64 ${value}`)
        }
        if (value >= -(1n << 31n) && value < 1n << 32n) {
          const in32 = BigInt.asIntN(32, value)
          assert.deepEqual([...written(w => w.signed32(Number(value)))], lebOracle(in32, true), `signed32 ${value}`)
        }
      }
    }
  }
})

test('LEB128 of any number is the oracle’s, and reads back', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.integer(), fc.bigInt({ min: -(1n << 63n), max: (1n << 64n) - 1n }), (u, i, b) => {
      const bytes = written(w => {
        w.unsigned(u)
        w.signed32(i)
        w.signed64(b)
        w.signed64(u)
      })
      const in64 = BigInt.asIntN(64, b)
      assert.deepEqual(
        [...bytes],
        [
          ...lebOracle(BigInt(u), false),
          ...lebOracle(BigInt(i), true),
          ...lebOracle(in64, true),
          ...lebOracle(BigInt(u), true),
        ],
      )
      const reader = new ByteReader(bytes)
      assert.equal(reader.unsigned(), u)
      assert.equal(reader.signed(), BigInt(i))
      assert.equal(reader.signed(), in64)
      assert.equal(reader.signed(), BigInt(u))
      reader.finish('the numbers')
    }),
  )
})

test('what no LEB128 can say is refused', () => {
  const refused: [string, (w: ByteWriter) => void][] = [
    ['-1 unsigned', w => w.unsigned(-1)],
    ['1.5 unsigned', w => w.unsigned(1.5)],
    ['2^53 unsigned', w => w.unsigned(2 ** 53)],
    ['NaN unsigned', w => w.unsigned(Number.NaN)],
    ['2^32 as i32', w => w.signed32(2 ** 32)],
    ['-2^31 - 1 as i32', w => w.signed32(-(2 ** 31) - 1)],
    ['0.5 as i32', w => w.signed32(0.5)],
    ['2^53 as i64 number', w => w.signed64(2 ** 53)],
    ['2^64 as i64', w => w.signed64(1n << 64n)],
    ['-2^63 - 1 as i64', w => w.signed64(-(1n << 63n) - 1n)],
  ]
  for (const [what, write] of refused) assert.throws(() => written(write), AssemblerError, what)
})

test('floats keep their bits', () => {
  const bits32 = [0, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001, 1, 0x00800000, 0x3f800001]
  for (const bits of bits32) {
    const value = new Float32Array(Uint32Array.of(bits).buffer)[0]
    assert.deepEqual(
      written(w => w.f32(value)),
      new Uint8Array(Uint32Array.of(bits).buffer),
    )
  }
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), bits => {
      const value = new Float64Array(BigUint64Array.of(bits).buffer)[0]
      fc.pre(!Number.isNaN(value))
      assert.deepEqual(
        written(w => w.f64(value)),
        new Uint8Array(BigUint64Array.of(bits).buffer),
      )
    }),
  )
})

test('a writer grows from one byte and keeps what it has', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), chunks => {
      const bytes = written(w => {
        for (const chunk of chunks) w.bytes(chunk)
      })
      assert.deepEqual(
        [...bytes],
        chunks.flatMap(chunk => [...chunk]),
      )
    }),
  )
})
