/**
 * The actors that live on a worker. Calls of an actor start in the order they came; a synchronous method is over before
 * the next starts, asynchronous ones interleave, up to the actor's limit.
 */

import { ActorDiedError } from '../errors.ts'

/** A call that waits for its turn. */
export interface WaitingCall {
  /** Makes it; a promise when it goes on. */
  run(object: object): unknown
  done(value: unknown): void
  broke(error: unknown): void
}

interface Instance {
  readonly concurrency: number
  /** Undefined while the constructor has not finished. */
  object: object | undefined
  /** Why it cannot be used. */
  broken: unknown
  underWay: number
  readonly waiting: WaitingCall[]
}

export class Actors {
  readonly #instances = new Map<number, Instance>()

  /** Makes an actor; its calls wait until it is there, and fail if it cannot be made. */
  create(
    actor: number,
    concurrency: number,
    make: () => object | Promise<object>,
    done: (value: unknown) => void,
    broke: (error: unknown) => void,
  ): void {
    const instance: Instance = { concurrency, object: undefined, broken: undefined, underWay: 0, waiting: [] }
    this.#instances.set(actor, instance)
    const made = (object: object) => {
      instance.object = object
      done(undefined)
      this.#go(instance)
    }
    const failed = (error: unknown) => {
      instance.broken = error
      broke(error)
      this.#go(instance)
    }
    try {
      const object = make()
      if (object instanceof Promise) object.then(made, failed)
      else made(object)
    } catch (error) {
      failed(error)
    }
  }

  /** The object itself, when a call of it may start now. */
  ready(actor: number): object | undefined {
    const instance = this.#instances.get(actor)
    return instance !== undefined && instance.waiting.length === 0 && instance.underWay < instance.concurrency
      ? instance.object
      : undefined
  }

  /** A call that `ready` allowed goes on until this settles. */
  goesOn(actor: number, result: Promise<unknown>, call: Pick<WaitingCall, 'done' | 'broke'>): void {
    this.#goesOn(this.#instances.get(actor)!, result, call)
  }

  /** A call whose turn comes later. */
  enqueue(actor: number, call: WaitingCall): void {
    const instance = this.#instances.get(actor)
    if (instance === undefined) return call.broke(new ActorDiedError(`actor ${actor}`, 'it was killed'))
    instance.waiting.push(call)
    this.#go(instance)
  }

  /** Forgets an actor; calls that have not started fail. */
  kill(actor: number): void {
    const instance = this.#instances.get(actor)
    this.#instances.delete(actor)
    for (const call of instance?.waiting.splice(0) ?? []) {
      call.broke(new ActorDiedError(`actor ${actor}`, 'it was killed'))
    }
  }

  #goesOn(instance: Instance, result: Promise<unknown>, call: Pick<WaitingCall, 'done' | 'broke'>): void {
    instance.underWay++
    const over = () => {
      instance.underWay--
      this.#go(instance)
    }
    result.then(
      value => {
        call.done(value)
        over()
      },
      error => {
        call.broke(error)
        over()
      },
    )
  }

  #go(instance: Instance): void {
    while (instance.waiting.length > 0 && instance.underWay < instance.concurrency) {
      if (instance.object === undefined && instance.broken === undefined) return
      const call = instance.waiting.shift()!
      if (instance.object === undefined) {
        call.broke(new ActorDiedError('the actor', 'its constructor failed', instance.broken))
        continue
      }
      try {
        const result = call.run(instance.object)
        if (result instanceof Promise) this.#goesOn(instance, result, call)
        else call.done(result)
      } catch (error) {
        call.broke(error)
      }
    }
  }
}
