/** Moleculer over a NATS server, which the side that is asked starts. Its messages are JSON, and have no functions. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, connect as tryToConnect } from 'node:net'
import { setTimeout as rest } from 'node:timers/promises'
import { findNats, findNpmPeer, requirePeer } from '../../harness/toolchain.ts'
import { type Library, service } from '../service.ts'

const { ServiceBroker } = requirePeer('moleculer')
const quiet = { logger: false, metrics: false }

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Waits until it can be connected to. */
const listens = async (port: number): Promise<void> => {
  for (let tries = 0; tries < 200; tries++) {
    const socket = tryToConnect(port, '127.0.0.1')
    const isThere = await new Promise(resolve => {
      socket.on('connect', () => resolve(true))
      socket.on('error', () => resolve(false))
    })
    socket.destroy()
    if (isThere) return
    await rest(20)
  }
  throw new Error(`nats-server does not listen at port ${port}`)
}

export const moleculer: Library = {
  who: `moleculer ${findNpmPeer('moleculer')?.version} NATS`,
  async listen() {
    const port = await freePort()
    const nats = spawn(findNats()!.command, ['-a', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
    process.on('exit', () => nats.kill())
    await listens(port)
    const address = `nats://127.0.0.1:${port}`
    const broker = new ServiceBroker({ ...quiet, nodeID: 'server', transporter: address })
    broker.createService({ name: 'service', actions: { echo: ({ params }: any) => service.echo(params) } })
    await broker.start()
    return { address, pids: [nats.pid!] }
  },
  async connect(transporter) {
    const broker = new ServiceBroker({ ...quiet, nodeID: 'client', transporter })
    await broker.start()
    await broker.waitForServices('service')
    return { close: () => broker.stop(), echo: message => broker.call('service.echo', message) }
  },
}
