// A watch over endpoints that come and go. It knows the revision from which it has seen nothing yet; when its stream breaks it goes on from there, at another endpoint. What one revision changed comes in one message, so
// that nothing is told twice or not at all.
import { sleep } from '@skein/world'
import { CompactedError, EtcdError, StoreAccessError, WrongServerError } from '../../errors.ts'
import type { Range } from '../../store.ts'
import type { Watch } from '../../watching.ts'
import { framed, type RpcStream } from './connection.ts'
import type { Endpoints } from './endpoints.ts'
import { Code, judge, RpcFailure } from './failures.ts'
import { calls, type WatchResponse } from './messages.ts'
import { Reader, Writer } from './protobuf.ts'
import type { Translator } from './translate.ts'

const firstDelayMs = 20
const longestDelayMs = 1000

export class WatchFeed {
  private readonly endpoints: Endpoints
  private readonly translator: Translator
  private readonly watch: Watch
  private readonly range: Range
  private readonly asked: string
  private readonly withPrevious: boolean
  private readonly stop = new AbortController()
  /** Nothing is told of it or of what follows. */
  private next: number
  private hasAuthenticated = false

  constructor(
    endpoints: Endpoints,
    translator: Translator,
    watch: Watch,
    range: Range,
    { from, withPrevious }: { from: number; withPrevious: boolean },
  ) {
    this.endpoints = endpoints
    this.translator = translator
    this.watch = watch
    this.range = range
    this.asked = `watch from revision ${from}`
    this.next = from
    this.withPrevious = withPrevious
  }

  end(): void {
    this.stop.abort()
  }

  /** Until the watch ends; it is told why, if not by itself. */
  async run(): Promise<void> {
    const { signal } = this.stop
    for (let delayMs = firstDelayMs; !signal.aborted; ) {
      const before = this.next
      try {
        await this.follow()
      } catch (error) {
        if (signal.aborted) return
        if (!(error instanceof RpcFailure)) return this.watch.end(error)
      }
      delayMs = this.next > before ? firstDelayMs : Math.min(longestDelayMs, 2 * delayMs)
      await sleep(this.endpoints.clock, delayMs * this.endpoints.chance.uniform(), { signal }).catch(() => {})
    }
  }

  /** At one endpoint, until that fails. Rejects with RpcFailure if another is to be tried, else with what ends the watch. */
  private async follow(): Promise<void> {
    const { connection, token } = await this.endpoints.connected()
    const { signal } = this.stop
    await new Promise<void>((resolve, reject) => {
      if (signal.aborted) return resolve()
      let refusal: unknown
      const stream: RpcStream = connection.open(calls.watch.path, token, {
        message: bytes => {
          try {
            refusal = this.told(calls.watch.response.read(new Reader(bytes)), connection.endpoint)
          } catch (error) {
            refusal = new WrongServerError(connection.endpoint, (error as Error).message)
          }
          if (refusal !== undefined) stream.fail(undefined)
        },
        ended: failure => {
          signal.removeEventListener('abort', leave)
          const reason = refusal ?? (failure && this.judged(failure, connection.endpoint)) ?? goneFailure
          if (reason instanceof RpcFailure) this.endpoints.leave(connection.endpoint)
          reject(reason)
        },
      })
      const leave = (): void => stream.fail(undefined)
      signal.addEventListener('abort', leave, { once: true })
      const writer = new Writer(5)
      const { key, end } = this.translator.ends(this.range)
      const { withPrevious, next: from } = this
      calls.watch.request.write(writer, { create: { key, end, from, withPrevious, withProgress: true } })
      stream.send(framed(writer.finish()), false)
    })
  }

  /** Gives back why the stream is of no use any more, if so. */
  private told(response: WatchResponse, endpoint: string): unknown {
    if (response.isCancelled) {
      if (response.compacted > 0) return new CompactedError(this.next, response.compacted)
      // etcd tells it as one would print it: "rpc error: code = PermissionDenied desc = etcdserver: permission denied".
      const [, found = response.reason] = /desc = (.*)$/s.exec(response.reason) ?? []
      if (found.includes('permission denied'))
        return this.judged(new RpcFailure(Code.unauthenticated, found, true), endpoint)
      return this.judged(new RpcFailure(Code.unavailable, found, true), endpoint)
    }
    if (response.isCreated) return undefined
    for (const batch of this.translator.batches(response)) {
      this.watch.feed(batch)
      this.next = Math.max(this.next, batch.revision + 1)
    }
    // Without events: up to there nothing has happened.
    if (response.events.length === 0) this.next = Math.max(this.next, response.header!.revision + 1)
    return undefined
  }

  /** RpcFailure: elsewhere, or later. */
  private judged(failure: RpcFailure, endpoint: string): unknown {
    const verdict = judge(failure, endpoint, this.asked)
    if (verdict === 'authenticate') {
      // A token that has run out is told as missing permission.
      if (this.hasAuthenticated || !this.endpoints.forgetToken())
        return new StoreAccessError(endpoint, this.asked, 'not permitted', failure)
      this.hasAuthenticated = true
      return failure
    }
    if (verdict === 'answer') return new EtcdError(endpoint, this.asked, failure.code, failure.message, failure)
    return verdict instanceof Error ? verdict : failure
  }
}

const goneFailure = new RpcFailure(Code.unavailable, 'it ended the watch', true)
