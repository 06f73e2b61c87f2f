// A cluster of etcd with proxies before its nodes, and what can befall it: nodes that are killed or stopped, the leader among them, cut off from each other or from clients.
import { EtcdCluster, type EtcdClusterOptions } from '@skein/testing'
import type { Fault } from '../../../../testing/src/nemesis.ts'
import { TcpProxy } from '../../../../testing/src/tcp-proxy.ts'

export class HarmedEtcd implements AsyncDisposable {
  readonly cluster: EtcdCluster
  /** For clients: by way of the proxies. */
  readonly url: string
  readonly faults: readonly Fault[]
  private readonly peers: readonly TcpProxy[]
  private readonly doors: readonly TcpProxy[]
  /** By which name a node speaks to others. */
  private readonly ids: readonly string[]

  private constructor(cluster: EtcdCluster, peers: TcpProxy[], doors: TcpProxy[], ids: string[]) {
    this.cluster = cluster
    this.peers = peers
    this.doors = doors
    this.ids = ids
    this.url = `etcd://${doors.map(({ address }) => address).join(',')}`
    this.faults = this.makeFaults()
  }

  static async start(options: EtcdClusterOptions = {}): Promise<HarmedEtcd> {
    const peers: TcpProxy[] = []
    const cluster = await EtcdCluster.start({
      nodes: 3,
      ...options,
      async peerVia(node, address) {
        peers[node] = await TcpProxy.before(address, { speaker: peerOf })
        return peers[node].address
      },
    })
    const doors = await Promise.all(cluster.endpoints.map(endpoint => TcpProxy.before(endpoint)))
    const answer = await fetch(`${cluster.clientUrls[0]}/v3/cluster/member/list`, { method: 'POST', body: '{}' })
    const { members } = (await answer.json()) as { members: { ID: string; name: string }[] }
    const ids = Array.from({ length: cluster.size }, (_, i) => {
      const { ID } = members.find(({ name }) => name === `node-${i}`)!
      return BigInt(ID).toString(16)
    })
    return new HarmedEtcd(cluster, peers, doors, ids)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster.stop()
    for (const proxy of [...this.peers, ...this.doors]) await proxy.close()
  }

  private makeFaults(): Fault[] {
    const { cluster } = this
    const any = (chance: () => number): number => Math.floor(chance() * cluster.size)
    const killed = async (node: number): Promise<() => Promise<void>> => {
      await cluster.kill(node)
      return () => cluster.restart(node)
    }
    const paused = (node: number): (() => void) => {
      cluster.pause(node)
      return () => cluster.resume(node)
    }
    return [
      { name: 'a node is killed', begin: chance => killed(any(chance)) },
      { name: 'the leader is killed', begin: async () => killed(await cluster.leader()) },
      { name: 'a node is stopped', begin: chance => paused(any(chance)) },
      { name: 'the leader is stopped', begin: async () => paused(await cluster.leader()) },
      { name: 'a node is cut off from the others', begin: chance => this.isolate(any(chance)) },
      { name: 'the leader is cut off from the others', begin: async () => this.isolate(await cluster.leader()) },
      {
        name: 'a node is cut off from its clients',
        begin: chance => {
          const door = this.doors[any(chance)]
          door.hold()
          return () => door.heal()
        },
      },
      {
        name: 'connections of clients break',
        begin: chance => {
          const door = this.doors[any(chance)]
          door.break()
          return () => door.heal()
        },
      },
      {
        name: 'all are killed',
        begin: async () => {
          const nodes = cluster.endpoints.map((_, i) => i)
          await Promise.all(nodes.map(node => cluster.kill(node)))
          return async () => void (await Promise.all(nodes.map(node => cluster.restart(node))))
        },
      },
    ]
  }

  private isolate(node: number): () => void {
    for (const [i, proxy] of this.peers.entries()) proxy.hold(i === node ? undefined : [this.ids[node]])
    return () => {
      for (const proxy of this.peers) proxy.heal()
    }
  }
}

/** Nodes of etcd speak HTTP with each other, and say in a header who they are. */
const peerOf = (first: string): string | undefined => {
  if (!first.includes('\r\n\r\n')) return undefined
  return /^X-Server-From: *([0-9a-f]+)/im.exec(first)?.[1] ?? 'nobody'
}
