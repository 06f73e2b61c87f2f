/** Where a peer keeps its entries: a file, or servers that are started for it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EtcdCluster } from '../../testing/src/etcd-cluster.ts'

export interface Place {
  address: string
  close(): void | Promise<void>
}

const folder = (): string => mkdtempSync(join(tmpdir(), 'skein-bench-'))

/** A file of its own; `prefix` makes an address of its path. */
export const inFile = (prefix: string): Place => {
  const path = folder()
  return {
    address: `${prefix}${join(path, 'store.db')}`,
    close: () => rmSync(path, { recursive: true }),
  }
}

/** Three nodes, each of which syncs; of them the leader is asked, so that no request is passed on. */
export const onEtcd = async (): Promise<Place> => {
  const cluster = await EtcdCluster.start({ nodes: 3, isSynced: true, heartbeatMs: 100, electionMs: 1000 })
  return { address: `etcd://${cluster.endpoints[await cluster.leader()]}`, close: () => cluster.stop() }
}

export const onNats = async (server: string): Promise<Place> => {
  const path = folder()
  const port = await freePort()
  const lines = [`listen: "127.0.0.1:${port}"`, `jetstream { store_dir: ${JSON.stringify(join(path, 'data'))} }`]
  writeFileSync(join(path, 'nats.conf'), lines.join('\n'))
  const child = spawn(server, ['-c', join(path, 'nats.conf')], { stdio: 'ignore' })
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  await answers(port, child)
  return {
    address: `127.0.0.1:${port}`,
    async close() {
      kill()
      await once(child, 'exit')
      rmSync(path, { recursive: true })
    },
  }
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

const answers = async (port: number, child: ChildProcess): Promise<void> => {
  for (let i = 0; i < 500 && child.exitCode === null; i++) {
    const socket = connect(port, '127.0.0.1')
    const isThere = await new Promise<boolean>(resolve => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (isThere) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error(`nothing listens on port ${port}`)
}
