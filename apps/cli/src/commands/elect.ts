/** `skein elect <name> -- <command…>`: a command that runs while this process leads. */
import type { Command } from '../command.ts'
import { seconds } from '../option-values.ts'

export const elect: Command = {
  name: 'elect',
  summary: 'run a command on the one that is elected leader',
  group: 'Coordination',
  description: `Stands for an election, and runs the command when elected; of all that do so, one leads at a time. When the command ends, so does its lead, and this with
its exit code. When the lead is lost, because the store was not reached for as long as --ttl, the command is told to end by SIGTERM, and after --grace by
SIGKILL, before anybody else can lead; then this stands again.

The command finds SKEIN_ELECTION_NAME and SKEIN_ELECTION_TOKEN in its environment: a number that is larger for each leader than for the one before.
--observe prints who leads, and each that follows: token and value. Stores are as for 'skein lock'.`,
  examples: [
    ['skein elect scheduler -- node scheduler.ts', 'it runs on one of those who say this'],
    ['skein elect --value 10.0.0.7:80 web -- ./serve.sh', 'others are told where'],
    ['skein elect --observe web', 'who leads, until Ctrl-C'],
  ],
  declare(command) {
    command
      .usage('[options] <name> -- <command…>')
      .argument('<name>', 'the election: a text without /')
      .argument('[command...]', 'what to run, and its arguments')
      .option('--store <url>', 'where processes meet: file:<path>, etcd://host:port,… (SKEIN_STORE)')
      .option('--value <text>', 'what others are told of this one (host:process)')
      .option('--ttl <seconds>', 'after how long of silence another one may lead', seconds, 15)
      .option('--grace <seconds>', 'from SIGTERM to SIGKILL, when the lead is lost (a twentieth of --ttl)', seconds)
      .option('--once', 'when the lead is lost, end with exit code 75')
      .option('--observe', 'print who leads, and run nothing')
      .option('--json', 'print leaders as JSON, a line each')
  },
  async run({ args: [name], rest, options }) {
    const { observeLeaders, runWhileLeading } = await import('../coord/elect.ts')
    const settings = options as unknown as Parameters<typeof runWhileLeading>[2]
    return settings.observe ? observeLeaders(name!, rest, settings) : runWhileLeading(name!, rest, settings)
  },
}
