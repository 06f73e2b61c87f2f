/** Calls for going on without ranks that have failed, where the engine has them; where it has not, each says so and ends nothing. */

import { NotSupportedError } from '@skein/base'
import { sum, version, world } from '@skein/mpi'
import { assert, fails, ok, size } from './check.ts'

const comm = world.dup()
const { engine } = version()
const lacks: string[] = []

/** Undefined: the engine does not have it. */
function unlessLacking<T>(call: string, does: () => T): T | undefined {
  try {
    return does()
  } catch (error) {
    assert.ok(error instanceof NotSupportedError, String(error))
    assert.equal(error.engine, engine)
    assert.ok(error.reason.length > 10)
    lacks.push(call)
    return undefined
  }
}

const failed = unlessLacking('failedRanks', () => comm.failedRanks())
if (failed !== undefined) assert.deepEqual(failed, [])
const agreed = unlessLacking('agree', () => comm.agree(6 | (comm.rank === 0 ? 1 : 0)))
if (agreed !== undefined) assert.equal(agreed, size === 1 ? 7 : 6)
const left = unlessLacking('shrink', () => comm.shrink())
if (left !== undefined) {
  assert.equal(left.allreduce(1, sum), size)
  left.free()
}
unlessLacking('revoke', () => comm.revoke())
if (!lacks.includes('revoke')) fails('MPI_ERR_REVOKED', 'barrier', () => comm.barrier())

// None of them has harmed anybody.
assert.equal(world.allreduce(1, sum), size)
if (world.rank === 0 && lacks.length > 0) console.log(`# ${engine} lacks ${lacks.join(', ')}`)
ok('fault-tolerance')
