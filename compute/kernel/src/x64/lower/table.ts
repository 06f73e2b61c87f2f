/** Constant arrays of the library of mathematics. They lie behind the code. */

import type { Value } from '../../ir/ir.ts'
import type { Register } from '../encode/operands.ts'
import type { Code } from '../machine/code.ts'
import { bytesOf } from './constants.ts'

const valuesOf = (v: Value): readonly (number | bigint)[] => v.attr.values

export const tableLength = (v: Value): number => valuesOf(v).length

const known = new WeakMap<object, Uint8Array>()

/** The elements as what they are loaded as. */
function tableBytes(v: Value): Uint8Array {
  const values = valuesOf(v)
  let bytes = known.get(values)
  if (bytes === undefined) {
    bytes = new Uint8Array(Buffer.concat(values.map(x => bytesOf(v.type, x))))
    known.set(values, bytes)
  }
  return bytes
}

/** A register with the address of the elements. */
export function tableAddress(code: Code, v: Value): Register {
  const address = code.gpr(64)
  code.general('lea', [address, code.constantMemory(tableBytes(v))])
  return address
}
