/** A rank that was spawned throws, while its parent waits for it. */
import { parent, self } from '@skein/mpi'

if (parent() === undefined) self.spawn(import.meta.filename, [], 1).recv(0)
else throw new Error('the child has failed')
