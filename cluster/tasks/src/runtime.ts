/** Which engine a program has: the threads of this process when it says nothing. */

import { availableParallelism } from 'node:os'
import { ArgumentError } from '@skein/base'
import { type Engine, engineHere, engineIfAny, setEngine, setEngineFactory } from './engine.ts'
import { InlineEngine } from './inline/engine.ts'
import { checkKeys, checkResources } from './options.ts'
import { ThreadsEngine } from './threads/engine.ts'
import type { ThreadsOptions } from './threads/options.ts'

const mostWorkers = 1024

const workersFromEnvironment = (): number | undefined => {
  const asked = process.env.SKEIN_WORKERS
  if (asked === undefined || asked === '') return undefined
  const workers = Number(asked)
  if (Number.isInteger(workers) && workers >= 1 && workers <= mostWorkers) return workers
  throw new ArgumentError('tasks', 'SKEIN_WORKERS', `a number of workers from 1 to ${mostWorkers}`, asked)
}

const engines = ['threads', 'inline'] as const
type EngineName = (typeof engines)[number]

export interface StartOptions extends Partial<ThreadsOptions> {
  /**
   * `'threads'` (the default): workers on threads. `'inline'`: every task runs in the caller's own thread, in an order that is always the
   * same: for debuggers, profilers and tests. Also `SKEIN_TASKS=inline`.
   */
  readonly engine?: EngineName
}

const optionNames = new Set([
  'engine',
  'workers',
  'slots',
  'resources',
  'resourceLimits',
  'heapBytes',
  'spill',
  'validate',
])

/**
 * Starts the engine of this program with options of its own; without, the first task starts one with a worker per usable core
 * (or `SKEIN_WORKERS`). A worker that imports the program keeps the engine it is part of.
 *
 * @throws ArgumentError, also when an engine runs already
 */
export function start(options: StartOptions = {}): Engine {
  if (!isMain) return engineHere()
  if (engineIfAny()) {
    const advice = "Call 'start' before the first task, or 'await stop()' first"
    throw new ArgumentError('start', 'the engine', 'one that does not run yet', 'running', advice)
  }
  checkKeys('start', options, optionNames)
  const { engine: name = process.env.SKEIN_TASKS || 'threads', slots = 1 << 15 } = options
  if (!engines.includes(name as EngineName)) throw new ArgumentError('start', 'engine', engines.join(' or '), name)
  const usual = () => workersFromEnvironment() ?? (name === 'inline' ? 1 : availableParallelism())
  const { workers = usual() } = options
  if (!(Number.isInteger(workers) && workers >= 1 && workers <= mostWorkers)) {
    throw new ArgumentError('start', 'workers', `a whole number from 1 to ${mostWorkers}`, workers)
  }
  if (!(Number.isInteger(slots) && slots >= 4 && slots <= 1 << 16 && (slots & (slots - 1)) === 0)) {
    throw new ArgumentError('start', 'slots', 'a power of two from 4 to 65536', slots)
  }
  checkResources('start', options.resources)
  if (options.resources && 'cpus' in options.resources) {
    throw new ArgumentError(
      'start',
      'resources',
      'what there is besides CPUs',
      options.resources,
      "'workers' says those",
    )
  }
  checkMemory(options)
  const engine =
    name === 'inline' ? new InlineEngine({ ...options, workers }) : new ThreadsEngine({ ...options, workers, slots })
  setEngine(engine)
  // In a turn of its own: the first task need not wait for it.
  setImmediate(() => import('./observe/door.ts').then(({ openDoor }) => openDoor())).unref()
  return engine
}

function checkMemory({ heapBytes, spill, resourceLimits }: StartOptions): void {
  const isSize = (x: unknown) => typeof x === 'number' && x > 0
  if (heapBytes !== undefined && !isSize(heapBytes)) {
    throw new ArgumentError('start', 'heapBytes', 'a number of bytes above 0', heapBytes)
  }
  for (const [name, most] of Object.entries(resourceLimits ?? {})) {
    if (most !== undefined && !isSize(most)) {
      throw new ArgumentError('start', `resourceLimits.${name}`, 'a number above 0', most)
    }
  }
  if (spill === undefined || spill === false) return
  if (spill === null || typeof spill !== 'object') {
    throw new ArgumentError('start', 'spill', 'false, or an object { folder, bytes }', spill)
  }
  const { folder, bytes } = spill
  if (folder !== undefined && typeof folder !== 'string') {
    throw new ArgumentError('start', 'spill.folder', 'the path of a folder', folder)
  }
  if (bytes !== undefined && !isSize(bytes)) {
    throw new ArgumentError('start', 'spill.bytes', 'a number of bytes above 0', bytes)
  }
}

const isMain = setEngineFactory(() => start())
