export type { Command, Given } from './command.ts'
export { commands } from './commands.ts'
export { CommandError, exitCode, UsageError } from './errors.ts'
export { main } from './main.ts'
