/** Ranks that were not started together meet at a port. */

import { join } from 'node:path'
import { NotSupportedError } from '@skein/base'
import {
  closePort,
  lookupName,
  MpiError,
  openPort,
  procNull,
  publishName,
  root,
  unpublishName,
  version,
  world,
} from '@skein/mpi'
import { assert, fails, ok, orEnd, rank, size } from './check.ts'

const program = join(import.meta.dirname, 'spawned.ts')
const service = `meeting ${size}`

for (const isByName of [false, true]) {
  const opened = orEnd('meeting', () => openPort())
  if (rank !== 0) closePort(opened)
  const port = rank === 0 ? opened : undefined
  let isPublished = false
  if (rank === 0 && isByName) {
    try {
      publishName(service, port!)
      isPublished = true
      assert.equal(lookupName(service), port)
    } catch (error) {
      // Open MPI and MPICH need a server for it.
      assert.ok(error instanceof MpiError || error instanceof NotSupportedError, String(error))
      console.log(`# ${error}`)
    }
  }
  isPublished = world.bcast(isPublished, 0)
  const down = world.spawn(program, ['meet', isPublished ? service : ''], 2)
  if (rank === 0 && !isPublished) down.send(port, 0, 4)
  const met = world.accept(port, { info: { ignored: true } })
  assert.equal(met.remoteSize, 2)
  if (rank === 0) for (const child of [1, 0]) assert.equal(met.recv(child, 3), `from ${child}`)
  met.bcast('met', rank === 0 ? root : procNull)
  met.disconnect()
  down.disconnect()
  if (rank === 0) {
    if (isPublished) {
      unpublishName(service, port!)
      if (version().engine === 'threads') assert.throws(() => unpublishName(service, port!), MpiError)
    }
    closePort(port!)
  }
}

fails('MPI_ERR_PORT', 'connect', () => world.connect('', { root: rank }))
fails('MPI_ERR_PORT', 'accept', () => world.accept(5 as never, { root: rank }))
fails('MPI_ERR_ROOT', 'accept', () => world.accept('x', { root: -1 }))

ok('meeting')
