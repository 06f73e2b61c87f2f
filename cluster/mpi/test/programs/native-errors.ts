/** What a library refuses, on two ranks. */

import assert from 'node:assert/strict'
import { MpiError } from '../../src/errors.ts'
import { openNativeEngine } from '../../src/native/engine.ts'
import { band } from '../../src/op.ts'
import { doubles, ints, newStatus } from './native-parts.ts'

const engine = openNativeEngine()
const { world } = engine
const { rank } = world
const status = newStatus()
const ok = (name: string) => rank === 0 && console.log(`ok ${name}`)

const refused = (errorClass: string, call: string, run: () => void) =>
  assert.throws(run, (error: unknown) => {
    assert.ok(error instanceof MpiError)
    assert.deepEqual([error.errorClass, error.call, error.rank, error.comm], [errorClass, call, rank, 'world'])
    assert.ok(error.message.length > `${call} on rank ${rank} of world: `.length)
    return true
  })

if (rank === 1) world.send('standard', ints(1, 2, 3), 0, 1)
else refused('MPI_ERR_TRUNCATE', 'recv', () => world.recv(ints(0), 1, 1, status))
ok('truncation')

world.run({ is: 'barrier' })
if (rank === 0) {
  const request = world.irecv(ints(0), 1, 1)
  world.run({ is: 'barrier' })
  refused('MPI_ERR_TRUNCATE', 'irecv', () => request.wait(status))
} else {
  world.run({ is: 'barrier' })
  world.send('standard', ints(1, 2, 3), 0, 1)
}
ok('truncation of a request')

refused('MPI_ERR_RANK', 'send', () => world.send('standard', ints(1), 99, 1))
refused('MPI_ERR_OP', 'allreduce', () => world.run({ is: 'allreduce', send: doubles(1), recv: doubles(0), op: band }))
ok('ranks and operations')

if (engine.name === 'openmpi' && engine.standard[0] < 4) {
  assert.throws(() => world.psendInit(2, ints(1, 2), 1 - rank, 0), /MPI_Psend_init: Open MPI v\S+ does not have it/)
  assert.throws(() => world.revoke(), /MPIX_Comm_revoke/)
}
ok('what it does not have')

engine.finalize()
