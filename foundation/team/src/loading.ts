/**
 * A thread that is terminated while it loads koffi, or makes functions of it, takes the process with it: koffi gives up when a call into the engine fails, and they all fail from then on. So threads that load and
 * those who terminate threads agree through words that all threads of the process share: while one of them is at it, others wait, for milliseconds. The end of the process, and that of a thread which has
 * threads of its own, terminates them, too.
 *
 * Each side announces itself and then looks for the other (Dekker's pattern), so not both go on. Nobody waits for ever: a side that has died without a word is passed by.
 */

import { getEnvironmentData, isMainThread, setEnvironmentData, type Worker } from 'node:worker_threads'

const loaders = 0
const terminators = 1
/** Nobody loads until then, in ms of the clock: the time of a thread that has announced its end and can say no more. */
const endingUntil = 1 // as a word of 64 bits
const bytes = 16

const loadersWaitMs = 1000
const terminatorsWaitMs = 2000
const lookEveryMs = 1
/** How long the end of a thread takes that has other threads, at most. */
const endMs = isMainThread ? 60_000 : 200

const key = 'skein.loading'

/** The process's words: made by the first thread that comes here, inherited by those it starts. */
const open = (): SharedArrayBuffer => {
  const inherited = getEnvironmentData(key) as unknown
  if (inherited instanceof SharedArrayBuffer) return inherited
  const made = new SharedArrayBuffer(bytes)
  setEnvironmentData(key, made as unknown as string)
  return made
}

const shared = open()
const words = new Int32Array(shared)
const times = new BigInt64Array(shared)

let depth = 0

let isCaredFor = isMainThread

/** Said by threads of ours as they start: whoever ends them does so by `terminateThread`. */
export const endWithCare = (): void => {
  isCaredFor = true
}

/** Nobody terminates this thread while it is in `withoutTermination`. Of a thread that a program has started by itself, that is not known. */
export const isEndedWithCare = (): boolean => isCaredFor

/** What `load` returns. This thread is not terminated meanwhile, unless by somebody who does not go by `terminateThread`. */
export function withoutTermination<T>(load: () => T): T {
  // The end of the main thread is that of the process, and comes in its own turn.
  if (isMainThread || depth > 0) return load()
  begin()
  depth++
  try {
    return load()
  } finally {
    depth--
    Atomics.sub(words, loaders, 1)
    Atomics.notify(words, loaders)
  }
}

const begin = (): void => {
  const until = performance.now() + loadersWaitMs
  for (;;) {
    Atomics.add(words, loaders, 1)
    const isFree = Atomics.load(words, terminators) === 0 && Atomics.load(times, endingUntil) < Date.now()
    if (isFree || performance.now() > until) return
    Atomics.sub(words, loaders, 1)
    Atomics.wait(words, terminators, Atomics.load(words, terminators), lookEveryMs)
  }
}

/** Ends a thread, once no thread loads; at once if none does. Its exit code. */
export function terminateThread(worker: Worker): Promise<number> {
  Atomics.add(words, terminators, 1)
  const ended = Atomics.load(words, loaders) === 0 ? worker.terminate() : terminateLater(worker)
  return ended.finally(() => {
    Atomics.sub(words, terminators, 1)
    Atomics.notify(words, terminators)
  })
}

async function terminateLater(worker: Worker): Promise<number> {
  const until = performance.now() + terminatorsWaitMs
  while (Atomics.load(words, loaders) > 0 && performance.now() < until)
    await new Promise(resolve => setTimeout(resolve, lookEveryMs))
  return worker.terminate()
}

let isHooked = false

/** For who starts threads: they end with this one. */
export function endsThreads(): void {
  if (isHooked) return
  isHooked = true
  process.once('exit', waitForLoaders)
}

function waitForLoaders(): void {
  Atomics.store(times, endingUntil, BigInt(Date.now() + endMs))
  const until = performance.now() + terminatorsWaitMs
  for (let count = -1; count !== 0 && performance.now() < until; ) {
    count = Atomics.load(words, loaders)
    if (count > 0) Atomics.wait(words, loaders, count, lookEveryMs)
  }
}

if (isMainThread) endsThreads()
