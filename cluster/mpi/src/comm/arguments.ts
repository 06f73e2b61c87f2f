/** The arguments of collectives, read and checked: for each of them a function of its name that gives what it comes to. */

export * from './arguments/moves.ts'
export * from './arguments/neighborhoods.ts'
export type { Reader } from './arguments/reading.ts'
export * from './arguments/reductions.ts'
