// What a side offers: the functions that the other side may call by name. An object's own; of an instance of a class its methods too, but for those whose names begin with `_`.

export type Offer = object | ((remote: object, session: unknown) => object | undefined)

/** A plain object of the functions and values, whose functions are called on the object they came from. */
export const offered = (offer: object): Record<string, unknown> => {
  const result: Record<string, unknown> = {}
  const take = (name: string, value: unknown): void => {
    if (Object.hasOwn(result, name)) return
    const given = typeof value === 'function' && !isClass(value) ? value.bind(offer) : value
    Object.defineProperty(result, name, { value: given, writable: true, enumerable: true, configurable: true })
  }
  for (const name of Object.keys(offer)) take(name, (offer as Record<string, unknown>)[name])
  for (let at = Object.getPrototypeOf(offer); at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at))
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at)))
      if (typeof value === 'function' && name !== 'constructor' && !name.startsWith('_')) take(name, value)
  return result
}

const isClass = (value: Function): boolean => /^class\b/.test(Function.prototype.toString.call(value))
