/**
 * Reads a function's own source, as the engine gives it back, into a syntax tree.
 *
 * What is read is what runs: after type stripping, tsx, esbuild, a bundler or a test runner changed it. Their marks are
 * undone here, so that the rest of the front end sees plain JavaScript:
 *   esbuild, tsx     __name(fn, 'n') → fn;  __pow(a, b) → a ** b
 *   vitest, vite     __vite_ssr_import_0__.WIDTH → WIDTH
 *   bundlers         (0, ns.f)(x) → f(x)
 *   istanbul         cov_1a2b().s[5]++ → nothing
 */
import { ArgumentError } from '@skein/base'
import { type Node, parseExpressionAt } from 'acorn'
import { KernelSyntaxError, type SourceText } from '../errors.ts'
import type { Location } from '../ir/ir.ts'
import type { Captured } from './signature.ts'

/** A node of the tree. ESTree's names; loosely typed because the lowering dispatches on `type`. */
export type Tree = Node & { [key: string]: any }

export interface ParsedFunction {
  source: SourceText
  params: Tree[]
  /** A BlockStatement, or the expression of an arrow function. */
  body: Tree
  text: string
}

const parsed = new WeakMap<Function, ParsedFunction>()

/** The first frame of a stack that is not Skein's own: where the user's code called. */
export function callSite(depth = 0): { file?: string; line?: number } {
  const holder: { stack?: string } = {}
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 12
  Error.captureStackTrace(holder, callSite)
  Error.stackTraceLimit = limit
  const frames = (holder.stack ?? '').split('\n').slice(1 + depth)
  for (const line of frames) {
    const m = /(?:\(|at )((?:file:\/\/)?[^()\s]+?):(\d+):\d+\)?$/.exec(line)
    if (m && !/[\\/]kernel[\\/](?:src|dist)[\\/]/.test(m[1])) {
      return { file: m[1].replace(/^file:\/\//, ''), line: Number(m[2]) }
    }
  }
  return {}
}

const files = new Map<string, string[]>()

/** `const saxpy = kernel(…)`: an arrow function passed on has no name, but the line that made the kernel has. */
export function nameAt(site: { file?: string; line?: number }): string | undefined {
  if (!site.file || !site.line) return undefined
  let lines = files.get(site.file)
  if (!lines) {
    try {
      const fs = process.getBuiltinModule('node:fs')
      lines = fs.readFileSync(decodeURIComponent(site.file), 'utf8').split('\n')
    } catch {
      lines = []
    }
    files.set(site.file, lines)
  }
  const text = lines[site.line - 1] ?? ''
  return /([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*[:=]\s*(?:[\w$]+\.)?(?:kernel|reduce|scan)\s*[(<]/u.exec(text)?.[1]
}

/**
 * The line of the file in which a function's text begins: the line that made the kernel, or one of the next, where the
 * call was broken before the function.
 */
function firstLine(text: string, site: { file?: string; line?: number }): number | undefined {
  const lines = site.file ? files.get(site.file) : undefined
  if (!lines || !site.line) return site.line
  const begin = /^\S+/.exec(text)?.[0].slice(0, 12) ?? ''
  for (let l = site.line; l < site.line + 3; l++) {
    const line = lines[l - 1] ?? ''
    const at = l === site.line ? line.search(/(?:kernel|reduce|scan)\s*[(<]/) : 0
    const rest = l === site.line ? line.slice(line.indexOf('(', at) + 1) : line
    if (rest.includes(begin)) return l
  }
  return site.line
}

export function parseFunction(fn: Function, name?: string, site?: { file?: string; line?: number }): ParsedFunction {
  const known = parsed.get(fn)
  if (known) return known
  const text = Function.prototype.toString.call(fn)
  const source: SourceText = { name: name || fn.name || 'anonymous', lines: text.split('\n'), ...site }
  const line = site && firstLine(text, site)
  if (line !== undefined) source.line = line
  const whole: Location = { line: 1, column: 0, start: 0, end: Math.min(text.length, 40) }
  if (/\{\s*\[native code\]\s*\}\s*$/.test(text)) {
    throw new KernelSyntaxError(
      source,
      whole,
      'this function has no source text (it is native or bound)',
      'Pass a plain function or arrow function.',
    )
  }
  let tree: Tree
  try {
    tree = parseText(text)
  } catch (e) {
    if (e instanceof RangeError) throw tooDeep(source)
    throw new KernelSyntaxError(
      source,
      whole,
      `the function's source could not be parsed (${String(e)})`,
      'Pass a plain function.',
    )
  }
  if (tree.type !== 'ArrowFunctionExpression' && tree.type !== 'FunctionExpression') {
    throw new KernelSyntaxError(
      source,
      whole,
      'this is not a plain function',
      'A class cannot be a kernel; pass an arrow function.',
    )
  }
  if (tree.async || tree.generator) {
    throw new KernelSyntaxError(
      source,
      whole,
      `this is ${tree.async ? 'an async' : 'a generator'} function`,
      'A kernel is a plain function; call it with .async to keep the event loop free.',
    )
  }
  const result: ParsedFunction = { source, params: tree.params, body: tree.body, text }
  try {
    normalise(tree)
  } catch (e) {
    if (!(e instanceof RangeError)) throw e
    throw tooDeep(source)
  }
  parsed.set(fn, result)
  return result
}

/** The passes walk trees by recursion: what is nested too deeply for the stack is an error of its own. */
export function tooDeep(source: SourceText): KernelSyntaxError {
  return new KernelSyntaxError(
    source,
    { line: 1, column: 0, start: 0, end: 40 },
    'its expressions or blocks are nested too deeply',
    'Split it: name parts with const, or move them into helpers.',
  )
}

/**
 * The values that `use` gives. As a function, `use: () => ({ WIDTH, smooth })`, its own text tells what each is called here, which
 * may be another name than the property's once a minifier has been at work: `() => ({ WIDTH: a, smooth: b })`.
 */
export function capturedOf(use: Captured | (() => Captured)): Captured {
  if (typeof use !== 'function') return { ...use }
  const values = use()
  if (values === null || typeof values !== 'object')
    throw new ArgumentError('kernel', 'use()', 'an object of names and values', values)
  const named: Captured = { ...values }
  let { body } = parseFunction(use, 'use')
  if (body.type === 'BlockStatement') body = body.body.find((s: Tree) => s.type === 'ReturnStatement')?.argument
  if (body?.type !== 'ObjectExpression') return named
  for (const p of body.properties as Tree[]) {
    if (p.type !== 'Property' || p.computed) continue
    const key = String(p.key.name ?? p.key.value)
    if (p.value.type === 'Identifier') named[p.value.name] ??= values[key]
    else if (p.value.type === 'MemberExpression' && !p.value.computed && p.value.object.type === 'Identifier') {
      // A module's namespace under a name of the minifier's: `() => ({ random: s.random })`.
      const space = (named[p.value.object.name] ??= {})
      if (typeof space === 'object') (space as Captured)[p.value.property.name] ??= values[key]
    }
  }
  return named
}

function parseText(text: string): Tree {
  const parse = (code: string) => parseExpressionAt(code, 0, { ecmaVersion: 'latest', locations: true }) as Tree
  let failure: unknown
  try {
    const tree = parse(text)
    if (tree.end === text.length) return tree
  } catch (e) {
    if (e instanceof RangeError) throw e
    failure = e
  }
  // A method's text ("smooth(x) { … }") is an expression only inside an object literal.
  try {
    const tree = parse(`({${text}})`)
    shift(tree, 2)
    return tree.properties[0].value
  } catch (e) {
    throw failure ?? e
  }
}

/** Moves positions back by the brackets put before the text. */
function shift(tree: Tree, by: number): void {
  visit(tree, n => {
    n.start -= by
    n.end -= by
    if (n.loc && n.loc.start.line === 1)
      n.loc = { ...n.loc, start: { line: 1, column: n.loc.start.column - by } } as any
  })
}

export function eachChild(node: Tree, f: (child: Tree) => void): void {
  for (const key in node) {
    if (key === 'loc') continue
    const child = node[key]
    if (Array.isArray(child)) {
      for (const c of child) if (c && typeof c.type === 'string') f(c)
    } else if (child && typeof child.type === 'string') f(child)
  }
}

/** Calls `f` on every node, children after their parent. */
export function visit(node: Tree, f: (n: Tree) => void): void {
  f(node)
  eachChild(node, child => visit(child, f))
}

/** What a tree holds somewhere, itself included: walks that look for it go only where it is. Kept as `holds`. */
export const ASSIGNMENT = 1
export const EXIT = 2
export const VAR = 4

const HOLDS: Record<string, number> = {
  AssignmentExpression: ASSIGNMENT,
  UpdateExpression: ASSIGNMENT,
  ReturnStatement: EXIT,
  BreakStatement: EXIT,
  ContinueStatement: EXIT,
}

/** Calls `f` on every node that holds what is looked for, and on the nodes around it, parents first. */
export function visitHolders(node: Tree, what: number, f: (n: Tree) => void): void {
  if ((node.holds & what) === 0) return
  f(node)
  eachChild(node, child => visitHolders(child, what, f))
}

function normalise(node: Tree): void {
  // A `var` may turn out to be one variable with others: then its initial value is an assignment.
  let holds = HOLDS[node.type] ?? (node.kind === 'var' ? VAR | ASSIGNMENT : 0)
  for (const key in node) {
    if (key === 'loc') continue
    const child = node[key]
    if (Array.isArray(child)) {
      let empty = false
      for (let i = 0; i < child.length; i++) {
        if (!child[i] || typeof child[i].type !== 'string') continue
        const tree = undo(child[i])
        child[i] = tree
        holds |= tree.holds
        if (tree.type === 'EmptyStatement') empty = true
      }
      if (empty) node[key] = child.filter(c => c?.type !== 'EmptyStatement')
    } else if (child && typeof child.type === 'string') {
      const tree = undo(child)
      node[key] = tree
      holds |= tree.holds
    }
  }
  node.holds = holds
}

const isText = (n: Tree): boolean => n.type === 'Literal' && typeof n.value === 'string'

const isCoverage = (n: Tree): boolean => {
  let at: Tree = n
  while (at) {
    if (at.type === 'UpdateExpression') at = at.argument
    else if (at.type === 'MemberExpression') at = at.object
    else if (at.type === 'CallExpression') return at.callee.type === 'Identifier' && /^cov_/.test(at.callee.name)
    else return false
  }
  return false
}

function undo(node: Tree): Tree {
  normalise(node)
  switch (node.type) {
    case 'ExpressionStatement':
      if (isCoverage(node.expression)) return { ...node, type: 'EmptyStatement' } as Tree
      return node
    case 'SequenceExpression': {
      const list = (node.expressions as Tree[]).filter(
        (e, i, all) => i === all.length - 1 || !(isCoverage(e) || e.type === 'Literal'),
      )
      return list.length === 1 ? list[0] : ({ ...node, expressions: list } as Tree)
    }
    case 'CallExpression': {
      const callee = node.callee.type === 'Identifier' ? node.callee.name : ''
      if (/^__name\d*$/.test(callee) && node.arguments.length === 2) return node.arguments[0]
      // The same after a minifier: f(v => v * 2, 'twice').
      if (callee && node.arguments.length === 2 && isText(node.arguments[1]) && /Function/.test(node.arguments[0].type))
        return node.arguments[0]
      if (/^__pow\d*$/.test(callee) && node.arguments.length === 2) {
        return {
          ...node,
          type: 'BinaryExpression',
          operator: '**',
          left: node.arguments[0],
          right: node.arguments[1],
        } as Tree
      }
      return node
    }
    case 'MemberExpression':
      if (
        !node.computed &&
        node.object.type === 'Identifier' &&
        /^__vite_ssr_import_\d+__$|^__vi_import_\d+__$/.test(node.object.name)
      ) {
        return { ...node.property, start: node.start, end: node.end, loc: node.loc } as Tree
      }
      return node
    case 'ParenthesizedExpression':
    case 'ChainExpression':
      return node.expression
    default:
      return node
  }
}

export function locate(node: Tree, unit = 0): Location {
  return { line: node.loc!.start.line, column: node.loc!.start.column, start: node.start, end: node.end, unit }
}
