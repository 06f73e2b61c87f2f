/**
 * Where V8 puts what a program makes it begins with 1 MB, and looks through it whenever that is full: four times while a rank loads, which takes it longer
 * than anything else. Ranks begin with more.
 */

import { setFlagsFromString } from 'node:v8'

/** As much as a rank makes until its program runs. */
const beginMB = 4
const flag = '--min-semi-space-size'
/** Whoever started this process may know better. */
const isSaid = (): boolean =>
  [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some(words => /semi[-_]space/.test(words))

/** Threads that are started from now on begin so, until what this returns is called: code that this thread compiles and keeps is of its own flags. */
export function beginWithMore(): () => void {
  if (isSaid()) return () => {}
  setFlagsFromString(`${flag}=${beginMB}`)
  return () => setFlagsFromString(`${flag}=0`)
}
