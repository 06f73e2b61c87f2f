/** `skein tasks [pid]`: a table of what a running program's tasks do. */
import type { Command } from '../command.ts'
import { processId, seconds } from '../option-values.ts'

export const tasks: Command = {
  name: 'tasks',
  summary: 'show what the tasks of a running program do',
  group: 'Programs',
  description: `Looks at a program for a second: how many tasks wait, run and have finished, what workers do, and which functions took how long
meanwhile. The program must have been started by the same user, and have run a task. Without a number, the only one there is; of
several, a list.`,
  examples: [
    ['skein tasks', 'of the only program that runs tasks, or which there are'],
    ['skein tasks 4242 --for 10', 'of process 4242, over ten seconds'],
  ],
  declare(command) {
    command
      .argument('[pid]', 'the process', processId)
      .option('--for <seconds>', 'how long to look (1)', seconds)
      .option('--json', 'print JSON')
  },
  async run({ args: [pid], options }) {
    const { showTasks } = await import('../look/show-tasks.ts')
    return showTasks(pid as number | undefined, options)
  },
}
