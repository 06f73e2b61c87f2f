/** `skein run <file> [args…]`: a program on a Node that can run it, with Skein set up as asked. */
import { InvalidArgumentError } from 'commander'
import type { Command } from '../command.ts'

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
      .option('--watch', 'run again whenever a file of the program changes')
      .passThroughOptions()
  },
  async run({ args: [file], rest, options }) {
    const { runProgram } = await import('../run/run-program.ts')
    return runProgram(file!, rest, options)
  },
}

function threadCount(text: string): number {
  const threads = Number(text)
  if (/^\d+$/.test(text) && threads >= 1 && threads <= 256) return threads
  throw new InvalidArgumentError('It is a whole number from 1 to 256.')
}

/** Bytes of `512M`, `8GiB`, `1.5g`; units are powers of 1024. */
export function byteCount(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(text) ?? []
  const bytes = Math.floor(Number(number) * 1024 ** ' kmgt'.indexOf(unit.toLowerCase() || ' '))
  if (number !== undefined && Number.isSafeInteger(bytes) && bytes >= 2 ** 20) return bytes
  throw new InvalidArgumentError('It is a number of bytes from 1M, as 536870912, 512M or 8G.')
}
