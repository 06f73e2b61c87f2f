/** Values of all kinds at random, and what it means that two are alike. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import fc from 'fast-check'
import { seedOf } from './seed.ts'

/** Fails unless the values are alike down to holes, zeros' signs and which objects are the same. */
export function assertAlike(found: unknown, expected: unknown): void {
  const pairs = new Map<unknown, unknown>()
  const open: [unknown, unknown, string][] = [[found, expected, 'value']]
  for (let next = open.pop(); next; next = open.pop()) {
    const [a, b, path] = next
    if (typeof b !== 'object' || b === null) {
      assert(Object.is(a, b), `${path}: ${String(a)} instead of ${String(b)}`)
      continue
    }
    assert(typeof a === 'object' && a !== null, path)
    if (pairs.has(a) || pairs.has(b)) {
      assert(pairs.get(a) === b && pairs.get(b) === a, `${path}: other objects are the same`)
      continue
    }
    pairs.set(a, b)
    pairs.set(b, a)
    const tag = (x: object) => Object.prototype.toString.call(x)
    assert.equal(tag(a), tag(b), path)
    assert.equal(Object.getPrototypeOf(a), Object.getPrototypeOf(b), path)
    if (a instanceof Map && b instanceof Map) {
      assert.equal(a.size, b.size, path)
      const [as, bs] = [[...a], [...b]]
      for (let i = 0; i < as.length; i++) open.push([as[i], bs[i], `${path}.entry(${i})`])
    } else if (a instanceof Set && b instanceof Set) open.push([[...a], [...b], `${path}.members`])
    else if (a instanceof Error && b instanceof Error) {
      const parts = ({ name, message, stack, cause }: Error) => [name, message, stack, cause]
      open.push([parts(a), parts(b), `${path}.error`])
      continue
    } else if (b instanceof ArrayBuffer || ArrayBuffer.isView(b)) {
      assert.deepEqual(a, b, path)
      continue
    } else if (b instanceof Date || b instanceof RegExp) assert.deepEqual(a, b, path)
    else if (b instanceof Number || b instanceof String || b instanceof Boolean || b instanceof BigInt) {
      open.push([a.valueOf(), b.valueOf(), path])
      continue
    }
    const [own, expectedOwn] = [Object.keys(a), Object.keys(b)]
    assert.deepEqual(own, expectedOwn, path)
    if (Array.isArray(b)) assert.equal((a as unknown[]).length, b.length, path)
    for (const key of own) open.push([(a as Names)[key], (b as Names)[key], `${path}.${key}`])
  }
}
export interface Names {
  [name: string]: unknown
}

/** Whatever fast-check makes, and what it does not. */
const leaf = fc.oneof(
  fc.anything({ maxDepth: 0, withBigInt: true, withDate: true, withBoxedValues: true, withTypedArray: true }),
  fc.string({ unit: 'binary' }),
  // Lone surrogates.
  fc.array(fc.integer({ min: 0xd7f0, max: 0xe00f }), { maxLength: 5 }).map(units => String.fromCharCode(...units)),
  fc.constantFrom<unknown>(
    -0,
    Number.NaN,
    2 ** 31,
    -(2 ** 31) - 1,
    Number.MIN_VALUE,
    new Date(Number.NaN),
    /a\/[/]€/giu,
  ),
  fc.bigInt({ min: -(2n ** 300n), max: 2n ** 300n }),
  fc.uint8Array({ minLength: 0, maxLength: 2000 }).map(bytes => bytes.buffer),
  fc.uint8Array({ minLength: 8, maxLength: 2000 }).map(bytes => new DataView(bytes.buffer, 3, 4)),
  fc.float64Array({ minLength: 0, maxLength: 300 }).map(x => x.subarray(x.length >> 1)),
  fc.uint8Array({ maxLength: 9 }).map(bytes => new Float16Array(bytes)),
  fc.bigInt64Array({ maxLength: 9 }),
  fc.string().map(message => Object.assign(new RangeError(message), { stack: `RangeError: ${message}\n  at x` })),
  fc.string().map(message => new Error('outer', { cause: new TypeError(message, { cause: 7 }) })),
)
const key = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', 'length', '0', 'then'))

export class Point {
  x: unknown
  readonly #hidden = 1
  constructor(x: unknown) {
    this.x = x
  }
  get hidden(): number {
    return this.#hidden
  }
}

const { tree } = fc.letrec<{ tree: unknown; node: unknown }>(tie => ({
  tree: fc.oneof({ maxDepth: 5, depthSize: 'small' }, leaf, tie('node')),
  node: fc.oneof(
    fc.array(tie('tree'), { maxLength: 6 }),
    fc.sparseArray(tie('tree'), { maxLength: 9, maxNumElements: 4 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 6, noNullPrototype: false }),
    fc.array(fc.tuple(tie('tree'), tie('tree')), { maxLength: 4 }).map(entries => new Map(entries)),
    fc.array(tie('tree'), { maxLength: 4 }).map(members => new Set(members)),
    tie('tree').map(x => new Point(x)),
    tie('tree').map(x => Object.assign([x], { named: x })),
  ),
}))

const isContainer = (x: unknown): x is object =>
  typeof x === 'object' && x !== null && (Array.isArray(x) || x instanceof Map || x instanceof Set || isPlain(x))
const isPlain = (x: object): boolean => [Object.prototype, Point.prototype, null].includes(Object.getPrototypeOf(x))

/** Every object in a value. */
function objectsOf(value: unknown): object[] {
  const found = new Set<object>()
  const open: unknown[] = [value]
  for (let next = open.pop(); open.length > 0 || next !== undefined; next = open.pop()) {
    if (typeof next !== 'object' || next === null || found.has(next)) continue
    found.add(next)
    if (!isContainer(next)) continue
    if (next instanceof Map) open.push(...next.keys(), ...next.values())
    else if (next instanceof Set) open.push(...next)
    else open.push(...Object.values(next))
  }
  return [...found]
}

/** Adds links between the parts of a value: shared parts and circles. */
function tangle(value: unknown, links: readonly (readonly [number, number])[]): unknown {
  const objects = objectsOf(value)
  const containers = objects.filter(isContainer)
  if (containers.length === 0) return value
  links.forEach(([from, to], i) => {
    const container = containers[from % containers.length]
    const target = objects[to % objects.length]
    if (container instanceof Map) container.set(i % 2 === 0 ? `link${i}` : target, target)
    else if (container instanceof Set) container.add(target)
    else (container as Names)[Array.isArray(container) ? container.length : `link ${i}`] = target
  })
  return value
}

export const tangled = fc
  .tuple(tree, fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 5 }))
  .map(([value, links]) => tangle(value, links))

export const check = (t: TestContext, property: fc.IProperty<any>, numRuns: number): void => {
  fc.assert(property, { seed: seedOf(t).seed, numRuns })
}
