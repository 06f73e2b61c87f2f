/**
 * The kernels of a file as its text shows them: name, place, parameters with their annotations.
 *
 * Node drops types by blanking them out, so every character that is left stands where it stood. The blanked text is parsed as
 * JavaScript; what the file itself has between a parameter's name and the next is its annotation.
 */
import { readFileSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { type Node, parse } from 'acorn'
import { isTypeScript } from '../runtime.mjs'
import { matching } from './annotation.ts'

export interface SourceKernel {
  /** The variable it is kept in, or what its options or its function call it; '' when nothing does. */
  readonly name: string
  readonly kind: 'kernel' | 'reduce' | 'scan'
  /** From 1, as editors count: of the call's own name, which is where a stack says the call is. */
  readonly line: number
  readonly column: number
  /** Dimensions of the range: 1, or as many as the first parameter is taken apart into. */
  readonly rank: number
  /** Those after the index; undefined when the function is not written in this file. */
  readonly parameters: readonly Parameter[] | undefined
  /** The function as written, types and all. */
  readonly text: string | undefined
}

export interface Parameter {
  readonly name: string
  /** Its type as written; undefined when there is none. */
  readonly annotation: string | undefined
  /** It takes part in an index of an array, so a number must be a whole one. */
  readonly indexes: boolean
}

export interface SourceFile {
  readonly kernels: readonly SourceKernel[]
  /** What `type Name = …` or `interface Name { … }` says. */
  aliasOf(name: string): string | undefined
}

type Tree = Node & { [key: string]: any }
const kinds = ['kernel', 'reduce', 'scan'] as const

/** @throws SyntaxError when the text is no module of JavaScript or TypeScript */
export function readSource(file: string): SourceFile {
  const text = readFileSync(file, 'utf8')
  const blanked = isTypeScript(file) ? stripTypes(text) : text
  // Comments may hold brackets and commas, which would be taken for those of the code.
  let code = text
  const onComment = (_block: boolean, _text: string, start: number, end: number): void => {
    code = code.slice(0, start) + ' '.repeat(end - start) + code.slice(end)
  }
  const options = {
    ecmaVersion: 'latest',
    sourceType: 'module',
    locations: true,
    allowHashBang: true,
    onComment,
  } as const
  const tree = parse(blanked, options) as Tree
  const functions = functionsByName(tree)
  const calls = callsOf(tree)
  const kernels: SourceKernel[] = []
  walk(tree, [], (node, above) => {
    const kind = node.type === 'CallExpression' ? calls(node.callee) : undefined
    if (kind === undefined) return
    const [last, ...before] = [...node.arguments].reverse() as Tree[]
    const given = kind === 'kernel' ? node.arguments[0] : node.arguments[1]
    const body: Tree | undefined = given?.type === 'Identifier' ? functions.get(given.name) : given
    const isFunction = body && /Function/.test(body.type)
    if (!isFunction && given?.type !== 'Identifier') return
    const at = node.callee.type === 'MemberExpression' ? node.callee.property : node.callee
    kernels.push({
      name: nameOf(above) || optionName(before.length > 0 ? last : undefined) || body?.id?.name || (given.name ?? ''),
      kind,
      line: at.loc.start.line,
      column: at.loc.start.column + 1,
      rank: isFunction && body.params[0]?.type === 'ArrayPattern' ? body.params[0].elements.length : 1,
      parameters: isFunction ? parametersOf(body, code) : undefined,
      text: isFunction ? text.slice(body.start, body.end) : undefined,
    })
  })
  return { kernels, aliasOf: name => aliasIn(text, name) }
}

/** Blanks types out. Where Node cannot (before 22.13) nothing is blanked, and only JavaScript can be read. */
function stripTypes(text: string): string {
  const { stripTypeScriptTypes } = nodeModule as { stripTypeScriptTypes?: (text: string) => string }
  if (!stripTypeScriptTypes) return text
  const { emitWarning } = process
  process.emitWarning = () => {} // It says that it is experimental.
  try {
    return stripTypeScriptTypes(text)
  } finally {
    process.emitWarning = emitWarning
  }
}

function walk(node: Tree, above: Tree[], visit: (node: Tree, above: Tree[]) => void): void {
  visit(node, above)
  const inside = [...above, node]
  for (const [key, child] of Object.entries(node)) {
    if (key === 'loc') continue
    for (const one of Array.isArray(child) ? child : [child])
      if (typeof one?.type === 'string') walk(one, inside, visit)
  }
}

/** Tells the kind of kernel that a callee makes: by the names under which this file imports them. */
function callsOf(tree: Tree): (callee: Tree) => SourceKernel['kind'] | undefined {
  const names = new Map<string, SourceKernel['kind']>()
  const namespaces = new Set<string>()
  for (const statement of tree.body as Tree[]) {
    if (statement.type !== 'ImportDeclaration') continue
    for (const specifier of statement.specifiers as Tree[]) {
      const imported = kinds.find(kind => kind === specifier.imported?.name)
      if (imported) names.set(specifier.local.name, imported)
      else if (specifier.type !== 'ImportSpecifier') namespaces.add(specifier.local.name)
    }
  }
  return callee => {
    if (callee.type === 'Identifier') return names.get(callee.name)
    if (callee.type !== 'MemberExpression' || callee.object.type !== 'Identifier') return undefined
    return namespaces.has(callee.object.name) ? kinds.find(kind => kind === callee.property.name) : undefined
  }
}

function functionsByName(tree: Tree): Map<string, Tree> {
  const functions = new Map<string, Tree>()
  walk(tree, [], node => {
    if (node.type === 'FunctionDeclaration') functions.set(node.id.name, node)
    else if (
      node.type === 'VariableDeclarator' &&
      node.id.type === 'Identifier' &&
      /Function/.test(node.init?.type ?? '')
    )
      functions.set(node.id.name, node.init)
  })
  return functions
}

/** What may stand between a kernel and its name: calls such as `.with({ … })`, a function that gives the kernel back. */
const passedThrough = new Set([
  'CallExpression',
  'MemberExpression',
  'ArrowFunctionExpression',
  'FunctionExpression',
  'BlockStatement',
  'ReturnStatement',
])

/** The name that a kernel is kept under, or that of the function that makes it. */
function nameOf(above: readonly Tree[]): string {
  for (const node of [...above].reverse()) {
    if (node.type === 'VariableDeclarator') return node.id.name ?? ''
    if (node.type === 'Property' || node.type === 'PropertyDefinition')
      return node.key.name ?? String(node.key.value ?? '')
    if (node.type === 'AssignmentExpression') return node.left.name ?? node.left.property?.name ?? ''
    if (node.type === 'FunctionDeclaration') return node.id?.name ?? ''
    if (!passedThrough.has(node.type)) return ''
  }
  return ''
}

const optionName = (options: Tree | undefined): string =>
  options?.type === 'ObjectExpression'
    ? (options.properties.find((p: Tree) => p.key?.name === 'name')?.value?.value ?? '')
    : ''

function parametersOf(body: Tree, text: string): Parameter[] {
  const [, ...parameters] = body.params as Tree[]
  const indexing = namesInIndices(body)
  return parameters.map((parameter, k) => {
    const name: Tree = parameter.type === 'AssignmentPattern' ? parameter.left : parameter
    // The annotation reaches to the default value, the next parameter, or the bracket that closes the list.
    const next = parameter.type === 'AssignmentPattern' ? parameter.right.start : parameters[k + 1]?.start
    const open = text.indexOf('(', body.start)
    const end = next ?? (open >= 0 && open < name.start ? matching(text, open) : body.body.start)
    const between = /^\s*\??\s*:([\s\S]*?)[,=\s]*$/.exec(withoutComments(text.slice(name.end, end)))
    const literal = parameter.type === 'AssignmentPattern' ? typeof parameter.right.value : 'undefined'
    const annotation = between?.[1].trim() || (literal === 'undefined' ? undefined : literal)
    return { name: name.name ?? text.slice(name.start, name.end), annotation, indexes: indexing.has(name.name) }
  })
}

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, ' ')

/** Names that indices of arrays are computed from: directly, or by way of variables. */
function namesInIndices(body: Tree): Set<string> {
  const found = new Set<string>()
  const add = (node: Tree): void => walk(node, [], inner => void (inner.type === 'Identifier' && found.add(inner.name)))
  walk(body, [], node => void (node.type === 'MemberExpression' && node.computed && add(node.property)))
  for (let before = -1; found.size !== before; ) {
    before = found.size
    walk(body, [], node => {
      if (node.type === 'VariableDeclarator' && found.has(node.id.name) && node.init) add(node.init)
      if (node.type === 'AssignmentExpression' && found.has(node.left.name)) add(node.right)
      // The bounds of a counter are whole, as it is.
      if (
        node.type === 'BinaryExpression' &&
        /^[<>]=?$/.test(node.operator) &&
        [node.left, node.right].some(side => found.has(side.name))
      ) {
        for (const side of [node.left, node.right]) if (side.type === 'Identifier') found.add(side.name)
      }
    })
  }
  return found
}

function aliasIn(text: string, name: string): string | undefined {
  const found = new RegExp(`\\b(?:type\\s+${name}\\s*=|interface\\s+${name}\\b[^{]*(?=\\{))\\s*`).exec(text)
  if (!found) return undefined
  const begin = found.index + found[0].length
  if (text[begin] === '{') return text.slice(begin, matching(text, begin) + 1)
  return withoutComments(text.slice(begin)).split(/;|\n(?!\s*[|&])/)[0]
}
