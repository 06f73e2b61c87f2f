/** Says who it is, and then waits in the library for what never comes. */

import { openNativeEngine } from '../../src/native/engine.ts'
import { ints, newStatus } from './native-parts.ts'

const { world } = openNativeEngine()
console.log(`pid ${process.pid}`)
world.recv(ints(0), 1 - world.rank, 0, newStatus())
