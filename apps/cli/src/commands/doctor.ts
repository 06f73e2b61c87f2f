/** `skein doctor`: what this machine has, and how to get the rest. */
import type { Command } from '../command.ts'
import { exitCode } from '../errors.ts'

export const doctor: Command = {
  name: 'doctor',
  summary: 'show what this machine has, and how to get the rest',
  group: 'This machine',
  description: `Shows the machine as Skein sees it, tries every backend with a small kernel, and looks for the engines that Skein can use.
For those that are absent it says what serves instead, and the command that gets them. It changes nothing.

The exit code is 1 when a backend gives wrong answers or none at all.`,
  examples: [
    ['skein doctor', 'the tables'],
    ['skein doctor --json', 'the same for programs'],
  ],
  declare(command) {
    command.option('--json', 'print JSON')
  },
  async run({ options }) {
    const { examine } = await import('../doctor/findings.ts')
    const findings = await examine()
    if (options.json) console.log(JSON.stringify(findings, null, 2))
    else console.log((await import('../doctor/report.ts')).report(findings, process.stdout))
    // Machine code is for one kind of machine.
    return findings.backends.every(({ name, runs }) => runs || name === 'x64') ? exitCode.ok : exitCode.failed
  },
}
