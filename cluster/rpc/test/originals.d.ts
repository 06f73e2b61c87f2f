declare module 'dnode-protocol' {
  import type { EventEmitter } from 'node:events'

  interface Protocol extends EventEmitter {
    start(): void
    handle(message: unknown): void
    cull(number: number): void
    readonly remote: Record<string, any>
    readonly callbacks: { readonly local: unknown[]; readonly remote: unknown[] }
  }
  export default function protocol(offer: object, options?: object): Protocol
}

declare module 'dnode-protocol/lib/scrub.js' {
  interface Scrubber {
    scrub(value: unknown): { arguments: unknown[]; callbacks: Record<string, string[]>; links: unknown[] }
    unscrub(message: unknown, functionOf: (number: number) => unknown): unknown[]
  }
  export default function scrubber(callbacks: unknown[]): Scrubber
}

declare module 'dnode' {
  import type { Server } from 'node:net'
  import type { Duplex } from 'node:stream'

  function dnode(
    offer?: object,
    options?: object,
  ): Duplex & {
    on(event: 'remote', listener: (remote: any) => void): void
    connect(port: number, host?: string): void
  }
  namespace dnode {
    function listen(...given: unknown[]): Server
  }
  export = dnode
}
