/** Handles of actors: an object whose methods are calls to the actor, wherever it lives. */

import { inspect } from 'node:util'
import { engineHere, engineIfAny } from './engine.ts'
import { noOptions } from './options.ts'
import type { Ref } from './ref.ts'

/** Methods of a handle, called `method(...args)`, give references. */
export class Handle {
  /** Its number in the engine. */
  readonly actor: number
  /** The definition's name. */
  readonly name: string
  declare readonly methods: readonly string[]
  /** Of the engine: the actor lives as long as someone has this. */
  declare readonly hold: object | undefined

  constructor(actor: number, name: string, methods: readonly string[]) {
    Object.setPrototypeOf(this, prototypeOf(methods))
    this.actor = actor
    this.name = name
    Object.defineProperty(this, 'hold', { value: engineIfAny()?.hold(actor) })
  }

  [inspect.custom](): string {
    return `${this.name}(actor ${this.actor})`
  }
}

const prototypes = new Map<string, object>()

/** One prototype for all handles with the same methods. */
function prototypeOf(methods: readonly string[]): object {
  const key = methods.join()
  let prototype = prototypes.get(key)
  if (!prototype) {
    prototype = Object.create(Handle.prototype) as object
    Object.defineProperty(prototype, 'methods', { value: methods })
    for (const method of methods) {
      Object.defineProperty(prototype, method, {
        value(this: Handle, ...args: unknown[]): Ref<unknown> {
          return engineHere().invoke(this.actor, method, args, noOptions)
        },
      })
    }
    prototypes.set(key, prototype)
  }
  return prototype
}
