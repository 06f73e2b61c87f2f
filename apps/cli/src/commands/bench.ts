/** `skein bench`. */
import type { Command } from '../command.ts'

export const bench: Command = {
  name: 'bench',
  summary: 'measure kernels on this machine',
  group: 'This machine',
  examples: [],
  declare() {},
  async run() {
    return undefined
  },
}
