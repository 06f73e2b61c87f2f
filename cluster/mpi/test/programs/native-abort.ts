/** Rank 1 aborts or throws while rank 0 waits for it; or both just end. */

import { openNativeEngine } from '../../src/native/engine.ts'
import { ints, newStatus } from './native-parts.ts'

const { world } = openNativeEngine()
const [how] = process.argv.slice(2)
if (world.rank === 1) {
  if (how === 'throw') throw new RangeError('out of luck')
  if (how !== 'end') world.abort(7)
} else if (how !== 'end') world.recv(ints(0), 1, 0, newStatus())
