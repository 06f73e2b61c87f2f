/** `skein explain <file>[#kernel]`: what the compiler makes of a kernel. */
import { Option } from 'commander'
import type { Command } from '../command.ts'
import type { ExplainSettings } from '../explain/explain.ts'

export const explain: Command = {
  name: 'explain',
  summary: 'show what becomes of a kernel: source, IR after each pass, code',
  group: 'Programs',
  description: `Shows what the compiler makes of a kernel. Without a name it lists the kernels of the file.

The file is imported, so what stands at its top level runs; its output goes to standard error. The kernel's argument types
are those of the program's own call, if it made one while being imported; else they are read from the annotations in the
file. --types overrides both: a comma-separated list, in the order of the parameters after the index, of number (may have
a fraction), integer, bigint, boolean, the names of typed arrays, and views as Float32Array@2 (two dimensions).`,
  examples: [
    ['skein explain blur.ts', 'the kernels of blur.ts'],
    ['skein explain blur.ts#rows', 'everything about the kernel `rows`'],
    ['skein explain blur.ts#rows --level code', 'the generated code, the source line beside it'],
    ['skein explain blur.ts#rows --types Float64Array,integer', 'for other types'],
  ],
  declare(command) {
    command
      .argument('<file>', 'a TypeScript or JavaScript file, and a kernel of it: file.ts#name')
      .addOption(
        new Option('-l, --level <level>', 'ir: from the front end; passes: after each pass; code: of the backend')
          .choices(['ir', 'passes', 'code', 'all'])
          .default('all'),
      )
      .addOption(
        new Option('-b, --backend <backend>', 'whose code; default: what the kernel runs on').choices([
          'wasm',
          'x64',
          'reference',
        ]),
      )
      .option('--types <list>', 'types of the arguments')
  },
  async run({ args: [target], options }) {
    const { explainFile } = await import('../explain/explain.ts')
    return explainFile(target!, options as unknown as ExplainSettings)
  },
}
