/** The suite of calls across a wire: who takes part, and how each is started. */
import { fileURLToPath } from 'node:url'
import type { BenchCase, Launch, PeerSpec, Suite } from '../harness/suite.ts'
import { findNats, findNpmPeer } from '../harness/toolchain.ts'
import { cases } from './cases.ts'
import type { LibraryName } from './libraries.ts'

const setup = 'npm run bench:setup'

const node = (name: LibraryName, ...how: string[]): Launch => ({
  command: process.execPath,
  args: ['--expose-gc', fileURLToPath(new URL('client.ts', import.meta.url)), name, ...how],
})

/** The packages of bench/peers that it needs. */
const library = (name: LibraryName, ...packages: string[]): Launch => {
  const missing = packages.filter(name => !findNpmPeer(name))
  return missing.length > 0 ? { absent: `${missing.join(', ')} not in bench/peers: ${setup}` } : node(name)
}

const isOfMemory = ({ unit }: BenchCase) => unit !== undefined

/** One process asks, another is asked. */
const threads = 2

const peers = (): PeerSpec[] => [
  { label: 'skein:tcp', threads, launch: node('skein') },
  { label: 'skein:websocket', threads, launch: node('skein', 'websocket') },
  { label: 'capnweb', threads, launch: library('capnweb', 'capnweb', 'ws') },
  { label: 'dnode weak: false', threads, launch: node('dnode', 'weak: false'), cases: c => !isOfMemory(c) },
  { label: 'dnode', threads, launch: node('dnode'), cases: isOfMemory },
  { label: 'grpc-js', threads, launch: library('grpc', '@grpc/grpc-js', '@grpc/proto-loader') },
  {
    label: 'moleculer',
    threads,
    launch: findNats()
      ? library('moleculer', 'moleculer', 'nats')
      : { absent: `nats-server is not here: ${setup}, or put it into PATH` },
  },
  { label: 'node:http', threads, launch: node('http') },
  { label: 'JSON lines by hand', threads, launch: node('lines') },
  { label: 'raw socket', threads, launch: node('socket') },
]

export const rpc: Suite = {
  name: 'rpc',
  own: 'skein:tcp',
  cases,
  isReference: row => row.who.startsWith('JSON lines') || row.who === 'raw socket',
  peers,
  effort: { rounds: 5, budgetSeconds: 3, longSeconds: 0.4 },
  notes: [
    'One process asks, another is asked, over the loopback; one connection, of node:http as many as are needed.',
    'skein:websocket over its own WebSocket, capnweb over one of ws, moleculer through a nats-server, grpc-js with proto-loader, dnode without weak references, by which it is many times slower.',
    'Functions that are still known: dnode with weak references of the engine, after 3,000 calls.',
    'JSON lines by hand: numbered lines of JSON over TCP, without anything of a library; its chain is three calls, one after another.',
    'raw socket: as many bytes there and back, made into no object; arrays each into memory of its own.',
  ],
}
