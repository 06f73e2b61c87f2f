// Arguments into what JSON carries, and back. Functions are taken out and noted by number and path; what lies within itself is noted as a link. On the way
// back both are put where the paths say, and paths come from the other side: they lead over own properties of what JSON made and over nothing else, so that no
// message reaches a prototype or a function's properties.
import { MalformedMessageError } from '../errors.ts'
import type { Link, Message, MessageLimits, Path } from './message.ts'

/** What stands where a function or a circle was; nobody reads it. */
const placeOfFunction = '[Function]'
const placeOfCircle = '[Circular]'

type Scrubbed = Pick<Message, 'arguments' | 'callbacks' | 'links'>

/**
 * `numberOf` gives the number by which the other side may call a function; `isFirst` says whether it is the first time in this message: the protocol
 * has one path for a number, so a second place of the same function needs another.
 */
export const scrub = (args: readonly unknown[], numberOf: (fn: Function, isFirst: boolean) => number): Scrubbed => {
  const callbacks: Record<string, Path> = {}
  const links: Link[] = []
  const path: string[] = []
  /** Objects that the place in question lies in, with their paths. */
  const around = new Map<object, readonly string[]>()
  const seen = new Set<Function>()

  const copy = (value: unknown): unknown => {
    if (typeof value === 'function') {
      callbacks[numberOf(value, !seen.has(value))] = [...path]
      seen.add(value)
      return placeOfFunction
    }
    if (typeof value !== 'object' || value === null) return value
    const from = around.get(value)
    if (from !== undefined) {
      links.push({ from, to: [...path] })
      return placeOfCircle
    }
    if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return value
    around.set(value, [...path])
    const isArray = Array.isArray(value)
    const result: unknown = isArray ? new Array(value.length) : {}
    for (const key of Object.keys(value)) {
      path.push(key)
      setOwn(result as object, key, copy((value as Record<string, unknown>)[key]))
      path.pop()
    }
    around.delete(value)
    return result
  }

  return { arguments: copy(args) as unknown[], callbacks, links }
}

/** The arguments of a message, with functions in their places. Throws MalformedMessageError. */
export const unscrub = (
  message: unknown,
  functionOf: (number: number) => Function,
  limits: MessageLimits,
): unknown[] => {
  const { arguments: args = [], callbacks = {}, links = [] } = asObject(message, 'the message')
  if (!Array.isArray(args)) throw new MalformedMessageError('arguments', 'an array', args)
  if (args.length > limits.arguments)
    throw new MalformedMessageError('arguments', `${limits.arguments} values at most`, args.length)
  const places = Object.entries(asObject(callbacks, 'callbacks'))
  if (places.length > limits.callbacks)
    throw new MalformedMessageError('callbacks', `${limits.callbacks} at most`, places.length)
  if (!Array.isArray(links)) throw new MalformedMessageError('links', 'an array', links)
  if (links.length > limits.links) throw new MalformedMessageError('links', `${limits.links} at most`, links.length)

  for (const [key, path] of places) {
    const number = Number(key)
    if (!Number.isSafeInteger(number) || number < 0)
      throw new MalformedMessageError('the number of a callback', 'a whole number from 0', key)
    place(args, asPath(path, limits), functionOf(number), limits)
  }
  for (const link of links) {
    const { from, to } = asObject(link, 'a link')
    place(args, asPath(to, limits), follow(args, asPath(from, limits)), limits)
  }
  return args
}

/** What is there; undefined if nothing is. */
function follow(root: unknown[], path: Path): unknown {
  let at: unknown = root
  for (const key of path) {
    if (!isContainer(at) || !Object.hasOwn(at, key)) return undefined
    at = (at as Record<string | number, unknown>)[key]
  }
  return at
}

/** Puts a value where the path says; objects on the way that are missing are made. Where the way leads through anything but data nothing is done. */
function place(root: unknown[], path: Path, value: unknown, limits: MessageLimits): void {
  let at: object = root
  for (const [i, key] of path.entries()) {
    if (Array.isArray(at) && !(Number(key) < Math.max(at.length, limits.arguments))) return
    if (i === path.length - 1) return setOwn(at, key, value)
    if (!Object.hasOwn(at, key)) setOwn(at, key, {})
    const next: unknown = (at as Record<string | number, unknown>)[key]
    if (!isContainer(next)) return
    at = next
  }
}

/** By definition and not by assignment, which would ask setters that were inherited, `__proto__` among them. */
function setOwn(object: object, key: string | number, value: unknown): void {
  if (key === '__proto__' || !Object.hasOwn(object, key))
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  else (object as Record<string | number, unknown>)[key] = value
}

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null

function asObject(value: unknown, what: string): Record<string, unknown> {
  if (!isContainer(value) || (Array.isArray(value) && what !== 'callbacks'))
    throw new MalformedMessageError(what, 'an object', value)
  return value as Record<string, unknown>
}

function asPath(value: unknown, limits: MessageLimits): Path {
  if (!Array.isArray(value) || !value.every(key => typeof key === 'string' || typeof key === 'number'))
    throw new MalformedMessageError('a path', 'an array of keys', value)
  if (value.length > limits.pathLength)
    throw new MalformedMessageError('a path', `of ${limits.pathLength} keys at most`, value.length)
  return value
}
