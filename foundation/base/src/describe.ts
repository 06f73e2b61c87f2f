/**
 * Saying what a value is, in a few words, for the middle of a sentence. An error message must survive any value a
 * caller can pass (proxies that throw, detached buffers, million-element arrays), so nothing here may throw, and
 * nothing may walk further into a value than its first few parts.
 */

const longestString = 40
const longestList = 5

/** A number as a reader would type it: `-0` keeps its sign. */
const describeNumber = (x: number): string => (Object.is(x, -0) ? '-0' : String(x))

const describeString = (s: string): string => {
  const cut = s.length > longestString ? `${s.slice(0, longestString)}…` : s
  const escaped = JSON.stringify(cut).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")
  return `'${escaped}'`
}

const describeFunction = (f: { name?: unknown }): string => {
  const isClass = /^class\b/.test(Function.prototype.toString.call(f))
  const name = typeof f.name === 'string' && f.name !== '' ? f.name : ''
  if (isClass) return name ? `class ${name}` : 'an anonymous class'
  return name ? `function ${name}` : 'an anonymous function'
}

const className = (x: object): string => {
  const made = (x as { constructor?: unknown }).constructor
  return typeof made === 'function' && made.name ? made.name : 'Object'
}

const describeObject = (x: object, depth: number): string => {
  if (Array.isArray(x)) {
    if (depth === 0) return `Array(${x.length})`
    const shown = x.slice(0, longestList).map(item => describeAt(item, depth - 1))
    return `[${shown.join(', ')}${x.length > longestList ? `, … ${x.length - longestList} more` : ''}]`
  }
  if (ArrayBuffer.isView(x)) {
    const length = 'length' in x ? (x.length as number) : x.byteLength
    const detached = 'detached' in x.buffer && x.buffer.detached ? ', detached' : ''
    return `${className(x)}(${length}${detached})`
  }
  const tag = Object.prototype.toString.call(x).slice(8, -1)
  if (tag === 'ArrayBuffer' || tag === 'SharedArrayBuffer') {
    const detached = 'detached' in x && x.detached ? ', detached' : ''
    return `${tag}(${(x as ArrayBuffer).byteLength}${detached})`
  }
  if (x instanceof Error) return `${x.name}: ${describeString(x.message)}`
  if (x instanceof Map || x instanceof Set) return `${className(x)}(${x.size})`
  if (x instanceof Date) return Number.isNaN(x.getTime()) ? 'Invalid Date' : `Date ${x.toISOString()}`
  if (x instanceof RegExp) return String(x)
  if (x instanceof Promise) return 'a Promise'
  const prototype = Object.getPrototypeOf(x)
  const name = prototype === null || prototype === Object.prototype ? '' : className(x)
  if (depth === 0) return name || 'an object'
  const keys = Object.keys(x)
  const shown = keys
    .slice(0, longestList)
    .map(key => `${key}: ${describeAt((x as Record<string, unknown>)[key], depth - 1)}`)
  const rest = keys.length > longestList ? [`… ${keys.length - longestList} more`] : []
  const body = keys.length === 0 ? '{}' : `{ ${[...shown, ...rest].join(', ')} }`
  return name ? `${name} ${body}` : body
}

const describeAt = (x: unknown, depth: number): string => {
  switch (typeof x) {
    case 'number':
      return describeNumber(x)
    case 'bigint':
      return `${x}n`
    case 'string':
      return describeString(x)
    case 'function':
      return describeFunction(x)
    case 'object':
      return x === null ? 'null' : describeObject(x, depth)
    default:
      return String(x)
  }
}

/**
 * Describes any value briefly: `Float32Array(12)`, `-1.5`, `'abc…'`, `null`, `function foo`, `{ a: 1, b: Array(3) }`.
 * Never throws; cost does not grow with the size of the value, except for an object's list of keys.
 */
export const describe = (x: unknown): string => {
  try {
    return describeAt(x, 1)
  } catch {
    return typeof x === 'function' ? 'a function' : 'an object that cannot be read'
  }
}

/** `1536` → `1.5 KiB`. Bytes are exact below 1 KiB, else three significant digits. */
export const describeBytes = (bytes: number): string => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  let unit = 0
  let value = bytes
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  const digits = unit === 0 ? String(value) : String(Number(value.toPrecision(value >= 1000 ? 4 : 3)))
  return `${digits} ${units[unit]}`
}
