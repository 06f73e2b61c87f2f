/** Which program is meant: the one that was named, or the only one. */
import { readFileSync } from 'node:fs'
import { programsWithDoors } from '@skein/tasks/observe'
import { CommandError } from '../errors.ts'

/** @throws CommandError when there is none, or more than one */
export function chooseProgram(command: string, pid: number | undefined): number {
  if (pid !== undefined) return pid
  const programs = programsWithDoors()
  if (programs.length === 1) return programs[0]
  if (programs.length === 0) {
    throw new CommandError(
      command,
      'none of your programs runs tasks now. One that does can be looked at from its first task on.',
    )
  }
  const lines = programs.map(one => `  ${one}  ${commandOf(one)}`)
  throw new CommandError(command, `several programs run tasks; name one:\n${lines.join('\n')}`)
}

/** Its command line without options, where the system tells. */
function commandOf(pid: number): string {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return words
      .filter(word => !word.startsWith('-'))
      .join(' ')
      .slice(0, 100)
  } catch {
    return ''
  }
}
