/**
 * Makes functions of modules, for a pack (`@skein/base/pack`).
 *
 * Of a module stay its lines: types, comments and the words of imports and exports go, and what is left is where it was, so that stacks
 * name places in the source. Modules of Skein form no circles and export nothing that changes, so an import is a constant.
 */
import { readFileSync, statSync } from 'node:fs'
import { createRequire, findPackageJSON, stripTypeScriptTypes } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type AnyNode, type Comment, type Pattern, type Program, parse, type Token } from 'acorn'
import { isTypeScript } from '../runtime.mjs'

/** A module as a function of what it needs. */
export interface LinkedModule {
  readonly url: string
  readonly text: string
  /** That it exports. */
  readonly names: readonly string[]
}

export interface Linked {
  /** Each behind what it imports. */
  readonly modules: readonly LinkedModule[]
  /** Files that say what the modules are: path, size, time of the last change. */
  readonly inputs: readonly (readonly [string, number, number])[]
}

/**
 * @param entries URLs of modules of Skein
 * @returns them, and what they import of Skein
 * @throws Error for a module that cannot be a function
 */
export function link(entries: readonly string[]): Linked {
  const modules: LinkedModule[] = []
  const inputs = new Map<string, readonly [string, number, number]>()
  const look = (path: string): void => {
    const { size, mtimeMs } = statSync(path)
    inputs.set(path, [path, size, mtimeMs])
  }
  const places = new Map<string, number | 'under way'>()
  const place = (url: string): number => {
    const known = places.get(url)
    if (known === 'under way') throw new Error(`${url} imports itself`)
    if (known !== undefined) return known
    places.set(url, 'under way')
    look(fileURLToPath(url))
    const { text, names, stars } = functionOf(url, specifier => {
      const target = locate(specifier, url, look)
      return target === undefined ? undefined : place(target)
    })
    const others = stars.flatMap(star => modules[star].names).filter(name => name !== 'default')
    modules.push({ url, text, names: [...new Set([...others, ...names])] })
    places.set(url, modules.length - 1)
    return modules.length - 1
  }
  for (const entry of entries) place(entry)
  return { modules, inputs: [...inputs.values()] }
}

/**
 * The URL of a module of Skein; undefined for others, which Node is asked for.
 *
 * @param look is told of files by which it was found
 */
function locate(specifier: string, from: string, look: (path: string) => void): string | undefined {
  if (/^\.\.?\//.test(specifier)) return new URL(specifier, from).href
  if (!specifier.startsWith('@skein/')) return undefined
  look(findPackageJSON(specifier, from)!)
  return pathToFileURL(createRequire(from).resolve(specifier)).href
}

/** A stretch of the source, and what stands there instead. */
type Edit = readonly [start: number, end: number, instead: string]

/** @param placeOf the number of a module of the pack */
function functionOf(url: string, placeOf: (specifier: string) => number | undefined) {
  const file = fileURLToPath(url)
  const given = readFileSync(file, 'utf8')
  const source = isTypeScript(file) ? stripTypeScriptTypes(given) : given
  const comments: Comment[] = []
  const tokens: Token[] = []
  const program = parse(source, {
    ...{ ecmaVersion: 'latest', sourceType: 'module' },
    ...{ onComment: comments, onToken: tokens },
  })
  const edits: Edit[] = [
    ...comments.map(({ start, end }): Edit => [start, end, '']),
    ...wordsOf(program),
    ...tokens.map(({ start, end }): Edit => [start, end, inAscii(source.slice(start, end))]).filter(isChange(source)),
  ]
  const bound: string[] = []
  const exported: string[] = []
  const names: string[] = []
  const stars: number[] = []
  const give = (name: string, value: string): void => {
    names.push(name)
    exported.push(name === value ? name : `${name}:${value}`)
  }
  const need = (specifier: string): { name: string; place: number | undefined } => {
    const name = `$${bound.length}`
    const place = placeOf(specifier)
    bound.push(`${name}=$need(${place ?? `${JSON.stringify(specifier)},$meta.url`})`)
    return { name, place }
  }
  for (const node of program.body) {
    const { start, end } = node
    switch (node.type) {
      case 'ImportDeclaration': {
        const { name: from } = need(node.source.value as string)
        for (const binding of node.specifiers) {
          const { name } = binding.local
          if (binding.type === 'ImportNamespaceSpecifier') bound.push(`${name}=${from}`)
          else if (binding.type === 'ImportSpecifier') bound.push(`${name}=${from}.${nameOf(binding.imported)}`)
          else bound.push(`${name}=$default(${from})`)
        }
        edits.push([start, end, ''])
        break
      }
      case 'ExportNamedDeclaration': {
        const { declaration } = node
        if (declaration) {
          if (declaration.type === 'VariableDeclaration' && declaration.kind !== 'const')
            throw new Error(`${url} exports a variable`)
          const declared =
            declaration.type === 'VariableDeclaration'
              ? declaration.declarations.flatMap(({ id }) => namesOf(id))
              : [declaration.id.name]
          for (const name of declared) give(name, name)
          edits.push([start, declaration.start, ''])
          break
        }
        const from = node.source ? `${need(node.source.value as string).name}.` : ''
        for (const { local, exported } of node.specifiers) give(nameOf(exported), `${from}${nameOf(local)}`)
        edits.push([start, end, ''])
        break
      }
      case 'ExportAllDeclaration': {
        const { name, place } = need(node.source.value as string)
        if (node.exported) give(nameOf(node.exported), name)
        else if (place === undefined) throw new Error(`${url} exports all of ${node.source.value}`)
        else {
          stars.push(place)
          exported.unshift(`...${name}`)
        }
        edits.push([start, end, ''])
        break
      }
      case 'ExportDefaultDeclaration':
        if (node.declaration.type.endsWith('Declaration')) throw new Error(`${url} declares what it exports as default`)
        give('default', '$exported')
        edits.push([start, node.declaration.start, 'const $exported='])
        break
    }
  }
  const head = bound.length === 0 ? '' : `const ${bound.join()};`
  const body = edited(source, edits)
  return {
    text: `(function($need,$default,$meta){"use strict";${head}${body}\nreturn{${exported.join()}}})`,
    names,
    stars,
  }
}

const nameOf = (name: { type: string; name?: string; value?: unknown }): string => {
  if (name.type === 'Identifier') return name.name!
  throw new Error(`the name ${name.value} is no identifier`)
}

/** Names that a pattern binds. */
function namesOf(pattern: Pattern): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name]
    case 'ObjectPattern':
      return pattern.properties.flatMap(each => namesOf(each.type === 'RestElement' ? each.argument : each.value))
    case 'ArrayPattern':
      return pattern.elements.flatMap(each => (each ? namesOf(each) : []))
    case 'AssignmentPattern':
      return namesOf(pattern.left)
    case 'RestElement':
      return namesOf(pattern.argument)
    default:
      throw new Error(`a pattern binds ${pattern.type}`)
  }
}

/** What becomes of each `import.meta`, and of the word of each `import()`. */
function wordsOf(program: Program): Edit[] {
  const edits: Edit[] = []
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const node = value as AnyNode
    if (node.type === 'MetaProperty' && node.meta.name === 'import') edits.push([node.start, node.end, '$meta'])
    else if (node.type === 'ImportExpression') edits.push([node.start, node.start + 'import'.length, '$meta.import'])
    for (const part of Object.values(value)) walk(part)
  }
  walk(program.body)
  return edits
}

/** Line ends stay, and so do the columns of what does not stand behind an edit in its line. */
function edited(source: string, edits: readonly Edit[]): string {
  const parts: string[] = []
  let at = 0
  for (const [start, end, instead] of edits.toSorted((a, b) => a[0] - b[0])) {
    // A comment within an import.
    if (start < at) continue
    parts.push(source.slice(at, start), instead, source.slice(start, end).replace(/[^\n]+/g, ''))
    at = end
  }
  parts.push(source.slice(at))
  // What is left of other characters is space: types that had some become space as wide as they were.
  return parts.join('').replace(ofOthers, ' ')
}

const isChange =
  (source: string) =>
  ([start, end, instead]: Edit): boolean =>
    source.slice(start, end) !== instead

/** All but ASCII. */
const ofOthers = /[^\p{ASCII}]/gu

/** In texts, patterns and names other characters may be escaped. */
const inAscii = (token: string): string =>
  token.replace(ofOthers, letter =>
    [...Array(letter.length).keys()].map(i => `\\u${hex(letter.charCodeAt(i))}`).join(''),
  )

const hex = (unit: number): string => unit.toString(16).padStart(4, '0')
