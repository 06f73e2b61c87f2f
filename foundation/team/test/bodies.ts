/** JavaScript bodies for the tests. `args` is the address of some words in the process's heap. */

import { isMainThread } from 'node:worker_threads'
import { heap } from '@skein/heap'
import { defaultTeam } from '../src/index.ts'

const words = (args: number): Int32Array => heap.view(Int32Array, args, 1024)

const until = (w: Int32Array, index: number, value: number): void => {
  while (Atomics.load(w, index) < value) Atomics.wait(w, index, Atomics.load(w, index), 10)
}

/** Adds 1 to the word of each index. */
export const mark = (args: number, begin: number, end: number): void => {
  const w = words(args)
  for (let i = begin; i < end; i++) Atomics.add(w, i, 1)
}

/** Index 0 is done only after all that are in other calls: word 1000 counts, word 1001 says how many there are. Word i: who did it. */
export const last = (args: number, begin: number, end: number, thread: number): void => {
  const w = words(args)
  for (let i = begin; i < end; i++) {
    if (i === 0) until(w, 1000, w[1001] - (end - begin))
    w[i] = thread + 1
    Atomics.add(w, 1000, 1)
    Atomics.notify(w, 1000)
  }
}

const inner = defaultTeam().module(new URL('./marks.ts', import.meta.url), 'mark')
// A body must be ready on the thread that runs it: here, on each thread that imports this module.
await inner.importHere()

/** Runs `mark` over all of 0 to 16 for each index, as a nested call. */
export const nested = (args: number, begin: number, end: number): number => {
  for (let i = begin; i < end; i++) {
    const team = defaultTeam()
    const status = team.run(inner, 0, { args, begin: 0, end: 16 })
    if (status !== 0) return status
  }
  return 0
}

/** Throws at the index in word 1000. */
export const throwing = (args: number, begin: number, end: number): void => {
  const at = words(args)[1000]
  if (begin <= at && at < end) throw new TypeError(`index ${at} is not to my liking`)
}

/** The caller waits until another thread has come in, and that one does what `die` says. */
const waitForDeath = (args: number, die: () => void): void => {
  const w = words(args)
  if (isMainThread) until(w, 1000, 1)
  else {
    Atomics.store(w, 1000, 1)
    Atomics.notify(w, 1000)
    die()
  }
}

export const exiting = (args: number): void => waitForDeath(args, () => process.exit(3))

/** Without a last word: only the system knows. */
export const vanishing = (args: number): void =>
  waitForDeath(args, () => {
    process.removeAllListeners('exit')
    process.exit(4)
  })

/** Each index waits until word 1000 is set. */
export const gate = (args: number): void => until(words(args), 1000, 1)

export const failing = (): number => 7

export const printing = (_args: number, begin: number, end: number): void => {
  for (let i = begin; i < end; i++) console.log(`index ${i}`)
}
