/** `skein completion <shell>`. */
import { Argument } from 'commander'
import type { Command } from '../command.ts'

export const completion: Command = {
  name: 'completion',
  summary: 'print a script that completes skein in a shell',
  group: 'About the command itself',
  description: `Prints a script for the shell to read. It is made from the commands as they are, so print it anew after an update.`,
  examples: [
    ['source <(skein completion bash)', 'in ~/.bashrc'],
    ['source <(skein completion zsh)', 'in ~/.zshrc, after compinit'],
    ['skein completion fish > ~/.config/fish/completions/skein.fish', 'once'],
  ],
  declare(command) {
    command.addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
  },
  async run({ args: [shell], root }) {
    const { completionScript } = await import('../completion/index.ts')
    process.stdout.write(completionScript(shell as 'bash', root))
    return undefined
  },
}
