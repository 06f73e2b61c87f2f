// A cluster of etcd for tests, of Debian's `etcd-server` or the like (`needs('etcd')`): nodes as processes of this machine, on free ports, with their data in a temporary folder. They can be killed, paused, and
// started anew. When the process of the tests ends, however it ends, a shell that waits for that ends them and deletes the folder.
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface EtcdClusterOptions {
  /** Default 1. */
  nodes?: number
  /** How often the leader is heard of, and how long it may be silent. Defaults 50 and 500; the shortest lease is one and a half of the latter, in whole seconds. */
  heartbeatMs?: number
  electionMs?: number
  /** Whether what is acknowledged survives a loss of power, as it always survives the end of the process. Default false: sooner done. */
  isSynced?: boolean
  /** Clients speak TLS; `certificate` is what they have to trust. Default false. */
  tls?: boolean
  /** Where the others reach a node's peer address (`host:port`), if a proxy is to stand between. */
  peerVia?: (node: number, address: string) => string | Promise<string>
  /** More arguments for each node. */
  arguments?: readonly string[]
}

interface EtcdNode {
  readonly arguments: readonly string[]
  readonly ports: Ports
  process: ChildProcess | undefined
  exited: Promise<void>
  isPaused: boolean
}

interface Ports {
  readonly client: number
  readonly peer: number
  readonly metrics: number
}

const host = '127.0.0.1'
/** How long a node or the cluster is waited for. */
const patienceMs = 30_000

/** An etcd of a test does not do what it should; its last words are in the message. */
export class EtcdClusterError extends Error {
  override name = 'EtcdClusterError'
}

export class EtcdCluster implements AsyncDisposable {
  readonly folder: string
  private readonly nodes: EtcdNode[] = []
  private readonly isTls: boolean
  private readonly watchdog: ChildProcess

  private constructor(isTls: boolean) {
    this.isTls = isTls
    this.folder = mkdtempSync(join(tmpdir(), 'skein-etcd-'))
    this.watchdog = spawn('/bin/sh', ['-c', watchdogScript, 'sh', this.folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    this.watchdog.unref()
    ;(this.watchdog.stdin as unknown as { unref(): void }).unref()
    this.watchdog.stdin!.on('error', () => {})
  }

  /** Resolves when all nodes are healthy. Rejects with EtcdClusterError. */
  static async start(options: EtcdClusterOptions = {}): Promise<EtcdCluster> {
    // Between finding a port free and taking it another program may have had it.
    for (let attempt = 1; ; attempt++) {
      const cluster = new EtcdCluster(options.tls ?? false)
      try {
        await cluster.begin(options)
        return cluster
      } catch (error) {
        await cluster.stop()
        if (attempt === 3 || !(error as Error).message.includes('address already in use')) throw error
      }
    }
  }

  get size(): number {
    return this.nodes.length
  }

  /** `host:port` for clients, node by node. */
  get endpoints(): string[] {
    return this.nodes.map(({ ports }) => `${host}:${ports.client}`)
  }

  get clientUrls(): string[] {
    return this.endpoints.map(endpoint => `${this.isTls ? 'https' : 'http'}://${endpoint}`)
  }

  /** Where the nodes themselves listen to each other. */
  get peerUrls(): string[] {
    return this.nodes.map(({ ports }) => `http://${host}:${ports.peer}`)
  }

  /** The store's: `etcd://host:port,host:port`. */
  get url(): string {
    return `${this.isTls ? 'etcds' : 'etcd'}://${this.endpoints.join(',')}`
  }

  /** Of a cluster with TLS: its own authority, in PEM, and the key to it, for they are signed by themselves. */
  certificate(node = 0): { cert: string; key: string } {
    const path = join(this.folder, `${node}`, 'fixtures', 'client')
    return { cert: readFileSync(join(path, 'cert.pem'), 'utf8'), key: readFileSync(join(path, 'key.pem'), 'utf8') }
  }

  /** The node's process id; undefined: it does not run. */
  pid(node: number): number | undefined {
    return this.nodes[node].process?.pid
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(node: number): Promise<void> {
    const { process, exited } = this.nodes[node]
    // It is waited for, though nothing else is left to happen.
    process?.ref()
    process?.kill('SIGKILL')
    await exited
  }

  /** Starts a node that was killed, with the data that it has; resolves when it answers, healthy or (without a majority) not. */
  async restart(node: number): Promise<void> {
    await this.kill(node)
    this.spawn(node)
    await this.until(`node ${node} answers`, async () => (await this.ask(node, '/health')) !== undefined)
  }

  /** SIGSTOP: it keeps its connections, and answers nobody. */
  pause(node: number): void {
    this.nodes[node].process?.kill('SIGSTOP')
    this.nodes[node].isPaused = true
  }

  /** SIGCONT. */
  resume(node: number): void {
    this.nodes[node].process?.kill('SIGCONT')
    this.nodes[node].isPaused = false
  }

  /** Resolves when all nodes that run, or those that are given, are healthy: they know a leader. Rejects with EtcdClusterError. */
  async healthy(nodes: readonly number[] = this.running()): Promise<void> {
    await this.until(`nodes ${nodes} are healthy`, async () => {
      const answers = await Promise.all(nodes.map(node => this.ask(node, '/health')))
      return answers.every(answer => answer?.includes('"true"'))
    })
  }

  /** The node that leads, waited for. Rejects with EtcdClusterError. */
  async leader(): Promise<number> {
    let leader = -1
    await this.until('there is a leader', async () => {
      for (const node of this.running()) if ((await this.metric(node, 'etcd_server_is_leader')) === 1) leader = node
      return leader >= 0
    })
    return leader
  }

  /** A number that the node counts, by its whole name, labels and all, as Prometheus reads it; 0 if it has counted none. Rejects with EtcdClusterError. */
  async metric(node: number, name: string): Promise<number> {
    const text = await this.ask(node, '/metrics')
    if (text === undefined) throw new EtcdClusterError(`etcd ${node} does not answer.${this.lastWords(node)}`)
    const line = text.split('\n').find(line => line.startsWith(`${name} `))
    return line === undefined ? 0 : Number(line.slice(name.length + 1))
  }

  /** Ends all nodes and deletes their data. */
  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((_, node) => this.kill(node)))
    const gone = new Promise(resolve => this.watchdog.once('exit', resolve))
    this.watchdog.ref()
    this.watchdog.stdin!.end()
    await gone
    rmSync(this.folder, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  private async begin(options: EtcdClusterOptions): Promise<void> {
    const { nodes = 1, heartbeatMs = 50, electionMs = 500, isSynced = false } = options
    const ports = await freePorts(nodes * 3)
    const all: Ports[] = Array.from({ length: nodes }, (_, i) => {
      const [client, peer, metrics] = ports.slice(i * 3)
      return { client, peer, metrics }
    })
    const vias: string[] = []
    for (const [i, { peer }] of all.entries()) {
      const address = `${host}:${peer}`
      vias.push(`http://${(await options.peerVia?.(i, address)) ?? address}`)
    }
    const scheme = this.isTls ? 'https' : 'http'
    for (const [i, { client, peer, metrics }] of all.entries()) {
      const given: Record<string, string> = {
        name: `node-${i}`,
        'data-dir': join(this.folder, `${i}`),
        'listen-client-urls': `${scheme}://${host}:${client}`,
        'advertise-client-urls': `${scheme}://${host}:${client}`,
        'listen-peer-urls': `http://${host}:${peer}`,
        'initial-advertise-peer-urls': vias[i],
        'initial-cluster': vias.map((via, j) => `node-${j}=${via}`).join(','),
        'listen-metrics-urls': `http://${host}:${metrics}`,
        'heartbeat-interval': String(heartbeatMs),
        'election-timeout': String(electionMs),
      }
      const flags = [this.isTls ? ['--auto-tls'] : [], isSynced ? [] : ['--unsafe-no-fsync'], options.arguments ?? []]
      const named = Object.entries(given).map(([name, value]) => `--${name}=${value}`)
      this.nodes.push({
        arguments: [...named, ...flags.flat()],
        ports: all[i],
        process: undefined,
        exited: Promise.resolve(),
        isPaused: false,
      })
      this.spawn(i)
    }
    await this.healthy()
  }

  private spawn(i: number): void {
    const node = this.nodes[i]
    const log = openSync(this.logOf(i), 'a')
    const child = spawn('etcd', node.arguments, { stdio: ['ignore', log, log], env: { PATH: process.env.PATH } })
    closeSync(log)
    child.unref()
    node.process = child
    node.isPaused = false
    if (child.pid !== undefined) this.watchdog.stdin!.write(`+ ${child.pid}\n`)
    node.exited = new Promise(resolve => {
      const end = (): void => {
        node.process = undefined
        if (child.pid !== undefined) this.watchdog.stdin!.write(`- ${child.pid}\n`)
        resolve()
      }
      child.once('exit', end)
      child.once('error', end)
    })
  }

  private running(): number[] {
    return this.nodes.flatMap(({ process, isPaused }, i) => (process && !isPaused ? [i] : []))
  }

  private logOf(node: number): string {
    return join(this.folder, `${node}.log`)
  }

  private lastWords(node: number): string {
    return `\n${readFileSync(this.logOf(node), 'utf8').split('\n').slice(-12).join('\n')}`
  }

  /** What its address for health and metrics says; undefined: nothing. */
  private async ask(node: number, path: string): Promise<string | undefined> {
    try {
      const url = `http://${host}:${this.nodes[node].ports.metrics}${path}`
      return await (await fetch(url, { signal: AbortSignal.timeout(2000) })).text()
    } catch {
      return undefined
    }
  }

  private async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const before = this.running().length
    const deadlineMs = performance.now() + patienceMs
    while (!(await holds())) {
      const dead = this.nodes.findIndex(({ process }) => process === undefined)
      if (this.running().length < before) throw new EtcdClusterError(`etcd ${dead} ended.${this.lastWords(dead)}`)
      if (performance.now() > deadlineMs)
        throw new EtcdClusterError(
          `It was waited for ${patienceMs / 1000} s that ${what}.${this.nodes.map((_, i) => this.lastWords(i))}`,
        )
      await sleep(20)
    }
  }
}

/** Reads which processes there are until its input ends, which it does with the process of the tests; then ends them. */
const watchdogScript = `trap '' INT TERM HUP
pids=
while read -r sign pid; do
  rest=
  for p in $pids; do [ "$p" = "$pid" ] || rest="$rest $p"; done
  pids=$rest
  [ "$sign" = - ] || pids="$pids $pid"
done
[ -z "$pids" ] || kill -9 $pids
[ -z "$pids" ] || sleep 0.2
rm -rf "$1"`

/** Below those from which the system takes ports of outgoing connections. */
const freePorts = async (count: number): Promise<number[]> => {
  const held: { port: number; close(): Promise<void> }[] = []
  while (held.length < count) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    const server = createServer()
    const isFree = await new Promise<boolean>(resolve => {
      server.once('error', () => resolve(false)).listen(port, host, () => resolve(true))
    })
    if (isFree) held.push({ port, close: () => new Promise(resolve => server.close(() => resolve())) })
  }
  for (const { close } of held) await close()
  return held.map(({ port }) => port)
}
