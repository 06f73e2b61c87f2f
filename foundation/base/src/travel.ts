/**
 * Classes whose instances travel between threads, ranks and processes as themselves. Rooms that send values know nothing of them but what stands here: what an instance
 * consists of, and how one is made of that.
 */

export interface Travel<T extends object> {
  /** The same on every thread, and with every minifier. */
  readonly name: string
  /** What to import where instances arrive: that makes the class known there. */
  readonly module: string
  /** What an instance consists of: anything that can be sent, typed arrays of the heap by reference. */
  readonly toData: (instance: T) => unknown
  readonly fromData: (data: never) => T
}

const byPrototype = new Map<object, Travel<never>>()
const byName = new Map<string, Travel<never>>()

export const registerTravel = <T extends object>(travelling: { readonly prototype: T }, travel: Travel<T>): void => {
  byPrototype.set(travelling.prototype, travel as unknown as Travel<never>)
  byName.set(travel.name, travel as unknown as Travel<never>)
}

/** How an instance travels; undefined: as its class has not said. */
export const travelOf = (instance: object): Travel<object> | undefined =>
  byPrototype.get(Object.getPrototypeOf(instance)) as Travel<object> | undefined

export const travelNamed = (name: string): Travel<object> | undefined =>
  byName.get(name) as unknown as Travel<object> | undefined
