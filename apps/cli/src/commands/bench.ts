/** `skein bench [suite]`: how fast is this machine, and are Skein's kernels? */
import type { Command } from '../command.ts'
import { exitCode } from '../errors.ts'
import { threadCount } from '../option-values.ts'

export const bench: Command = {
  name: 'bench',
  summary: 'measure kernels on this machine',
  group: 'This machine',
  description: `Without a suite: a few kernels in a few seconds, beside the same loops in plain JavaScript, and their bandwidth as a part of
what the memory gives. Answers are compared; a figure is only shown when they agree.

With a suite: the project's own benchmarks, which run C, Python and other peers side by side. They are in Skein's repository
and not in its packages, so this works in a checkout, where it is \`npm run bench -- <suite> …\`.`,
  examples: [
    ['skein bench', 'the quick one'],
    ['skein bench --threads 1 --json', 'on one thread, as JSON'],
    ['skein bench kernels --only saxpy', 'in a checkout: one case of a suite'],
  ],
  declare(command) {
    command
      .usage('[options] | <suite> [options of the suite…]')
      .argument('[suite]', 'a suite of the checkout that this is')
      .argument('[args...]', 'its own options: see skein bench kernels --help')
      .option('-t, --threads <n>', 'threads (all cores)', threadCount)
      .option('--json', 'print the measurements as JSON')
      .passThroughOptions()
  },
  async run({ args: [suite], rest, options }) {
    if (suite !== undefined) return (await import('../measure/checkout.ts')).runSuite(suite, rest, options)
    if (options.threads !== undefined) process.env.SKEIN_THREADS = String(options.threads)
    const { quickBench } = await import('../measure/quick.ts')
    const terminal = process.stderr.isTTY
    const rows = await quickBench(what => terminal && process.stderr.write(`\r\x1b[K${what} …`))
    if (terminal) process.stderr.write('\r\x1b[K')
    if (options.json) console.log(JSON.stringify(rows, null, 2))
    else console.log((await import('../measure/report.ts')).benchTable(rows, process.stdout))
    return exitCode.ok
  },
}
