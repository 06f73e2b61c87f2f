/**
 * The actors that live on a worker. Calls of an actor start in the order they came; a synchronous method is over before
 * the next starts, asynchronous ones interleave, up to the actor's limit.
 */

import { ActorDiedError } from '../errors.ts'

type Call = (instance: object) => unknown
type Done = (value: unknown) => void
type Broke = (error: unknown) => void

interface Waiting {
  readonly call: Call
  readonly done: Done
  readonly broke: Broke
}

interface Instance {
  readonly concurrency: number
  /** Undefined while the constructor has not finished. */
  object: object | undefined
  /** Why it cannot be used. */
  broken: unknown
  underWay: number
  readonly waiting: Waiting[]
}

export class Actors {
  readonly #instances = new Map<number, Instance>()

  /** Makes an actor; its calls wait until it is there, and fail if it cannot be made. */
  create(actor: number, concurrency: number, make: () => object | Promise<object>, done: Done, broke: Broke): void {
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

  call(actor: number, call: Call, done: Done, broke: Broke): void {
    const instance = this.#instances.get(actor)
    if (instance === undefined) return broke(new ActorDiedError(`actor ${actor}`, 'it was killed'))
    instance.waiting.push({ call, done, broke })
    this.#go(instance)
  }

  /** Forgets an actor; calls that have not started fail. */
  kill(actor: number): void {
    const instance = this.#instances.get(actor)
    this.#instances.delete(actor)
    for (const { broke } of instance?.waiting.splice(0) ?? []) {
      broke(new ActorDiedError(`actor ${actor}`, 'it was killed'))
    }
  }

  #go(instance: Instance): void {
    while (instance.waiting.length > 0 && instance.underWay < instance.concurrency) {
      if (instance.object === undefined && instance.broken === undefined) return
      const { call, done, broke } = instance.waiting.shift()!
      if (instance.object === undefined) {
        broke(new ActorDiedError('the actor', 'its constructor failed', instance.broken))
        continue
      }
      try {
        const result = call(instance.object)
        if (!(result instanceof Promise)) {
          done(result)
          continue
        }
        instance.underWay++
        const over = () => {
          instance.underWay--
          this.#go(instance)
        }
        result.then(
          value => {
            done(value)
            over()
          },
          error => {
            broke(error)
            over()
          },
        )
      } catch (error) {
        broke(error)
      }
    }
  }
}
