/** Completion scripts, made from the declared command line. */
import type { Command } from 'commander'
import { bash } from './bash.ts'
import { fish } from './fish.ts'
import { wordsOf } from './words.ts'
import { zsh } from './zsh.ts'

const shells = { bash, zsh, fish }

export function completionScript(shell: keyof typeof shells, root: Command): string {
  return shells[shell](wordsOf(root), root.commands.map(wordsOf))
}
