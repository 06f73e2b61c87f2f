/** `skein lock <name> -- <command…>`: a command that runs while nobody else holds the lock. */
import type { Command } from '../command.ts'
import { exitCodeNumber, permitCount, seconds, secondsFrom0 } from '../option-values.ts'

export const lock: Command = {
  name: 'lock',
  summary: 'run a command under a lock that one holds at a time',
  group: 'Coordination',
  description: `Waits for the lock, runs the command, and lets go of the lock when it ends. Standard streams, signals and the exit code are the
command's own. It finds SKEIN_LOCK_NAME and SKEIN_LOCK_TOKEN in its environment: a number that is larger for each holder than for the one before, by which
what it writes to can refuse the late writes of an earlier one.

The lock is held as long as this process is heard of. When that fails for as long as --ttl, the command is told to end by SIGTERM, and after --grace by
SIGKILL, before anybody else can have the lock.

Processes meet in a store: --store, else SKEIN_STORE, else a file of yours on this machine. file:<path> is for processes of one machine,
etcd://host:port,… for several.`,
  examples: [
    ['skein lock backup -- ./backup.sh', 'one at a time on this machine'],
    ['skein lock --no-wait backup -- ./backup.sh', 'not at all, if it runs already: exit code 1'],
    ['skein lock --wait 30 --exit-code-if-busy 9 db -- make', 'wait half a minute at most'],
    ['skein lock --shared data -- ./read.sh', 'beside others that read, not beside who writes'],
    ['skein lock --permits 3 fetch -- ./fetch.sh', 'three at a time'],
    ['skein lock --store etcd://10.0.0.1:2379 x -- ./run.sh', 'one at a time on all machines'],
  ],
  declare(command) {
    command
      .usage('[options] <name> -- <command…>')
      .argument('<name>', 'the lock: a text without /')
      .argument('[command...]', 'what to run, and its arguments')
      .option('--store <url>', 'where processes meet: file:<path>, etcd://host:port,… (SKEIN_STORE)')
      .option('--ttl <seconds>', 'after how long of silence others may have it', seconds, 15)
      .option('--grace <seconds>', 'from SIGTERM to SIGKILL, when it is lost (a twentieth of --ttl)', seconds)
      .option('-w, --wait <seconds>', 'how long to wait for it (until it is free)', secondsFrom0)
      .option('-n, --no-wait', 'do not wait for it')
      .option('-s, --shared', 'hold it beside others that share it')
      .option('--permits <n>', 'let as many hold it at a time', permitCount)
      .option('-E, --exit-code-if-busy <code>', 'the exit code when it is not free in time', exitCodeNumber, 1)
  },
  async run({ args: [name], rest, options }) {
    const { runUnderLock } = await import('../coord/lock.ts')
    return runUnderLock(name!, rest, options as unknown as Parameters<typeof runUnderLock>[2])
  },
}
