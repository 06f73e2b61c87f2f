// A proxy between programs and a server, that can hold back what passes, as a partition does: nothing is told, nothing arrives, and when it is over what was sent arrives after all, for TCP sends again. Or it breaks connections and takes no more.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export interface TcpProxyOptions {
  /**
   * Who speaks, by the first bytes of a connection (which wait until it is known): undefined, not known yet. Default: nobody in particular. Connections from those that `hold` names can be held back by themselves.
   */
  speaker?: (first: string) => string | undefined
}

interface Pair {
  readonly near: Socket
  readonly far: Socket
  speaker: string
}

export class TcpProxy implements AsyncDisposable {
  private readonly server: Server
  private readonly target: string
  private readonly speaker: TcpProxyOptions['speaker']
  private readonly pairs = new Set<Pair>()
  private heldBack: (speaker: string) => boolean = () => false
  private isBroken = false

  private constructor(target: string, { speaker }: TcpProxyOptions) {
    this.target = target
    this.speaker = speaker
    this.server = createServer(near => this.accept(near))
    this.server.unref()
  }

  /** In front of `host:port`, at a free port of this machine. */
  static async before(target: string, options: TcpProxyOptions = {}): Promise<TcpProxy> {
    const proxy = new TcpProxy(target, options)
    proxy.server.listen(0, '127.0.0.1')
    await once(proxy.server, 'listening')
    return proxy
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** Connections that are open. */
  get size(): number {
    return this.pairs.size
  }

  /** Holds back what passes between the server and everybody, or those whose name is one of these; replaces what was held before. */
  hold(speakers?: readonly string[]): void {
    this.heldBack = speakers ? name => speakers.includes(name) : () => true
    this.flow()
  }

  /** Breaks all connections, and those that come. */
  break(): void {
    this.isBroken = true
    for (const { near, far } of this.pairs) {
      near.resetAndDestroy()
      far.resetAndDestroy()
    }
  }

  /** All passes again. */
  heal(): void {
    this.heldBack = () => false
    this.isBroken = false
    this.flow()
  }

  async close(): Promise<void> {
    this.break()
    await new Promise(resolve => this.server.close(resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  private accept(near: Socket): void {
    near.on('error', () => {})
    if (this.isBroken) {
      near.resetAndDestroy()
      return
    }
    if (!this.speaker) return this.join(near, '', '')
    let first = ''
    const read = (bytes: Buffer): void => {
      first += bytes.toString('latin1')
      const name = this.speaker!(first)
      if (name === undefined) return
      near.off('data', read)
      near.pause()
      this.join(near, name, first)
    }
    near.on('data', read)
  }

  private join(near: Socket, speaker: string, first: string): void {
    const index = this.target.lastIndexOf(':')
    const far = connect(Number(this.target.slice(index + 1)), this.target.slice(0, index))
    const pair = { near, far, speaker }
    this.pairs.add(pair)
    far.on('error', () => {})
    const send = (to: Socket) => (bytes: Buffer) => void to.write(bytes)
    near.on('data', send(far)).on('end', () => far.end())
    far.on('data', send(near)).on('end', () => near.end())
    const gone = (): void => {
      this.pairs.delete(pair)
      near.destroy()
      far.destroy()
    }
    near.on('close', gone)
    far.on('close', gone)
    if (first !== '') far.write(Buffer.from(first, 'latin1'))
    this.flow()
  }

  private flow(): void {
    for (const { near, far, speaker } of this.pairs)
      for (const socket of [near, far])
        if (this.heldBack(speaker)) socket.pause()
        else socket.resume()
  }
}
