/**
 * A rank that ends in error ends the others, and its code is what the launcher returns. Launchers see it by themselves, but not all of them, nor at once:
 * MPICH's returns the code of those it kills, and waits for ever for a rank that ended before it called MPI.
 *
 * The others are ended while the process does, before Node would print what was thrown, so that is printed here.
 */

import { writeSync } from 'node:fs'
import { inspect } from 'node:util'

/** How a rank that fails ends the others; undefined: it has not begun, or has finalized. */
let end: ((code: number) => void) | undefined
/** "rank 1 of 4", and what becomes of the others. */
let name = 'a rank'
let others = ''
let isWatching = false
/** In which a launcher reads what a rank has printed. */
const readMs = 20
let thrown: { readonly error: unknown } | undefined

/**
 * @param act ends the others, and may end this process; undefined: nobody else is ended any more
 */
export function whenItFails(
  act: ((code: number) => void) | undefined,
  rank?: number | string,
  size?: number | string,
): void {
  end = act
  if (rank !== undefined) {
    name = `rank ${rank} of ${size}`
    others = Number(size) > 1 ? '; the others are ended' : ''
  }
  if (isWatching) return
  isWatching = true
  process.on('uncaughtExceptionMonitor', error => {
    thrown = { error }
    // A program that handles it goes on, and may fail of something else later.
    process.nextTick(() => (thrown = undefined))
  })
  process.on('exit', code => {
    if (code === 0 || end === undefined) return
    if (thrown === undefined) print(`${name} ended with exit code ${code}${others}`)
    else print(`${name} threw${others}:\n${inspect(thrown.error, { colors: process.stderr.isTTY === true })}`)
    end(code)
    // What was thrown has been printed.
    process.exit(code)
  })
}

/** The library's own words, where it has any, do not always come; and MPICH's launcher drops what it has not read when it is told to end. */
function print(text: string): void {
  try {
    writeSync(2, `${text}\n`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, readMs)
  } catch {
    // Nobody reads it.
  }
}

/** The program ends all ranks: told here, and no more when the process ends. */
export function tellAbort(code: number): void {
  print(`${name} called abort with code ${code}${others}`)
  end = undefined
}

/** Ends the ranks of MPICH's launcher without MPI: the word for it is that of its process management, PMI-1. */
export function endByPmi(code: number): void {
  const descriptor = Number(process.env.PMI_FD)
  if (!Number.isInteger(descriptor)) return
  try {
    writeSync(descriptor, `cmd=abort exitcode=${code}\n`)
  } catch {
    // The launcher is gone.
  }
}
