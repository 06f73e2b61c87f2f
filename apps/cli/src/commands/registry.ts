/** `skein registry <action>`: who serves what, and where. */
import { Argument } from 'commander'
import type { Command } from '../command.ts'
import { portNumber, seconds, secondsFrom0 } from '../option-values.ts'

const actions = ['serve', 'ls', 'get', 'register', 'free', 'keygen'] as const

export const registry: Command = {
  name: 'registry',
  summary: 'find services, register them, serve a registry to others',
  group: 'Coordination',
  description: `serve: a hub, by which those who have no access to the store have its registry. Prints its address, and stays until Ctrl-C.

ls [name@range]: services that are there, or all; with --watch, also what happens from now on.

get name@range: addresses of services, the newest version first, once there is one. Ranges are npm's.

register name@version [-- command…]: registers a service as long as the command runs. The command finds its port in PORT, and SKEIN_REGISTRY_ID beside it. Without a
command, and then with --port, until Ctrl-C.

free id: frees what anybody has registered.

keygen file [name…]: writes a private key into a new file, and prints its public key, with each name a line for --keys.

The registry is that of a hub (--hub, else SKEIN_REGISTRY), else that in a store (--store, else SKEIN_STORE, else a file of yours on this machine).`,
  examples: [
    ['skein registry register web@1.2.3 -- node server.ts', 'on a port that is free'],
    ['skein registry get web@^1.2', 'where it is: 127.0.0.1:12345'],
    ['skein registry ls --watch', 'what is there, and what happens'],
    ['skein registry serve --listen 0.0.0.0:9090 --keys who.txt', 'for others; those register who may'],
    ['skein registry keygen web.pem web >> who.txt', 'a key that may register web'],
    ['skein registry register web@1.2.3 --hub hub:9090 --key web.pem -- ./serve.sh', 'by a hub, signed'],
  ],
  declare(command) {
    command
      .usage('[options] <action> [words…]')
      .addArgument(new Argument('<action>', 'what to do').choices([...actions]))
      .argument('[words...]', 'what the action is about; of register, behind --, the command')
      .option('--hub <addresses>', 'the hub: host:port; several with commas (SKEIN_REGISTRY)')
      .option('--store <url>', 'the store: file:<path>, etcd://host:port,… (SKEIN_STORE)')
      .option('--listen <address>', 'serve: where (127.0.0.1, at any port that is free)')
      .option('--keys <file>', 'who may register what: lines of a name, or *, and a public key')
      .option('--key <file>', 'register, free: the private key that signs')
      .option('--port <port>', 'register: the port (one that is free)', portNumber)
      .option('--host <host>', 'register: by which others reach it (what the hub sees; 127.0.0.1)')
      .option('--metadata <json>', 'register: an object that others are told')
      .option('--ttl <seconds>', 'register: after how long of silence it is freed', seconds, 10)
      .option('--wait <seconds>', 'get: how long (until there is one)', secondsFrom0)
      .option('--prerelease', 'get, ls: versions before a release as well')
      .option('-w, --watch', 'ls: what happens from now on, too')
      .option('--json', 'get, ls: print JSON; with --watch a line each')
  },
  async run({ args: [action], rest, options }) {
    const { runRegistry } = await import('../coord/registry.ts')
    return runRegistry(action!, rest, options as unknown as Parameters<typeof runRegistry>[2])
  },
}
