/** Parent and child wait for each other. */
import { DeadlockError, parent, self } from '@skein/mpi'

try {
  const other = parent() ?? self.spawn(import.meta.filename, [], 1)
  other.recv(0, 5)
} catch (error) {
  if (!(error instanceof DeadlockError)) throw error
  if (parent() === undefined) console.log(error.message)
}
