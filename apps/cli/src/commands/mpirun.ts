/** `skein mpirun -n 4 <file> [args…]`: a program as the ranks of one world. */
import { knowImports } from '@skein/base/known-imports'
import type { Command } from '../command.ts'
import { declareOptions, spelling } from '../mpirun/options.ts'

export const mpirun: Command = {
  name: 'mpirun',
  summary: 'run a message-passing program as several ranks',
  group: 'Programs',
  description: `Runs a TypeScript or JavaScript file as ranks that send each other messages: each has its number in \`world.rank\`, of
\`skein/mpi\`. Ranks are threads of one process unless another engine is asked for: then the launcher of Open MPI or MPICH
starts them as processes, on the hosts that are named. The program is the same.

Words and options are mpirun's; \`-np 4\` and \`-hostfile f\` are understood too. Several programs make one world when they stand behind
each other with a \`:\` between them, each with its own -n, -x, --wdir and --host.

The first rank that throws, or ends with an exit code other than 0, ends the others; the exit code is that rank's.`,
  examples: [
    ['skein mpirun -n 4 pi.ts', 'four ranks, as threads'],
    ['skein mpirun pi.ts --digits 8', 'a rank for each core; --digits goes to the program'],
    ['skein mpirun -n 1 master.ts : -n 3 worker.ts', 'two programs, four ranks'],
    ['skein mpirun -n 4 --tag-output pi.ts', 'each line begins with who printed it'],
    ['skein mpirun -n 4 --output logs pi.ts', 'a file for each rank: logs/rank.0/stdout …'],
    ['skein mpirun -n 4 --engine openmpi pi.ts', 'processes under Open MPI'],
    ['skein mpirun -n 64 --hostfile hosts pi.ts', 'on the machines that the file names'],
  ],
  spelling,
  declare(command) {
    declareOptions(command)
      .usage('[options] <file> [args…] [: [options] <file> [args…]]…')
      .argument('<file>', 'the program')
      .argument('[args...]', 'its arguments, options among them')
      .passThroughOptions()
  },
  async run({ args: [file], rest, options }) {
    const forget = knowImports([import.meta.url])
    try {
      const { runRanks } = await import('../mpirun/run-ranks.ts')
      return await runRanks(file!, rest, options)
    } finally {
      forget()
    }
  },
}
