/** `skein help [command]`. */
import type { Command } from '../command.ts'
import { UsageError } from '../errors.ts'
import { didYouMean } from '../nearest.ts'

export const help: Command = {
  name: 'help',
  summary: 'explain a command',
  group: 'About the command itself',
  examples: [['skein help run', 'what `skein run` takes']],
  declare(command) {
    command.argument('[command]', 'the command to explain; all of them, if left out')
  },
  async run({ args: [name], root }) {
    const names = root.commands.map(sub => sub.name())
    const about = name === undefined ? root : root.commands.find(sub => sub.name() === name)
    if (!about) throw new UsageError('', `there is no command '${name}'.${didYouMean(name!, names)}`)
    about.outputHelp()
    return undefined
  },
}
