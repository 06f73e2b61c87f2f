/** `skein run <file> [args…]`: a program on a Node that can run it, with Skein set up as asked. */
import type { Command } from '../command.ts'
import { byteCount, portNumber, threadCount } from '../option-values.ts'

export const run: Command = {
  name: 'run',
  summary: 'run a TypeScript or JavaScript program',
  group: 'Programs',
  description: `Runs a TypeScript or JavaScript file on Node, with the arguments that follow it. Nothing is compiled beforehand: types
are dropped as the file is read. Standard streams, signals and the exit code are the program's own.

Where this Node is too old to run TypeScript, the package \`node\` of the project is used if it has one.`,
  examples: [
    ['skein run main.ts', 'as `node main.ts`'],
    ['skein run --threads 4 main.ts --size 1000', 'four threads; --size goes to the program'],
    ['skein run --dashboard main.ts', 'its tasks live in a browser, at an address that is printed'],
    ['skein run --report out.html main.ts', 'at its end, where the time of its tasks went'],
    ['skein run --trace out.json main.ts', 'what ran when: open out.json in https://ui.perfetto.dev'],
  ],
  declare(command) {
    command
      .usage('[options] <file> [args…]')
      .argument('<file>', 'the program')
      .argument('[args...]', 'its arguments, options among them')
      .option('-t, --threads <n>', 'threads of kernels and tasks (all cores)', threadCount)
      .option('--heap-max <bytes>', 'address space of the shared heap: 512M, 8G … (what the engine gives)', byteCount)
      .option('--trace <file>', 'record what ran when into a Chrome/Perfetto trace')
      .option('--dashboard [port]', 'show live what its tasks do: --dashboard or --dashboard=4180', portNumber)
      .option('--report <file>', 'write what its tasks did, with advice, into an HTML file')
      .option('--watch', 'run again whenever a file of the program changes')
      .passThroughOptions()
  },
  async run({ args: [file], rest, options }) {
    const { runProgram } = await import('../run/run-program.ts')
    return runProgram(file!, rest, options)
  },
}
