/** Random datatypes as a library has them once they are used: their bounds are ours. What is packed the oracle of types compares. `native-types.ts SEED`. */

import fc from 'fast-check'
import { basics } from '../../src/datatype/basic.ts'
import { openNativeEngine } from '../../src/native/engine.ts'
import type { NativePort } from '../../src/native/port.ts'
import { randomTypes } from '../random-types.ts'
import { assert } from './check.ts'

const { runtime } = openNativeEngine().world as NativePort
const { calls, types } = runtime
const kinds = ['int8', 'uint16', 'int32', 'int64', 'float32', 'float64', 'doubleInt', 'shortInt'] as const
const basic = fc.constantFrom(...kinds.map(kind => basics[kind]))
const bounds = new BigInt64Array(2)

let compared = 0
for (const type of fc.sample(randomTypes(3, 1, basic), { numRuns: 3000, seed: Number(process.argv[2]) })) {
  let handle: number
  try {
    handle = types.of(type)
  } catch {
    // What the library does not make, such as arrays that it finds too odd, it says.
    continue
  }
  calls.MPI_Type_get_extent(handle, bounds.subarray(0, 1), bounds.subarray(1))
  assert.deepEqual([...bounds].map(Number), [type.lb, type.extent], String(type))
  compared++
}
console.log(`compared ${compared}`)
