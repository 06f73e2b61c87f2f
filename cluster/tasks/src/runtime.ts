/** Which engine a program has when it says nothing: the threads of this process. */

import { availableParallelism } from 'node:os'
import { ArgumentError } from '@skein/base'
import { type Engine, engineHere, setEngine, setEngineFactory } from './engine.ts'
import { ThreadsEngine, type ThreadsOptions } from './threads/engine.ts'
import { isImporting } from './threads/loading.ts'

const mostWorkers = 1024

const workersFromEnvironment = (): number | undefined => {
  const asked = process.env.SKEIN_WORKERS
  if (asked === undefined || asked === '') return undefined
  const workers = Number(asked)
  if (Number.isInteger(workers) && workers >= 1 && workers <= mostWorkers) return workers
  throw new ArgumentError('tasks', 'SKEIN_WORKERS', `a number of workers from 1 to ${mostWorkers}`, asked)
}

export interface StartOptions extends Partial<ThreadsOptions> {}

/**
 * Starts the engine of this program with options of its own; without, the first task starts one with a worker per usable core
 * (or `SKEIN_WORKERS`). In a worker that imports the program's module it does nothing.
 *
 * @throws ArgumentError
 */
export function start(options: StartOptions = {}): Engine {
  if (isImporting()) return engineHere()
  const { workers = workersFromEnvironment() ?? availableParallelism(), slots = 1 << 15 } = options
  if (!(Number.isInteger(workers) && workers >= 1 && workers <= mostWorkers)) {
    throw new ArgumentError('start', 'workers', `a whole number from 1 to ${mostWorkers}`, workers)
  }
  if (!(Number.isInteger(slots) && slots >= 4 && slots <= 1 << 16 && (slots & (slots - 1)) === 0)) {
    throw new ArgumentError('start', 'slots', 'a power of two from 4 to 65536', slots)
  }
  const engine = new ThreadsEngine({ ...options, workers, slots })
  setEngine(engine)
  return engine
}

setEngineFactory(() => start())
