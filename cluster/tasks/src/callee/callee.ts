/**
 * Functions on their way to a worker. A task goes by its module and name, and keeps all that its module imports. Any other function
 * goes by its source text: what it uses beyond its own parameters and variables must be a global, or given by name.
 *
 *     bag(lines).filter(line => line.length > least, { use: { least } })
 *
 * The text is that which runs (after type stripping, esbuild or a bundler), and what it misses is found here, where the error
 * can name the line that gave it, not on the worker.
 */

import { ArgumentError } from '@skein/base'
import { parseExpressionAt } from 'acorn'
import { NotPortableError } from '../errors.ts'
import { Ref } from '../ref.ts'
import type { AnyFunction, TaskDefinition } from '../registry.ts'
import { freeNames, type Tree } from './free-names.ts'

/** What a function may use besides its own: values, and functions that go by their text as well. */
export interface Captured {
  readonly [name: string]: unknown
}

/** Where a task's function is found. */
export interface Defined {
  readonly url: string
  readonly name: string
}

/** A function as it travels: `functionOf` makes it one again. */
export type Callee =
  | {
      /** For people. */
      readonly name: string
      readonly defined: Defined
      readonly isAsync: undefined
    }
  | {
      readonly name: string
      readonly defined?: undefined
      /** The body of a function that takes `values` and returns it. */
      readonly code: string
      readonly values: readonly unknown[]
      readonly isAsync: boolean
    }

/** A task, as far as it matters here. */
interface TaskLike {
  readonly definition: TaskDefinition
}

const isTask = (fn: unknown): fn is TaskLike => (fn as Partial<TaskLike> | null)?.definition?.kind === 'task'

/**
 * @param call for errors: who was given the function
 * @throws ArgumentError; NotPortableError for a function whose text alone does not say what it does
 */
export function calleeOf(call: string, fn: unknown, use: Captured | (() => Captured) = {}): Callee {
  if (isTask(fn)) {
    const { url, name } = fn.definition
    return { name, defined: { url, name }, isAsync: undefined }
  }
  if (typeof fn !== 'function') throw new ArgumentError(call, 'the function', 'a function or a task', fn)
  const captured = capturedOf(call, use)
  const main = read(call, fn as AnyFunction)
  if (main.isClass) throw new NotPortableError(call, main.name, 'is a class', 'Pass x => new TheClass(x).')
  const lines: string[] = []
  const values: unknown[] = []
  const own = new Set(Object.keys(captured))
  const left = new Map<string, string>()
  for (const [name, value] of Object.entries(captured)) {
    if (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)) {
      throw new ArgumentError(call, 'use', 'made of names and values', name)
    }
    if (typeof value === 'function' && !(value instanceof Ref)) {
      if (isTask(value)) {
        throw new NotPortableError(call, main.name, `cannot be given the task '${name}'`, `Give its function instead.`)
      }
      const helper = read(call, value as AnyFunction)
      check(call, helper, own, left)
      lines.push(`const ${name} = ${helper.text}`)
    } else lines.push(`const ${name} = values[${values.push(value) - 1}]`)
  }
  check(call, main, own, left)
  const code = [...left.values(), ...lines, `return ${main.text}`].join('\n')
  return { name: main.name, code, values, isAsync: main.isAsync }
}

/** A function that must give its value at once. @throws ArgumentError too for one whose text says that it does not */
export function synchronousCalleeOf(call: string, fn: unknown, use?: Captured | (() => Captured)): Callee {
  const callee = calleeOf(call, fn, use)
  const isAsync = isTask(fn) ? fn.definition.fn.constructor.name.startsWith('Async') : callee.isAsync
  if (!isAsync) return callee
  throw new ArgumentError(call, 'the function', 'one that gives its value at once', fn, 'Await in a map before it')
}

interface Read {
  readonly name: string
  /** An expression whose value is the function. */
  readonly text: string
  readonly tree: Tree
  readonly isAsync: boolean
  readonly isClass: boolean
}

const known = new WeakMap<AnyFunction, Read>()

function read(call: string, fn: AnyFunction): Read {
  const before = known.get(fn)
  if (before) return before
  const source = Function.prototype.toString.call(fn)
  const name = fn.name || firstLineOf(source)
  if (/\{\s*\[native code\]\s*\}\s*$/.test(source)) {
    throw new NotPortableError(call, name, 'has no source text: it is native or bound', 'Wrap it: x => f(x).')
  }
  const text = [`(${source})`, `Object.values({ ${source} })[0]`].find(candidate => parse(candidate) !== undefined)
  if (text === undefined) {
    throw new NotPortableError(call, name, 'has a source text that cannot be read', 'Pass an arrow function.')
  }
  const isAsync = fn.constructor.name.startsWith('Async')
  const result: Read = { name, text, tree: parse(text)!, isAsync, isClass: /^class\b/.test(source) }
  known.set(fn, result)
  return result
}

function parse(text: string): Tree | undefined {
  try {
    return parseExpressionAt(text, 0, { ecmaVersion: 'latest', sourceType: 'module' }) as Tree
  } catch {
    return undefined
  }
}

/** What tools leave in a function's text, and what stands for it on the worker. */
const marks: readonly (readonly [name: RegExp, value: (own: readonly string[]) => string])[] = [
  // esbuild, tsx: __name(fn, 'n'), __pow(a, b)
  [/^__name\d*$/, () => 'fn => fn'],
  [/^__pow\d*$/, () => 'Math.pow'],
  // vite, vitest: __vite_ssr_import_0__.WIDTH
  [/^__(vite_ssr|vi)_import_\d+__$/, own => `{ ${own.map(name => `get ${name}() { return ${name} }`).join(', ')} }`],
  // istanbul: cov_1a2b().s[5]++
  [/^cov_/, () => '() => new Proxy({}, { get: (_, key, self) => (key === Symbol.toPrimitive ? () => 0 : self) })'],
]

/** @param left code for the marks of tools, by name */
function check(call: string, { name, text, tree }: Read, own: ReadonlySet<string>, left: Map<string, string>): void {
  for (const free of freeNames(tree)) {
    if (own.has(free.name)) {
      if (!free.assigned) continue
      throw new NotPortableError(
        call,
        name,
        `assigns '${free.name}', which was only given to it: each worker has a copy, and nobody would see it change`,
        'Return what is found instead.',
      )
    }
    if (free.name in globalThis) continue
    const mark = marks.find(([pattern]) => pattern.test(free.name))
    if (mark === undefined) {
      const where = `(in \`${lineAt(text, free.start)}\`)`
      throw new NotPortableError(
        call,
        name,
        `uses '${free.name}' ${where}, which it does not define, and only its text goes to the workers`,
        adviceFor(free.name),
      )
    }
    left.set(free.name, `const ${free.name} = ${mark[1]([...own])}`)
  }
}

function adviceFor(name: string): string {
  if (name === 'this' || name === 'super') return 'Pass a function that takes all it needs as arguments.'
  if (name === 'import') return 'Define it as a task, task(import.meta, …), whose module may import anything.'
  return `Give it by name, { use: { ${name} } }, or define the function as a task, whose module may import anything.`
}

const lineAt = (text: string, at: number): string => {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1).split('\n')[0]
  return shortened(line.trim())
}
const firstLineOf = (source: string): string => shortened(source.split('\n')[0])
const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}…` : text)

/**
 * As a function, `use: () => ({ WIDTH, smooth })`, its own text tells what each is called where it is used: a minifier makes
 * `() => ({ WIDTH: a, smooth: b })` of it.
 */
function capturedOf(call: string, use: Captured | (() => Captured)): Captured {
  const given = typeof use === 'function' ? (use as () => Captured)() : use
  if (given === null || typeof given !== 'object') {
    throw new ArgumentError(call, 'use', 'an object of names and values, or a function that gives one', given)
  }
  if (typeof use !== 'function') return given
  const named: { [name: string]: unknown } = { ...given }
  let { body } = read(call, use as AnyFunction).tree
  if (body?.type === 'BlockStatement') body = body.body.find((s: Tree) => s.type === 'ReturnStatement')?.argument
  if (body?.type !== 'ObjectExpression') return named
  for (const { type, computed, key, value } of body.properties as Tree[]) {
    if (type !== 'Property' || computed || value.type !== 'Identifier') continue
    named[value.name] ??= given[String(key.name ?? key.value)]
  }
  return named
}
