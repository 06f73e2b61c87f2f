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
let isWatching = false
let thrown: { readonly error: unknown } | undefined

/** @param act ends the others, and may end this process; undefined: nobody else is ended any more */
export function whenItFails(act: ((code: number) => void) | undefined): void {
  end = act
  if (isWatching) return
  isWatching = true
  process.on('uncaughtExceptionMonitor', error => {
    thrown = { error }
    // A program that handles it goes on, and may fail of something else later.
    process.nextTick(() => (thrown = undefined))
  })
  process.on('exit', code => {
    if (code === 0 || end === undefined) return
    if (thrown !== undefined) print(thrown.error)
    end(code)
    // What was thrown has been printed.
    process.exit(code)
  })
}

function print(error: unknown): void {
  const text = `Uncaught ${inspect(error, { colors: process.stderr.isTTY === true })}\n`
  try {
    writeSync(2, text)
  } catch {
    // Nobody reads it.
  }
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
