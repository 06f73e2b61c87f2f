/** `skein dashboard [pid]`: the page for a program that runs already. */
import type { Command } from '../command.ts'
import { portNumber, processId } from '../option-values.ts'

export const dashboard: Command = {
  name: 'dashboard',
  summary: 'show in a browser what the tasks of a running program do',
  group: 'Programs',
  description: `Serves a page that shows live what a program's tasks do: throughput, a timeline of each worker, functions, actors, memory,
output. The program must have been started by the same user, and have run a task. Without a number, the only one there is.

It ends with the program, or by Ctrl-C, which leaves the program as it is. From other machines it can be opened only with --host, and then needs
a token, taken from SKEIN_DASHBOARD_TOKEN or made up.`,
  examples: [
    ['skein dashboard', 'of the only program that runs tasks'],
    ['skein dashboard 4242 --port 4180', 'of process 4242, at http://127.0.0.1:4180/'],
  ],
  declare(command) {
    command
      .argument('[pid]', 'the process', processId)
      .option('-p, --port <port>', 'where to listen (any port that is free)', portNumber)
      .option('--host <host>', 'the interface to listen on (127.0.0.1)')
  },
  async run({ args: [pid], options }) {
    const { showDashboard } = await import('../look/show-dashboard.ts')
    return showDashboard(pid as number | undefined, options)
  },
}
