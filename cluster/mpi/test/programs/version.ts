/** Says which engine it is. */

import { version, world } from '@skein/mpi'

const { engine, library, threadLevel } = version()
if (world.rank === 0) console.log(engine, library, threadLevel)
