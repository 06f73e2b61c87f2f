/** What a worker of a pool does: it carries out orders, one after the other, until it is told to stop. */

import type { Intracomm } from '../comm/communicators.ts'
import type { Arrived } from './functions.ts'
import { Inbox } from './inbox.ts'
import {
  cancelTag,
  define,
  done,
  forget,
  mainTag,
  type Order,
  type Reply,
  ready,
  run,
  skipped,
  stop,
  threw,
  unready,
} from './orders.ts'

/** What a task can ask about where it runs. */
export interface WorkerInfo {
  /** In the pool's communicator. */
  readonly rank: number
  /** Among the workers, from 0. */
  readonly worker: number
  readonly workers: number
  /** The workers alone. A call on it waits for those that take part, and the client decides who runs what: meant for what the initializers do. */
  readonly comm: Intracomm
  /** The client does not want the result any more; to be asked now and then in long loops. */
  readonly isCancelled: boolean
}

let current: WorkerInfo | undefined

/** Of the task, or the initializer, that runs here; undefined elsewhere. */
export const workerInfo = (): WorkerInfo | undefined => current

export class Worker {
  readonly #arrived: Arrived
  readonly #info: WorkerInfo
  /** Numbers of chunks that nobody wants any more, as far as is known. */
  readonly #listen: () => number | undefined
  readonly #cancelled = new Set<number>()
  #chunk = -1

  /** @param listen the number of another chunk that was cancelled */
  constructor(arrived: Arrived, place: Omit<WorkerInfo, 'isCancelled'>, listen: () => number | undefined) {
    this.#arrived = arrived
    this.#listen = listen
    const isCancelled = (): boolean => this.#isCancelled()
    this.#info = {
      ...place,
      get isCancelled() {
        return isCancelled()
      },
    }
  }

  /** Whether it can begin. */
  async prepare(initializer: (() => unknown) | undefined): Promise<Reply> {
    current = this.#info
    try {
      await initializer?.()
      return [ready]
    } catch (error) {
      return [unready, error]
    } finally {
      current = undefined
    }
  }

  /** Undefined: nothing is to be said about it. */
  async carryOut(order: Order): Promise<Reply | undefined> {
    switch (order[0]) {
      case run:
        return this.#run(order[1], order[2], order[3])
      case define:
        this.#arrived.define(order[1], order[2])
        return undefined
      case forget:
        this.#arrived.forget(order[1])
    }
    return undefined
  }

  async #run(chunk: number, key: number, calls: readonly (readonly unknown[])[]): Promise<Reply> {
    const results: unknown[] = []
    this.#chunk = chunk
    current = this.#info
    const began = performance.now()
    try {
      let fn = this.#arrived.get(key)
      if (fn instanceof Promise) fn = await fn
      for (const args of calls) {
        if (this.#isCancelled()) return [skipped, chunk, performance.now() - began, results]
        const result = fn(...args)
        results.push(isThenable(result) ? await result : result)
      }
      return [done, chunk, performance.now() - began, results]
    } catch (error) {
      return [threw, chunk, performance.now() - began, results, error]
    } finally {
      current = undefined
      // The client counts up: what was cancelled before has been answered.
      for (const each of this.#cancelled) if (each <= chunk) this.#cancelled.delete(each)
    }
  }

  #isCancelled(): boolean {
    for (let chunk = this.#listen(); chunk !== undefined; chunk = this.#listen()) this.#cancelled.add(chunk)
    return this.#cancelled.has(this.#chunk)
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  value !== null && typeof value === 'object' && typeof (value as PromiseLike<unknown>).then === 'function'

/** Serves the client until it says that it needs no more. */
export async function serve(
  comm: Intracomm,
  workers: Intracomm,
  root: number,
  arrived: Arrived,
  initializer: (() => unknown) | undefined,
  isCrowded: boolean,
): Promise<void> {
  const place = { rank: comm.rank, worker: workers.rank, workers: workers.size, comm: workers }
  let heard = 0
  const worker = new Worker(arrived, place, () => {
    const message = comm.improbe(root, cancelTag)
    if (message !== undefined) heard++
    return message?.recv()
  })
  const answer = (reply: Reply): void => comm.send(reply, root, mainTag)
  answer(await worker.prepare(initializer))
  const inbox = new Inbox(comm, root, mainTag, isCrowded)
  for (;;) {
    const order: Order = (await inbox.next()).recv()
    if (order[0] === stop) {
      for (; heard < order[1]; heard++) comm.recv(root, cancelTag)
      return
    }
    const reply = await worker.carryOut(order)
    if (reply === undefined) continue
    try {
      answer(reply)
    } catch (error) {
      // A result, or what was thrown, that cannot be sent.
      if (reply[0] === done || reply[0] === skipped) answer([threw, reply[1], reply[2], [], error])
      else if (reply[0] === threw) answer([threw, reply[1], reply[2], [], new Error(String(reply[4]))])
      else throw error
    }
  }
}
