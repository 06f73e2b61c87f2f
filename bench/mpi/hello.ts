/** The program of the case `start`. */
import { world } from 'skein/mpi'

world.barrier()
if (world.rank === 0) console.log(`${world.size} ranks`)
