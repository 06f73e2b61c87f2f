/** A worker that ends in the middle of a task: the task is lost, and the others go on. */
import assert from 'node:assert/strict'
import { MpiError, PoolClosedError, PoolTaskError, pool, world } from '@skein/mpi'

const p = await pool()
if (p !== undefined) {
  const leave = (): never => process.exit(0)
  const isLost = (error: PoolTaskError): boolean => {
    assert.ok(error instanceof PoolTaskError)
    assert.ok(error.cause instanceof MpiError)
    assert.equal(error.cause.errorClass, 'MPI_ERR_PROC_FAILED')
    assert.equal(error.cause.rank, error.rank)
    return true
  }
  await assert.rejects(p.apply(leave, [], { use: {} }), isLost)
  assert.deepEqual(await Array.fromAsync(p.map((x: number) => 2 * x, [1, 2, 3])), [2, 4, 6])
  assert.deepEqual(p.workers.map(({ state }) => state).sort(), ['lost', 'ready'])
  await assert.rejects(p.apply(leave, [], { use: {} }), isLost)
  await assert.rejects(async () => p.submit(leave), PoolClosedError)
  assert.equal(world.failedRanks().length, 2)
  console.log('went on')
}
