/** Messages to whoever listens: between tasks and actors on workers, and the main program. */

import { ArgumentError } from '@skein/base'
import { engineHere } from '../engine.ts'

const checkTopic = (call: string, topic: unknown): void => {
  if (typeof topic !== 'string' || topic === '')
    throw new ArgumentError(call, 'topic', 'a string that is not empty', topic)
}

/**
 * Sends a value to all who have subscribed to the topic, on every thread, the sender's own too. Nobody waits for it: when there
 * is no subscriber it is gone. Messages of one sender arrive in the order in which they were sent.
 *
 * @throws NotCloneableError
 */
export function publish(topic: string, value?: unknown): void {
  checkTopic('publish', topic)
  engineHere().publish(topic, value)
}

/** Messages of a topic, from when it was made: each goes to the listener, or else is kept until the iteration takes it. */
export class Subscription<T> implements AsyncIterableIterator<T>, Disposable {
  readonly topic: string
  readonly #end: () => void
  readonly #messages: T[] = []
  #isOver = false
  #wake: (() => void) | undefined

  constructor(topic: string, listener: ((message: T) => void) | undefined) {
    this.topic = topic
    this.#end = engineHere().subscribe(topic, message => {
      if (listener) return listener(message as T)
      this.#messages.push(message as T)
      this.#wake?.()
    })
  }

  async next(): Promise<IteratorResult<T>> {
    while (this.#messages.length === 0) {
      if (this.#isOver) return { value: undefined, done: true }
      await new Promise<void>(resolve => (this.#wake = resolve))
    }
    return { value: this.#messages.shift()!, done: false }
  }

  async return(): Promise<IteratorResult<T>> {
    this.unsubscribe()
    return { value: undefined, done: true }
  }

  /** No message comes any more. */
  unsubscribe(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#messages.length = 0
    this.#end()
    this.#wake?.()
  }

  [Symbol.dispose](): void {
    this.unsubscribe()
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

/**
 * Listens to a topic: a function that is called with each message, or an iteration over them. On a worker, inside a task or an
 * actor; it lasts until it is ended or the worker is. It keeps no program alive.
 *
 *     subscribe('progress', ({ done }) => show(done))
 *     for await (const order of subscribe('orders')) handle(order)
 *
 * @throws ArgumentError
 */
export function subscribe<T = any>(topic: string, listener?: (message: T) => void): Subscription<T> {
  checkTopic('subscribe', topic)
  if (listener !== undefined && typeof listener !== 'function') {
    throw new ArgumentError('subscribe', 'listener', 'a function, or nothing', listener)
  }
  return new Subscription(topic, listener)
}
