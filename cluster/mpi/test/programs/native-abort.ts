/** Rank 1 aborts while rank 0 waits for it. */

import { openNativeEngine } from '../../src/native/engine.ts'
import { ints, newStatus } from './native-parts.ts'

const { world } = openNativeEngine()
if (world.rank === 1) world.abort(7)
world.recv(ints(0), 1, 0, newStatus())
