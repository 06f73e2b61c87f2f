/** What all programs of the suite end with, and what they compare with. */

import assert from 'node:assert/strict'
import { NotSupportedError } from '@skein/base'
import { type ErrorClass, finalize, MpiError, world } from '@skein/mpi'

export { assert }

export const { rank, size } = world

/** Numbers that tell from whom they are, and which they are. */
export const numbered = (from: number, count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => from * 1000 + i)

export const list = (x: ArrayLike<number>): number[] => Array.from(x)

/** All ranks came here: the suite looks for the line. */
export function ok(program: string): void {
  world.barrier()
  if (rank === 0) console.log(`ok ${program}`)
  finalize()
}

export function fails(errorClass: ErrorClass | readonly ErrorClass[], call: string, does: () => unknown): void {
  assert.throws(does, error => {
    assert.ok(error instanceof MpiError, String(error))
    assert.ok([errorClass].flat().includes(error.errorClass), `${error.errorClass} of ${error.message}`)
    assert.equal(error.call, call)
    assert.equal(error.rank, rank)
    return true
  })
}

/** What a call gives, where the engine has it; else the program is over, and says why. */
export function orEnd<T>(program: string, does: () => T): T {
  try {
    return does()
  } catch (error) {
    if (!(error instanceof NotSupportedError)) throw error
    if (rank === 0) console.log(`# ${error.message}`)
    ok(program)
    process.exit()
  }
}
