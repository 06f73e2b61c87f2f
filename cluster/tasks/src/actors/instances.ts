/**
 * The actors that live on a worker: the objects, and whose turn it is. Calls of an actor start in the order they came; a
 * synchronous method is over before the next starts, asynchronous ones interleave, up to the actor's limit. Methods of a
 * concurrency group have a lane of their own: its limit and its order are theirs alone.
 */

import { ActorDiedError } from '../errors.ts'

/** How an actor's calls are run, and kept. */
export interface ActorSettings {
  /** Most of its asynchronous calls at once, but for those of methods in groups. */
  readonly concurrency: number
  /** Methods, by number, that are limited by themselves. */
  readonly groups: readonly { readonly methods: readonly number[]; readonly concurrency: number }[]
  /** Its state is saved after so many calls; 0: never. */
  readonly saveEvery: number
  /** What was saved last, for one that comes back: a block of the client's. */
  readonly state: { readonly address: number; readonly bytes: number } | undefined
}

/** A call that waits for its turn. */
export interface WaitingCall {
  readonly method: number
  /** Makes it; a promise when it goes on. */
  run(object: object): unknown
  done(value: unknown): void
  broke(error: unknown): void
}

interface Lane {
  readonly concurrency: number
  /** Those that go on. */
  readonly underWay: Set<WaitingCall>
  readonly waiting: WaitingCall[]
}

interface Instance {
  /** The first is that of methods in no group. */
  readonly lanes: readonly Lane[]
  /** By number of the method; sparse. */
  readonly laneOf: readonly Lane[]
  /** Undefined while the constructor has not finished. */
  object: object | undefined
  /** While the constructor has not finished: says that it failed. */
  making: ((error: unknown) => void) | undefined
  /** Why it cannot be used. */
  broken: unknown
  readonly saveEvery: number
  /** Calls that have ended since its state was saved. */
  unsaved: number
}

/** What an actor of a class that can be saved has. */
export interface Saveable {
  /** What it must know to come back; a value that can be sent. */
  save(): unknown
  /** Called after the constructor of one that comes back. */
  restore(state: unknown): unknown
}

export class Instances {
  readonly #instances = new Map<number, Instance>()

  /** Makes an actor; its calls wait until it is there, and fail if it cannot be made. */
  create(
    actor: number,
    settings: ActorSettings,
    make: () => object | Promise<object>,
    done: (value: unknown) => void,
    broke: (error: unknown) => void,
  ): void {
    const instance = instanceOf(settings)
    instance.making = broke
    this.#instances.set(actor, instance)
    const made = (object: object) => {
      if (instance.making === undefined) return
      instance.making = undefined
      instance.object = object
      done(undefined)
      for (const lane of instance.lanes) this.#go(instance, lane)
    }
    const failed = (error: unknown) => {
      if (instance.making === undefined) return
      instance.making = undefined
      instance.broken = error
      broke(error)
      for (const lane of instance.lanes) this.#go(instance, lane)
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
  ready(actor: number, method: number): object | undefined {
    const instance = this.#instances.get(actor)
    if (instance === undefined) return undefined
    const { waiting, underWay, concurrency } = laneFor(instance, method)
    return waiting.length === 0 && underWay.size < concurrency ? instance.object : undefined
  }

  /** A call that `ready` allowed goes on until this settles. */
  goesOn(actor: number, result: Promise<unknown>, call: WaitingCall): void {
    const instance = this.#instances.get(actor)!
    this.#goesOn(instance, laneFor(instance, call.method), result, call)
  }

  /** A call whose turn comes later. */
  enqueue(actor: number, call: WaitingCall): void {
    const instance = this.#instances.get(actor)
    if (instance === undefined) return call.broke(new ActorDiedError(`actor ${actor}`, 'it was killed'))
    const lane = laneFor(instance, call.method)
    lane.waiting.push(call)
    this.#go(instance, lane)
  }

  /** A call has ended: the object, if its state is to be saved now. */
  toSave(actor: number): Saveable | undefined {
    const instance = this.#instances.get(actor)
    if (instance === undefined || instance.saveEvery === 0 || ++instance.unsaved < instance.saveEvery) return undefined
    instance.unsaved = 0
    return instance.object as Saveable | undefined
  }

  /** Forgets an actor; its calls fail, and what those that go on do later is nobody's. */
  kill(actor: number): void {
    const instance = this.#instances.get(actor)
    this.#instances.delete(actor)
    if (instance === undefined) return
    const death = () => new ActorDiedError(`actor ${actor}`, 'it was killed')
    instance.making?.(death())
    instance.making = undefined
    for (const { waiting, underWay } of instance.lanes) {
      const calls = [...underWay, ...waiting.splice(0)]
      underWay.clear()
      for (const call of calls) call.broke(death())
    }
  }

  #goesOn(instance: Instance, lane: Lane, result: Promise<unknown>, call: WaitingCall): void {
    lane.underWay.add(call)
    const over = (say: () => void) => {
      if (!lane.underWay.delete(call)) return
      say()
      this.#go(instance, lane)
    }
    result.then(
      value => over(() => call.done(value)),
      error => over(() => call.broke(error)),
    )
  }

  #go(instance: Instance, lane: Lane): void {
    while (lane.waiting.length > 0 && lane.underWay.size < lane.concurrency) {
      if (instance.object === undefined && instance.broken === undefined) return
      const call = lane.waiting.shift()!
      if (instance.object === undefined) {
        call.broke(new ActorDiedError('the actor', 'its constructor failed', instance.broken))
        continue
      }
      try {
        const result = call.run(instance.object)
        if (result instanceof Promise) this.#goesOn(instance, lane, result, call)
        else call.done(result)
      } catch (error) {
        call.broke(error)
      }
    }
  }
}

const laneFor = ({ lanes, laneOf }: Instance, method: number): Lane => laneOf[method] ?? lanes[0]

function instanceOf({ concurrency, groups, saveEvery }: ActorSettings): Instance {
  const lanes: Lane[] = [{ concurrency, underWay: new Set(), waiting: [] }]
  const laneOf: Lane[] = []
  for (const { methods, concurrency } of groups) {
    const lane: Lane = { concurrency, underWay: new Set(), waiting: [] }
    lanes.push(lane)
    for (const method of methods) laneOf[method] = lane
  }
  return { lanes, laneOf, object: undefined, making: undefined, broken: undefined, saveEvery, unsaved: 0 }
}
