/**
 * Errors that keep their identity on the way through threads, ranks and wires.
 *
 * A Skein error is a class whose constructor takes the parts (which argument, which index, how many bytes) and writes
 * the sentence: what was asked, what was found, what to do next. The parts stay on the error as own properties, so a
 * program can act on them. `structuredClone` would keep only the message of such an error, hence `toJSON` and
 * `SkeinError.revive`: the first gives a plain object that JSON and `postMessage` both carry without loss, the second
 * finds the class by its name in a registry and rebuilds the error without running its constructor again (the sentence
 * is already written, and the constructor's arguments are gone).
 */

import { describe } from './describe.ts'

/** A value in the form JSON can carry; what JSON lacks is tagged: `{ $: 'bigint', value: '12' }`. */
export type WireValue = null | boolean | number | string | WireValue[] | { [key: string]: WireValue }

/** An error in the form `toJSON` gives it: plain data, for `JSON.stringify` and `postMessage` alike. */
export interface ErrorWire {
  readonly name: string
  readonly message: string
  readonly stack?: string
  /** Present on Skein errors only. */
  readonly code?: string
  /** Own properties beyond the standard ones. */
  readonly fields?: { [key: string]: WireValue }
  /** The cause: an error, or any thrown value under `{ thrown }`. */
  readonly cause?: ErrorWire | { readonly thrown: WireValue }
}

export type ErrorFields = { [key: string]: unknown } & {
  name?: never
  message?: never
  stack?: never
  cause?: never
  code?: never
}

type ErrorClass = { readonly prototype: SkeinError; readonly name: string }

/** Classes by name. A thread that revives an error must have imported the module that registers its class. */
const registry = new Map<string, ErrorClass>()

/**
 * Makes a class known to `SkeinError.revive` and fixes its `name`. Call it in the class's static block, so that no
 * bundler separates the two: `static { registerError(IndexError, 'IndexError') }`. The name is given as a string
 * because minifiers rename classes, and a name must be the same on every thread and rank.
 */
export const registerError = (errorClass: ErrorClass, name: string = errorClass.name): void => {
  registry.set(name, errorClass)
  // On the prototype, not the instance: V8 reads it while it writes the first line of the stack.
  Object.defineProperty(errorClass.prototype, 'name', { value: name, configurable: true, writable: true })
}

/**
 * The base of every error Skein throws.
 *
 * A subclass:
 *
 *     class IndexError extends SkeinError {
 *       static { registerError(IndexError, 'IndexError') }
 *       declare readonly index: number
 *       declare readonly length: number
 *       constructor(index: number, length: number) {
 *         super('SKEIN_INDEX', `Index ${index} was asked of an array of ${length}. Check the range.`, { index, length })
 *       }
 *     }
 *
 * Fields are declared with `declare`, since the base constructor has already assigned them.
 */
export class SkeinError extends Error {
  static {
    registerError(SkeinError, 'SkeinError')
  }

  /** A stable identifier of the kind of error, as `SKEIN_INDEX`. Never changes once released. */
  declare readonly code: string

  /**
   * `fields` become own enumerable properties. `options.cause` is the error, or the submitting side, behind this one.
   */
  constructor(code: string, message: string, fields: ErrorFields = {}, options?: ErrorOptions) {
    super(message, options)
    Object.assign(this, fields, { code })
  }

  /**
   * Plain data from which `SkeinError.revive` rebuilds this error: name, message, fields, stack, and causes in full.
   */
  toJSON(): ErrorWire {
    return errorToWire(this, new Set())
  }

  /**
   * Rebuilds an error from `toJSON`'s data: the registered class, or `SkeinError` under the original name where this
   * thread does not know the class. A foreign error comes back as the built-in class of its name, else as `Error`.
   * `submitted` (an error made where the work was submitted) becomes the innermost cause, so that both stacks show.
   */
  static revive(wire: ErrorWire, submitted?: Error): Error {
    const error = errorFromWire(wire)
    if (submitted !== undefined) {
      let innermost = error
      while (innermost.cause instanceof Error) innermost = innermost.cause
      if (innermost.cause === undefined) setHidden(innermost, 'cause', submitted)
    }
    return error
  }
}

/**
 * Puts whatever was thrown, Skein error or not, error or not, into wire form. A thrown value that is no error is
 * wrapped, so that the other side always receives an error.
 */
export const toErrorWire = (thrown: unknown): ErrorWire => {
  if (isError(thrown)) return errorToWire(thrown, new Set())
  return {
    name: 'Error',
    message: `A value that is no error was thrown: ${describe(thrown)}`,
    cause: { thrown: toWire(thrown, new Set()) },
  }
}

const isError = (x: unknown): x is Error => x instanceof Error || Object.prototype.toString.call(x) === '[object Error]'

const setHidden = (target: object, key: string, value: unknown): void => {
  Object.defineProperty(target, key, { value, configurable: true, writable: true, enumerable: false })
}

const standardKeys = new Set(['name', 'message', 'stack', 'cause', 'code'])

/** `path` holds the objects on the way down from the root: meeting one again means a circle. */
const errorToWire = (error: Error, path: Set<object>): ErrorWire => {
  if (path.has(error)) return { name: error.name, message: error.message }
  path.add(error)
  const fields: { [key: string]: WireValue } = {}
  for (const key of Object.keys(error)) {
    if (!standardKeys.has(key)) fields[key] = toWire((error as unknown as Record<string, unknown>)[key], path)
  }
  // AggregateError keeps its parts in a property that is not enumerable.
  if (error instanceof AggregateError) fields.errors = toWire(error.errors, path)
  const { code, cause } = error as Error & { code?: unknown }
  const wire: ErrorWire = {
    name: String(error.name),
    message: String(error.message),
    ...(typeof error.stack === 'string' && { stack: error.stack }),
    ...(typeof code === 'string' && { code }),
    ...(Object.keys(fields).length > 0 && { fields }),
    ...(cause !== undefined && { cause: isError(cause) ? errorToWire(cause, path) : { thrown: toWire(cause, path) } }),
  }
  path.delete(error)
  return wire
}

const toWire = (value: unknown, path: Set<object>): WireValue => {
  switch (typeof value) {
    case 'boolean':
    case 'string':
      return value
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $: 'number', value: Object.is(value, -0) ? '-0' : String(value) }
    case 'bigint':
      return { $: 'bigint', value: String(value) }
    case 'undefined':
      return { $: 'undefined' }
    case 'function':
    case 'symbol':
      return { $: 'described', value: describe(value) }
  }
  if (value === null || typeof value !== 'object') return null
  if (path.has(value)) return { $: 'described', value: 'circular' }
  if (isError(value)) return { $: 'error', value: errorToWire(value, path) as unknown as WireValue }
  if (Array.isArray(value)) {
    path.add(value)
    const items = Array.from(value, item => toWire(item, path))
    path.delete(value)
    return items
  }
  const prototype = Object.getPrototypeOf(value)
  // Only plain data travels; anything with behaviour (typed arrays, handles, maps) is told in words.
  if (prototype !== Object.prototype && prototype !== null) return { $: 'described', value: describe(value) }
  path.add(value)
  // Not by assignment: a key may be `__proto__`.
  const object = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toWire(item, path)]))
  path.delete(value)
  // A user's own `$` must not read as a tag.
  return '$' in object ? { $: 'object', value: object } : object
}

const fromWire = (wire: WireValue): unknown => {
  if (wire === null || typeof wire !== 'object') return wire
  if (Array.isArray(wire)) return wire.map(fromWire)
  const { $: tag, value } = wire
  switch (tag) {
    case 'number':
      return Number(value)
    case 'bigint':
      return BigInt(value as string)
    case 'undefined':
      return undefined
    case 'described':
      return value
    case 'error':
      return errorFromWire(value as unknown as ErrorWire)
    case 'object':
      return plainFromWire(value as { [key: string]: WireValue })
  }
  return plainFromWire(wire)
}

const plainFromWire = (wire: { [key: string]: WireValue }): { [key: string]: unknown } =>
  Object.fromEntries(Object.entries(wire).map(([key, item]) => [key, fromWire(item)]))

const builtIns: { readonly [name: string]: { readonly prototype: Error } } = {
  AggregateError,
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
}

const errorFromWire = (wire: ErrorWire): Error => {
  const known = registry.get(wire.name)
  const builtIn = Object.hasOwn(builtIns, wire.name) ? builtIns[wire.name] : undefined
  const newTarget = known ?? builtIn ?? (wire.code?.startsWith('SKEIN_') ? SkeinError : Error)
  // A true Error (with V8's internal slot) of the right class, whose constructor has not run.
  const error: Error = Reflect.construct(Error, [wire.message], newTarget as unknown as NewableFunction)
  if (error.name !== wire.name) setHidden(error, 'name', wire.name)
  setHidden(error, 'stack', wire.stack ?? `${wire.name}: ${wire.message}`)
  for (const [key, field] of Object.entries(wire.fields ?? {})) {
    // A wire may be another's: its fields must not replace what makes this an error of its class.
    if (standardKeys.has(key) || key === '__proto__') continue
    const enumerable = key !== 'errors' || wire.name !== 'AggregateError'
    Object.defineProperty(error, key, { value: fromWire(field), configurable: true, writable: true, enumerable })
  }
  if (wire.code !== undefined) Object.assign(error, { code: wire.code })
  if (wire.cause !== undefined) {
    setHidden(error, 'cause', 'thrown' in wire.cause ? fromWire(wire.cause.thrown) : errorFromWire(wire.cause))
  }
  return error
}
