/** Times a whole command: `start.ts <who> <ranks> <command> <arg…>`. It has to print that so many ranks met. */
import { spawnSync } from 'node:child_process'
import { serve } from '../harness/serve.ts'

const [who, ranks, command, ...args] = process.argv.slice(2)

function run(): void {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  if (status === 0 && stdout === `${ranks} ranks\n`) return
  throw new Error(`${command} ended with ${status}, and printed ${JSON.stringify(stdout)} ${stderr.trim()}`)
}

await serve(who, () => ({ run, checksum: () => Number(ranks), threads: Number(ranks) }))
