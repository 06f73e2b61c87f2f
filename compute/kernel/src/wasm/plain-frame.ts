/** What code finds in functions that have no arrays: combinations, and rare cases of functions of `Math`. */

import * as layout from '../launch/layout.ts'
import type { FunctionBuilder } from './encode/index.ts'
import type { Helpers } from './helpers.ts'
import type { Frame } from './operands.ts'

/** Of the module under construction. */
export interface Making {
  readonly options: { memory64: boolean }
  readonly helpers: Helpers
  readonly address: 'i32' | 'i64'
}

/** A local for the address of the constants, from the argument block. */
export function poolOf(g: Making, f: FunctionBuilder): number {
  const pool = f.local(g.address, 'pool')
  f.get(0).load(`${g.address}.load`, layout.POOL).set(pool)
  return pool
}

export function plainFrame(g: Making, f: FunctionBuilder, pool: number): Frame {
  const pushPool = () => void f.get(pool)
  g.helpers.enter(f, pushPool)
  const none = () => {
    throw new Error('wasm: this function has no arrays')
  }
  return {
    f,
    helpers: g.helpers,
    memory64: g.options.memory64,
    pushArgs: () => void f.get(0),
    pushPool,
    pushScratch: none,
    pushArray: none,
    pushLength: none,
    pushLimit: none,
    pushLeast: none,
    privateOffset: none,
    laneScratchOffset: 0,
    failureOffset: layout.FAILURE,
  }
}
