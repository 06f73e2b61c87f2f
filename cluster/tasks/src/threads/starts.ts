/** What the program does on a worker that only imports it for its definitions: it must not start anything again. */

import { contexts } from '../calls/context.ts'
import { StopImport } from '../registry.ts'

/** On a worker, only tasks start something: what else would is the top level of a module, or goes on from there. */
export function checkStarts(): void {
  if (contexts.getStore() !== undefined) return
  silence()
  throw new StopImport()
}

let isSilent = false

/**
 * What code of a program does that was stopped, and noticed: it prints the error and ends the process, which here would
 * be the worker. From now on only tasks print and exit.
 */
function silence(): void {
  if (isSilent) return
  isSilent = true
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream) as (...args: unknown[]) => boolean
    stream.write = (...args: unknown[]) => contexts.getStore() === undefined || write(...args)
  }
  const exit = process.exit.bind(process)
  process.exit = code => {
    if (contexts.getStore() === undefined) throw new StopImport()
    return exit(code)
  }
  process.on('unhandledRejection', reason => {
    if (!(reason instanceof StopImport)) throw reason
  })
}
