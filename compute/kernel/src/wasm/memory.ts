/**
 * Loads, stores and atomics, with their bounds checks.
 *
 * An index decides the access: uniform (one scalar access), step 1 (whole vectors), another fixed step (lane by lane at fixed
 * offsets), varying (gather, scatter). A strip of a fixed step is checked once, by its first lane; if that fails, its active
 * lanes are checked and copied one by one through scratch memory, so that a lane that is not active never touches memory.
 */
import type { Value } from '../ir/ir.ts'
import { atomic } from './atomics.ts'
import { load } from './loads.ts'
import type { Operands } from './operands.ts'
import { privateAccess } from './private-arrays.ts'
import { store } from './stores.ts'

export function emitMemory(E: Operands, v: Value): void {
  switch (v.op) {
    case 'load':
      return load(E, v)
    case 'store':
      return store(E, v)
    case 'atomic':
      return atomic(E, v)
    default:
      return privateAccess(E, v)
  }
}
