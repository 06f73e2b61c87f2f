/** The coordination suite: who takes part, and how each is started. */
import { fileURLToPath } from 'node:url'
import type { Launch, PeerSpec, Suite } from '../harness/suite.ts'
import { findEtcd, findNats, findNpmPeer } from '../harness/toolchain.ts'
import { cases, crowd, etcd, etcdByHand, file, isOfChecks, isOfStores, sqlite } from './cases.ts'
import type { Kind } from './kinds.ts'

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const setup = 'npm run bench:setup'

const store = (who: string, kind: Kind, ...where: string[]): PeerSpec => ({
  label: who,
  threads: crowd,
  launch: { command: process.execPath, args: [here('peer.ts'), who, kind, ...where] },
  cases: isOfStores,
})

const nats = (): Launch => {
  const server = findNats()
  if (!server) return { absent: `nats-server is not here: ${setup}` }
  if (!findNpmPeer('@nats-io/kv')) return { absent: `@nats-io/kv is not in bench/peers: ${setup}` }
  const who = `NATS KV ${server.version}`
  return { command: process.execPath, args: [here('peer.ts'), who, 'nats', 'nats', server.command] }
}

const onEtcd = (who: string, kind: Kind): Launch => {
  const server = findEtcd()
  if (!server) return { absent: `etcd is not here: ${setup}` }
  return {
    command: process.execPath,
    args: [here('peer.ts'), who.replace('etcd by', `etcd ${server.version} by`), kind, 'etcd'],
  }
}

export const coord: Suite = {
  name: 'coord',
  own: file,
  cases,
  isReference: () => true,
  effort: { rounds: 7, budgetSeconds: 5 },
  peers: () => [
    store(file, 'skein', 'file:'),
    store(sqlite, 'sqlite', ''),
    { ...store(etcd, 'skein'), launch: onEtcd(etcd, 'skein') },
    { ...store(etcdByHand, 'etcd'), launch: onEtcd(etcdByHand, 'etcd') },
    { ...store('NATS KV', 'nats'), launch: nats },
    {
      label: 'skein',
      threads: 1,
      launch: { command: process.execPath, args: [here('checks.ts')] },
      cases: ({ name }) => isOfChecks(name),
    },
  ],
  notes: [
    'Processes stand in the column of threads. Files and data of servers are in the temporary folder (TMPDIR): its disk is what is measured.',
    'node:sqlite: WAL, synchronous = FULL, one INSERT OR REPLACE a transaction (of compare-and-set an UPDATE; of a lock two transactions, as many as it is of Skein).',
    'etcd: three nodes of this machine, which sync; the leader is asked. By hand: a loop that sends the same requests over gRPC and looks at nothing; it hands over by the lock of the servers.',
    'NATS syncs every two minutes, the others before they answer.',
  ],
}
