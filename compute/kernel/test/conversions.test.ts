/** Floats to integers of 32 bits, at every power of two and beside it: in lanes, alone, and by `|`, `>>>`, stores and indices. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Random } from '@skein/base'
import type { BackendOptions, Outcome } from '../src/backend.ts'
import { compileProgram } from '../src/compile.ts'
import { parseFunction } from '../src/front/source.ts'
import { atomic, IndexError, kernel } from '../src/index.ts'
import { bindArguments, type Definition, lowerFor, typesOf } from '../src/specialise.ts'
import { wasm } from '../src/wasm/index.ts'
import { runHere } from './backends.ts'
import { launchOf, to } from './kernels.ts'

type Floats = Float32Array | Float64Array

/** Neighbours of powers of two, whole and not, of both signs; what is no number; and any bits. */
function values(Type: Float32ArrayConstructor | Float64ArrayConstructor): Floats {
  const list = [0, NaN, Infinity, 0.4999999999999999, 0.5, 0.9999999999999999, 1e300, 5e-324, 1e-40]
  for (let e = -2; e < 120; e++) {
    const x = 2 ** e
    list.push(x, x + 0.5, x - 0.5, x + 1, x - 1, x * (1 + 2 ** -23), x * (1 - 2 ** -24), x * (1 + 2 ** -52), x * 1.5)
  }
  for (let k = 0; k < 40; k++) list.push(k * 2 ** 32 + 2 ** 31 - 0.5, k * 2 ** 32 - 7, k * 2 ** 31 + 0.75)
  const edges = Type.from(list.flatMap(x => [x, -x]))
  const bits = new Uint32Array(2000)
  const random = new Random(7)
  for (let i = 0; i < bits.length; i++) bits[i] = random.u32()
  const all = new Type(edges.length + bits.byteLength / Type.BYTES_PER_ELEMENT)
  all.set(edges)
  all.set(new Type(bits.buffer), edges.length)
  return all
}

const floats = (
  Type: Float32ArrayConstructor | Float64ArrayConstructor,
  n: number,
  of: (i: number) => number,
): Floats => new Type(Array.from({ length: n }, (_, i) => of(i)))

/** Runs a kernel on wasm in strips of so many lanes. */
function inLanes(fn: Function, lanes: number, n: number, args: unknown[]): Outcome {
  const options = { float: 'f64' as const, fast: false, unsafe: false }
  const d: Definition = {
    ...options,
    kind: 'kernel',
    fn: parseFunction(fn, 'test'),
    use: { atomic },
    call: 'test',
    operator: undefined,
  }
  const types = typesOf(d, args)
  const { lowered } = lowerFor(d, types, undefined)
  const program = compileProgram(lowered.ir, undefined, wasm, { ...options, source: [], lanes } as BackendOptions)
  const launch = launchOf([to(n)], [])
  bindArguments(types, args, { bound: lowered.bound } as any, launch)
  try {
    return program.run(launch)
  } finally {
    program.dispose()
  }
}

const toInt = (i: number, x: Floats, out: Int32Array) => {
  out[i] = x[i] | 0
}
const toUnsigned = (i: number, x: Floats, out: Uint32Array) => {
  out[i] = x[i] >>> 0
}
const toStored = (i: number, x: Floats, out: Int32Array) => {
  out[i] = x[i]
}

for (const Type of [Float32Array, Float64Array]) {
  describe(`${Type.name} to 32 bits`, () => {
    const x = values(Type)
    const n = x.length
    for (const [name, fn] of Object.entries({ toInt, toUnsigned, toStored })) {
      it(name, () => {
        const convert = kernel(fn as any)
        const Out = name === 'toUnsigned' ? Uint32Array : Int32Array
        const expected = new Out(n)
        for (let i = 0; i < n; i++) fn(i, x, expected as any)
        const agrees = (how: string, run: (out: any) => void) => {
          const out = new Out(n)
          run(out)
          for (let i = 0; i < n; i++) assert.equal(out[i], expected[i], `${x[i]}, ${how}`)
        }
        agrees('reference', out => convert.on('reference')(n, x, out))
        agrees('lanes', out => convert(n, x, out))
        agrees('one by one', out => {
          for (let i = 0; i < n; i++) convert({ begin: i, end: i + 1 }, x, out)
        })
      })
    }

    it('one value that is out of range beside fifteen that are not', () => {
      const convert = kernel(toInt as any)
      for (let at = 0; at < 16; at++) {
        for (const odd of [
          2 ** 31,
          -(2 ** 31),
          -(2 ** 31) - 1,
          2 ** 31 - 1,
          2 ** 32 + 5,
          1e20,
          -1e20,
          NaN,
          -Infinity,
        ]) {
          const x = floats(Type, 16, i => (i === at ? odd : 100.5 - i * 17.25))
          const out = new Int32Array(16)
          convert(16, x, out)
          assert.deepEqual(out, Int32Array.from(x), `${odd} in lane ${at}`)
        }
      }
    })

    it('as an index: what is none is an error', () => {
      const at = kernel((i, x: Floats, out: Int32Array) => {
        out[Math.floor(x[i])] = i + 1
      })
      for (const backend of runHere) {
        for (const bad of [-1, -0.25, 16, 2 ** 31, 2 ** 32, -(2 ** 32), 1e30, -1e30, NaN, Infinity, -Infinity]) {
          const x = floats(Type, 16, i => (i === 5 ? bad : i + 0.75))
          assert.throws(() => at.on(backend)(16, x, new Int32Array(16)), { name: 'IndexError' }, `${bad} on ${backend}`)
        }
        const out = new Int32Array(16)
        const x = floats(Type, 16, i => 15.75 - i)
        at.on(backend)(16, x, out)
        assert.deepEqual(
          out,
          Int32Array.from({ length: 16 }, (_, i) => 16 - i),
        )
      }
    })

    // The check of an access finds the lanes that were only truncated and must be taken modulo 2^32.
    const accesses: { [name: string]: string } = {
      read: 'out[i] = table[x[i] | 0]',
      'read by some lanes': 'if (i % 3 !== 1) out[i] = table[x[i] | 0]',
      written: 'out[x[i] | 0] = i',
      'written by some lanes': 'if (i % 3 !== 1) out[x[i] | 0] = i',
      'changed and read back': 'out[x[i] | 0] += table[x[i] | 0]',
      'counted atomically': 'atomic.add(out, x[i] | 0, i)',
      'an old value': 'out[i] = atomic.exchange(table, x[i] | 0, i)',
      private: 'const own = new Int32Array(64); own[x[i] | 0] = i; out[i] = own[5] + own[x[i] | 0]',
      'used besides': 'const k = x[i] | 0; out[k] = k',
    }
    for (const [name, text] of Object.entries(accesses)) {
      it(`as an index modulo 2^32: ${name}`, () => {
        const fn = new Function('atomic', `return (i, x, table, out) => { ${text} }`)(atomic)
        const k = kernel(fn, { use: { atomic } }) as any
        const tables = () => [Int32Array.from({ length: 64 }, (_, i) => i * 3), new Int32Array(64)]
        for (const shift of [0, 2 ** 31, 2 ** 32, -(2 ** 32), 2 ** 33, 2 ** 52]) {
          // Each index once, some of them beyond 32 bits where the type has room for it.
          const x = floats(Type, 64, i => (i * 5) % 64)
          for (const at of [0, 3, 20, 21, 63]) {
            const far = floats(Type, 1, () => x[at] + shift)[0]
            if ((far | 0) === x[at]) x[at] = far
          }
          const plain = tables()
          for (let i = 0; i < 64; i++) fn(i, x, ...plain)
          for (const lanes of [undefined, 1, 4, 16]) {
            const found = tables()
            if (lanes === undefined) k.on('reference')(64, x, ...found)
            else assert('value' in inLanes(fn, lanes, 64, [x, ...found]))
            assert.deepEqual(found, plain, `${lanes ?? 'no'} lanes`)
          }
        }
        for (const [far, index] of [
          [2 ** 32 + 2 ** 20, 2 ** 20],
          [-1, -1],
          [2 ** 31, -(2 ** 31)],
          [-(2 ** 40) - 2 ** 30, -(2 ** 30)],
        ]) {
          const x = floats(Type, 64, i => (i === 37 ? NaN : i === 44 ? far : i))
          assert.throws(
            () => k.on('reference')(64, x, ...tables()),
            (e: any) => e instanceof IndexError && e.index === index,
          )
          for (const lanes of [1, 4, 16]) {
            const outcome = inLanes(fn, lanes, 64, [x, ...tables()])
            assert.equal('failure' in outcome && outcome.failure.index, index, `${far} in ${lanes} lanes`)
          }
        }
      })
    }
  })
}
