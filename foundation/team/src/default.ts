/** The process's team: as many threads as cores it may use, or `SKEIN_THREADS`. */

import { availableParallelism } from 'node:os'
import { ArgumentError } from '@skein/base'
import { nesting } from './nesting.ts'
import { quotaOfThisThread } from './quota.ts'
import { mostThreads, Team } from './team.ts'

let made: Team | undefined

const threadsFromEnvironment = (): number | undefined => {
  const asked = process.env.SKEIN_THREADS
  if (asked === undefined || asked === '') return undefined
  const threads = Number(asked)
  if (Number.isInteger(threads) && threads >= 1) return threads
  throw new ArgumentError('defaultTeam', 'SKEIN_THREADS', 'a number of threads from 1', asked)
}

/** The team that is shared by everything on this thread that does not ask for its own. Threads start on first use. */
export const defaultTeam = (): Team => {
  // On a thread of a team everything runs inline, and its own threads would have nothing to do.
  // What affinity and the container's quota leave: the same as machine().cpu.usableCores, without its ten milliseconds.
  const cores = (): number => Math.min(availableParallelism(), mostThreads)
  if (made === undefined) {
    const threads = nesting.isTeamThread ? 1 : (threadsFromEnvironment() ?? cores())
    made = new Team({ threads, quota: quotaOfThisThread(threads) })
  }
  return made
}
