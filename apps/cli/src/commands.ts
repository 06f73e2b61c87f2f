/** Every command, in the order of `skein help`. */
import type { Command } from './command.ts'
import { bench } from './commands/bench.ts'
import { completion } from './commands/completion.ts'
import { dashboard } from './commands/dashboard.ts'
import { doctor } from './commands/doctor.ts'
import { elect } from './commands/elect.ts'
import { explain } from './commands/explain.ts'
import { help } from './commands/help.ts'
import { lock } from './commands/lock.ts'
import { mpirun } from './commands/mpirun.ts'
import { registry } from './commands/registry.ts'
import { run } from './commands/run.ts'
import { tasks } from './commands/tasks.ts'

export const commands: readonly Command[] = [
  run,
  mpirun,
  lock,
  elect,
  registry,
  tasks,
  dashboard,
  explain,
  bench,
  doctor,
  help,
  completion,
]
